"""What is stated beside the log and taken back, in the admin: to which day coding is complete, asks set by hand.

Each shows what it would change before it is stated, taken back or put back. The law: rows are only added. A taking back
is a row that names the one it turns, with a day, a person and a reason of its own; as known before that day nothing
changes.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tracker import log, wording
from tracker.admin.lists import AddOnly
from tracker.desk.forms import printed
from tracker.models import AskSetting, Completeness
from tracker.triage.statuses import Refused, Stale
from tracker.triage.steps import public_name

UNDONE = gettext_lazy("Undone right after it was stated.")

Statement = AskSetting | Completeness


def state(row: Statement, by: Any) -> None:
    """Put a statement on record, in the name of whoever makes it."""
    _sign(row, by)
    with transaction.atomic():
        row.save()
        log.turn()


def turned(row: Statement, by: Any, reason: str) -> Statement:
    """What takes a statement back, or puts back one that was taken back; not yet on record."""
    found = type(row)(withdraws_id=row.last_word.pk, **{row.reason_field: reason})
    if isinstance(found, AskSetting) and isinstance(row, AskSetting):
        found.ask = row.ask
    _sign(found, by)
    return found


def turn(row: Statement, by: Any, reason: str, seen: int | None = None) -> Statement:
    """Take a statement back, or put it back. `seen` is the last word on it that the person saw, by number."""
    if not reason.strip():
        raise Refused(gettext("Say why, in words: readers see it."))
    found = turned(row, by, reason)
    if seen is not None and found.withdraws_id != seen:
        raise Stale(
            gettext("Somebody else was quicker; see below how it stands now. Nothing of yours was done.")
        )
    found.clean()
    try:
        state(found, by)
    except IntegrityError:
        said = gettext("Somebody else was quicker; see below how it stands now. Nothing of yours was done.")
        raise Stale(said) from None
    return found


def _sign(row: Statement, by: Any) -> None:
    row.recorded_at, row.by = timezone.now().date(), by
    if isinstance(row, AskSetting):
        row.name = public_name(by)


class Stated(AddOnly):
    """Rows that show what they would change before they are stated, taken back or put back.

    `would(row)` and `would_turn(row)` give a sentence and its lines.
    """

    change_form_template = "admin/tracker/stated.html"
    list_select_related = ("withdrawal__withdrawal", "withdrawal__by")

    def get_queryset(self, request):
        return super().get_queryset(request).statements()

    def get_urls(self):
        return [
            path("try/", self.admin_site.admin_view(require_POST(self.trial)), name=self._named("try")),
            path("<int:number>/turn/", self.admin_site.admin_view(self.turn), name=self._named("turn")),
            *super().get_urls(),
        ]

    def _named(self, deed):
        return f"{self.opts.app_label}_{self.opts.model_name}_{deed}"

    def add_view(self, request, form_url="", extra_context=None):
        at = reverse(f"admin:{self._named('try')}")
        return super().add_view(request, form_url, (extra_context or {}) | {"try_at": at})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        row = self.get_object(request, object_id)
        more = {}
        if row:
            mine = row.by == request.user and row.recorded_at == timezone.now().date() and not row.later()
            more = {"row": row, "told": told(row), "may_turn": self.has_add_permission(request)}
            more |= {"undo": UNDONE if mine else "", "turn_at": self._turn_at(row)}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    def _turn_at(self, row):
        return reverse(f"admin:{self._named('turn')}", args=[row.pk])

    def _page_of(self, row):
        return redirect(f"admin:{self._named('change')}", row.pk)

    def response_add(self, request, obj, post_url_continue=None):
        """To its own page, where it can be taken back at once, unless another one is to be stated."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, gettext("Stated. Readers see it from now on."))
        return self._page_of(obj)

    def trial(self, request):
        """What the scores would say with this statement; nothing is stated."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.get_form(request)(request.POST)
        form.fields[self.model.reason_field].required = False
        troubles = [each for errors in form.errors.values() for each in errors]
        said, lines = "", []
        if not troubles:
            said, lines = self.would(form.instance)
        title = _("What this statement would change")
        return self._shown(request, "trial", title=title, troubles=troubles, said=said, lines=lines)

    def turn(self, request, number):
        """Take a statement back, or put it back: first what that would change, then the deed, with a reason."""
        row = self.get_queryset(request).filter(pk=number).first()
        if not self.has_add_permission(request):
            raise PermissionDenied
        if row is None:
            raise Http404
        if request.method == "POST":
            try:
                turn(row, request.user, request.POST.get("reason", ""), _number(request.POST.get("seen")))
                said = gettext("Taken back.") if row.holds() else gettext("Put back.")
                self.log_change(request, row, said)
                messages.success(request, said)
                return self._page_of(row)
            except (Refused, ValidationError) as error:
                messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
                row = self.get_queryset(request).get(pk=number)
        said, lines = self.would_turn(row)
        title = _("Take a statement back") if row.holds() else _("Put a statement back")
        given = request.POST.get("reason", "")
        return self._shown(
            request, "turn", title=title, said=said, lines=lines, row=row, told=told(row), given=given
        )

    def _shown(self, request, template, **context):
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return render(request, f"admin/tracker/{template}.html", whole)

    @admin.display(description=_("state"))
    def state(self, row):
        lines = told(row)
        return lines[-1] if lines else _("holds")

    def save_model(self, request, row, form, change):
        state(row, request.user)


def told(row):
    """What became of a statement since, one sentence for each time."""
    said = []
    for place, later in enumerate(row.later()):
        words = _("Put back") if place % 2 else _("Taken back")
        parts = {"what": words, "day": later.recorded_at, "why": getattr(later, later.reason_field)}
        parts["who"] = getattr(later, "name", "") or public_name(later.by)
        said.append(gettext("%(what)s on %(day)s by %(who)s: %(why)s") % parts)
    return said


def _number(value):
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 12 else None


@admin.register(Completeness)
class CompletenessAdmin(Stated):
    list_display = ("day", "recorded_at", "by", "note", "state")
    list_select_related = ("by", *Stated.list_select_related)
    fields = ("day", "note")
    change_form_template = "admin/tracker/completeness/change_form.html"

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        if obj is None:  # the reason is shown to readers; only the first import may have none
            form.base_fields["note"].required = True
            form.base_fields["note"].label = _("reason")
        return form

    def add_view(self, request, form_url="", extra_context=None):
        support = import_string(settings.COMPLETENESS_SUPPORT)(timezone.now().date())
        return super().add_view(request, form_url, (extra_context or {}) | {"support": support})

    def would(self, statement):
        said = _(
            "Were coding complete to %(day)s, readers would see today's scores so. Nothing is stated yet."
        )
        return said % {"day": statement.day}, self._moves(statement.day)

    def would_turn(self, statement):
        standing = Completeness.objects.standing(turned=statement.last_word)
        day = standing[-1].day if standing else None
        said = _("Coding would be stated complete to %(day)s, and readers would see today's scores so.")
        if day is None:
            said = _(
                "Coding would not be stated complete to any day, and readers would see today's scores so."
            )
        return said % {"day": day}, self._moves(day or timezone.now().date())

    def _moves(self, day):
        moved = printed(import_string(settings.DAY_PREVIEW)(day)) if settings.DAY_PREVIEW else []
        return [_moved(**each) for each in moved]


def _moved(name, before, after, label_before, label_after, **_more):
    """One line of what a statement would move; its word too, where that turns."""
    turned = f" ({gettext(label_before)} → {gettext(label_after)})" if label_before != label_after else ""
    return f"{name} {before} → {after}{turned}"


class NamedChoice(AutocompleteSelect):
    """As Django's, with words where nothing is chosen yet: else the field has no name for who cannot see it."""

    def build_attrs(self, base_attrs, extra_attrs=None):
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": gettext("Which ask")}


@admin.register(AskSetting)
class AskSettingAdmin(Stated):
    list_display = ("ask", "rung", "start", "until", "recorded_at", "name", "state")
    list_select_related = ("ask", *Stated.list_select_related)
    fields = ("ask", "rung", "reason", "start", "until")
    autocomplete_fields = ("ask",)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "ask":
            kwargs["widget"] = NamedChoice(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def would(self, setting):
        """On the first day of today and later on which it would hold."""
        setting.recorded_at, setting.reason = timezone.now().date(), setting.reason or "–"
        return self._would(setting, setting.line())

    def would_turn(self, setting):
        rows = [row for row, _place in AskSetting.objects.placed()]
        last = turned(setting, None, "–")
        return self._would(setting, last.line(rows.index(setting.last_word) + 1))

    def _would(self, setting, line):
        if not settings.ASK_PREVIEW:
            return "", []
        found = import_string(settings.ASK_PREVIEW)(line)
        said = _("On %(day)s delivery, from 0 to 100, would read so. Nothing is stated yet.")
        names = (str(setting.ask), wording.short(setting.ask.recommendation_id))
        lines = [
            f"{name}: {_whole(before)} → {_whole(after)}"
            for name, (before, after) in zip(names, (found["ask"], found["delivery"]), strict=True)
            if before != after
        ]
        if len(set(found["label"])) > 1:
            lines.append(" → ".join(found["label"]))
        return said % {"day": found["day"]}, lines


def _whole(value):
    return gettext("not yet rated") if value is None else f"{value:.0f}"

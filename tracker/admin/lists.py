"""What our admin lists are made of: what they show and forbid, filters in the codebook's words, rows to take away.

No list counts a large table or changes what triage or the log owns; none tells anything of an event that the reader
may still code blind, or by a column that is not shown.
"""

import json
import logging
from importlib import import_module

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tracker import wording
from tracker.codebook import current
from tracker.models import Article, Assessment, Report
from tracker.rows import csv_lines
from tracker.triage import double_coding
from tracker.wording import words_of

MOST_COUNTED = 10_000
log = logging.getLogger(__name__)
AWAY = _(
    "The queue of tasks does not answer, so nothing was begun. “Operations” says what to do; then try again."
)

MOST_EXPORTED = 10_000
LOOKED_THROUGH = 5000  # of the newest articles, for the publishers to choose from


def queued(request, task, *args, queue=None):
    """Put a task into the broker; whether it is there. The reader is told in a sentence when it is not: the broker is
    away, or takes nothing more."""
    try:
        task.apply_async(args, queue=queue, retry=False)
    except (OperationalError, RedisError) as error:
        log.warning("No task could be put into the broker: %s", error)
        messages.error(request, AWAY)
        return False
    return True


class CappedPaginator(Paginator):
    """Counts up to ten thousand rows and no further; deeper pages are reached by searching."""

    @cached_property
    def count(self):
        return len(self.object_list.order_by().values_list("pk", flat=True)[:MOST_COUNTED])


class ShownOnly(admin.ModelAdmin):
    """A list is narrowed by what its rows show and by nothing else. Django takes any column of the table into the
    address (`?secret__startswith=a`), so that whoever sees whether a row is left reads what is hidden, letter by
    letter."""

    hidden: tuple[str, ...] = ()  # columns that a form of this admin holds and that some rows do not show

    def lookup_allowed(self, lookup, value, request):
        shown = {*flatten_fieldsets(self.get_fieldsets(request)), *self.get_list_display(request)}
        shown |= {_asked_by(each) for each in self.get_list_filter(request)}
        shown |= {"pk", self.opts.pk.name, self.date_hierarchy or "pk"}
        name = lookup.partition("__")[0]
        told = name not in self.hidden and not {name, f"{name}_id"}.isdisjoint(shown)
        return told and super().lookup_allowed(lookup, value, request)


def _asked_by(choice):
    """The name by which an address asks for a filter: that of its column, or its own."""
    if isinstance(choice, str | tuple | list):
        return choice if isinstance(choice, str) else choice[0]
    return choice.parameter_name


class LookOnly(ShownOnly):
    """Rows that people look at and never change here."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    actions = None

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class AddOnly(LookOnly):
    """Rows that are stated once and never changed."""

    def has_add_permission(self, request, obj=None):
        return admin.ModelAdmin.has_add_permission(self, request)


class Blinded(LookOnly):
    """Rows that say what was decided of an event. Those of events that the reader may still code blind are
    left out, and the list says so; their pages lead to the desk, which knows what to show."""

    event_field = "event"

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return found.exclude(**{f"{self.event_field}__in": self._withheld(request)})

    def changelist_view(self, request, extra_context=None):
        if double_coding.withheld(request.user).exists():
            messages.info(
                request,
                _("Events that you may still code blind are left out here; they wait under “Double coding”."),
            )
        return super().changelist_view(request, extra_context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if event := self._withheld_event(request, object_id):
            return redirect("desk:event", event)
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(self, request, object_id, extra_context=None):
        if event := self._withheld_event(request, object_id):
            return redirect("desk:event", event)
        return super().history_view(request, object_id, extra_context)

    def _withheld(self, request):
        return double_coding.withheld(request.user).order_by().values("event_id")

    def _withheld_event(self, request, object_id):
        """The event of a row, when the reader must not see it yet and may look at such rows at all."""
        if not self.has_view_permission(request):
            return None
        try:
            key = self.model._meta.pk.to_python(object_id)
        except ValidationError:
            return None
        named = self.model.objects.filter(pk=key, **{f"{self.event_field}__in": self._withheld(request)})
        return named.values_list(self.event_field, flat=True).first()


class Chosen(admin.SimpleListFilter):
    """A filter with a fixed list of choices, each a value and its words."""

    def queryset(self, request, queryset):
        known = {str(value) for value, _label in self.lookup_choices}
        return self.narrowed(queryset, self.value()) if self.value() in known else queryset


class ByRecommendation(Chosen):
    title, parameter_name = _("recommendation"), "rec"

    def lookups(self, request, model_admin):
        return [(one.slug, words_of(one.short)) for one in current()]

    def narrowed(self, queryset, value):
        coded = Assessment.objects.filter(event=OuterRef("pk"), recommendation=value)
        return queryset.filter(Exists(coded))


class ByDirection(Chosen):
    """Of the recommendation that is chosen beside it, where one is."""

    title, parameter_name = _("direction"), "direction"

    def lookups(self, request, model_admin):
        return [(str(value), label) for value, label in wording.DIRECTIONS.items()]

    def narrowed(self, queryset, value):
        coded = Assessment.objects.filter(event=OuterRef("pk"), direction=int(value))
        return queryset.filter(Exists(coded))


class ByActor(Chosen):
    title, parameter_name = _("actor"), "actor"

    def lookups(self, request, model_admin):
        return [(one.slug, words_of(one.short)) for one in current().actors]

    def narrowed(self, queryset, value):
        return queryset.naming(value)


class ByAnalyst(Chosen):
    """Who decided it. `field` is the column of the model that names the person."""

    title, parameter_name, field = _("analyst"), "analyst", "decided_by"

    def lookups(self, request, model_admin):
        people = get_user_model().objects.filter(is_staff=True).order_by("username")[:100]
        return [(str(person.pk), person.get_full_name() or person.get_username()) for person in people]

    def narrowed(self, queryset, value):
        return queryset.filter(**{self.field: value})


class ByAuthor(ByAnalyst):
    field = "by"


class ByPublisher(Chosen):
    """The publishers that brought most lately."""

    title, parameter_name = _("publisher"), "publisher"

    def lookups(self, request, model_admin):
        newest = Article.objects.order_by("-pk").values_list("publisher", flat=True)[:LOOKED_THROUGH]
        counted = {}
        for name in newest:
            counted[name] = counted.get(name, 0) + 1
        names = sorted(filter(None, counted), key=lambda name: (-counted[name], name))[:40]
        return [(name, f"{name} ({counted[name]})") for name in names]

    def narrowed(self, queryset, value):
        return queryset.filter(publisher=value)


class ByFeed(Chosen):
    """What a feed brought. `field` leads from a row to its articles."""

    title, parameter_name, field = _("feed"), "feed", "pk"

    def lookups(self, request, model_admin):
        return import_module(settings.BROUGHT_BY).feeds()

    def narrowed(self, queryset, value):
        return queryset.filter(**{f"{self.field}__in": import_module(settings.BROUGHT_BY).articles(value)})


class ToldByFeed(ByFeed):
    def narrowed(self, queryset, value):
        brought = Report.objects.filter(article__in=import_module(settings.BROUGHT_BY).articles(value))
        return queryset.filter(Exists(brought.filter(event=OuterRef("pk"))))


class TakenAlong(admin.ModelAdmin):
    """Lists whose ticked rows, or all that a filter and a search found, go out as CSV or JSON, as they are shown."""

    actions = ["as_csv", "as_json"]

    @admin.action(description=_("Take along as CSV"))
    def as_csv(self, request, queryset):
        header, rows = self._told(request, queryset)
        return self._answer("csv", "text/csv; charset=utf-8", csv_lines(header, rows))

    @admin.action(description=_("Take along as JSON"))
    def as_json(self, request, queryset):
        header, rows = self._told(request, queryset)
        lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
        return self._answer("jsonl", "application/jsonl; charset=utf-8", lines)

    def _told(self, request, queryset):
        """The list's own columns, by name, with what each row says in them."""
        names = [name for name in self.get_list_display(request) if name not in self.not_taken]
        columns = ["id", *names] if "id" not in names else names
        found = queryset[:MOST_EXPORTED]
        if len(queryset[: MOST_EXPORTED + 1]) > MOST_EXPORTED:
            messages.warning(request, _("Only the first %(most)d rows were taken.") % {"most": MOST_EXPORTED})
        return columns, ([self._said(row, name) for name in columns] for row in found)

    not_taken = ("at_the_desk",)

    def _said(self, row, name):
        own = getattr(self, name, None)
        value = own(row) if callable(own) else getattr(row, "pk" if name == "id" else name)
        value = value() if callable(value) else value
        display = getattr(row, f"get_{name}_display", None)
        value = display() if display else value
        if value is None or isinstance(value, bool | int | float):
            return value
        return value.isoformat() if hasattr(value, "isoformat") else str(value)

    def _answer(self, ending, kind, lines):
        answer = StreamingHttpResponse(lines, content_type=kind)
        name = f"{self.model._meta.model_name}s-{timezone.localdate():%Y-%m-%d}.{ending}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

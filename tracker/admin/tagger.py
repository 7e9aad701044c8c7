"""The tagger in the admin: its vocabulary, what its versions have learnt, and what an outside model answered.

Words stand one a line, rules in a form. Every cue is checked before it is kept, and what it would change is shown: the
newest articles read with it and without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tracker import record, second_opinion, tagger_versions, tagging, wording
from tracker.admin.lists import LookOnly, ShownOnly, queued
from tracker.codebook import current
from tracker.models import AnswerForm, Article, Cue, SecondOpinion, TaggerVersion
from tracker.second_opinion import asking
from tracker.tagging.reasons import learnt

WORD_FIELDS = ("effect", "en", "zh")
LONGEST = 100_000  # characters of all words of a cue
TEXTS = ("key", "effect", "en", "zh", "when", "ask", "example", "counter")
RULE_FIELDS = ("when", "rec", "direction", "weight", "strength", "ask", "example", "counter")

TRIED = 300  # articles, the newest
MOVED = 0.05  # of relevance, below which nobody would notice

EXAMPLE_KINDS = {
    "act": _("reports of acts on record"),
    "near miss": _("reports that are nearly acts"),
    "background": _("items of feeds that are no acts"),
    "record": _("acts of the record"),
    "written": _("reports of acts written for it"),
    "written near": _("near misses written for it"),
    "written ordinary": _("ordinary items written for it"),
    "decision": _("decided reports"),
    "near decision": _("rejected reports"),
    "unrelated": _("rejected as off the subject"),
}


class CueForm(forms.ModelForm):
    """One form for both kinds of cue; what does not belong to the kind is left out of the body."""

    kind = forms.ChoiceField(label=_("kind"), choices=[(kind, kind) for kind in tagging.cues.KINDS])
    effect = forms.CharField(
        label=_("effect"), required=False, help_text=_("What the words do: build, undo, bad, us, comment …")
    )
    en = forms.CharField(
        label=_("English words"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("One a line. ~ stands for all regular forms, * for any ending; capitals count."),
    )
    zh = forms.CharField(
        label=_("Chinese words"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("One a line, simplified or traditional."),
    )
    when = forms.CharField(
        label=_("when"),
        required=False,
        max_length=500,
        help_text=_(
            "Names of cues joined by &; a|b is either, !a absence; +, - and 0 ask for the sign read."
        ),
    )
    rec = forms.ChoiceField(
        label=_("recommendation"),
        required=False,
        choices=[("", "–"), *((rec, rec) for rec in current().slugs)],
    )
    direction = forms.ChoiceField(
        label=_("direction"), required=False, choices=[("", "–"), *((d, d) for d in tagging.cues.DIRECTIONS)]
    )
    weight = forms.FloatField(label=_("weight"), required=False, min_value=0.01, max_value=0.99)
    strength = forms.TypedChoiceField(
        label=_("strength"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "–"), *record.STRENGTHS.items()],
    )
    ask = forms.CharField(label=_("ask"), required=False, max_length=60)
    example = forms.CharField(label=_("example"), required=False, max_length=300)
    counter = forms.CharField(label=_("counter-example"), required=False, max_length=300)

    class Meta:
        model = Cue
        fields = ["kind", "key", "active"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        body = self.instance.body or {}
        for name in (*WORD_FIELDS, *RULE_FIELDS):
            value = body.get(name)
            self.fields[name].initial = "\n".join(value) if isinstance(value, list) else value

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        for name in TEXTS:
            cleaned[name] = wording.cleaned(cleaned[name], name, LONGEST, lines=name in ("en", "zh"))
        if cleaned["kind"] == "rule":
            body = {name: cleaned[name] or None for name in RULE_FIELDS}
            body["strength"] = body["strength"] or 3
        else:
            words = {
                name: [w.strip() for w in cleaned[name].split("\n") if w.strip()] for name in ("en", "zh")
            }
            body = {"effect": cleaned["effect"], **words}
        cue, old = {"kind": cleaned["kind"], "name": cleaned["key"], **body}, self.initial.get("key", "")
        try:
            tagging.cues.check(cue, _names(cleaned))
            # A rule that names a cue which is gone would leave nobody able to read: all of them are tried together.
            cues_with(cue if cleaned["active"] else None, old)
        except tagging.cues.CueError as error:
            raise forms.ValidationError(str(error)) from None
        self.instance.body = body
        return cleaned


def _names(cleaned):
    """What a rule may name: all other cues, and this one when it is words."""
    return set(Cue.objects.exclude(kind="rule").values_list("key", flat=True)) | {cleaned["key"]}


@admin.register(Cue)
class CueAdmin(ShownOnly):
    form = CueForm
    list_display = ["key", "kind", "summary", "active", "changed_at"]
    list_filter = ["kind", "active"]
    search_fields = ["key", "body"]
    list_per_page = 200
    change_form_template = "admin/tracker/cue/change_form.html"

    fieldsets = [
        (None, {"fields": ["kind", "key", "active"]}),
        (_("Words"), {"fields": list(WORD_FIELDS)}),
        (_("Rule"), {"fields": list(RULE_FIELDS)}),
    ]

    @admin.display(description=_("says"))
    def summary(self, cue):
        body = cue.body
        if cue.kind == "rule":
            return f"{body.get('when', '')} → {body.get('rec', '')} {body.get('direction', '')}"
        return f"{body.get('effect', '')}: {', '.join([*body.get('en', ()), *body.get('zh', ())])[:100]}"

    def get_urls(self):
        own = path("try/", self.admin_site.admin_view(require_POST(self.trial)), name="tracker_cue_try")
        return [own, *super().get_urls()]

    def trial(self, request):
        """What the form's cue would change of the newest articles; nothing is kept."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        key = request.GET.get("cue", "")
        cue = Cue.objects.filter(pk=key).first() if key.isascii() and key.isdigit() else None
        old = cue.key if cue else ""
        form = CueForm(request.POST, instance=cue)
        read, changes, troubles = 0, [], []
        if form.is_valid():
            wanted = {"kind": form.instance.kind, "name": form.instance.key, **form.instance.body}
            read, changes = try_cue(wanted if form.cleaned_data["active"] else None, old)
        else:
            troubles = [f"{name}: {each}" for name, errors in form.errors.items() for each in errors]
        told = {
            "title": _("What this cue would change"),
            "read": read,
            "troubles": troubles,
            "changes": [
                {
                    "article": each.article,
                    "before": [wording.chip(code) for code in each.before],
                    "after": [wording.chip(code) for code in each.after],
                    "relevance": [f"{100 * share:.0f} %" for share in each.relevance],
                }
                for each in changes
            ],
        }
        return render(
            request, "admin/tracker/cue/trial.html", {**self.admin_site.each_context(request), **told}
        )

    def save_model(self, request, obj, form, change):
        obj.changed_at = timezone.now()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request, obj=None):
        return False  # a cue is switched off: deleted, the next seeding would bring it back


@dataclass(frozen=True, slots=True)
class Change:
    """One article that would be read otherwise: its codes and its relevance, before and after."""

    article: Article
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]
    relevance: tuple[float, float]


def cues_with(cue: Mapping[str, Any] | None, instead_of: str = "") -> tagging.cues.Cues:
    """All active cues with this one in the place of the one of that name; `CueError` where a rule would be left
    without a cue that it names."""
    rows = [{"kind": row.kind, "name": row.key, **row.body} for row in Cue.objects.filter(active=True)]
    names = {instead_of, cue["name"] if cue else ""}
    kept = [row for row in rows if row["name"] not in names]
    return tagging.cues.build([*kept, cue] if cue else kept)


def try_cue(cue: Mapping[str, Any] | None, instead_of: str = "") -> tuple[int, list[Change]]:
    """How many articles were read, and those that would be read otherwise with this cue (as `tagging.cues.build`
    takes it; None switches it off) in the place of the one of that name. `CueError` as `cues_with`."""
    listed = cues_with(cue, instead_of)
    articles = list(Article.objects.defer("html", "text", "suggestion").order_by("-pk")[:TRIED])
    reports = [
        {"title": each.title, "summary": each.summary, "publisher": each.publisher} for each in articles
    ]
    now = tagger_versions.serving()
    then = tagger_versions.with_cues(listed)
    found = []
    for article, one, other in zip(articles, now.tag_many(reports), then.tag_many(reports), strict=True):
        before, after = _codes(one), _codes(other)
        if _pairs(before) != _pairs(after) or abs(one.relevance - other.relevance) >= MOVED:
            found.append(Change(article, before, after, (one.relevance, other.relevance)))
    return len(articles), found


def _codes(suggestion: tagging.Suggestion) -> list[dict[str, Any]]:
    return [
        {"rec": label.rec, "direction": label.direction, "strength": label.strength}
        for label in suggestion.labels
        if label.ticked
    ]


def _pairs(codes: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(code["rec"], code["direction"]) for code in codes}


@admin.register(TaggerVersion)
class TaggerVersionAdmin(ShownOnly):
    list_display = ["name", "trained_at", "serving_since", "micro_f1", "order", "taught_by", "why"]
    fields = readonly_fields = ("name", "trained_at", "serving_since", "measures")
    actions = ["let_serve"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")

    def get_urls(self):
        own = [
            path(f"{deed}/", self.admin_site.admin_view(require_POST(view)), name=f"tagger_{deed}")
            for deed, view in (("retrain", self.retrain), ("back", self.back))
        ]
        return own + super().get_urls()

    def changelist_view(self, request, extra_context=None):
        serving = tagger_versions.current()
        told = {
            "serving": serving.name if serving else "",
            "may_change": self.has_change_permission(request),
            "weights": asking.learn_weights() if second_opinion.is_on() else None,
            "learnt": _learnt(),
        }
        return super().changelist_view(request, {**(extra_context or {}), **told})

    @admin.display(description=_("micro-F1"))
    def micro_f1(self, version):
        return version.measures.get("micro_f1")

    @admin.display(description=_("order of the queue"))
    def order(self, version):
        """Average precision over items as feeds deliver them, acts it never saw among them."""
        return version.measures.get("delivered_ap")

    @admin.display(description=_("learnt from"))
    def taught_by(self, version):
        kinds = version.measures.get("kinds") or {}
        decided = kinds.get("decision", 0) + kinds.get("near decision", 0)
        return _("%(decided)s decided reports of %(all)s texts") % {
            "decided": decided,
            "all": sum(kinds.values()),
        }

    @admin.display(description=_("why"))
    def why(self, version):
        return version.measures.get("why", "")

    @admin.action(description=_("Let this version serve"), permissions=["change"])
    def let_serve(self, request, queryset):
        version = queryset.first()
        if version is None:  # it went meanwhile
            return
        try:
            tagger_versions.serve(version)
        except tagging.model.ModelError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, _("%(name)s serves now.") % {"name": version.name})

    def retrain(self, request):
        """Train anew in the background: it takes a minute or two, longer than a page may."""
        self._may_change(request)
        if queued(request, current_app.signature("tracker.tasks.retrain"), queue="judging"):
            words = _(
                "Training has begun. The new version stands here when it is done; it serves if it is not worse."
            )
            self.message_user(request, words)
        return redirect(reverse("admin:tracker_taggerversion_changelist"))

    def back(self, request):
        self._may_change(request)
        version = tagger_versions.back()
        name = version.name if version else _("The version of the seeds")
        self.message_user(request, _("%(name)s serves now.") % {"name": name})
        return redirect(reverse("admin:tracker_taggerversion_changelist"))

    def _may_change(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def _learnt():
    """What the version that serves has learnt, ready to print."""
    told = learnt(tagger_versions.serving().model)
    return {
        "kinds": [(EXAMPLE_KINDS.get(kind, kind), number) for kind, number in told.kinds.items()],
        "speaks_for": told.speaks_for,
        "speaks_against": told.speaks_against,
        "recommendations": [
            (wording.short(slug), words) for slug, words in told.by_recommendation.items() if words
        ],
        "publishers": told.publishers,
    }


@admin.register(SecondOpinion)
class SecondOpinionAdmin(LookOnly):
    list_display = ["digest", "model", "asked_at", "tries", "tokens_in", "tokens_out", "trouble"]
    list_filter = ["model"]
    fields = ("digest", "model", "asked_at", "tries", "tokens_in", "tokens_out", "answer", "trouble")


@admin.register(AnswerForm)
class AnswerFormAdmin(LookOnly):
    list_display = ["model", "address", "form", "without", "found_at"]

    def has_delete_permission(self, request, obj=None):
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

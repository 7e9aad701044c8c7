"""The tagger's vocabulary in the admin: words one a line, rules as a form; every cue is checked before it is
kept."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tracker import cue_trials, record, tagging, textfields, vocabulary
from tracker.admin.base import ShownOnly
from tracker.codebook import current
from tracker.models import Cue

WORD_FIELDS = ("effect", "en", "zh")
LONGEST = 100_000  # characters of all words of a cue
TEXTS = ("key", "effect", "en", "zh", "when", "ask", "example", "counter")
RULE_FIELDS = ("when", "rec", "direction", "weight", "strength", "ask", "example", "counter")


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
            cleaned[name] = textfields.cleaned(cleaned[name], name, LONGEST, lines=name in ("en", "zh"))
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
            cue_trials.built(cue if cleaned["active"] else None, old)
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
            read, changes = cue_trials.tried(wanted if form.cleaned_data["active"] else None, old)
        else:
            troubles = [f"{name}: {each}" for name, errors in form.errors.items() for each in errors]
        told = {
            "title": _("What this cue would change"),
            "read": read,
            "troubles": troubles,
            "changes": [
                {
                    "article": each.article,
                    "before": [vocabulary.chip(code) for code in each.before],
                    "after": [vocabulary.chip(code) for code in each.after],
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

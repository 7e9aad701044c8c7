"""What an event says beside its codes: reach, own last day, what it puts to sleep, the next step, the kind of each
source, reasons in Chinese; one plain form, with the rules that may decide beside it."""

from __future__ import annotations

import uuid
from typing import Any

from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from tracker import record, triage, wording
from tracker.codebook import current
from tracker.desk import forms, hints, plain, second
from tracker.desk.views import desk_view, languages
from tracker.models import Event
from tracker.triage import blind
from tracker.triage.steps import DECIDE
from tracker.wording import words_of

TERMS = ("reach", "until", "stage", "due", "due_what", "due_what_zh")
STAGES = {
    "bill": gettext_lazy("bill"),
    "draft": gettext_lazy("draft rule"),
    "probe": gettext_lazy("probe"),
    "plan": gettext_lazy("plan"),
}


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def details(request, event_id):
    """The form; POST writes what differs: at once to a proposal, as a revision with its reason to what is on record."""
    row = get_object_or_404(Event.objects.prefetch_related("assessments"), pk=event_id)
    if blind.withheld(request.user).filter(event=row).exists():
        return redirect("desk:event", row.pk)
    given, trouble = _standing(row), ""
    if request.method == "POST":
        given |= {name: request.POST.get(name, "").strip() for name in given}
        version = request.POST.get("version", "")
        form = {
            "action": "edit",
            "event": row.pk,
            "changes": _changes(row, given),
            "why": request.POST.get("why", ""),
            "version": int(version) if version.isascii() and version.isdigit() else None,
            "token": str(uuid.uuid4()),
        }
        if plain.foretelling(request):
            return plain.foretold(lambda: forms.of_form(form, request.user) if form["changes"] else [])
        try:
            if not form["changes"]:
                raise triage.Refused(_("Nothing has changed."))
            second.decided(form, request.user)
        except (triage.Refused, forms.BadForm) as error:
            trouble = str(error)
        else:
            plain.done(request, _("Saved."), row.pk)
            return redirect("desk:details", row.pk)
    return render(
        request,
        "desk/details.html",
        {
            "event": row,
            "given": given,
            "trouble": trouble,
            "why": request.POST.get("why", ""),
            "reaches": [_offered(slug, term) for slug, term in current().reach.items()],
            "stages": STAGES.items(),
            "kinds": [_offered(slug, term) for slug, term in current().source_kinds.items()],
            "sources": [
                {**source, "field": f"kind-{place}", "given": given[f"kind-{place}"]}
                for place, source in enumerate(row.sources)
            ],
            "reasons": [
                wording.chip(line.line())
                | {
                    "rationale": line.rationale,
                    "field": f"zh-{line.recommendation_id}",
                    "given": given[f"zh-{line.recommendation_id}"],
                }
                for line in row.assessments.all()
            ],
            "hints": hints.of(row),
            "languages": languages(request),
            "title": _("Reach, terms, sources"),
        },
        status=409 if trouble else 200,
    )


def _offered(slug: str, term: Any) -> dict[str, str]:
    return {"slug": slug, "name": words_of(term.name), "help": words_of(term.help) if term.help else ""}


def _standing(row: Event) -> dict[str, str]:
    """Every field of the form as the event has it."""
    return {
        "reach": row.reach,
        "until": row.until.isoformat() if row.until else "",
        "suspends": " ".join(row.suspends),
        "stage": row.stage,
        "due": row.due,
        "due_what": row.due_what,
        "due_what_zh": row.due_what_zh,
        **{f"kind-{place}": source.get("kind") or "" for place, source in enumerate(row.sources)},
        **{f"zh-{line.recommendation_id}": line.rationale_zh for line in row.assessments.all()},
    }


def _changes(row: Event, given: dict[str, str]) -> dict[str, Any]:
    """What differs, as `triage.edit` takes it; empty fields say nothing."""
    before = _standing(row)
    differing = {name for name in given if given[name] != before[name]}
    changes: dict[str, Any] = {name: given[name] or None for name in TERMS if name in differing}
    if "suspends" in differing:
        changes["suspends"] = given["suspends"].replace(",", " ").split()
    if any(name.startswith("kind-") for name in differing):
        changes["sources"] = [_source(source, given[f"kind-{n}"]) for n, source in enumerate(row.sources)]
    if any(name.startswith("zh-") for name in differing):
        lines = [line.line() for line in row.assessments.all()]
        changes["assessments"] = [line | {"rationale_zh": given[f"zh-{line['rec']}"]} for line in lines]
    return changes


def _source(source: dict[str, Any], kind: str) -> dict[str, Any]:
    plain = {name: value for name, value in source.items() if name != "kind"}
    return plain | {"kind": kind} if kind in record.SOURCE_KINDS else plain

"""The desk's plain pages, which say what a form would do before it is sent: an event beside its codes, acts at their
own last day.

What an event says beside its codes is its reach, its own last day, what it puts to sleep, the next step, the kind of
each source and reasons in Chinese: one form, with the rules of the codebook that may decide beside it. The instance
ships those rules in `hints.json`, where it has any; they are found by the words of title and summary and are
reminders: which rule holds is the coder's to say. About every act whose own last day is near or past the desk asks:
one key, a source, and it is on record. Whatever a page has done, it takes back.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from tracker import record, rows, text, triage, wording
from tracker.codebook import Text, current
from tracker.desk import forms, history, signing
from tracker.desk.people import desk_view, languages
from tracker.models import Decision, Event
from tracker.terms import needle
from tracker.triage import double_coding, lasting
from tracker.triage.steps import DECIDE
from tracker.wording import words_of

TERMS = ("reach", "until", "stage", "due", "due_what", "due_what_zh")
STAGES = {
    "bill": gettext_lazy("bill"),
    "draft": gettext_lazy("draft rule"),
    "probe": gettext_lazy("probe"),
    "plan": gettext_lazy("plan"),
}

MOST_SHOWN = 50  # of the acts whose own last day is near or past
ANSWERS = (
    ("p", lasting.PROLONGED, gettext_lazy("Prolonged")),
    ("m", lasting.PERMANENT, gettext_lazy("Made permanent")),
    ("l", lasting.LAPSED, gettext_lazy("Lapsed")),
    ("e", lasting.ENDED, gettext_lazy("Ended early")),
)
ANSWER_FIELDS = ("said", "url", "title", "publisher", "date", "kind", "lang", "on", "until")

HINTS_SHOWN = 4


def foretelling(request: HttpRequest) -> bool:
    """Whether the form only asks what it would do."""
    return request.headers.get("X-Foretell") == "1"


def foretold(effects: Callable[[], list[dict[str, Any]]]) -> JsonResponse:
    """The effects on the scores, ready to print, or the sentence with which the deed would be refused."""
    try:
        return JsonResponse({"effects": effects()})
    except (triage.Refused, forms.BadForm) as error:
        return JsonResponse({"effects": [], "refused": str(error)})
    except (record.RecordError, text.BadText) as error:
        return JsonResponse({"effects": [], "refused": wording.refusal(error)})


@desk_view(DECIDE)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back the decision that a page has just told of; back to that page."""
    number = request.POST.get("decision", "")
    known = number.isascii() and number.isdigit() and len(number) < 12
    decision = Decision.objects.filter(pk=int(number)).first() if known else None
    try:
        if decision is None:
            raise triage.Refused(_("There is nothing to undo: the decision was not taken."))
        signing.undone(decision, request.user, lambda: lasting.take_back(decision, request.user))
        messages.info(request, _("Taken back."))
    except triage.Refused as error:
        messages.error(request, str(error))
    back = request.POST.get("back", "")
    inside = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return redirect(back if inside else reverse("desk:desk"))


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def details(request, event_id):
    """What an event says beside its codes; POST writes what differs: at once to a proposal, as a revision with its
    reason to what is on record."""
    row = get_object_or_404(Event.objects.prefetch_related("assessments"), pk=event_id)
    if double_coding.withheld(request.user).filter(event=row).exists():
        return redirect("desk:event", row.pk)
    given, trouble = _standing(row), ""
    if request.method == "POST":
        given |= {name: request.POST.get(name, "").strip() for name in given}
        version = request.POST.get("version", "")
        form = {
            "action": "edit",
            "event": row.pk,
            "changes": _changed(row, given),
            "why": request.POST.get("why", ""),
            "version": int(version) if version.isascii() and version.isdigit() else None,
            "token": str(uuid.uuid4()),
        }
        if foretelling(request):
            return foretold(lambda: forms.of_form(form, request.user) if form["changes"] else [])
        try:
            if not form["changes"]:
                raise triage.Refused(_("Nothing has changed."))
            signing.decided(form, request.user)
        except (triage.Refused, forms.BadForm) as error:
            trouble = str(error)
        else:
            history.done(request, _("Saved."), row.pk)
            return redirect("desk:details", row.pk)
    return render(
        request,
        "desk/details.html",
        {
            "event": row,
            "given": given,
            "trouble": trouble,
            "why": request.POST.get("why", ""),
            "reaches": [_offered_terms(slug, term) for slug, term in current().reach.items()],
            "stages": STAGES.items(),
            "kinds": [_offered_terms(slug, term) for slug, term in current().source_kinds.items()],
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
            "hints": hints_for(row),
            "languages": languages(request),
            "title": _("Reach, terms, sources"),
        },
        status=409 if trouble else 200,
    )


def _offered_terms(slug: str, term: Any) -> dict[str, str]:
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


def _changed(row: Event, given: dict[str, str]) -> dict[str, Any]:
    """What differs, as `triage.edit` takes it; empty fields say nothing."""
    before = _standing(row)
    differing = {name for name in given if given[name] != before[name]}
    changes: dict[str, Any] = {name: given[name] or None for name in TERMS if name in differing}
    if "suspends" in differing:
        changes["suspends"] = given["suspends"].replace(",", " ").split()
    if any(name.startswith("kind-") for name in differing):
        changes["sources"] = [_source_of(source, given[f"kind-{n}"]) for n, source in enumerate(row.sources)]
    if any(name.startswith("zh-") for name in differing):
        lines = [line.line() for line in row.assessments.all()]
        changes["assessments"] = [line | {"rationale_zh": given[f"zh-{line['rec']}"]} for line in lines]
    return changes


def _source_of(source: dict[str, Any], kind: str) -> dict[str, Any]:
    without = {name: value for name, value in source.items() if name != "kind"}
    return without | {"kind": kind} if kind in record.SOURCE_KINDS else without


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def own_terms(request):
    """The act that has waited longest, or the one asked for, with the four answers; POST takes one."""
    trouble, given = "", {name: request.POST.get(name, "").strip() for name in ANSWER_FIELDS}
    if request.method == "POST":
        if foretelling(request):
            return foretold(lambda: forms.of(lambda: _answered(request, given)))
        try:
            if why := signing.weight_of(
                lambda: _answered(request, given), request.user, _asleep(request, given)
            ):
                # What would be signed is a form of one deed; this is several.
                by_hand = _("That needs a second person: enter the act that followed by hand.")
                raise triage.Refused(" ".join([*why, by_hand]))
            new = _answered(request, given)
        except (triage.Refused, record.RecordError) as error:
            trouble = str(error) if isinstance(error, triage.Refused) else wording.refusal(error)
        else:
            history.done(request, _("On record: “%(title)s”") % {"title": str(new)[:80]}, new.pk)
            return redirect("desk:lasting")
    hidden = set(double_coding.withheld(request.user).order_by().values_list("event_id", flat=True))
    waiting = [event for event in lasting.asked() if event.pk not in hidden]
    wanted = (request.POST if trouble else request.GET).get("event", "")
    at_hand = next((event for event in waiting if event.pk == wanted), waiting[0] if waiting else None)
    return render(
        request,
        "desk/lasting.html",
        {
            "event": at_hand,
            "codes": [wording.chip(row.line()) for row in at_hand.assessments.all()] if at_hand else [],
            "suspended": list(Event.objects.filter(pk__in=at_hand.suspends)) if at_hand else [],
            "waiting": [_lasting_row(event) for event in waiting[:MOST_SHOWN]],
            "count": len(waiting),
            "choices": ANSWERS,
            "given": given,
            "trouble": trouble,
            "kinds": [(kind, words_of(current().source_kinds[kind].name)) for kind in record.SOURCE_KINDS],
            "languages": languages(request),
            "title": _("Own terms"),
        },
        status=409 if trouble else 200,
    )


def _asleep(request, given):
    """What the act put to sleep already: where it is prolonged, that sleeps on."""
    if given["said"] != lasting.PROLONGED:
        return ()
    row = Event.objects.filter(pk__in=record.ids([request.POST.get("event", "")])).first()
    return row.suspends if row else ()


def _answered(request, given):
    """The act that stands for the answer."""
    version = request.POST.get("version", "")
    event = "".join(record.ids([request.POST.get("event", "")]))
    if double_coding.withheld(request.user).filter(event=event).exists():
        raise triage.NotAllowed(_("Its codes are not shown to you before its second coding."))
    return lasting.answer(
        event,
        request.user,
        given["said"],
        {name: given[name] for name in ("url", "title", "publisher", "date", "kind", "lang")},
        on=record.day(given["on"], "on") if given["on"] else None,
        until=record.day(given["until"], "until") if given["until"] else None,
        version=int(version) if version.isascii() and version.isdigit() else None,
    )


def _lasting_row(event):
    days = (event.until - timezone.now().date()) // datetime.timedelta(1)
    return {
        "event": event,
        "past": days <= 0,
        "days": abs(days),
        "href": reverse("desk:lasting") + f"?event={event.pk}",
    }


@dataclass(frozen=True, slots=True)
class Hint:
    """`rule` names it in the codebook, `at` is its place on the codebook's page; `needles` are what the words of an
    event must hold, one of them."""

    rule: str
    at: str
    needles: tuple[str, ...]
    text: Text


def hints_for(event: Event) -> list[dict[str, str]]:
    """The first few rules that the words of an event call to mind, the most words first."""
    words = event.folded
    found = [(sum(piece in words for piece in hint.needles), hint) for hint in hints()]
    hits = sorted((pair for pair in found if pair[0]), key=lambda pair: -pair[0])
    return [
        {"rule": hint.rule, "at": hint.at, "text": words_of(hint.text)} for _count, hint in hits[:HINTS_SHOWN]
    ]


@cache
def hints() -> tuple[Hint, ...]:
    """The instance's hints; none without a file."""
    path = settings.INSTANCE_FOLDER / "hints.json"
    if not path.exists():
        return ()
    return tuple(_hint(each) for each in rows.json_value(path.read_bytes())["hints"])


def _hint(raw: Mapping[str, Any]) -> Hint:
    needles = tuple(piece for piece in (needle(word) for word in raw["words"]) if piece)
    text = Text({language: raw["text"][language] for language in current().languages})
    rule = str(raw["rule"])
    return Hint(rule, str(raw.get("at") or f"case-{rule}"), needles, text)

"""Trust in the record's codes: events that machines coded, to be confirmed, and events drawn by lot, to be coded
again.

What machines coded stands the heaviest first with its sources beside: one key confirms, edits are revisions. An editor
draws events to be coded again, sees how far that has come, and takes raw codings along.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from tracker import agreement, triage, wording
from tracker import record as record_format
from tracker.codebook import current
from tracker.desk.views import desk_view, languages
from tracker.models import Decision, Event, MachineCoding
from tracker.triage import access, trust
from tracker.triage.deciding import CONFIRM
from tracker.triage.steps import DECIDE, REVIEW
from tracker.wording import words_of

USUAL_DRAW = 60
RAW_FORMS = {
    "jsonl": (agreement.raw_jsonl, "application/jsonl; charset=utf-8"),
    "csv": (agreement.raw_csv, "text/csv; charset=utf-8"),
}
SHOWN = 20
AT_ONCE = 100


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def confirming(request):
    """The heaviest event that nobody has confirmed, or the one asked for; POST confirms it or takes that back."""
    if request.method == "POST":
        return _done(request)
    skipped = [key for key in request.GET.get("skip", "").split(",") if key][-SHOWN * 5 :]
    weights = weighed()
    waiting = unconfirmed(request.user, weights, skipped)
    asked = request.GET.get("event", "")
    at_hand = next((event for event in waiting if event.pk == asked), waiting[0] if waiting else None)
    return render(
        request,
        "desk/confirming.html",
        {
            "item": _described(at_hand, weights) if at_hand else None,
            "waiting": [
                {"id": event.pk, "event": event, "weight": weights.get(event.pk, 0.0)} for event in waiting
            ],
            "skip": ",".join([*skipped, at_hand.pk]) if at_hand else "",
            "progress": progress(weights),
            "languages": languages(request),
            "title": _("To confirm"),
        },
    )


def weighed() -> dict[str, float]:
    """What each event carries of the scores; nothing when no scorecard is set up."""
    found: dict[str, float] = import_string(settings.EVENT_WEIGHTS)() if settings.EVENT_WEIGHTS else {}
    return found


def unconfirmed(user: Any, weights: dict[str, float], without: list[str]) -> list[Event]:
    """The first few events on record whose codes nobody stands behind, the heaviest first, then the newest; without
    those that the user is still to code blind."""
    hidden = {*access.withheld(user).order_by().values_list("event_id", flat=True), *without}
    confirmed = trust.everything()
    rest = Event.objects.accepted().exclude(pk__in=weights).order_by("-date", "-pk")
    heaviest = sorted(weights, key=lambda key: (-weights[key], key))
    found: list[Event] = []
    order = [*heaviest, *rest.values_list("pk", flat=True)]
    for place in range(0, len(order), AT_ONCE):
        keys = order[place : place + AT_ONCE]
        rows = Event.objects.accepted().prefetch_related("assessments").in_bulk(keys)
        events = [rows[key] for key in keys if key in rows and key not in hidden]
        found += trust.unconfirmed(events, confirmed)
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def progress(weights: dict[str, float]) -> dict[str, Any]:
    """How many events on record a person stands behind, and how much of the weight."""
    confirmed = trust.everything()
    rows = Event.objects.accepted().filter(pk__in=confirmed).prefetch_related("assessments")
    done = {event.pk for event in rows} - {event.pk for event in trust.unconfirmed(rows, confirmed)}
    whole = sum(weights.values())
    return {
        "done": len(done),
        "events": Event.objects.accepted().count(),
        "share": sum(weights.get(key, 0.0) for key in done) / whole if whole else 0.0,
    }


def _done(request):
    """Confirm, or undo the confirmation that was just given; both lead back to the list."""
    try:
        if "undo" in request.POST:
            decision = Decision.objects.filter(pk=_number(request.POST["undo"]), action=CONFIRM).first()
            if decision is None:
                raise triage.Refused(_("There is no such confirmation."))
            triage.undo(decision, request.user)
            messages.info(request, _("Taken back."))
        else:
            event = triage.confirm(
                request.POST.get("event", ""), request.user, version=_number(request.POST.get("version", ""))
            )
            last = Decision.objects.filter(event=event, action=CONFIRM, by=request.user).first()
            messages.success(request, _("Confirmed: “%(title)s”") % {"title": str(event)[:80]}, str(last.pk))
    except triage.Refused as error:
        messages.error(request, str(error))
    skip = request.POST.get("skip", "")
    return redirect(reverse("desk:confirming") + (f"?skip={skip}" if skip else ""))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _described(event: Event, weights: dict[str, float]) -> dict[str, Any]:
    """An event with its codes, the rule behind each, and its sources."""
    book = current()
    lines = [row.line() for row in event.assessments.all()]
    return {
        "event": event,
        "weight": weights.get(event.pk, 0.0),
        "certainty": words_of(book.certainties[event.certainty].name),
        "certainty_help": words_of(book.certainties[event.certainty].help),
        "actors": [words_of(book.actor(actor).short) for actor in event.actors],
        "terms": _terms(event),
        "codes": [
            wording.chip(line)
            | {
                "rationale": line["rationale"],
                "rationale_zh": line["rationale_zh"],
                "strength_help": words_of(book.strengths[line["strength"]].help),
                "rule": words_of(
                    book[line["rec"]].undermines if line["direction"] < 0 else book[line["rec"]].advances
                ),
                "ask": words_of(book.ask(line["rec"], line["ask"]).name) if line["ask"] else "",
            }
            for line in lines
        ],
        "sources": [
            {
                **source,
                "kind": words_of(book.source_kinds[source["kind"]].name) if source.get("kind") else "",
                "href": source["url"] if source["url"].startswith(("http://", "https://")) else "",
            }
            for source in event.sources
        ],
        "seconds": [_second(each) for each in MachineCoding.objects.filter(event=event)],
    }


def _terms(event: Event) -> list[str]:
    """Reach, own end and links, where they say something."""
    found = []
    if event.reach != "wide":
        found.append(words_of(current().reach[event.reach].name))
    if event.until:
        found.append(_("until %(day)s") % {"day": event.until})
    if event.supersedes:
        found.append(_("ends %(ids)s") % {"ids": ", ".join(event.supersedes)})
    if event.suspends:
        found.append(_("puts to sleep %(ids)s") % {"ids": ", ".join(event.suspends)})
    return found


def _second(coding: MachineCoding) -> dict[str, Any]:
    """A second reading by a language model: its codes, and whether they are those of the first."""
    first, body = (record_format.codes(each) for each in (coding.first, coding.body))
    return {
        "reader": coding.reader,
        "same": first["assessments"] == body["assessments"],
        "codes": [wording.chip(line) for line in body["assessments"]],
        "unsure": coding.unsure,
    }


@desk_view(REVIEW)
@require_http_methods(["GET", "POST"])
def draws(request):
    """Every draw with its progress and strata; POST draws anew."""
    if request.method == "POST":
        asked = request.POST.get("count", "")
        try:
            row = access.draw(int(asked) if asked.isascii() and asked.isdigit() else 0, request.user)
        except triage.Refused as error:
            messages.error(request, str(error))
        else:
            count = sum(row.strata.values())
            said = ngettext("%(count)d event was drawn.", "%(count)d events were drawn.", count)
            messages.success(request, said % {"count": count})
        return redirect("desk:draws")
    return render(
        request,
        "desk/draws.html",
        {
            "draws": [_draw_row(row) for row in access.draws()],
            "usual": USUAL_DRAW,
            "most": access.MOST_DRAWN,
            "kinds": agreement.by_kind(),
            "machines": MachineCoding.objects.count(),
            "forms": list(RAW_FORMS),
            "languages": languages(request),
            "title": _("The record coded again"),
        },
    )


@desk_view(DECIDE)
@require_GET
def raw_codings(request, form):
    """Every coding of what was coded twice, people under numbers."""
    if form not in RAW_FORMS:
        raise Http404
    made, kind = RAW_FORMS[form]
    answer = StreamingHttpResponse(made(), content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="codings.{form}"'
    return answer


def _draw_row(row):
    parts = {"talk": _("talk"), "commitment": _("commitments"), "deed": _("deeds")}
    strata = []
    for name, count in row.strata.items():
        slug, _space, part = name.partition(" ")
        strata.append((f"{wording.short(slug)}: {parts[part]}" if part else "–", count))
    return {"row": row, "strata": strata, "total": row.total, "done": row.done}

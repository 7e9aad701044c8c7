"""What a person stands behind: decisions of weight that a second person signs, and machines' codes that one confirms.

Of weight is what turns the word of a recommendation, or lets a weaker act end a stronger one. The law: where two
analysts are at work, such a decision is only asked for, and another one signs it; who works alone confirms it in
words. What is asked for stands in the journal as the form that was sent, and falls away as soon as its event has moved
on. Whatever a deed is called, what it would write to the log is weighed.

What machines coded stands the heaviest first with its sources beside: one key confirms, edits are revisions.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tracker import record, triage, wording
from tracker import record as record_format
from tracker.codebook import current
from tracker.desk import forms, history
from tracker.desk.people import desk_view, languages
from tracker.models import Decision, Event, MachineCoding, decisions
from tracker.triage import coding, double_coding
from tracker.triage.deciding import CONFIRM
from tracker.triage.steps import DECIDE, REVIEW, name_of, reason
from tracker.wording import words_of

# Deeds that never write to the log, and the blind codings: whoever settles one is a third person already.
LIGHT = ("dismiss", "snooze", "review", "reopen", "look", "second", "adjudicate")
FRESH = datetime.timedelta(minutes=10)  # so long one's own step is taken back as a slip of the hand
ASKED, DROPPED = "countersign", "withdraw"  # the journal's words
BACKEND = "django.contrib.auth.backends.ModelBackend"
ACTIVE = datetime.timedelta(days=30)
FEWEST_WORDS = 15  # characters in which who works alone says why
# Words that say which way a recommendation goes, or that it is fought over; the others say nothing yet.
TOLD = ("advancing", "leaning advancing", "contested", "leaning undermined", "undermined")
SHOWN = 20
AT_ONCE = 100


def decided(form: Mapping[str, Any], by: Any) -> dict[str, Any]:
    """`forms.decide`, but for what needs a second person: that is asked for, and `Refused` says so."""
    if why := asked_instead(form, by):
        raise triage.Refused(" ".join([*why, where_it_waits(by)]))
    return forms.decide(form, by)


def asked_instead(form: Mapping[str, Any], by: Any) -> list[str]:
    """Why a form needs a second person, who is asked for it now; empty where it needs none, and nothing is done."""
    action = form.get("action")
    if not isinstance(action, str) or action not in forms.DEEDS or action in LIGHT:
        return []
    if action == "undo":
        try:
            decision = forms.undone(form, by)
        except (triage.Refused, forms.BadForm):
            return []
        if decision.by_id == by.pk and timezone.now() - decision.at < FRESH:
            return []
        # By its number, as whoever signs has no step of this token.
        form = {**form, "event": decision.event_id, "decision": decision.pk, "step": None}
    why = weight_of(lambda: forms.DEEDS[action](form, by, uuid.uuid4()), by)
    if why:
        _ask(form, by, why)
    return why


def undone(decision: Decision, by: Any, undo: Callable[[], Any]) -> Any:
    """What `undo` gives, which undoes a decision for a page of its own; what weighs is asked for, and `Refused`."""
    if why := asked_instead({"action": "undo", "decision": decision.pk}, by):
        raise triage.Refused(" ".join([*why, where_it_waits(by)]))
    return undo()


def where_it_waits(by: Any) -> str:
    alone = _("You work alone: confirm it there in words.")
    who = _("A colleague has to sign it.") if colleagues(by).exists() else alone
    return f"{who} {_('It waits under “Second person”.')}"


def weight_of(deed: Callable[[], Any], by: Any, linked: Iterable[str] = ()) -> list[str]:
    """Why a deed needs a second person, in sentences; empty where it does not, or could not be done at all. What is
    `linked` already weighs nothing."""
    if not settings.SECOND_PERSON or not by.has_perm(DECIDE):
        return []
    try:
        versions = forms.written(deed)
    except (triage.Refused, forms.BadForm):
        return []  # the deed itself says what is wrong
    found = _turned(forms.effects(versions))
    # What turns nothing today may do so on the day from which it counts, or on which it ends by its own terms.
    for day in _days_to_come(versions):
        found += _turned(forms.effects(versions, day), day)
    return [*found, *_weaker(versions, set(linked))]


def _days_to_come(versions: Iterable[Mapping[str, Any]]) -> list[datetime.date]:
    """Days after today on which these versions, or what stood in their place, begin or cease to count."""
    days = {record.day(line["until"], "until") for line in versions if line.get("until")}
    days |= {coding.counts_from(_dated(line), _recorded(line)) for line in versions}
    for row in Event.objects.filter(pk__in=[line["id"] for line in versions]):
        days |= {coding.counts_from(row, row.recorded_at), row.until or row.date}
    return sorted(day for day in days if day > timezone.now().date())


def _dated(line: Mapping[str, Any]) -> Event:
    return Event(date=record.day(line["date"], "date"), date_precision=line["date_precision"])


def _recorded(line: Mapping[str, Any]) -> datetime.date | None:
    return record.day(line["recorded_at"], "recorded_at") if line["recorded_at"] else None


def _turned(effects: Iterable[Mapping[str, Any]], day: datetime.date | None = None) -> list[str]:
    found = []
    for entry in effects:
        one, other = entry["label_before"], entry["label_after"]
        if one != other and (one in TOLD or other in TOLD):
            told = {"name": entry["name"], "before": _(one), "after": _(other)}
            if day is None:
                found.append(_("It turns the word of %(name)s from “%(before)s” to “%(after)s”.") % told)
            else:
                words = _("From %(day)s on it turns the word of %(name)s from “%(before)s” to “%(after)s”.")
                found.append(words % {**told, "day": day.isoformat()})
    return found


def _weaker(versions: Iterable[Mapping[str, Any]], before: set[str]) -> list[str]:
    """Links by which a weaker act ends a stronger one, or puts it to sleep, and that are not on record yet."""
    found = []
    for line in versions:
        standing = Event.objects.filter(pk=line["id"]).values("supersedes", "suspends", "status").first()
        on_record = standing is not None and standing["status"] in Event.ON_RECORD
        known = {*standing["supersedes"], *standing["suspends"]} if standing and on_record else set()
        own = max((each["strength"] for each in line["assessments"]), default=0)
        linked = {*line["supersedes"], *line.get("suspends", ())} - known - before
        for earlier in Event.objects.filter(pk__in=linked).prefetch_related("assessments"):
            strongest = max((each.strength for each in earlier.assessments.all()), default=0)
            if strongest > own and not line["retracted"]:
                told = {"own": own, "strongest": strongest, "title": str(earlier)[:80]}
                found.append(
                    _("An act of strength %(own)d ends one of strength %(strongest)d: “%(title)s”.") % told
                )
    return found


def colleagues(by: Any) -> Any:
    """Other accounts that may decide and have been at work in the last month."""
    since = timezone.now() - ACTIVE
    found = get_user_model().objects.with_perm(DECIDE, backend=BACKEND).filter(is_staff=True)
    deciding = Decision.objects.filter(at__gte=since, by__isnull=False).order_by().values("by")
    return found.exclude(pk=by.pk).filter(Q(last_login__gte=since) | Q(pk__in=deciding))


def waiting() -> list[Decision]:
    """What was asked for and can still be signed: its event stands as it stood."""
    rows = Decision.objects.filter(action__in=(ASKED, DROPPED)).select_related("event", "by").order_by("id")
    last: dict[str, Decision] = {}
    for row in rows:
        last[row.event_id] = row
    return [
        row
        for row in last.values()
        if row.action == ASKED and row.after and row.event.version == row.after["version"]
    ]


def _ask(form: Mapping[str, Any], by: Any, why: list[str]) -> None:
    event = Event.objects.filter(pk=form["event"]).first()
    if event is None:
        raise triage.Refused(_("There is no event %(id)s.") % {"id": form["event"]})
    triage.release(event, by)
    _note(event, ASKED, by, " ".join(why), {"form": dict(form), "version": event.version})


def _note(event: Event, action: str, by: Any, why: str, after: dict[str, Any] | None = None) -> None:
    Decision.objects.create(
        event=event,
        action=action,
        status_before=event.status,
        status_after=event.status,
        by=by,
        reason=why[:1000],
        after=after,
    )


def sign(row: Decision, by: Any, words: str = "") -> dict[str, Any]:
    """Do what was asked for. The second person's name stands beside it, and both in the reason."""
    if row not in waiting():
        raise triage.Stale(_("This has been signed, withdrawn or overtaken already."))
    words = reason(words)
    if row.by_id == by.pk:
        if colleagues(by).exists():
            raise triage.NotAllowed(_("You asked for it; a colleague has to sign it."))
        if len(words) < FEWEST_WORDS:
            raise triage.Refused(_("Say in words why it is right; nobody else looks at it."))
    form = dict((row.after or {})["form"])
    told = {"why": words or form.get("why") or "", "one": name_of(row.by), "second": name_of(by)}
    alone = _("%(why)s (decided alone by %(one)s)")
    both = _("%(why)s (asked by %(one)s, signed by %(second)s)")
    form["why"] = ((alone if row.by_id == by.pk else both) % told).strip()[:1000]
    form |= {"token": str(uuid.uuid4()), "version": row.event.version, "seconds": None}
    return forms.decide(form, by)


def withdraw(row: Decision, by: Any, why: str = "") -> None:
    """Take back what was asked for; nothing is done."""
    if row not in waiting():
        raise triage.Stale(_("This has been signed, withdrawn or overtaken already."))
    if row.by_id != by.pk and not by.has_perm(REVIEW):
        raise triage.NotAllowed(_("Only who asked for it, or a reviewer, withdraws it."))
    _note(row.event, DROPPED, by, reason(why))


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def signing(request):
    """What waits for a second person, with the form that was sent and why it weighs; POST signs or withdraws one."""
    if request.method == "POST":
        try:
            _sign_or_withdraw(request)
        except (triage.Refused, forms.BadForm) as error:
            messages.error(request, str(error))
        return redirect("desk:second")
    hidden = set(double_coding.withheld(request.user).order_by().values_list("event_id", flat=True))
    alone = not colleagues(request.user).exists()
    return render(
        request,
        "desk/second.html",
        {
            "waiting": [
                _to_sign(row, request.user, alone) for row in waiting() if row.event_id not in hidden
            ],
            "fewest": FEWEST_WORDS,
            "languages": languages(request),
            "title": _("Second person"),
        },
    )


def _sign_or_withdraw(request):
    number = request.POST.get("asked", "")
    row = next((each for each in waiting() if str(each.pk) == number), None)
    if row is None:
        raise triage.Stale(_("This has been signed, withdrawn or overtaken already."))
    if "withdraw" in request.POST:
        withdraw(row, request.user, request.POST.get("why", ""))
        messages.info(request, _("Withdrawn."))
    else:
        sign(row, request.user, request.POST.get("why", ""))
        history.done(request, _("Signed: “%(title)s”") % {"title": str(row.event)[:80]}, row.event_id)


def _to_sign(row: Decision, user: Any, alone: bool) -> dict[str, Any]:
    form = (row.after or {})["form"]
    changes = form.get("changes") if isinstance(form.get("changes"), dict) else {}
    codes = form.get("assessments") or changes.get("assessments") or ()
    return {
        "row": row,
        "deed": history.DEEDS.get(form["action"], form["action"]),
        "who": name_of(row.by),
        "mine": row.by_id == user.pk,
        "may_sign": row.by_id != user.pk or alone,
        "why": form.get("why") or form.get("note") or "",
        "codes": [wording.chip(line) for line in codes],
        "effects": _effects(form, user),
        "changed": sorted(name for name in changes if name != "assessments"),
    }


def _effects(form: dict[str, Any], user: Any) -> list[dict[str, Any]]:
    """What signing would do to the scores; nothing where it could not be done any more."""
    try:
        return forms.of_form(form, user)
    except (triage.Refused, forms.BadForm):
        return []


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
    hidden = {*double_coding.withheld(user).order_by().values_list("event_id", flat=True), *without}
    confirmed = decisions.confirmations()
    rest = Event.objects.accepted().exclude(pk__in=weights).order_by("-date", "-pk")
    heaviest = sorted(weights, key=lambda key: (-weights[key], key))
    found: list[Event] = []
    order = [*heaviest, *rest.values_list("pk", flat=True)]
    for place in range(0, len(order), AT_ONCE):
        keys = order[place : place + AT_ONCE]
        rows = Event.objects.accepted().prefetch_related("assessments").in_bulk(keys)
        events = [rows[key] for key in keys if key in rows and key not in hidden]
        found += decisions.unconfirmed(events, confirmed)
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def progress(weights: dict[str, float]) -> dict[str, Any]:
    """How many events on record a person stands behind, and how much of the weight."""
    confirmed = decisions.confirmations()
    rows = Event.objects.accepted().filter(pk__in=confirmed).prefetch_related("assessments")
    done = {event.pk for event in rows} - {event.pk for event in decisions.unconfirmed(rows, confirmed)}
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
        "seconds": [_second_reading(each) for each in MachineCoding.objects.filter(event=event)],
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


def _second_reading(coding: MachineCoding) -> dict[str, Any]:
    """A second reading by a language model: its codes, and whether they are those of the first."""
    first, body = (record_format.codes(each) for each in (coding.first, coding.body))
    return {
        "reader": coding.reader,
        "same": first["assessments"] == body["assessments"],
        "codes": [wording.chip(line) for line in body["assessments"]],
        "unsure": coding.unsure,
    }

"""A second person for decisions of weight: what turns the word of a recommendation, or lets a weaker act end a
stronger one.

The law: where two analysts are at work, such a decision is only asked for, and another one signs it; who works alone
confirms it in words. What is asked for stands in the journal as the form that was sent, and falls away as soon as its
event has moved on. Whatever a deed is called, what it would write to the log is weighed.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import record, triage
from tracker.desk import forms
from tracker.models import Decision, Event
from tracker.triage import coding
from tracker.triage.steps import DECIDE, REVIEW, name_of, reason

# Deeds that never write to the log, and the blind codings: whoever settles one is a third person already.
LIGHT = ("dismiss", "snooze", "review", "reopen", "look", "second", "adjudicate")
FRESH = datetime.timedelta(minutes=10)  # so long one's own step is taken back as a slip of the hand
ASKED, DROPPED = "countersign", "withdraw"  # the journal's words
BACKEND = "django.contrib.auth.backends.ModelBackend"
ACTIVE = datetime.timedelta(days=30)
FEWEST_WORDS = 15  # characters in which who works alone says why
# Words that say which way a recommendation goes, or that it is fought over; the others say nothing yet.
TOLD = ("advancing", "leaning advancing", "contested", "leaning undermined", "undermined")


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

"""Acts that end by their own terms: which are about to, or have, and what became of them.

The law: an act's `until` is taken at its word until somebody answers. Each answer names its source. A prolongation is
an act of its own that takes the place of the first and puts to sleep again what that one did; without a new last day it
ends for good what slept; an early end is an act of its own with the sign turned. That an act ran out is said of the act
itself, and changes no figure.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from tracker import record as record_format
from tracker import wording
from tracker.models import Decision, Event
from tracker.triage import coding, deciding, proposing, undoing
from tracker.triage.statuses import Refused
from tracker.triage.steps import Step

PROLONGED, PERMANENT, LAPSED, ENDED = ANSWERS = ("prolonged", "permanent", "lapsed", "ended")
LAPSE = "lapse"  # the journal's word
NEAR = 30  # days before its last that an act is asked about
TITLES = {
    PROLONGED: gettext_noop("Prolonged: %(title)s"),
    PERMANENT: gettext_noop("Made permanent: %(title)s"),
    ENDED: gettext_noop("Ended early: %(title)s"),
}
REASONS = {
    PROLONGED: gettext_noop("Prolongs the act before it: %(rationale)s"),
    PERMANENT: gettext_noop("Makes the act before it permanent: %(rationale)s"),
    ENDED: gettext_noop("Ends before its day: %(rationale)s"),
}


def asked(today: datetime.date | None = None, near: int = NEAR) -> list[Event]:
    """Acts on record whose own last day has passed or is near, and of which nobody has said what became; the longest
    past first."""
    day = (today or timezone.now().date()) + datetime.timedelta(near)
    found = list(Event.objects.accepted().filter(until__isnull=False, until__lte=day).order_by("until", "pk"))
    followed = _followed()
    said = _said([event.pk for event in found])
    return [
        event
        for event in found
        if event.pk not in followed and event.until.isoformat() not in said.get(event.pk, ())
    ]


def _followed() -> set[str]:
    """What a later act on record ends."""
    lists = Event.objects.accepted().exclude(supersedes=[]).values_list("supersedes", flat=True)
    return {key for links in lists for key in links}


def _said(ids: list[str]) -> dict[str, list[str]]:
    """The last days that were said to have passed unprolonged."""
    found: dict[str, list[str]] = {}
    rows = Decision.objects.filter(event__in=ids, action=LAPSE, undone_by=None).values_list(
        "event_id", "after"
    )
    for event_id, after in rows:
        found.setdefault(event_id, []).append((after or {})["row"]["until"])
    return found


def answer(
    event: Event | str,
    by: Any,
    said: str,
    source: Mapping[str, Any],
    *,
    on: datetime.date | None = None,
    until: datetime.date | None = None,
    version: int | None = None,
) -> Event:
    """Say what became of an act, with the source; the new act, or the act itself that ran out.

    `on`: the day of the new act (the source's own where none is given); `until`: the last day of what was prolonged.
    """
    if said not in ANSWERS:
        raise Refused(_("Choose one of %(allowed)s.") % {"allowed": ", ".join(ANSWERS)})
    named = _source(source)
    with transaction.atomic():
        if said == LAPSED:
            return _lapsed(event, by, named, version)
        row = Event.objects.filter(pk=event if isinstance(event, str) else event.pk).first()
        if row is None or row.until is None or not row.on_record or row.retracted:
            raise Refused(_("Only an act on record that names its own last day is asked about."))
        day = on or (record_format.day(named["date"], "date") if named["date"] else None)
        if day is None:
            raise Refused(_("Say the day of the act."))
        if said == PROLONGED and until is None:
            raise Refused(_("Say until when it was prolonged."))
        if said == ENDED and day >= row.until:
            raise Refused(
                _("%(day)s is not before its own last day, %(until)s.") % {"day": day, "until": row.until}
            )
        return _followed_by(row, by, said, named, day, until if said == PROLONGED else None)


def take_back(decision: Decision, by: Any) -> None:
    """Undo a decision. Where it put on record what became of an act, the act made for that goes too: what nobody else
    has touched leaves nothing in the queue."""
    with transaction.atomic():
        event = Event.objects.get(pk=decision.event_id)
        undoing.undo(decision, by)
        if decision.action != "accept" or not event.supersedes or event.reports.exists():
            return
        others = Decision.objects.filter(event=event, undone_by=None).exclude(action="undo").order_by("-id")
        if all(each.by_id == decision.by_id and each.action in ("propose", "edit") for each in others):
            for each in others:
                undoing.undo(each, by)


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    """The source in the record's form, or `Refused`: an answer without an address is a guess."""
    given = {name: value for name, value in source.items() if value}
    if not str(given.get("url", "")).startswith(("http://", "https://")):
        raise Refused(_("Name the source: an address that begins with http:// or https://."))
    plain = {"id": "source", "date": "2000-01-01", "sources": [{"title": "", "publisher": "", **given}]}
    try:
        found: dict[str, Any] = record_format.check(plain)["sources"][0]
    except record_format.RecordError as error:
        raise Refused(wording.refusal(error)) from error
    return found


def _lapsed(event: Event | str, by: Any, source: dict[str, Any], version: int | None) -> Event:
    why = _("It ran out and was not prolonged: %(source)s") % {"source": source["url"]}
    with Step(LAPSE, by, why=why[:1000]) as step:
        row = step.take(event, version)
        if row.until is None or not row.on_record or row.retracted:
            raise Refused(_("Only an act on record that names its own last day is asked about."))
        if row.until > timezone.now().date():
            raise Refused(_("Its own last day, %(until)s, has not come yet.") % {"until": row.until})
        if source["url"] not in [each.get("url") for each in row.sources]:
            row.sources = [*row.sources, source][-coding.MOST_SOURCES :]
        step.write(row)
    return row


def _followed_by(
    row: Event, by: Any, said: str, source: dict[str, Any], day: datetime.date, until: datetime.date | None
) -> Event:
    """The act that took the place of the first, on record with its source."""
    sign = -1 if said == ENDED else 1
    lines = [
        {
            **line,
            "direction": sign * line["direction"],
            "rationale": _in("en", REASONS[said], {"rationale": line["rationale"]})[:2000],
            "rationale_zh": _in("zh-hans", REASONS[said], {"rationale": line["rationale_zh"]})[:2000]
            if line["rationale_zh"]
            else "",
        }
        for line in (each.line() for each in row.assessments.all())
    ]
    titles = {
        name: _in(language, TITLES[said], {"title": getattr(row, name)})[:500]
        for name, language in (("title", "en"), ("title_zh", "zh-hans"))
        if getattr(row, name)
    }
    # A pause without a last day cannot sleep: it ends what it paused.
    ended = [row.pk, *(row.suspends if said == PERMANENT else ())]
    terms = {"reach": row.reach, "suspends": row.suspends if said == PROLONGED else []}
    new = proposing.propose(
        title=titles.get("title") or titles["title_zh"], date=day, by=by, actors=row.actors
    )
    deciding.edit(new, by, {**titles, "sources": [source], "certainty": _certainty(source)})
    why = _("What became of %(id)s: %(source)s") % {"id": row.pk, "source": source["url"]}
    deciding.accept(
        new,
        by,
        assessments=lines,
        supersedes=ended,
        terms=terms | {"until": until.isoformat() if until else None},
        why=why[:1000],
    )
    new.refresh_from_db()
    return new


def _certainty(source: Mapping[str, Any]) -> str:
    """One page confirms only if it is that of the body that acted."""
    return "confirmed" if source.get("kind") == "primary" else "reported"


def _in(language: str, sentence: str, told: Mapping[str, str]) -> str:
    with override(language):
        return _(sentence) % told

"""Which codes a person stands behind: those that a person wrote, and those that one confirmed.

The law: a confirmation holds for the codes that were read (`tracker.record.signature`) and for no others. Codes that
change are no longer confirmed; codes that come back, by an undo say, are so again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tracker import record
from tracker.models import Confirmation, Event, Revision


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when a person stands behind codes, and how that came: `written` or `confirmed`."""

    day: datetime.date
    how: str


# Of each event: signature, day, how, and the day on which it was taken back.
Confirmed = Mapping[str, list[tuple[str, datetime.date, str, datetime.date | None]]]


def wrote(revision: Revision) -> None:
    """A person wrote this version: its codes are that person's, unless they stood before."""
    line = revision.record
    if line["retracted"]:
        return
    codes = record.signature(line)
    before = Revision.objects.filter(event=revision.event_id, sequence__lt=revision.sequence)
    last = before.order_by("-sequence").values_list("body", flat=True).first()
    if last is not None and record.signature(Revision(body=last).record) == codes:
        return
    _noted(revision.event_id, codes, Confirmation.How.WRITTEN, revision.by, day_of(revision))


def day_of(revision: Revision) -> datetime.date:
    """The day on which a version came on record."""
    said = revision.record["recorded_at"]
    return record.day(said, "recorded_at") if said else revision.written_at.date()


def note(event: Event, codes: str, by: Any, day: datetime.date) -> None:
    """A person read these codes beside the sources and confirms them."""
    _noted(event.pk, codes, Confirmation.How.CONFIRMED, by, day)


def forget(event: Event, codes: str, by: Any, day: datetime.date) -> None:
    """That was undone: it holds no longer, from this day on."""
    standing = Confirmation.objects.filter(event=event, signature=codes, by=by, withdrawn_on=None)
    standing.filter(how=Confirmation.How.CONFIRMED).update(withdrawn_on=day)


def _noted(event_id: str, codes: str, how: str, by: Any, day: datetime.date) -> None:
    Confirmation.objects.get_or_create(
        event_id=event_id, signature=codes, how=how, by=by, withdrawn_on=None, defaults={"day": day}
    )


def everything() -> Confirmed:
    """Every confirmation, by event, the earliest first."""
    found: dict[str, list[tuple[str, datetime.date, str, datetime.date | None]]] = {}
    names = ("event_id", "signature", "day", "how", "withdrawn_on")
    for event_id, *stands in Confirmation.objects.order_by("day", "id").values_list(*names):
        found.setdefault(event_id, []).append(tuple(stands))
    return found


def standing(
    line: Mapping[str, Any], confirmed: Confirmed, until: datetime.date | None = None
) -> Standing | None:
    """Who stands behind the codes of a record as known on a day (None: now); None: nobody yet."""
    if not (rows := confirmed.get(line["id"])):
        return None
    codes = record.signature(line)
    for signature, day, how, withdrawn in rows:
        holds = (
            withdrawn is None if until is None else day <= until and (withdrawn is None or withdrawn > until)
        )
        if signature == codes and holds:
            return Standing(day, how)
    return None


def unconfirmed(events: Iterable[Event], confirmed: Confirmed) -> list[Event]:
    """Those of these events, their assessments at hand, whose codes nobody stands behind."""
    return [event for event in events if standing(_line(event), confirmed) is None]


def _line(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk,
        "actors": event.actors,
        "certainty": event.certainty,
        "reach": event.reach,
        "until": event.until.isoformat() if event.until else None,
        "assessments": [row.line() for row in event.assessments.all()],
    }


def codes_of(event: Event) -> str:
    """The signature of an event's codes as its rows stand."""
    return record.signature(_line(event))

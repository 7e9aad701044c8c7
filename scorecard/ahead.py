"""What comes next, as far as acts on record say it: terms that end, days that acts name, proposals that are pending.

The law: everything is read off acts that count on the day of the reading, and nothing is foreseen. An entry
disappears into the act that answers it, as that act ends or replaces the one that it came from.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from scorecard import sentences
from scorecard.history import Known, Record

Day = datetime.date


@dataclass(frozen=True, slots=True)
class Term:
    """An act whose own term ends: `day` is the first on which it no longer counts; `wakes` are the acts that count
    again from then on, unless it is prolonged."""

    day: Day
    record: Record
    wakes: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A day that an act names, no finer than the act does (`2026-11` is a month)."""

    day: Day  # the first day of the time named
    record: Record

    @property
    def named(self) -> str:
        """As the record has it."""
        return str(self.record["due"])

    @property
    def when(self) -> str:
        """In words, no finer than the act has it."""
        return sentences.when(self.day, {10: "day", 7: "month"}.get(len(self.named), "year"))

    @property
    def what(self) -> str:
        """What is due, in the reader's language; empty where the act does not say it."""
        english, chinese = self.record.get("due_what") or "", self.record.get("due_what_zh") or ""
        return str((chinese or english) if (get_language() or "").startswith("zh") else (english or chinese))


@dataclass(frozen=True, slots=True)
class Pending:
    """A proposal that nothing on record has answered: since when, and its age in days on the day of the reading."""

    record: Record
    since: Day
    age: int

    @property
    def stage(self) -> str:
        return str(self.record["stage"])


@dataclass(frozen=True, slots=True)
class Ahead:
    terms: Sequence[Term]
    dues: Sequence[Due]
    pending: Sequence[Pending]


def of(known: Known, day: Day) -> Ahead:
    """What the acts say that count on a day, the earliest first; of proposals the oldest."""
    counting = [event for event in known.events if event.counts_on(day)]
    terms = [
        Term(event.end, event.record, _wakes(known, event.undoes, event.end, day))
        for event in counting
        if event.end and event.end > day and event.end.isoformat() == event.record.get("until")
    ]
    dues = [
        Due(_first(event.record["due"]), event.record)
        for event in counting
        if event.record.get("due") and _last(event.record["due"]) > day
    ]
    pending = [
        Pending(event.record, event.start, (day - event.start).days)
        for event in counting
        if event.record.get("stage")
    ]
    return Ahead(
        sorted(terms, key=lambda term: (term.day, term.record["id"])),
        sorted(dues, key=lambda due: (due.day, due.record["id"])),
        sorted(pending, key=lambda item: (-item.age, item.record["id"])),
    )


def _wakes(known: Known, undone: Iterable[str], day: Day, read_on: Day) -> tuple[Record, ...]:
    """Of the acts that one put to sleep, those that count again on the day when its term is over."""
    events = (known.by_id.get(each) for each in undone)
    return tuple(
        event.record
        for event in events
        if event and event.sleeps and event.counts_on(day) and not event.counts_on(read_on)
    )


def _first(named: str) -> Day:
    return Day.fromisoformat(f"{named}-01-01"[:10] if len(named) == 4 else f"{named}-01"[:10])


def _last(named: str) -> Day:
    """The last day of the time that is named."""
    first = _first(named)
    if len(named) == 4:
        return first.replace(month=12, day=31)
    if len(named) == 7:
        following = (first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
        return following - datetime.timedelta(days=1)
    return first

"""The record as it was known on a day: which version of each event counts, what ended it, and its history.

Pure: versions in, events out. Which version counts and which link ends an act is the method's decision
(`scorecard.method.weighing`); here the words are put beside it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scorecard.method import weighing
from scorecard.method.log import Log
from scorecard.method.parameters import method_of
from tracker.codebook import START

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the log: the record, when it was written, why and by whom."""

    record: Record
    written: datetime.datetime
    why: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that counts or did count: its record, its effective day, and what ended it."""

    id: str
    record: Record
    start: datetime.date
    end: datetime.date | None
    ender: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One version beside the one before it."""

    version: Version
    before: Record | None

    @property
    def kind(self) -> str:
        """`added`, `retracted`, `restored`, `recoded`, `edited` or `repeated`."""
        record, before = self.version.record, self.before
        if before is None:
            return "added"
        if record["retracted"] != before["retracted"]:
            return "retracted" if record["retracted"] else "restored"
        if any(record[key] != before[key] for key in ("date", "date_precision", "actors", "certainty")):
            return "recoded"
        if record["supersedes"] != before["supersedes"] or codes(record) != codes(before):
            return "recoded"
        return "edited" if record != before else "repeated"


def codes(record: Record) -> list[tuple[Any, ...]]:
    """What of the assessments can move a score."""
    return [(item["rec"], item["direction"], item["strength"], item["ask"]) for item in record["assessments"]]


class Known:
    """The log, its versions in the same order, and a day of knowledge (None: all that is on record)."""

    def __init__(self, log: Log, versions: Sequence[Version], known_at: datetime.date | None) -> None:
        self._log, self._versions, self._known_at = log, versions, known_at

    @cached_property
    def _in_force(self) -> np.ndarray:
        day = self._known_at
        bound = None if day is None else np.full(len(self._log), day.toordinal())
        return weighing.versions_in_force(self._log, bound)

    @cached_property
    def latest(self) -> dict[str, Record]:
        """Of each id the version known, retracted ones too."""
        found = (self._versions[place].record for place in np.flatnonzero(self._in_force).tolist())
        return {record["id"]: record for record in found}

    @cached_property
    def events(self) -> list[Event]:
        """What counts or did count, in the order (effective day, id)."""
        log = self._log
        day = None if self._known_at is None else self._known_at.toordinal()
        endings = weighing.ledger(log, day, method_of(None).parameters).endings
        counts = self._in_force & ~log.retracted & (log.start >= START.toordinal())
        found = [self._event(place, endings.get(place)) for place in np.flatnonzero(counts).tolist()]
        return sorted(found, key=lambda event: (event.start, event.id))

    def _event(self, place: int, ender: int | None) -> Event:
        record = self._versions[place].record
        return Event(
            record["id"],
            record,
            datetime.date.fromordinal(int(self._log.start[place])),
            None if ender is None else datetime.date.fromordinal(int(self._log.start[ender])),
            None if ender is None else self._versions[ender].record["id"],
        )

    @cached_property
    def by_id(self) -> dict[str, Event]:
        return {event.id: event for event in self.events}

    @cached_property
    def _all_changes(self) -> list[Change]:
        before: dict[str, Record] = {}
        found = []
        for version in self._versions:
            if self._known_at is None or version.written.date() <= self._known_at:
                found.append(Change(version, before.get(version.record["id"])))
                before[version.record["id"]] = version.record
        return found

    def changes(self) -> list[Change]:
        """Every version, newest first."""
        return self._all_changes[::-1]

    def history(self, event_id: str) -> list[Change]:
        """The versions of one event, newest first."""
        return [change for change in self.changes() if change.version.record["id"] == event_id]

"""The calendar of what comes next as news: its entries in words, and what came on it and left it between two places
of the log.

The law: both places are read on the same day, so that only what was recorded makes an entry come or go, never the
clock.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from scorecard import acts, ahead, sentences, standings
from scorecard.history import Known, Record, Version

Day = datetime.date
KINDS = ("term", "due", "pending")
REMINDED_BEFORE = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `kind` is one of `KINDS`; `named` is the day as the record has it, or the stage; `day`
    is its first, where it has one."""

    kind: str
    record: Record
    named: str
    day: Day | None = None
    due: ahead.Due | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, str(self.record["id"]), self.named

    @property
    def headline(self) -> str:
        """What comes of it, in the reader's language."""
        title = acts.title(self.record)
        if self.kind == "term" and self.day:
            return _("Term ends on %(day)s: %(title)s") % {"day": sentences.day(self.day), "title": title}
        if self.due:
            return _("Due, %(when)s: %(what)s") % {"when": self.due.when, "what": self.due.what or title}
        return _("Pending: %(title)s") % {"title": title}


def entries(found: ahead.Ahead) -> list[Entry]:
    """Everything that the calendar holds."""
    return [
        *(Entry("term", term.record, term.day.isoformat(), term.day) for term in found.terms),
        *(Entry("due", due.record, due.named, due.day, due) for due in found.dues),
        *(Entry("pending", item.record, item.stage) for item in found.pending),
    ]


@dataclass(frozen=True, slots=True)
class News:
    """What came on the calendar and what left it, each with the act that answered it where one did."""

    added: Sequence[Entry] = ()
    removed: Sequence[tuple[Entry, Record | None]] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


class Calendar:
    """The calendar of today, and as it would be today at earlier places of the log."""

    def __init__(self, until: int, today: Day | None = None) -> None:
        self.until, self.today = until, today or timezone.now().date()

    def between(self, after: int) -> News:
        """What came and went since revision `after`."""
        old = {entry.key: entry for entry in self._at(after)}
        new = {entry.key: entry for entry in self.entries}
        return News(
            [entry for key, entry in new.items() if key not in old],
            [(entry, self._answer(entry)) for key, entry in old.items() if key not in new],
        )

    @property
    def near(self) -> Day:
        """The last day that is near."""
        return self.today + REMINDED_BEFORE

    def reminders(self, told: Day | None) -> list[Entry]:
        """The entries whose day is near, and later than what was told of before."""
        after = told or self.today
        return [entry for entry in self.entries if entry.day and after < entry.day <= self.near]

    @cached_property
    def entries(self) -> list[Entry]:
        """Those of today, as known by revision `until`."""
        return self._read(self._now)

    @cached_property
    def _now(self) -> Known:
        return self._known(self.until)

    def _at(self, sequence: int) -> list[Entry]:
        return self._read(self._known(sequence)) if sequence else []

    def _read(self, known: Known) -> list[Entry]:
        return entries(ahead.of(known, standings.read_on(self.today)))

    def _known(self, sequence: int) -> Known:
        log = standings.log()
        lines = [Version(*line) for line in standings.bodies()[:sequence]]
        return Known(
            log if len(log) == len(lines) else log.take(np.arange(len(log)) < len(lines)), lines, None
        )

    def _answer(self, entry: Entry) -> Record | None:
        known = self._now.by_id
        event = known.get(entry.record["id"])
        ender = known.get(event.ender) if event and event.ender else None
        return ender.record if ender else None

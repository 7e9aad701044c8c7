"""What comes next, as far as acts on record say it: terms that end, days that acts name, proposals that are pending;
in the reader's words too, and as a calendar for other programs; and what came on it and left it between two places of
the log.

The law: everything is read off acts that count on the day of the reading, and nothing is foreseen. An entry disappears
into the act that answers it, as that act ends or replaces the one that it came from. Two places of the log are read on
the same day, so that only what was recorded makes an entry come or go, never the clock.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from scorecard import acts, footing, sentences, standings, vocabulary
from scorecard.acts import Act
from scorecard.history import Known, Record, Version

Day = datetime.date
KINDS = ("term", "due", "pending")
REMINDED_BEFORE = datetime.timedelta(days=7)


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


def read(known: Known, day: Day) -> Ahead:
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `kind` is one of `KINDS`; `named` is the day as the record has it, or the stage; `day`
    is its first, where it has one."""

    kind: str
    record: Record
    named: str
    day: Day | None = None
    due: Due | None = None

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


def entries(found: Ahead) -> list[Entry]:
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
        return entries(read(known, standings.read_on(self.today)))

    def _known(self, sequence: int) -> Known:
        log = footing.log()
        lines = [Version(*line) for line in footing.bodies()[:sequence]]
        return Known(
            log if len(log) == len(lines) else log.take(np.arange(len(log)) < len(lines)), lines, None
        )

    def _answer(self, entry: Entry) -> Record | None:
        known = self._now.by_id
        event = known.get(entry.record["id"])
        ender = known.get(event.ender) if event and event.ender else None
        return ender.record if ender else None


@dataclass(frozen=True, slots=True)
class ToldTerm:
    """An act whose own term ends: `day` is the first on which it no longer counts; `wakes` are the acts that count
    again from then on, unless it is prolonged."""

    day: Day
    act: Act
    wakes: tuple[Act, ...]

    @property
    def outcome(self) -> str:
        if self.wakes:
            return _("Unless it is prolonged, what it put to sleep counts again:")
        return _("Unless it is prolonged, it no longer counts from that day.")


@dataclass(frozen=True, slots=True)
class ToldDue:
    """A day that an act names, no finer than the act does, and what is due then."""

    day: Day  # the first day of the time named
    named: str  # as the record has it
    act: Act
    when: str
    what: str


@dataclass(frozen=True, slots=True)
class ToldPending:
    """A proposal that nothing on record has answered: its stage, and its age in days on the day of the reading."""

    act: Act
    stage: str
    age: int

    @property
    def old(self) -> str:
        return ngettext("%(days)d day old", "%(days)d days old", self.age) % {"days": self.age}


@dataclass(frozen=True, slots=True)
class Upcoming:
    """All of it on one day: `read_on` is the day of the reading, `today` the day that the page is asked for."""

    read_on: Day
    today: Day
    terms: Sequence[ToldTerm]
    dues: Sequence[ToldDue]
    pending: Sequence[ToldPending]

    def passed(self) -> list[ToldTerm]:
        """Terms that have ended since the day of the reading."""
        return [term for term in self.terms if term.day <= self.today]

    def to_end(self) -> list[ToldTerm]:
        return [term for term in self.terms if term.day > self.today]

    def title(self) -> str:
        """The finding: how many terms have ended since, and how many are still to."""
        passed, ahead = self.passed(), self.to_end()
        told = {"day": sentences.day(self.read_on)}
        later = ngettext(
            "%(count)d more term is still to end", "%(count)d more terms are still to end", len(ahead)
        ) % {"count": len(ahead)}
        if passed:
            since = ngettext(
                "The term of %(count)d act has ended since %(day)s, the last coded day",
                "The terms of %(count)d acts have ended since %(day)s, the last coded day",
                len(passed),
            ) % (told | {"count": len(passed)})
            return pgettext("joint of clauses", "; ").join([since, later])
        if ahead:
            return ngettext(
                "The term of %(count)d act on record is still to end",
                "The terms of %(count)d acts on record are still to end",
                len(ahead),
            ) % {"count": len(ahead)}
        return _("No act on record names the end of its term")

    def stages(self) -> list[tuple[str, list[ToldPending]]]:
        """The pending proposals by stage, in the record's order of stages, the oldest first."""
        return [
            (str(name), found)
            for stage, name in vocabulary.STAGES.items()
            if (found := [item for item in self.pending if item.stage == stage])
        ]


def upcoming(known: Known, day: Day, today: Day, told: Callable[[Record], Act]) -> Upcoming:
    """What the acts say that count on the day of the reading, for a page of `today`."""
    found = read(known, day)
    return Upcoming(
        day,
        today,
        [
            ToldTerm(term.day, told(term.record), tuple(told(each) for each in term.wakes))
            for term in found.terms
        ],
        [ToldDue(due.day, due.named, told(due.record), due.when, due.what) for due in found.dues],
        [ToldPending(told(item.record), item.stage, item.age) for item in found.pending],
    )


def as_calendar(found: Upcoming, name: str, site: str, stamp: datetime.datetime) -> str:
    """The terms and the days as a calendar of all-day events (RFC 5545); `site` is where acts have their pages."""
    host = site.partition("//")[2].split("/")[0]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{host}//scorecard//EN", "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]  # fmt: skip
    for term in found.terms:
        what = _("Term ends: %(title)s") % {"title": term.act.title}
        more = " ".join([term.outcome, *(act.title for act in term.wakes)])
        lines += _entry(f"term-{term.act.id}@{host}", term.day, what, more, site + term.act.address, stamp)
    for due in found.dues:
        what = _("Due: %(what)s") % {"what": due.what or due.act.title}
        if len(due.named) < 10:
            what = _("%(what)s (some time in %(when)s)") % {"what": what, "when": due.when}
        lines += _entry(
            f"due-{due.act.id}@{host}", due.day, what, due.act.headline, site + due.act.address, stamp
        )
    return "".join(_folded(line) for line in (*lines, "END:VCALENDAR"))


def _entry(uid: str, day: Day, summary: str, more: str, address: str, stamp: datetime.datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + datetime.timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(more)}",
        f"URL:{address}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """At most 75 bytes a line, and no letter cut in two."""
    parts, part, size = [], "", 0
    for letter in line:
        wide = len(letter.encode())
        if size + wide > 74:
            parts.append(part)
            part, size = "", 1
        part, size = part + letter, size + wide
    return "\r\n ".join([*parts, part]) + "\r\n"

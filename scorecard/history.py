"""The record as it was known on a day: which version of each event counts, what ended it, and its history.

Which version counts and which link ends an act is the method's decision (`scorecard.method.weighing`), so that
lists and figures of a day cannot disagree; here the words are put beside it. A search of a past day asks the
database of events that stand today as they stood then; only the lines of those that changed since are read.
"""

from __future__ import annotations

import datetime
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import F, Value
from django.db.models.functions import StrIndex, Substr
from django.utils.translation import gettext

from scorecard import footing, sentences, vocabulary
from scorecard.method import weighing
from scorecard.method.columns import FOREVER, Log
from scorecard.method.parameters import method_of
from tracker.models import Event as Row
from tracker.models import Revision
from tracker.record import Record
from tracker.search import EventQuery, codes_of
from tracker.text import words_of as text_of
from tracker.wording import words_of

BATCH = 500
# The fields of an event, beside its assessments, that can move a score.
MEANING = (
    "date", "date_precision", "actors", "certainty", "reach", "until", "supersedes", "suspends",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the log: the record, when it was written, why and by whom."""

    record: Record
    written: datetime.datetime
    why: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that counts or did count: its record, its effective day, what ended it, when it slept.

    `end` is the first day on which it no longer counts, by its ender or by its own terms; `undoes` are the events
    that it ended or put to sleep.
    """

    id: str
    record: Record
    start: datetime.date
    end: datetime.date | None
    ender: str | None
    sleeps: tuple[tuple[datetime.date, datetime.date], ...] = ()
    undoes: tuple[str, ...] = ()

    def counts_on(self, day: datetime.date) -> bool:
        """Whether it has begun, has not ended and does not sleep."""
        ended = self.end is not None and self.end <= day
        return self.start <= day and not ended and not self.sleeps_on(day)

    def sleeps_on(self, day: datetime.date) -> bool:
        return any(asleep <= day < awake for asleep, awake in self.sleeps)


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
        if any(record.get(key) != before.get(key) for key in MEANING) or codes(record) != codes(before):
            return "recoded"
        return "edited" if record != before else "repeated"


def codes(record: Record) -> list[tuple[Any, ...]]:
    """What of the assessments can move a score."""
    return [(item["rec"], item["direction"], item["strength"], item["ask"]) for item in record["assessments"]]


class Known:
    """The log, its versions in the same order, a day of knowledge (None: all that is on record) and a version of
    the method (None: the one in service).
    """

    def __init__(
        self,
        log: Log,
        versions: Sequence[Version],
        known_at: datetime.date | None,
        method: str | None = None,
    ) -> None:
        self._log, self._versions, self._known_at = log, versions, known_at
        self._parameters = method_of(method).parameters

    @property
    def places(self) -> np.ndarray:
        """Where in the log the versions stand that are known, retracted ones too."""
        return np.flatnonzero(self._in_force)

    @cached_property
    def _in_force(self) -> np.ndarray:
        day = self._known_at
        bound = None if day is None else np.full(len(self._log), day.toordinal())
        return weighing.versions_in_force(self._log, bound)

    @cached_property
    def latest(self) -> dict[str, Record]:
        """Of each id the version known, retracted ones too."""
        found = (self._versions[place].record for place in self.places.tolist())
        return {record["id"]: record for record in found}

    @cached_property
    def events(self) -> list[Event]:
        """What counts or did count, in the order (effective day, id)."""
        log = self._log
        day = None if self._known_at is None else self._known_at.toordinal()
        book = weighing.ledger(log, day, self._parameters)
        sleeps: dict[int, set[tuple[datetime.date, datetime.date]]] = {}
        for row, *days in book.sleeps.T.tolist():
            asleep, awake = (datetime.date.fromordinal(number) for number in days)
            sleeps.setdefault(int(book.version[row]), set()).add((asleep, awake))
        undoes: dict[int, list[str]] = {}
        for newer, older in book.undone.tolist():
            undoes.setdefault(newer, []).append(self._versions[older].record["id"])
        counts = self._in_force & ~log.retracted & (log.start >= log.book.start.toordinal())
        found = [
            self._event(
                place,
                book.endings.get(place),
                tuple(sorted(sleeps.get(place, ()))),
                tuple(undoes.get(place, ())),
            )
            for place in np.flatnonzero(counts).tolist()
        ]
        return sorted(found, key=lambda event: (event.start, event.id))

    def _event(
        self,
        place: int,
        ender: int | None,
        sleeps: tuple[tuple[datetime.date, datetime.date], ...],
        undoes: tuple[str, ...],
    ) -> Event:
        record, log = self._versions[place].record, self._log
        ends = [] if ender is None else [int(log.start[ender])]
        if self._parameters.own_terms and log.until[place] < FOREVER:
            ends.append(int(log.until[place]))
        return Event(
            record["id"],
            record,
            datetime.date.fromordinal(int(log.start[place])),
            datetime.date.fromordinal(min(ends)) if ends else None,
            None if ender is None else self._versions[ender].record["id"],
            sleeps,
            undoes,
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


def passing(log: Log, versions: np.ndarray, query: EventQuery) -> list[int]:
    """Of these versions those that the query finds."""
    if not query:
        return versions.tolist()
    latest = np.zeros(len(log.ids), dtype=np.int64)
    np.maximum.at(latest, log.event, np.arange(len(log)))
    event = log.event[versions]
    # The row of what was merged or taken back no longer says what the log last said; both end with a retraction.
    stands = (latest[event] == versions) & ~log.retracted[versions]
    # At an earlier place of the log no row can answer for what the log said last.
    stands &= not footing.pinned_as()
    rows = Row.objects.order_by().filter(query.condition(), status__in=Row.ON_RECORD)
    today = set(rows.values_list("pk", flat=True))
    held = np.fromiter((key in today for key in log.ids), dtype=bool, count=len(log.ids))
    return [*versions[stands & held[event]].tolist(), *_matching(versions[~stands].tolist(), query)]


def _matching(versions: list[int], query: EventQuery) -> Iterator[int]:
    """Of versions that no row holds, those whose line is found."""
    for first in range(0, len(versions), BATCH):
        numbers = [version + 1 for version in versions[first : first + BATCH]]
        bodies = Revision.objects.filter(sequence__in=numbers).values_list("sequence", "body")
        for sequence, body in bodies:
            record = json.loads(body)
            if query.matches(text_of(record), codes_of(record["assessments"]), record):
                yield sequence - 1


# The lines of the record, for whoever takes all of it along


def lines(known_at: datetime.date | None = None, last: int | None = None) -> Iterator[dict[str, Any]]:
    """Every event on record by id, retracted ones left out, with the number of its revision: in its present state, as
    it was known on a day, or as it stood at a revision."""
    if known_at is not None:
        versions, _key = ordered(known_at, "pk", EventQuery.read("", {"retracted": ["false"]}))
        return _revisions([version + 1 for version in versions])
    return _latest() if last is None else _stood(last)


def _stood(last: int) -> Iterator[dict[str, Any]]:
    found = Revision.objects.filter(sequence__lte=last).order_by("sequence")
    latest = dict(found.values_list("event", "sequence"))
    standing = _revisions([latest[event] for event in sorted(latest)])
    return (line for line in standing if not line["retracted"])


def _revisions(numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start : start + BATCH]
        bodies = dict(Revision.objects.filter(sequence__in=batch).values_list("sequence", "body"))
        for number in batch:
            yield {**json.loads(bodies[number]), "sequence": number}


def _latest() -> Iterator[dict[str, Any]]:
    ids = Row.objects.accepted().order_by("pk").values_list("pk", flat=True).iterator(BATCH)
    while batch := list(itertools.islice(ids, BATCH)):
        revisions = Revision.objects.filter(event__in=batch).order_by("sequence")
        said = revisions.values_list("event", "sequence", "body")
        latest = {event: (sequence, body) for event, sequence, body in said}
        for event in batch:
            if event in latest:
                sequence, body = latest[event]
                yield {**json.loads(body), "sequence": sequence}


ARROW = "→"


def words(before: Record | None, record: Record, asks: Mapping[tuple[str, str], str]) -> list[str]:
    """One short line for each thing that changed; empty for the first version. `asks`: `acts.ask_names`."""
    if before is None:
        return []
    return [*_facts(before, record), *_assessments(before, record, asks), *_rest(before, record)]


def _facts(before: Record, record: Record) -> list[str]:
    found = []
    if sentences.when_of(before) != sentences.when_of(record):
        found.append(_changed(gettext("date"), sentences.when_of(before), sentences.when_of(record)))
    if before["certainty"] != record["certainty"]:
        one, other = (_certainty(each) for each in (before, record))
        found.append(_changed(gettext("certainty"), one, other))
    if before["actors"] != record["actors"]:
        one, other = (
            sentences.enumerated([vocabulary.actor(actor) for actor in each["actors"]]) or "–"
            for each in (before, record)
        )
        found.append(_changed(gettext("actors"), one, other))
    if before.get("reach") != record.get("reach"):
        one, other = (vocabulary.reach(each.get("reach", "wide")) for each in (before, record))
        found.append(_changed(gettext("reach"), one, other))
    if before.get("until") != record.get("until"):
        one, other = (each.get("until") or "–" for each in (before, record))
        found.append(_changed(gettext("ends by its own terms on"), one, other))
    if before.get("suspends") != record.get("suspends"):
        one, other = (", ".join(each.get("suspends", ())) or "–" for each in (before, record))
        found.append(_changed(gettext("suspends"), one, other))
    if before["supersedes"] != record["supersedes"]:
        one, other = (", ".join(each["supersedes"]) or "–" for each in (before, record))
        found.append(_changed(gettext("what it ends"), one, other))
    return found


def _assessments(before: Record, record: Record, asks: Mapping[tuple[str, str], str]) -> list[str]:
    old, new = ({item["rec"]: item for item in each["assessments"]} for each in (before, record))
    found = []
    for slug in footing.book().slugs:
        one, other = old.get(slug), new.get(slug)
        if one is None and other is None:
            continue
        name = vocabulary.short_name(slug)
        if one is None or other is None or _code(one) != _code(other):
            nothing = gettext("no code")
            found.append(_changed(name, _code(one) if one else nothing, _code(other) if other else nothing))
        elif one["ask"] != other["ask"]:
            named = (asks.get((slug, each["ask"]), each["ask"]) or "–" for each in (one, other))
            found.append(_changed(f"{name}, {gettext('ask')}", *named))
        elif any(one.get(key) != other.get(key) for key in ("rationale", "rationale_zh")):
            found.append(gettext("%(name)s: reason reworded") % {"name": name})
    return found


def _rest(before: Record, record: Record) -> list[str]:
    found = []
    if any(before[key] != record[key] for key in ("title", "title_zh")):
        found.append(gettext("title reworded"))
    if any(before[key] != record[key] for key in ("summary", "summary_zh")):
        found.append(gettext("summary reworded"))
    counts = [len(each["sources"]) for each in (before, record)]
    if before["sources"] != record["sources"]:
        same = counts[0] == counts[1]
        found.append(gettext("sources revised") if same else _changed(gettext("sources"), *map(str, counts)))
    return found


def _code(item: Mapping[str, Any]) -> str:
    strength = footing.book().strengths[item["strength"]]
    return f"{vocabulary.DIRECTIONS[item['direction']]}, {words_of(strength.name)}"


def _certainty(record: Record) -> str:
    return words_of(footing.book().certainties[record["certainty"]].name)


def _changed(name: str, one: str, other: str) -> str:
    return f"{name}: {one} {ARROW} {other}"


KEPT_SECONDS = 900


def known(log: Log, day: datetime.date) -> np.ndarray:
    """The places in the log of the versions that counted at the end of a day; revision n lies at n - 1."""
    return np.flatnonzero(weighing.versions_in_force(log, np.full(len(log), day.toordinal())))


def ordered(
    day: datetime.date, column: str, query: EventQuery
) -> tuple[list[int], Callable[[int], tuple[str, ...]]]:
    """The versions known on a day that pass, in rising order of the id (`pk`) or else of the day of the act, and
    what each is ordered by."""
    log = footing.log()
    ids, event = log.ids, log.event
    if column == "pk":

        def key(version: int) -> tuple[str, ...]:
            return (ids[event[version]],)

    else:
        dates = _dates(log)

        def key(version: int) -> tuple[str, ...]:
            return dates[version].decode(), ids[event[version]]

    asked = f"{footing.head()}:{column}:{day}:{query}"
    place = f"past:{hashlib.sha256(asked.encode('utf-8', 'backslashreplace')).hexdigest()}"
    found = cache.get(place)
    if found is None:
        found = sorted(passing(log, known(log, day), query), key=key)
        cache.set(place, found, KEPT_SECONDS)
    return found, key


def _dates(log: Log) -> np.ndarray:
    """[versions] the day of the act as each version has it; read once for each state of the log."""
    if (found := log.memory.get(_dates)) is None:
        # The id comes before it and cannot hold these letters, so that the first such place is the right one.
        place = StrIndex(F("body"), Value('"date":"')) + 8
        days = Revision.objects.filter(sequence__lte=len(log)).order_by("sequence")
        texts = days.values_list(Substr("body", place, 10), flat=True).iterator(5000)
        found = log.memory[_dates] = np.fromiter(texts, dtype="S10", count=len(log))
    return found

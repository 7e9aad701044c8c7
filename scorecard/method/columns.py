"""The log of the record as columns, and asks set by hand as lines that state or take back: read once, immutable, their
order kept (METHOD.md, sections 1, 7 and 11). Pure.

A version is one line of the log; an event may have many. Nothing is chosen, dropped or weighed here: which version
counts depends on the day of knowledge and is decided in `weighing`. Days are ordinals (`date.toordinal`).
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, BinaryIO

import numpy as np

from tracker import record as record_format
from tracker.codebook import Codebook, current
from tracker.record import CERTAINTIES, FOREVER, REACHES, Record, RecordError, held_spans, span_holds
from tracker.rows import BadFile, checked, json_lines

ENDS, SUSPENDS = 0, 1  # kinds of link
LINKS = ("supersedes", "suspends")  # and their fields in a record

_CERTAINTY = {name: number for number, name in enumerate(CERTAINTIES)}
_REACH = {name: number for number, name in enumerate(REACHES)}
_SETTING_KEYS = ("rec", "ask", "rung", "reason", "name", "from", "to", "recorded_at")
_WITHDRAWAL_KEYS = ("withdraws", "rec", "ask", "reason", "name", "recorded_at")


@dataclass(frozen=True, eq=False)
class Log:
    """Columns of versions, of their assessments ("rows") and of their links to other events, in log order.

    `ids[event[v]]` is the id of version v. `row_version` and `link_version` rise. Ids named only by a link are
    interned too, without any version. `book` is the codebook whose places the columns count.
    """

    ids: tuple[str, ...]
    event: np.ndarray  # int32 [versions] number of the id
    start: np.ndarray  # int32 [versions] effective date
    recorded: np.ndarray  # int32 [versions] day it entered the record; the effective date when that is empty
    certainty: np.ndarray  # int8 [versions] index into CERTAINTIES
    actors: np.ndarray  # uint32 [versions] one bit for each of the book's actors
    retracted: np.ndarray  # bool [versions]
    until: np.ndarray  # int32 [versions] first day after the act by its own terms; FOREVER when it names none
    reach: np.ndarray  # int8 [versions] index into REACHES
    row_version: np.ndarray  # int32 [rows]
    row_recommendation: np.ndarray  # int16 [rows] index into the book's recommendations
    row_direction: np.ndarray  # int8 [rows]
    row_strength: np.ndarray  # int8 [rows] 0 to 4, one less than the codebook's
    row_ask: np.ndarray  # int16 [rows] index into the book's asks, -1 without
    link_version: np.ndarray  # int32 [links]
    link_target: np.ndarray  # int32 [links] number of the id that is superseded or suspended
    link_kind: np.ndarray  # int8 [links] ENDS or SUSPENDS
    settings: tuple[Setting, ...] = ()
    book: Codebook = field(default_factory=current, repr=False)
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)  # ledgers already worked out

    def __len__(self) -> int:
        return len(self.event)

    @cached_property
    def by_knowledge(self) -> np.ndarray:
        """Versions in the order (event, recorded, place in the log)."""
        return np.argsort(self.event.astype(np.int64) << 24 | self.recorded, kind="stable")

    @cached_property
    def talks(self) -> np.ndarray:
        """bool [versions] True for what holds words and proposals alone: its highest strength is 1 or 2."""
        highest = np.full(len(self), -1, dtype=np.int8)
        np.maximum.at(highest, self.row_version, self.row_strength)
        return (highest >= 0) & (highest < 2)

    def take(self, versions: np.ndarray) -> Log:
        """The log of these versions only (a boolean mask), ids numbered as before; no settings."""
        number = np.cumsum(versions, dtype=np.int32) - 1
        rows, links = versions[self.row_version], versions[self.link_version]
        columns: list[Any] = [
            *(column[versions] for column in self._version_columns()),
            number[self.row_version[rows]],
            *(column[rows] for column in self._row_columns()[1:]),
            number[self.link_version[links]],
            self.link_target[links],
            self.link_kind[links],
        ]
        return Log(self.ids, *columns, book=self.book)  # type: ignore[misc]  # as many columns as fields

    def known_by(self, day: datetime.date) -> Log:
        """The log without what was recorded after that day, be it a version, a setting or a taking back."""
        return replace(self.take(self.recorded <= day.toordinal()), settings=self.settings_by(day))

    def settings_by(self, day: datetime.date) -> tuple[Setting, ...]:
        """The asks set by hand by that day, without what took them back later."""
        known = day.toordinal()
        return tuple(
            replace(item, withdrawn=item.withdrawn if item.withdrawn <= known else FOREVER)
            for item in self.settings
            if item.recorded <= known
        )

    def extend(self, records: Iterable[Mapping[str, Any]], settings: Iterable[Setting] = ()) -> Log:
        """This log with more versions behind it. The records have passed `tracker.record.check` before."""
        index = {event_id: number for number, event_id in enumerate(self.ids)}
        slugs, asks = _places(self.book.slugs), _places(self.book.asks)
        bits = {actor: 1 << number for number, actor in enumerate(self.book.actor_slugs)}
        versions: list[tuple[int, ...]] = []
        rows: list[tuple[int, ...]] = []
        links: list[tuple[int, int, int]] = []
        for version, record in enumerate(records, start=len(self)):
            versions.append(_columns(record, index, bits))
            for assessment in record["assessments"]:
                slug = assessment["rec"]
                ask = asks.get((slug, assessment["ask"]), -1)
                rows.append((version, slugs[slug], assessment["direction"], assessment["strength"] - 1, ask))
            for kind, name in enumerate(LINKS):
                targets = record.get(name, ())
                links += [(version, index.setdefault(target, len(index)), kind) for target in targets]
        kinds = (*_VERSION_TYPES, *_ROW_TYPES, *_LINK_TYPES)
        old = (*self._version_columns(), *self._row_columns(), *self._link_columns())
        new = (*_transposed(versions, 8), *_transposed(rows, 5), *_transposed(links, 3))
        columns: list[Any] = [_grown(*column) for column in zip(kinds, old, new, strict=True)]
        settings = (*self.settings, *settings)
        return Log(tuple(index), *columns, settings=settings, book=self.book)  # type: ignore[misc]

    def with_book(self, book: Codebook) -> Log:
        """The same log as another version of its codebook reads it; what that version does not have is left out.

        It is kept with this log, and its ledgers with it.
        """
        if book.digest == self.book.digest:
            return self
        key = (Log.with_book, book.digest)
        if (found := self.memory.get(key)) is None:
            found = self.memory[key] = _in_places_of(book, self)
        return found

    def _version_columns(self) -> tuple[np.ndarray, ...]:
        return (
            self.event,
            self.start,
            self.recorded,
            self.certainty,
            self.actors,
            self.retracted,
            self.until,
            self.reach,
        )

    def _row_columns(self) -> tuple[np.ndarray, ...]:
        return (
            self.row_version,
            self.row_recommendation,
            self.row_direction,
            self.row_strength,
            self.row_ask,
        )

    def _link_columns(self) -> tuple[np.ndarray, ...]:
        return (self.link_version, self.link_target, self.link_kind)


_VERSION_TYPES = (np.int32, np.int32, np.int32, np.int8, np.uint32, np.bool_, np.int32, np.int8)
_ROW_TYPES = (np.int32, np.int16, np.int8, np.int8, np.int16)
_LINK_TYPES = (np.int32, np.int32, np.int8)

_NO_COLUMNS: list[Any] = [np.empty(0, kind) for kind in (*_VERSION_TYPES, *_ROW_TYPES, *_LINK_TYPES)]


def empty(book: Codebook | None = None) -> Log:
    """A log without a line, whose columns count the places of `book` (None: of this process's codebook)."""
    return Log((), *_NO_COLUMNS, book=book or current())  # type: ignore[misc]


EMPTY = empty()


def read(
    records: Iterable[Mapping[str, Any]],
    settings: Iterable[Mapping[str, Any]] = (),
    book: Codebook | None = None,
) -> Log:
    """The log of these records and hand-set asks; `RecordError` names the line (from 1) and the reason."""
    log = empty(book)
    versions = list(_checked(enumerate(records, start=1), log.book))
    return log.extend(versions, by_hand(settings, log.book))


def read_lines(lines: BinaryIO, settings: BinaryIO | None = None, book: Codebook | None = None) -> Log:
    """The same from JSON Lines; empty lines are passed over."""
    log = empty(book)
    try:
        versions = list(_checked(json_lines(lines, record_format.SHAPE), log.book))
    except BadFile as error:
        raise RecordError(str(error)) from None
    stated = json_lines(settings, "a setting is a JSON object") if settings else ()
    return log.extend(versions, numbered(stated, log.book))


def effective_day(date: str, precision: str, recorded_at: str | None) -> int:
    """The day an act counts from (section 2), as an ordinal.

    Day precision: its date. Otherwise the last day of the period, or the day it was recorded if that falls
    inside the period, so that "in May" cannot count before it can have been known to have happened.
    """
    if precision == "day":
        return _ordinal(date)
    first, last = _period(date, precision)
    recorded = _ordinal(recorded_at) if recorded_at else last
    return recorded if first <= recorded <= last else last


def _columns(record: Record, index: dict[str, int], bits: Mapping[str, int]) -> tuple[int, ...]:
    start = effective_day(record["date"], record["date_precision"], record["recorded_at"])
    actors = 0
    for actor in record["actors"]:
        actors |= bits[actor]
    return (
        index.setdefault(record["id"], len(index)),
        start,
        _ordinal(record["recorded_at"]) if record["recorded_at"] else start,
        _CERTAINTY[record["certainty"]],
        actors,
        record["retracted"],
        _ordinal(record["until"]) if record.get("until") else FOREVER,
        _REACH[record.get("reach", "wide")],
    )


def _places(items: Iterable[Any]) -> dict[Any, int]:
    return {item: number for number, item in enumerate(items)}


def _moved(before: Sequence[Any], after: Sequence[Any], kind: Any) -> np.ndarray:
    """[places before, and one more for -1] the place after of each item; -1 for what is not there."""
    places = _places(after)
    return np.array([*(places.get(item, -1) for item in before), -1], dtype=kind)


def _in_places_of(book: Codebook, log: Log) -> Log:
    recommendation = _moved(log.book.slugs, book.slugs, np.int16)[log.row_recommendation]
    ask = _moved(log.book.asks, book.asks, np.int16)[log.row_ask]
    actors = np.zeros(len(log), dtype=np.uint32)
    for number, place in enumerate(_moved(log.book.actor_slugs, book.actor_slugs, np.int64)[:-1].tolist()):
        if place >= 0:
            actors |= (log.actors >> number & 1) << place
    rows = recommendation >= 0
    return replace(
        log,
        actors=actors,
        row_version=log.row_version[rows],
        row_recommendation=recommendation[rows],
        row_direction=log.row_direction[rows],
        row_strength=log.row_strength[rows],
        row_ask=ask[rows],
        settings=tuple(item for item in log.settings if book.has_ask(item.recommendation, item.ask)),
        book=book,
        memory={},
    )


def _grown(kind: Any, old: np.ndarray, new: list[int]) -> np.ndarray:
    column = np.concatenate([old, np.array(new, dtype=kind)])
    column.flags.writeable = False
    return column


def _transposed(items: list[Any], width: int) -> list[list[int]]:
    return [list(column) for column in zip(*items, strict=True)] if items else [[] for _ in range(width)]


@lru_cache(maxsize=1 << 16)
def _ordinal(iso: str) -> int:
    return datetime.date.fromisoformat(iso).toordinal()


@lru_cache(maxsize=1 << 12)
def _period(iso: str, precision: str) -> tuple[int, int]:
    day = datetime.date.fromisoformat(iso)
    months = {"month": 1, "quarter": 3, "year": 12}[precision]
    first_month = (day.month - 1) // months * months + 1
    last_month = first_month + months - 1
    last_day = calendar.monthrange(day.year, last_month)[1]
    first, last = datetime.date(day.year, first_month, 1), datetime.date(day.year, last_month, last_day)
    return first.toordinal(), last.toordinal()


def _checked(numbered: Iterable[tuple[int, Any]], book: Codebook) -> Iterable[dict[str, Any]]:
    undated: dict[str, str] = {}
    for number, raw in numbered:
        try:
            record = record_format.mended(
                raw, book
            )  # figures rest on no text: a log of any age can be scored
            if record["recorded_at"] is None:
                body = record_format.canonical(record, book)
                if undated.setdefault(record["id"], body) != body:
                    raise RecordError(
                        f"recorded_at: a second version of {record['id']} needs the day of the change"
                    )
        except RecordError as error:
            raise RecordError(f"line {number}: {error}") from None
        yield record


@dataclass(frozen=True, slots=True)
class Setting:
    """An ask set by hand: from ≤ T < until it stands at `rung`; known from `recorded` on (section 7), and from the day
    `withdrawn` on no longer. One that was taken back and put back is there twice, at the same place."""

    recommendation: str
    ask: str
    rung: int
    reason: str
    name: str
    start: int
    until: int
    recorded: int
    withdrawn: int = FOREVER

    def known_on(self, day: int | None) -> bool:
        """Whether it was known on a day of knowledge (None: now) and not taken back by then."""
        return span_holds((self.recorded, self.withdrawn), day)


def by_hand(lines: Iterable[Mapping[str, Any]], book: Codebook | None = None) -> tuple[Setting, ...]:
    """The asks set by hand of these lines, in their order. A line is `{"rec", "ask", "rung", "reason", "name"?, "from",
    "to"?, "recorded_at"?}`, or takes an earlier one back, named by its number from 1: `{"withdraws", "reason", "name"?,
    "recorded_at"}`."""
    return tuple(numbered(enumerate(lines, start=1), book or current()))


def numbered(lines: Iterable[tuple[int, Any]], book: Codebook) -> list[Setting]:
    """The same of lines with their numbers, which the messages name; empty lines count."""
    places: dict[int, int] = {}
    taken: set[int] = set()

    def stated(row: tuple[int, Any]) -> tuple[Setting | None, tuple[int | None, int]]:
        number, raw = row
        if not isinstance(raw, Mapping):
            raise RecordError(f"a setting is a JSON object, not {type(raw).__name__}")
        setting = None if "withdraws" in raw else _setting(raw, book)
        said = (None, setting.recorded) if setting else _withdrawal(raw, places, taken)
        places[number] = len(places) + 1
        return setting, said

    try:
        rows = checked(((number, (number, raw)) for number, raw in lines), stated)
    except BadFile as error:
        raise RecordError(
            "\n".join(f"line {number} of the settings: {reason}" for number, reason in error.faults)
        ) from None
    known = zip(rows, held_spans([row for _setting, row in rows]), strict=True)
    return [
        replace(setting, recorded=first, withdrawn=last)
        for (setting, _row), held in known
        if setting
        for first, last in held
    ]


def _setting(raw: Mapping[str, Any], book: Codebook) -> Setting:
    _only(raw, _SETTING_KEYS)
    recommendation, ask, rung = raw.get("rec"), raw.get("ask"), raw.get("rung")
    if not isinstance(recommendation, str) or recommendation not in book:
        raise RecordError(f"rec: {recommendation!r:.60} is not one of {', '.join(book.slugs)}")
    if not isinstance(ask, str) or not book.has_ask(recommendation, ask):
        raise RecordError(f"ask: {ask!r:.60} is not one of {', '.join(book.ask_slugs(recommendation))}")
    if isinstance(rung, bool) or not isinstance(rung, int) or not 0 <= rung <= 5:
        raise RecordError(f"rung: a whole number from 0 (nothing) to 5 (operating), not {rung!r:.60}")
    reason, name = _said(raw, "say in words why the ask is set by hand")
    start = record_format.day(raw.get("from"), "from").toordinal()
    until = FOREVER if raw.get("to") in (None, "") else record_format.day(raw["to"], "to").toordinal()
    if until <= start:
        raise RecordError("to: a day after `from`; the setting holds from `from` up to the day before `to`")
    empty = raw.get("recorded_at") in (None, "")
    recorded = start if empty else record_format.day(raw["recorded_at"], "recorded_at").toordinal()
    return Setting(recommendation, ask, rung, reason, name, start, until, recorded)


def _withdrawal(raw: Mapping[str, Any], before: Mapping[int, int], taken: set[int]) -> tuple[int, int]:
    """The place of the line that this one takes back, and the day from which that is known. `before` are the places of
    the lines before it, by number; `taken` those taken back already."""
    _only(raw, _WITHDRAWAL_KEYS)
    number = raw["withdraws"]
    if isinstance(number, bool) or not isinstance(number, int) or number not in before:
        raise RecordError(f"withdraws: the number of an earlier line, not {number!r:.60}")
    if number in taken:
        raise RecordError(f"withdraws: line {number} is taken back already")
    taken.add(number)
    _said(raw, "say in words why it is taken back")
    return before[number], record_format.day(raw.get("recorded_at"), "recorded_at").toordinal()


def _only(raw: Mapping[str, Any], keys: Sequence[str]) -> None:
    if unknown := sorted(str(key) for key in raw if key not in keys):
        raise RecordError(f"unknown field {', '.join(unknown)}; allowed are {', '.join(keys)}")


def _said(raw: Mapping[str, Any], why: str) -> tuple[str, str]:
    """The reason and the name of whoever gives it."""
    reason, name = raw.get("reason") or "", raw.get("name") or ""
    if not isinstance(reason, str) or not isinstance(name, str) or not reason.strip():
        raise RecordError(f"reason: {why}; name: text")
    return reason, name

"""The series of balance and pulse, day by day, from the spans in which each assessment counts (METHOD.md, section 12).
Pure. Each day of a series equals the full recomputation of that day (`report`) within 1e-9.

A span says: from day `enter` up to the day before `leave` this row counts, with this weight fading since
`since`. With one day of knowledge for the whole series a span is the row's life. With the knowledge of each
day itself ("as known then") a row may come late, leave when its version is replaced, come back when its ender
is retracted, and be credited anew when an act linked to it changes; then it has several spans.

A day's sums are yesterday's times 2^(-1/H), plus what enters (already faded, if it began earlier), minus what
leaves: one step a day. The work grows with acts + days, not with acts × days.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from scorecard.method import balance
from scorecard.method.balance import exact
from scorecard.method.columns import FOREVER, Log
from scorecard.method.parameters import Method, Parameters, method_of, read_on
from scorecard.method.weighing import Ledger, factors, ledger, names, raw_pairs, weigh
from tracker.codebook import Codebook

THEN = "then"  # each day as it was known on that day


@dataclass(frozen=True, eq=False)
class Spans:
    """Columns, one element for each span; the rows they belong to may repeat."""

    recommendation: np.ndarray
    strength: np.ndarray
    direction: np.ndarray
    ask: np.ndarray
    certainty: np.ndarray
    actors: np.ndarray
    since: np.ndarray
    enter: np.ndarray
    leave: np.ndarray
    pairs: np.ndarray  # [2, spans]

    def __len__(self) -> int:
        return len(self.since)

    def where(self, chosen: np.ndarray) -> Spans:
        """The chosen spans (a mask or places)."""
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)  # a mask would be gone through anew for each column
        return Spans(*(getattr(self, item.name)[..., chosen] for item in fields(self)))

    def until(self, leave: np.ndarray) -> Spans:
        """The same spans with other ends."""
        return replace(self, leave=leave)

    def seen_by(self, actor: str | None, book: Codebook) -> Spans:
        """The spans of events that name the actor; all of them for None."""
        return self if actor is None else self.where(names(self.actors, actor, book))


def spans_of(log: Log, reading: str, known: datetime.date | str | None, parameters: Parameters) -> Spans:
    """The spans behind a reading: `balance` (credited, with endings) or `pulse` (raw, for ever).

    `known` is a day, None for all that is on record, or THEN. `ValueError` for anything else.
    """
    if reading not in ("balance", "pulse"):
        raise ValueError(f"reading {reading!r} is not one of balance, pulse")
    if known == THEN:
        return (pulse_spans_then if reading == "pulse" else balance_spans_then)(log, parameters)
    if isinstance(known, str):
        raise ValueError(f"known: a day, or {THEN!r} for each day's own knowledge; not {known!r}")
    known_at = None if known is None else known.toordinal()
    return (pulse_spans if reading == "pulse" else balance_spans)(log, known_at, parameters)


def balance_spans(log: Log, known_at: int | None, parameters: Parameters) -> Spans:
    """Credited pairs from s to e, as known on one day."""
    book = ledger(log, known_at, parameters)
    rows, enter, leave = _awake(book)
    return _of_ledger(book, rows, enter, leave, book.credited)


def pulse_spans(log: Log, known_at: int | None, parameters: Parameters) -> Spans:
    """Raw pairs from s for ever, as known on one day."""
    book = ledger(log, known_at, parameters)
    return _of_ledger(book, np.arange(len(book)), book.start, np.full(len(book), FOREVER), book.raw)


def balance_spans_then(log: Log, parameters: Parameters) -> Spans:
    """Credited pairs as each day's own knowledge had them."""
    group, linked = _linked(log)
    parts = [_alone(log, ~linked[log.event], parameters, ends=parameters.own_terms)]
    if linked.any():
        versions = linked[log.event]
        parts += _together(log.take(versions), group, parameters)
    return _joined(parts)


def pulse_spans_then(log: Log, parameters: Parameters) -> Spans:
    """Raw pairs as each day's own knowledge had them: links do not matter to the pulse."""
    return _alone(log, np.ones(len(log), dtype=bool), parameters, ends=False)


def _awake(book: Ledger) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows with the days from and up to which they are live; a row that slept comes more than once."""
    slept = np.zeros(len(book), dtype=bool)
    slept[book.sleeps[0]] = True
    whole = np.flatnonzero(~slept)
    parts: list[tuple[int, int, int]] = []
    naps: dict[int, list[tuple[int, int]]] = {}
    for row, asleep, awake in book.sleeps.T.tolist():
        naps.setdefault(row, []).append((asleep, awake))
    for row, spans in naps.items():
        begin, end = int(book.start[row]), int(book.end[row])
        for asleep, awake in sorted(spans):
            parts.append((row, begin, min(asleep, end)))
            begin = max(begin, awake)
        parts.append((row, begin, end))
    rows, enter, leave = np.array(parts, dtype=np.int64).reshape(-1, 3).T
    return (
        np.concatenate([whole, rows]),
        np.concatenate([book.start[whole], enter]),
        np.concatenate([book.end[whole], leave]),
    )


def _alone(log: Log, versions: np.ndarray, parameters: Parameters, *, ends: bool) -> Spans:
    """Spans of versions without regard to links: from max(s, recorded) until the version is replaced, or until
    its own end where `ends`.
    """
    order = log.by_knowledge
    replaced = np.full(len(log), FOREVER, dtype=np.int32)
    same = log.event[order[1:]] == log.event[order[:-1]]
    replaced[order[:-1][same]] = log.recorded[order[1:][same]]
    counts = versions & ~log.retracted & (log.start >= log.book.start.toordinal())
    row = np.flatnonzero(counts[log.row_version])
    version = log.row_version[row]
    direction, strength = log.row_direction[row], log.row_strength[row]
    spans = Spans(
        log.row_recommendation[row],
        strength,
        direction,
        log.row_ask[row],
        log.certainty[version],
        log.actors[version],
        log.start[version],
        np.maximum(log.start[version], log.recorded[version]),
        np.minimum(replaced, log.until)[version] if ends else replaced[version],
        raw_pairs(direction, strength, log.certainty[version], log.reach[version], parameters),
    )
    return spans.where(spans.enter < spans.leave)


def _together(log: Log, group: np.ndarray, parameters: Parameters) -> Iterator[Spans]:
    """Spans of events tied by links: in round m every group of them is weighed as known on its m-th day of
    change.

    Between two days of change (a version is recorded, an act begins or ends by its own terms) nothing but fading
    happens to a group.
    """
    groups = group[log.event]
    wide = groups.astype(np.int64) << 24
    days = [wide | log.recorded, wide | log.start]
    if parameters.own_terms:
        days.append((wide | log.until)[log.until < FOREVER])
    changes = np.unique(np.concatenate(days))
    owner, day = changes >> 24, (changes & 0xFFFFFF).astype(np.int32)
    first = np.searchsorted(owner, owner)
    turn = np.arange(len(changes)) - first
    last_of_group = np.ones(len(changes), dtype=bool)
    last_of_group[:-1] = owner[1:] != owner[:-1]
    until = np.full(len(changes), FOREVER, dtype=np.int32)
    until[:-1][~last_of_group[:-1]] = day[1:][~last_of_group[:-1]]
    for number in range(int(turn.max()) + 1):
        now = turn == number
        at, to = np.full((2, len(group)), -1, dtype=np.int32)
        at[owner[now]], to[owner[now]] = day[now], until[now]
        mine = at[groups] >= 0
        part = log.take(mine)
        part_groups = groups[mine]
        book = weigh(part, at[part_groups], parameters)
        at_row, to_row = at[part_groups][book.version], to[part_groups][book.version]
        live = np.flatnonzero(book.live(at_row))
        yield _of_ledger(book, live, at_row[live], to_row[live], book.credited)


def _linked(log: Log) -> tuple[np.ndarray, np.ndarray]:
    """For each id its group (the smallest id number it is tied to by links of any version), and whether it
    has any.
    """
    parent = list(range(len(log.ids)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    linked = np.zeros(len(log.ids), dtype=bool)
    sources = log.event[log.link_version]
    linked[sources] = linked[log.link_target] = True
    for source, target in zip(sources.tolist(), log.link_target.tolist(), strict=True):
        one, other = root(source), root(target)
        parent[max(one, other)] = min(one, other)
    group = np.arange(len(log.ids))
    tied = np.flatnonzero(linked)
    group[tied] = [root(number) for number in tied.tolist()]
    return group, linked


def _of_ledger(
    book: Ledger, rows: np.ndarray, enter: np.ndarray, leave: np.ndarray, pairs: np.ndarray
) -> Spans:
    return Spans(
        book.recommendation[rows],
        book.strength[rows],
        book.direction[rows],
        book.ask[rows],
        book.certainty[rows],
        book.actors[rows],
        book.start[rows],
        enter,
        leave,
        pairs[:, rows],
    )


def _joined(parts: list[Spans]) -> Spans:
    names = [item.name for item in fields(Spans)]
    return Spans(*(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names))


def daily_sums(
    views: Sequence[tuple[Spans, np.ndarray]],
    cells: int,
    half_lives: tuple[float, ...],
    first: int,
    last: int,
) -> np.ndarray:
    """[days, views, 2, cells, 5] the faded sums by side, cell and strength, from `first` to `last`.

    Each view is spans and their cells (one for each span); `half_lives` are five, one for each strength. All
    views run through the days together.
    """
    sums = np.zeros((last - first + 1, len(views), 2 * cells * 5))
    for number, (spans, cell) in enumerate(views):
        for side in (0, 1):
            counts = np.flatnonzero(spans.pairs[side] > 0)
            place = (side * cells + cell[counts].astype(np.int64)) * 5 + spans.strength[counts]
            _pour(sums[:, number], place, spans, counts, spans.pairs[side][counts], half_lives, first)
    _run(sums.reshape(len(sums), -1), np.tile(half_lives, len(views) * 2 * cells))
    return sums.reshape(len(sums), len(views), 2, cells, 5)


def daily_counts(
    spans: Spans, chosen: np.ndarray, cell: np.ndarray, cells: int, first: int, last: int
) -> np.ndarray:
    """[days, cells] how many of the chosen spans (a mask) are there on each day."""
    days = last - first + 1
    enter = np.maximum(spans.enter, first)
    chosen = chosen & (enter < spans.leave) & (enter <= last)
    goes = chosen & (spans.leave <= last)
    found = np.zeros((days, cells), dtype=np.int64)
    for moving, day, sign in ((chosen, enter, 1), (goes, spans.leave, -1)):
        index = (day[moving] - first).astype(np.int64) * cells + cell[moving]
        found += sign * np.bincount(index, minlength=days * cells).reshape(days, cells)
    return np.cumsum(found, axis=0)


def _pour(
    sums: np.ndarray,
    cell: np.ndarray,
    spans: Spans,
    places: np.ndarray,
    weight: np.ndarray,
    half_lives: tuple[float, ...],
    first: int,
) -> None:
    """Adds to sums [days, cells] what enters on a day and takes away what leaves, both as faded by then."""
    days, cells = sums.shape
    since, leave, strength = spans.since[places], spans.leave[places], spans.strength[places]
    enter = np.maximum(spans.enter[places], first)
    counts = (enter < leave) & (enter < first + days)
    goes = counts & (leave < first + days)
    ages = np.concatenate([(enter - since)[counts], (leave - since)[goes]])
    table = factors(half_lives, int(ages.max(initial=0)))
    for moving, day, sign in ((counts, enter, 1.0), (goes, leave, -1.0)):
        kept = table[strength[moving], day[moving] - since[moving]]
        index = (day[moving] - first).astype(np.int64) * cells + cell[moving]
        flat = sign * exact(index, weight[moving] * kept, days * cells)
        sums += flat.reshape(days, cells)


def _run(sums: np.ndarray, half_lives: np.ndarray) -> None:
    """The recurrence, in place: each day's sums are what it brought plus the faded sums of the day before."""
    fade = 2.0 ** (-1.0 / half_lives)
    for day in range(1, len(sums)):
        sums[day] += sums[day - 1] * fade
    np.maximum(sums, 0.0, out=sums)


def bounds(first: datetime.date, as_of: datetime.date) -> tuple[int, int]:
    """Both days as ordinals; `ValueError` when the first comes after the last."""
    if first > as_of:
        raise ValueError(f"the series begins on {first}, after its last day {as_of}")
    return first.toordinal(), as_of.toordinal()


@dataclass(frozen=True, eq=False)
class Series:
    """A and U of every recommendation for each day from `first` on; what follows from them is worked out on
    demand.

    All arrays are [days, recommendations].
    """

    first: int
    advancing: np.ndarray
    undermining: np.ndarray
    acts: np.ndarray
    parameters: Parameters
    slugs: tuple[str, ...]  # of the recommendations
    worded: int | None = None  # the last day whose label may be said; None: every day's

    @property
    def days(self) -> list[str]:
        return [datetime.date.fromordinal(self.first + day).isoformat() for day in range(len(self.score))]

    @cached_property
    def score(self) -> np.ndarray:
        return balance.score(self.advancing, self.undermining, self.parameters)

    @cached_property
    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """low and high."""
        return balance.band(self.advancing, self.undermining, self.parameters)

    @cached_property
    def label(self) -> np.ndarray:
        """Places in `balance.LABELS`."""
        return balance.labels(self.advancing, self.undermining, self.parameters)

    def since(self) -> list[str]:
        """For each recommendation the first day of the last label's unbroken run."""
        found = []
        for column in self.label.T:
            other = np.flatnonzero(column != column[-1])
            found.append(int(other[-1]) + 1 if len(other) else 0)
        return [datetime.date.fromordinal(self.first + day).isoformat() for day in found]

    def _words(self, number: int) -> list[str | None]:
        words: list[str | None] = [balance.LABELS[place] for place in self.label[:, number].tolist()]
        said = len(words) if self.worded is None else max(self.worded - self.first + 1, 0)
        return words[:said] + [None] * (len(words) - said)

    def as_dict(self) -> dict[str, Any]:
        """`{"days": [...], "recommendations": {slug: {"A": [...], "U", "score", "low", "high", "label",
        "n"}}}`.
        """
        low, high = self.band
        columns = {
            "A": self.advancing,
            "U": self.undermining,
            "score": self.score,
            "low": low,
            "high": high,
            "n": self.acts,
        }
        return {
            "days": self.days,
            "recommendations": {
                slug: {name: column[:, number].tolist() for name, column in columns.items()}
                | {"label": self._words(number)}
                for number, slug in enumerate(self.slugs)
            },
        }


def series(
    log: Log,
    reading: str = "balance",
    actor: str | None = None,
    *,
    as_of: datetime.date,
    known: datetime.date | str | None = None,
    first: datetime.date | None = None,
    version: str | Method | None = None,
    coded_to: datetime.date | None = None,
    beyond: bool = False,
) -> Series:
    """The daily series of `balance` or `pulse` from `first` (None: the codebook's start) to `as_of`, for the total
    (None) or one actor; no further than the last coded day `coded_to`, unless `beyond` asks for the days after it
    (without labels).

    `known` is one day of knowledge for the whole series, None for all that is on record, or "then" for each
    day as it was known on that day. `ValueError` names what is not known, or an order of days that cannot be.
    """
    read, method = read_on(as_of, coded_to, version, beyond), method_of(version)
    found = _by_actor(log, reading, (actor,), read, known, first, method)[actor]
    stops = method.parameters.stops_at_coded_day and coded_to is not None
    return replace(found, worded=coded_to.toordinal()) if stops and coded_to else found


def every_view(
    log: Log,
    reading: str = "balance",
    *,
    as_of: datetime.date,
    known: datetime.date | str | None = None,
    first: datetime.date | None = None,
    version: str | Method | None = None,
) -> dict[str | None, Series]:
    """The series of the total (None) and of each actor, out of one weighing."""
    return _by_actor(log, reading, (None, *log.book.actor_slugs), as_of, known, first, version)


def _by_actor(
    log: Log,
    reading: str,
    actors: tuple[str | None, ...],
    as_of: datetime.date,
    known: datetime.date | str | None,
    first: datetime.date | None,
    version: str | Method | None,
) -> dict[str | None, Series]:
    start, stop = bounds(first or log.book.start, as_of)
    parameters = method_of(version).parameters
    half_lives = (parameters.pulse_half_life,) * 5 if reading == "pulse" else parameters.half_life
    spans, cells = spans_of(log, reading, known, parameters), len(log.book)
    views = [spans.seen_by(actor, log.book) for actor in actors]
    sums = daily_sums([(view, view.recommendation) for view in views], cells, half_lives, start, stop)
    totals = balance.capped(sums, parameters)
    found: dict[str | None, Series] = {}
    for number, (actor, view) in enumerate(zip(actors, views, strict=True)):
        something = np.any(view.pairs > 0, axis=0)
        acts = daily_counts(view, something, view.recommendation, cells, start, stop)
        found[actor] = Series(
            start, totals[:, number, 0], totals[:, number, 1], acts, parameters, log.book.slugs
        )
    return found

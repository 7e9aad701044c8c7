"""All readings of one day, as known on one day, and the balance and the pulse day by day: what `manage.py score`, the
pages and the API show. Pure.

Each day of a series equals the full recomputation of that day (`report`) within 1e-9.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np

from scorecard.method import balance
from scorecard.method.change import change
from scorecard.method.columns import LINKS, Log
from scorecard.method.delivery import acts_behind, delivery
from scorecard.method.parameters import HORIZONS, Method, Parameters, method_of, read_on
from scorecard.method.readings import Balance, Delivery, Measure, Overall, Pulse, Report
from scorecard.method.sensitivity import sensitivity as drawn
from scorecard.method.spans import bounds, daily_counts, daily_sums, spans_of
from scorecard.method.weighing import Ledger, ledger


def report(
    log: Log,
    as_of: datetime.date,
    known_at: datetime.date | None = None,
    actor: str | None = None,
    sensitivity: bool = False,
    version: str | Method | None = None,
    proof: bool = False,
    acts: bool = True,
    coded_to: datetime.date | None = None,
    beyond: bool = False,
) -> Report:
    """Every reading of section 1 to 9 on the day `as_of`, as known at the end of `known_at` (None: all on
    record).

    `{"method", "as_of", "known_at", "coded_to", "read_on", "days_since", "actor", "parameters",
    "recommendations": {slug: {"balance", "pulse", "change", "delivery"}}, "overall", "ignored_links"}`, unrounded
    plain JSON values. The readings are made on `read_on`, no later than the last coded day `coded_to`;
    `days_since` are the days from it to `as_of`. With `beyond` they are made on `as_of`, and without any word.
    `actor` gives that actor's view (from method 1.1 on without delivery: null). With `sensitivity` the balances
    and the overall figure also hold `sensitivity`, and the report holds `what_ifs`; with `proof` pulses and asks
    also hold the `acts` behind them. Without `acts` the balances do not hold theirs.
    `ValueError` names an actor or version that is not known.
    """
    method = method_of(version)
    known = None if known_at is None else known_at.toordinal()
    book = ledger(log, known, method.parameters)
    read = read_on(as_of, coded_to, method, beyond)
    chosen, day = book.seen_by(actor), read.toordinal()
    balances, pulses = _balances(book, day, chosen, acts), _pulses(book, day, chosen, proof)
    readings: tuple[tuple[str, Sequence[Balance | Pulse]], ...] = (("balance", balances), ("pulse", pulses))
    for reading, entries in readings:
        for entry, since in zip(entries, _since(log, reading, actor, read, known_at, method), strict=True):
            entry["since"] = since
    changes = {str(days): change(book, day, days, chosen) for days in HORIZONS}
    deliveries = _deliveries(log, book, day, known, actor, proof)
    found: Report = {
        "method": method.version,
        "as_of": as_of.isoformat(),
        "known_at": None if known_at is None else known_at.isoformat(),
        "coded_to": None if coded_to is None else coded_to.isoformat(),
        "read_on": read.isoformat(),
        "days_since": 0 if coded_to is None else max((as_of - coded_to).days, 0),
        "actor": actor,
        "parameters": method.parameters.as_dict(),
        "recommendations": {
            slug: {
                "balance": balances[number],
                "pulse": pulses[number],
                "change": {days: moved[number] for days, moved in changes.items()},
                "delivery": deliveries[slug],
            }
            for number, slug in enumerate(log.book.slugs)
        },
        "overall": overall(balances, deliveries),
        "ignored_links": [
            {"id": newer, LINKS[kind]: older, "why": why}  # type: ignore[misc]  # one of its two keys
            for start, newer, older, why, kind in sorted(book.ignored)
            if start <= day
        ],
    }
    if sensitivity:
        _add_sensitivity(found, log, read, known_at, actor, method)
    if method.parameters.stops_at_coded_day and coded_to is not None and read > coded_to:
        _without_words(found)
    return found


def _without_words(found: Report) -> None:
    """Figures of a day that nobody has coded say nothing in words."""
    for entry in found["recommendations"].values():
        entry["balance"]["label"] = entry["balance"]["since"] = entry["balance"]["fragile"] = None
        entry["pulse"]["label"] = entry["pulse"]["since"] = None
        for moved in entry["change"].values():
            moved["word"] = None
        if entry["delivery"]:
            entry["delivery"]["label"] = None
        if "sensitivity" in entry["balance"]:
            entry["balance"]["sensitivity"]["same_word"] = None
    found["overall"]["labels"] = {}
    for item in found.get("what_ifs", ()):
        for line in item["recommendations"].values():
            line["label"] = None


def _deliveries(
    log: Log, book: Ledger, day: int, known: int | None, actor: str | None, proof: bool
) -> Mapping[str, Delivery | None]:
    """Delivery of each recommendation; None in the view of an actor where the method has none there."""
    if actor is not None and not book.parameters.delivery_of_actors:
        return dict.fromkeys(log.book.slugs)
    chosen = book.seen_by(actor)
    settings = [item for item in log.settings if item.known_on(known)]
    found = delivery(book, day, chosen, settings)
    if proof:
        behind = acts_behind(book, day, chosen)
        for slug, entry in found.items():
            for ask in entry["asks"]:
                ask["acts"] = behind.get((slug, ask["ask"]), [])
    return found


def views(
    log: Log,
    as_of: datetime.date,
    known_at: datetime.date | None = None,
    actors: tuple[str | None, ...] | None = None,
    version: str | Method | None = None,
) -> dict[str | None, dict[str, Measure]]:
    """`{actor: {slug: balance without its acts}}` side by side; None is the total. `actors` None: of everybody."""
    parameters = method_of(version).parameters
    book = ledger(log, None if known_at is None else known_at.toordinal(), parameters)
    found: dict[str | None, dict[str, Measure]] = {}
    for actor in (None, *log.book.actor_slugs) if actors is None else actors:
        standing = balance.balance_on(book, as_of.toordinal(), book.seen_by(actor))
        entries = _measures(standing, _acts_counted(book, standing))
        found[actor] = dict(zip(log.book.slugs, entries, strict=True))
    return found


def overall(balances: Sequence[Measure], deliveries: Mapping[str, Delivery | None]) -> Overall:
    """Plain means of all recommendations, never without the count of their labels (section 8)."""
    values = [entry["value"] if entry else None for entry in deliveries.values()]
    rated = [value for value in values if value is not None]

    def mean(name: Literal["score", "low", "high"]) -> float:
        return sum(entry[name] for entry in balances) / len(balances)

    return {
        "score": mean("score"),
        "low": mean("low"),
        "high": mean("high"),
        "labels": dict(Counter(entry["label"] for entry in balances if entry["label"])),
        "delivery": sum(rated) / len(rated) if len(rated) == len(values) else None,
    }


def _measures(standing: balance.Standing, acts: np.ndarray) -> list[Measure]:
    advancing, undermining = (side.tolist() for side in standing.totals)
    return [
        balance.measure(advancing[number], undermining[number], standing.parameters)
        | {"n": int(acts[number])}
        for number in range(len(acts))
    ]


def _acts_counted(book: Ledger, standing: balance.Standing) -> np.ndarray:
    """[recommendations] n: the rows with a pair other than (0, 0)."""
    something = (standing.pairs > 0).any(axis=0)
    return np.bincount(book.recommendation[standing.rows[something]], minlength=len(book.codebook))


def _balances(book: Ledger, day: int, chosen: np.ndarray, with_acts: bool) -> list[Balance]:
    standing = balance.balance_on(book, day, chosen)
    found = cast(list[Balance], _measures(standing, _acts_counted(book, standing)))
    shares, owner = balance.contributions(standing, book), book.recommendation[standing.rows]
    for number, entry in enumerate(found):
        mine = shares[:, owner == number]
        entry["fragile"] = balance.fragile(mine, entry["A"], entry["U"], standing)
        if with_acts:
            effect = balance.effects(mine, entry["A"], entry["U"], standing)
            entry["acts"] = balance.contributing_acts(book, standing, number, mine, effect)
    return found


def _pulses(book: Ledger, day: int, chosen: np.ndarray, with_acts: bool) -> list[Pulse]:
    standing = balance.pulse_on(book, day, chosen)
    found = cast(list[Pulse], _measures(standing, _acts_counted(book, standing)))
    if with_acts:
        shares, owner = balance.contributions(standing, book), book.recommendation[standing.rows]
        for number, entry in enumerate(found):
            entry["acts"] = balance.pulse_acts(book, standing, number, shares[:, owner == number])
    return found


def _since(
    log: Log,
    reading: str,
    actor: str | None,
    as_of: datetime.date,
    known_at: datetime.date | None,
    method: Method,
) -> list[str | None]:
    """The first day of the unbroken run of each label, looking back to the start."""
    if as_of < log.book.start:
        return [None] * len(log.book)
    return [*series(log, reading, actor, as_of=as_of, known=known_at, version=method).since()]


def _add_sensitivity(
    found: Report,
    log: Log,
    as_of: datetime.date,
    known_at: datetime.date | None,
    actor: str | None,
    method: Method,
) -> None:
    spread = drawn(log, as_of, known_at, actor, version=method)
    for slug, entry in found["recommendations"].items():
        entry["balance"]["sensitivity"] = spread["recommendations"][slug]
    found["overall"]["sensitivity"] = spread["overall"]
    found["what_ifs"] = spread["what_ifs"]


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
    found = _run(log, reading, (actor,), read, known, first, method)[actor]
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
    return _run(log, reading, (None, *log.book.actor_slugs), as_of, known, first, version)


def _run(
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

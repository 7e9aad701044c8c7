"""Daily series of the balance and the pulse, for any view, as known now, on a day, or then. Pure.

Each day of a series equals the full recomputation of that day (`report`) within 1e-9.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from scorecard.method import balance
from scorecard.method.columns import Log
from scorecard.method.parameters import Method, Parameters, method_of, read_on
from scorecard.method.spans import daily_counts, daily_sums, spans_of


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


def bounds(first: datetime.date, as_of: datetime.date) -> tuple[int, int]:
    """Both days as ordinals; `ValueError` when the first comes after the last."""
    if first > as_of:
        raise ValueError(f"the series begins on {first}, after its last day {as_of}")
    return first.toordinal(), as_of.toordinal()

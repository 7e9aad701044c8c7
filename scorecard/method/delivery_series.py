"""Section 7 of METHOD.md day by day: ↑ and ↓ by the recurrence, rungs by counting, hand-set asks laid over.
Pure.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scorecard.method import delivery
from scorecard.method.log import ASK_SLUGS, Log
from scorecard.method.parameters import Method, Parameters, method_of
from scorecard.method.recurrence import daily_counts, daily_sums
from scorecard.method.series import bounds
from scorecard.method.spans import THEN, Spans, spans_of
from tracker.codebook import ACTORS, CERTAINTIES, RECOMMENDATIONS, START

_WIDTH = len(ASK_SLUGS)


@dataclass(frozen=True, eq=False)
class DeliverySeries:
    """Values of the asks [days, asks] and of the recommendations [days, recommendations]; NaN where not yet
    rated.
    """

    first: int
    asks: np.ndarray
    value: np.ndarray

    @property
    def days(self) -> list[str]:
        return [datetime.date.fromordinal(self.first + day).isoformat() for day in range(len(self.asks))]

    def as_dict(self) -> dict[str, Any]:
        """`{"days": [...], "recommendations": {slug: {"value": [...], "asks": {ask: [...]}}}}`, null where
        NaN.
        """
        return {
            "days": self.days,
            "recommendations": {
                slug: {
                    "value": _plain(self.value[:, number]),
                    "asks": {ask: _plain(self.asks[:, place]) for place, ask in _places(slug)},
                }
                for number, slug in enumerate(RECOMMENDATIONS)
            },
        }


def delivery_series(
    log: Log,
    actor: str | None = None,
    *,
    as_of: datetime.date,
    known: datetime.date | str | None = None,
    first: datetime.date = START,
    version: str | Method | None = None,
) -> DeliverySeries:
    """The daily values of all asks and of each recommendation; arguments as for `series`."""
    start, stop = bounds(first, as_of)
    parameters = method_of(version).parameters
    # An ask is rated from its first tagged act on, whatever became of that act.
    begun = spans_of(log, "pulse", known, parameters).seen_by(actor)
    begun = begun.where(begun.ask >= 0)
    rated = daily_counts(begun, np.ones(len(begun), dtype=bool), begun.ask, _WIDTH, start, stop) > 0
    standing = _standing(spans_of(log, "balance", known, parameters).seen_by(actor), parameters)
    by_actor = dict(zip(ACTORS, _values(standing, parameters, start, stop), strict=True))
    asks = np.empty((stop - start + 1, _WIDTH))
    for place, (slug, ask) in enumerate(ASK_SLUGS):
        values = np.stack([by_actor[name][:, place] for name in delivery.actors_of(slug, ask)])
        asks[:, place] = _combined(delivery.MODES[slug][ask], values)
    asks[~rated] = np.nan
    _lay_settings(asks, log, known, parameters, start, stop)
    value = np.stack(
        [asks[:, [place for place, _ in _places(slug)]].mean(axis=1) for slug in RECOMMENDATIONS], axis=1
    )
    return DeliverySeries(start, asks, value)


def _standing(spans: Spans, parameters: Parameters) -> Spans:
    """What may stand for an ask, with the day on which words and communiqués lapse as their end."""
    spans = spans.where(
        (spans.ask >= 0) & (spans.certainty != CERTAINTIES.index("rumoured")) & (spans.pairs > 0).any(axis=0)
    )
    lapse = delivery.lapse(spans.since, spans.strength, parameters)
    return spans.until(np.minimum(spans.leave, lapse))


def _values(spans: Spans, parameters: Parameters, first: int, last: int) -> list[np.ndarray]:
    """For each of ACTORS [days, asks]: 100·W[rung]·↑/(↑ + ↓) of its standing acts."""
    views = [spans.seen_by(name) for name in ACTORS]
    sums = daily_sums([(view, view.ask) for view in views], _WIDTH, parameters.half_life, first, last)
    height = np.array([delivery.rung_value(number, parameters) for number in range(6)])
    found = []
    for number, view in enumerate(views):
        up, down = sums[:, number].sum(axis=-1).swapaxes(0, 1)
        cell = view.ask.astype(np.int64) * 5 + view.strength
        counts = daily_counts(view, view.direction == 1, cell, _WIDTH * 5, first, last)
        reached = counts.reshape(-1, _WIDTH, 5)[..., ::-1] > 0
        rung = np.where(reached.any(axis=-1), 5 - reached.argmax(axis=-1), 0)
        whole = np.where(up + down > 0, up + down, 1.0)
        found.append(np.where(rung > 0, height[rung] * up / whole, 0.0))
    return found


def _combined(mode: str, values: np.ndarray) -> np.ndarray:
    if mode == delivery.JOINT:
        return values.min(axis=0)
    return values.mean(axis=0) if mode == delivery.EACH else values.max(axis=0)


def _lay_settings(
    asks: np.ndarray,
    log: Log,
    known: datetime.date | str | None,
    parameters: Parameters,
    first: int,
    last: int,
) -> None:
    for item in log.settings:
        start = max(item.start, first)
        if known == THEN:
            start = max(start, item.recorded)
        elif isinstance(known, datetime.date) and item.recorded > known.toordinal():
            continue
        place = ASK_SLUGS.index((item.recommendation, item.ask))
        asks[start - first : max(min(item.until, last + 1), start) - first, place] = delivery.rung_value(
            item.rung, parameters
        )


def _places(slug: str) -> list[tuple[int, str]]:
    return [(place, ask) for place, (owner, ask) in enumerate(ASK_SLUGS) if owner == slug]


def _plain(column: Iterable[float]) -> list[float | None]:
    return [None if value != value else float(value) for value in column]

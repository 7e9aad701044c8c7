"""The recurrence of daily sums (METHOD.md, section 12): one step a day, whatever the number of acts. Pure.

A day's sums are yesterday's times 2^(-1/H), plus what enters (already faded, if it began earlier), minus what
leaves. The work grows with acts + days, not with acts × days.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scorecard.method.fading import factors
from scorecard.method.spans import Spans
from scorecard.method.sums import exact


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

"""How good a tagger is, in the figures of the evaluation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tracker.tagging.tagger import Tagger
    from tracker.tagging.training import Example

Pairs = set[tuple[str, int]]


def micro_f1(tagger: Tagger, examples: Sequence[Example]) -> float:
    """Micro-F1 of the ticked labels over (recommendation, direction) pairs."""
    suggestions = tagger.tag_many([(one.title, one.summary, one.publisher) for one in examples])
    ticked = [{(each.rec, each.direction) for each in one.labels if each.ticked} for one in suggestions]
    return f1(ticked, [set(one.labels) for one in examples])


def f1(ticked: Iterable[Pairs], right: Iterable[Pairs]) -> float:
    hits = said = wanted = 0
    for these, those in zip(ticked, right, strict=True):
        hits, said, wanted = hits + len(these & those), said + len(these), wanted + len(those)
    return 2 * hits / (said + wanted) if said + wanted else 0.0


def calibration_error(chance: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: the mean gap between stated and observed share, over equal-width bins."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    gaps = [
        abs(chance[place == each].mean() - right[place == each].mean()) * (place == each).mean()
        for each in range(bins)
        if (place == each).any()
    ]
    return float(sum(gaps))

"""How much it is worth to look at a proposal soon. Pure.

Expected value = probability that it matters × weight of the act × novelty, halved with each week of age. All
proposals age at the same pace, so the order never changes by itself: the logarithm is stored once, and the
queue is one index. What no report dates is as likely old as new, since a feed's first poll brings years of it:
it stands where what is two weeks older stands.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from typing import Any

HALF_LIFE_DAYS = 7.0
UNDATED_DAYS = 14
STRENGTH_WORTH = {1: 1.0, 2: 1.5, 3: 2.5, 4: 4.0, 5: 4.0}
EPOCH = datetime.date(2025, 1, 21)


def priority(
    relevance: float,
    labels: Iterable[Mapping[str, Any]],
    outlets: int,
    date: datetime.date,
    *,
    dated: bool = True,
) -> float:
    """The place in the queue: the greater, the sooner. Not `dated`: `date` is only when it came in."""
    weights = [
        float(label.get("probability") or 0.5) * STRENGTH_WORTH.get(int(label.get("strength") or 1), 1.0)
        for label in labels
    ]
    value = max(0.01, min(1.0, relevance or 0.0)) * (0.5 + sum(sorted(weights)[-3:]))
    value *= 1.0 + math.log2(max(1, outlets)) / 2  # taken up by others: more likely an act of weight
    days = (date - EPOCH).days - (0 if dated else UNDATED_DAYS)
    return round(math.log2(value) + days / HALF_LIFE_DAYS, 4)

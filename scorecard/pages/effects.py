"""What one act does to the balances over time: the effect of METHOD.md, section 4, week by week. Pure."""

from __future__ import annotations

import datetime

import numpy as np

from scorecard.method import proof, sums
from scorecard.method.weighing import Ledger
from tracker.codebook import RECOMMENDATIONS

WEEK = 7


def days(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """Every seventh day from `first` on, none after `last`."""
    count = (last - first).days // WEEK
    return [first + datetime.timedelta(days=WEEK * number) for number in range(count + 1)]


def weekly(book: Ledger, event_id: str, first: datetime.date, last: datetime.date) -> dict[str, list[float]]:
    """Points of each balance that the act accounts for, for every day of `days`; only balances it touches."""
    own = np.array([book.event_id(row) == event_id for row in range(len(book))], dtype=bool)
    slugs = {int(number): RECOMMENDATIONS[number] for number in book.recommendation[own]}
    found: dict[str, list[float]] = {slug: [] for slug in slugs.values()}
    everything = np.ones(len(book), dtype=bool)
    for day in days(first, last):
        standing = sums.balance_on(book, day.toordinal(), everything)
        shares = proof.contributions(standing, book)
        advancing, undermining = standing.totals
        for number, slug in slugs.items():
            mine = own[standing.rows] & (book.recommendation[standing.rows] == number)
            points = proof.effects(
                shares[:, mine], float(advancing[number]), float(undermining[number]), standing
            )
            found[slug].append(float(points.sum()))
    return found

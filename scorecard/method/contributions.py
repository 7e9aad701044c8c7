"""The acts behind a figure: what each contributes, and the score without it (METHOD.md, section 4). Pure.

What one act does to the balances over time: the effect of METHOD.md, section 4, week by week. Pure.
"""

from __future__ import annotations

import datetime

import numpy as np

from scorecard.method import balance
from scorecard.method.balance import Standing
from scorecard.method.readings import Act, PulseAct
from scorecard.method.weighing import Ledger, named
from tracker.record import CERTAINTIES, REACHES


def contributions(standing: Standing, ledger: Ledger) -> np.ndarray:
    """[2, rows] what each row adds to A and U of its recommendation; where a cap binds, scaled by it."""
    left = balance.scales(standing.sums, standing.parameters)
    place = ledger.recommendation[standing.rows], ledger.strength[standing.rows]
    return np.stack([standing.pairs[side] * left[place[0], side, place[1]] for side in (0, 1)])


def effects(shares: np.ndarray, advancing: float, undermining: float, standing: Standing) -> np.ndarray:
    """[rows of one recommendation] S minus the score without the row's contribution."""
    parameters = standing.parameters
    without_a, without_u = _without(shares, advancing, undermining)
    return balance.score(advancing, undermining, parameters) - balance.score(without_a, without_u, parameters)


def fragile(shares: np.ndarray, advancing: float, undermining: float, standing: Standing) -> bool:
    """True when dropping some single contribution changes the label."""
    label = balance.labels(np.float64(advancing), np.float64(undermining), standing.parameters)
    different = shares if shares.shape[1] < 1000 else np.unique(shares, axis=1)
    without = balance.labels(*_without(different, advancing, undermining), standing.parameters)
    return bool((without != label).any())


def acts(
    ledger: Ledger, standing: Standing, recommendation: int, shares: np.ndarray, effect: np.ndarray
) -> list[Act]:
    """The contributing acts of one recommendation, the strongest effect first.

    `advancing` and `undermining` add up to A and U, `points` to the score; `weight` is W·C·Q, `credited` what
    netting leaves of it, `kept` the share that has not faded.
    """
    mine = np.flatnonzero(ledger.recommendation[standing.rows] == recommendation)
    rows = standing.rows[mine]
    whole = float(shares.sum()) + standing.parameters.k
    raw, left = ledger.raw[:, rows].sum(axis=0), ledger.credited[:, rows].sum(axis=0)
    faded = standing.pairs[:, mine].sum(axis=0)
    found: list[Act] = [
        {
            "id": ledger.event_id(row),
            "date": datetime.date.fromordinal(int(ledger.start[row])).isoformat(),
            "direction": int(ledger.direction[row]),
            "strength": int(ledger.strength[row]) + 1,
            "certainty": CERTAINTIES[ledger.certainty[row]],
            "reach": REACHES[ledger.local[row]],
            "actors": named(int(ledger.actors[row]), ledger.codebook),
            "ask": None if ledger.ask[row] < 0 else ledger.codebook.asks[ledger.ask[row]][1],
            "advancing": float(shares[0, number]),
            "undermining": float(shares[1, number]),
            "points": float(100 * (shares[0, number] - shares[1, number]) / whole),
            "effect": float(effect[number]),
            "weight": float(raw[number]),
            "credited": float(left[number]),
            "kept": float(faded[number] / left[number]),
        }
        for number, row in enumerate(rows.tolist())
        if ledger.credits_something[row]
    ]
    return sorted(found, key=lambda act: (-abs(act["effect"]), act["id"]))


def pulse_acts(ledger: Ledger, standing: Standing, recommendation: int, shares: np.ndarray) -> list[PulseAct]:
    """What each act adds to a pulse, the largest first: `points` add up to its score."""
    mine = np.flatnonzero(ledger.recommendation[standing.rows] == recommendation)
    whole = float(shares.sum()) + standing.parameters.k
    found: list[PulseAct] = [
        {
            "id": ledger.event_id(row),
            "advancing": float(shares[0, number]),
            "undermining": float(shares[1, number]),
            "points": float(100 * (shares[0, number] - shares[1, number]) / whole),
        }
        for number, row in enumerate(standing.rows[mine].tolist())
    ]
    return sorted(found, key=lambda act: (-abs(act["points"]), act["id"]))


def _without(shares: np.ndarray, advancing: float, undermining: float) -> tuple[np.ndarray, np.ndarray]:
    return np.maximum(advancing - shares[0], 0.0), np.maximum(undermining - shares[1], 0.0)


WEEK = 7


def days(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """Every seventh day from `first` on, none after `last`."""
    count = (last - first).days // WEEK
    return [first + datetime.timedelta(days=WEEK * number) for number in range(count + 1)]


def weekly(book: Ledger, event_id: str, first: datetime.date, last: datetime.date) -> dict[str, list[float]]:
    """Points of each balance that the act accounts for, for every day of `days`; only balances it touches."""
    own = np.array([book.event_id(row) == event_id for row in range(len(book))], dtype=bool)
    slugs = {int(number): book.codebook.slugs[number] for number in book.recommendation[own]}
    found: dict[str, list[float]] = {slug: [] for slug in slugs.values()}
    everything = np.ones(len(book), dtype=bool)
    for day in days(first, last):
        standing = balance.balance_on(book, day.toordinal(), everything)
        shares = contributions(standing, book)
        advancing, undermining = standing.totals
        for number, slug in slugs.items():
            mine = own[standing.rows] & (book.recommendation[standing.rows] == number)
            points = effects(shares[:, mine], float(advancing[number]), float(undermining[number]), standing)
            found[slug].append(float(points.sum()))
    return found

"""Sums of faded weights of one day, by recommendation, side and strength. Pure.

Every figure of a day starts here: the caps and the score are applied to these sums, never to single acts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scorecard.method import balance
from scorecard.method.fading import faded
from scorecard.method.parameters import Parameters
from scorecard.method.weighing import Ledger
from tracker.codebook import RECOMMENDATIONS

CELLS = len(RECOMMENDATIONS) * 5
_CUT = 2.0**26


@dataclass(frozen=True, eq=False)
class Standing:
    """The rows that count on a day, their faded pairs, and the sums over them."""

    rows: np.ndarray  # places in the ledger
    pairs: np.ndarray  # [2, rows] faded
    sums: np.ndarray  # [recommendations, 2, 5]
    parameters: Parameters

    @property
    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        """A and U, [recommendations] each."""
        both = balance.capped(self.sums, self.parameters)
        return both[:, 0], both[:, 1]

    @property
    def scores(self) -> np.ndarray:
        """[recommendations] S."""
        return balance.score(*self.totals, self.parameters)


def balance_on(ledger: Ledger, day: int, chosen: np.ndarray, faded_to: int | None = None) -> Standing:
    """Live on `day` among the chosen rows (a mask), credited, faded to that day or to `faded_to`."""
    rows = np.flatnonzero(ledger.live(day) & chosen)
    return credited(ledger, rows, day if faded_to is None else faded_to)


def credited(ledger: Ledger, rows: np.ndarray, day: int) -> Standing:
    """The credited pairs of these rows, faded to the day, and their sums."""
    strength = ledger.strength[rows]
    kept = faded(ledger.parameters.half_life, strength, day - ledger.start[rows])
    pairs = ledger.credited[:, rows] * kept
    return Standing(rows, pairs, _summed(ledger, rows, pairs), ledger.parameters)


def pulse_on(ledger: Ledger, day: int, chosen: np.ndarray) -> Standing:
    """Whatever has begun by the day, raw, fading with the pulse's half-life; endings and netting ignored."""
    rows = np.flatnonzero((ledger.start <= day) & chosen)
    only = np.zeros(len(rows), dtype=np.int8)
    kept = faded((ledger.parameters.pulse_half_life,), only, day - ledger.start[rows])
    pairs = ledger.raw[:, rows] * kept
    return Standing(rows, pairs, _summed(ledger, rows, pairs), ledger.parameters)


def exact(cell: np.ndarray, weight: np.ndarray, cells: int) -> np.ndarray:
    """[cells] sums of weights up to 1 that do not depend on the order of the log.

    Each weight is cut into two whole numbers of 2^-26 and 2^-52. Sums of whole numbers are exact, so their
    order does not matter; what is cut off is below 2^-53, the rounding of a weight of 1.
    """
    scaled = weight * _CUT
    coarse = np.rint(scaled)
    fine = np.rint((scaled - coarse) * _CUT)
    sums = (np.bincount(cell, weights=part, minlength=cells) for part in (coarse, fine))
    return next(sums) / _CUT + next(sums) / _CUT**2


def _summed(ledger: Ledger, rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    cell = ledger.recommendation[rows] * 5 + ledger.strength[rows]
    sides = [exact(cell, side, CELLS) for side in pairs]
    return np.stack(sides).reshape(2, len(RECOMMENDATIONS), 5).transpose(1, 0, 2)

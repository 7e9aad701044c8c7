"""From credited weight to score, shares, band and label, and the acts behind them (METHOD.md, section 4). Pure, over
arrays of any shape.

A is the advancing weight, U the undermining one, E = A + U. The shares are the belief, disbelief and uncertainty of
subjective logic; the band is a discounted Beta.

Every figure of a day starts from the sums of faded weights of that day, by recommendation, side and strength: the caps
and the score are applied to these sums, never to single acts. An act's effect is the score minus the score without it,
also week by week.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betainc, betaincc, betaincinv

from scorecard.method.parameters import Parameters
from scorecard.method.readings import Act, Measure, PulseAct
from scorecard.method.weighing import Ledger, faded, named
from tracker.record import CERTAINTIES, REACHES

Values = Any  # an array of any shape, or one number

LABELS = (
    "too little evidence", "advancing", "undermined", "contested", "unclear", "leaning advancing",
    "leaning undermined",
)  # fmt: skip
TALK = 2  # strengths 1 and 2
COMMITMENT = 2  # strength 3, counted from 0


def capped(sums: np.ndarray, parameters: Parameters) -> np.ndarray:
    """[...] one side's total from its sums by strength [..., 5]: min(talk, c) + the rest."""
    talk = np.minimum(sums[..., 0] + sums[..., 1], parameters.talk_cap)
    commitments = np.minimum(sums[..., COMMITMENT], parameters.commitment_cap)
    return talk + commitments + sums[..., 3] + sums[..., 4]


def scales(sums: np.ndarray, parameters: Parameters) -> np.ndarray:
    """[..., 5] what the caps leave of each contribution of a strength: c / t where the cap binds, else 1."""
    left = np.ones_like(sums)
    talk = sums[..., 0] + sums[..., 1]
    binds = talk > parameters.talk_cap
    left[..., :TALK] = np.where(binds, parameters.talk_cap / np.where(binds, talk, 1.0), 1.0)[..., None]
    commitments = sums[..., COMMITMENT]
    binds = commitments > parameters.commitment_cap
    left[..., COMMITMENT] = np.where(
        binds, parameters.commitment_cap / np.where(binds, commitments, 1.0), 1.0
    )
    return left


def score(advancing: Values, undermining: Values, parameters: Parameters) -> np.ndarray:
    """S = 100·(A - U) / (E + k), between -100 and +100."""
    return 100 * (advancing - undermining) / (advancing + undermining + parameters.k)


def beta(
    advancing: Values, undermining: Values, parameters: Parameters, k: Values = None
) -> tuple[np.ndarray, np.ndarray]:
    """The two parameters of the Beta distribution behind the band: g·(A + k/2), g·(U + k/2).

    `k` is the parameters' own unless another is given (a draw's).
    """
    evidence = advancing + undermining
    k = parameters.k if k is None else k
    g = parameters.gain * (np.minimum(evidence, parameters.ceiling) + k) / (evidence + k)
    return g * (advancing + k / 2), g * (undermining + k / 2)


def band(advancing: Values, undermining: Values, parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """low, high = 200·q - 100 for the 10 % and 90 % quantiles."""
    alpha, other = beta(advancing, undermining, parameters)
    low, high = (200 * betaincinv(alpha, other, share) - 100 for share in parameters.band)
    return low, high


def probability(advancing: Values, undermining: Values, parameters: Parameters) -> np.ndarray:
    """P(p > ½): how probable it is that the balance is on the advancing side."""
    return betaincc(*beta(advancing, undermining, parameters), 0.5)


def labels(advancing: Values, undermining: Values, parameters: Parameters, k: Values = None) -> np.ndarray:
    """Places in LABELS. A bound above 0 is asked as a small P(p < ½), which is the same and needs no quantile."""
    below = betainc(*beta(advancing, undermining, parameters, k), 0.5)
    bounds = [(below < 1 - share, below > share) for share in (parameters.verdict, parameters.lean)]
    return labels_of(advancing, undermining, bounds, parameters)


def labels_of(
    advancing: Values, undermining: Values, bounds: list[tuple[Values, Values]], parameters: Parameters
) -> np.ndarray:
    """Places in LABELS from A, U and whether the band of a verdict, and that of a leaning, lies above or beneath
    0.
    """
    evidence = advancing + undermining
    (above, beneath), (leans_up, leans_down) = bounds
    dispute = evidence >= parameters.dispute
    if parameters.dispute_share:
        dispute = dispute & (2 * np.minimum(advancing, undermining) >= parameters.dispute_share * evidence)
    conditions = [evidence < parameters.enough_evidence, above, beneath, leans_up, leans_down, dispute]
    return np.select(conditions, [0, 1, 2, 5, 6, 3], 4)


def measure(advancing: float, undermining: float, parameters: Parameters) -> Measure:
    """All readings of one pair (A, U), unrounded, under the names of `manage.py score`."""
    evidence = advancing + undermining
    whole = evidence + parameters.k
    low, high = band(advancing, undermining, parameters)
    return {
        "A": advancing,
        "U": undermining,
        "E": evidence,
        "score": float(score(advancing, undermining, parameters)),
        "low": float(low),
        "high": float(high),
        "advancing_share": 100 * advancing / whole,
        "undermining_share": 100 * undermining / whole,
        "open_share": 100 * parameters.k / whole,
        "prob_advancing": float(probability(advancing, undermining, parameters)),
        "contested": 2 * min(advancing, undermining) / evidence if evidence else 0.0,
        "label": LABELS[int(labels(advancing, undermining, parameters))],
    }


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
        both = capped(self.sums, self.parameters)
        return both[:, 0], both[:, 1]

    @property
    def scores(self) -> np.ndarray:
        """[recommendations] S."""
        return score(*self.totals, self.parameters)


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
    cell, width = ledger.recommendation[rows] * 5 + ledger.strength[rows], len(ledger.codebook)
    sides = [exact(cell, side, width * 5) for side in pairs]
    return np.stack(sides).reshape(2, width, 5).transpose(1, 0, 2)


def contributions(standing: Standing, ledger: Ledger) -> np.ndarray:
    """[2, rows] what each row adds to A and U of its recommendation; where a cap binds, scaled by it."""
    left = scales(standing.sums, standing.parameters)
    place = ledger.recommendation[standing.rows], ledger.strength[standing.rows]
    return np.stack([standing.pairs[side] * left[place[0], side, place[1]] for side in (0, 1)])


def effects(shares: np.ndarray, advancing: float, undermining: float, standing: Standing) -> np.ndarray:
    """[rows of one recommendation] S minus the score without the row's contribution."""
    parameters = standing.parameters
    without_a, without_u = _without(shares, advancing, undermining)
    return score(advancing, undermining, parameters) - score(without_a, without_u, parameters)


def fragile(shares: np.ndarray, advancing: float, undermining: float, standing: Standing) -> bool:
    """True when dropping some single contribution changes the label."""
    label = labels(np.float64(advancing), np.float64(undermining), standing.parameters)
    different = shares if shares.shape[1] < 1000 else np.unique(shares, axis=1)
    without = labels(*_without(different, advancing, undermining), standing.parameters)
    return bool((without != label).any())


def contributing_acts(
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


def weeks(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """Every seventh day from `first` on, none after `last`."""
    count = (last - first).days // WEEK
    return [first + datetime.timedelta(days=WEEK * number) for number in range(count + 1)]


def weekly_effects(
    book: Ledger, event_id: str, first: datetime.date, last: datetime.date
) -> dict[str, list[float]]:
    """Points of each balance that the act accounts for, for every day of `days`; only balances it touches."""
    own = np.array([book.event_id(row) == event_id for row in range(len(book))], dtype=bool)
    slugs = {int(number): book.codebook.slugs[number] for number in book.recommendation[own]}
    found: dict[str, list[float]] = {slug: [] for slug in slugs.values()}
    everything = np.ones(len(book), dtype=bool)
    for day in weeks(first, last):
        standing = balance_on(book, day.toordinal(), everything)
        shares = contributions(standing, book)
        advancing, undermining = standing.totals
        for number, slug in slugs.items():
            mine = own[standing.rows] & (book.recommendation[standing.rows] == number)
            points = effects(shares[:, mine], float(advancing[number]), float(undermining[number]), standing)
            found[slug].append(float(points.sum()))
    return found

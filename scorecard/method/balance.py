"""From credited weight to score, shares, band and label (METHOD.md, section 4). Pure, over arrays of any
shape.

A is the advancing weight, U the undermining one, E = A + U. The shares are the belief, disbelief and
uncertainty of subjective logic; the band is a discounted Beta.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betainc, betaincc, betaincinv

from scorecard.method.parameters import Parameters

Values = Any  # an array of any shape, or one number

LABELS = ("too little evidence", "advancing", "undermined", "contested", "unclear")
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


def beta(advancing: Values, undermining: Values, parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """The two parameters of the Beta distribution behind the band: g·(A + k/2), g·(U + k/2)."""
    evidence = advancing + undermining
    k = parameters.k
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


def labels(advancing: Values, undermining: Values, parameters: Parameters) -> np.ndarray:
    """Places in LABELS. low > 0 is asked as P(p < ½) < 10 %, which is the same and needs no quantile."""
    below = betainc(*beta(advancing, undermining, parameters), 0.5)
    evidence = advancing + undermining
    return labels_of(evidence, below < parameters.band[0], below > parameters.band[1], parameters)


def labels_of(
    evidence: np.ndarray, above: np.ndarray, beneath: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """Places in LABELS from E and from whether the whole band lies above, or beneath, 0."""
    conditions = [evidence < parameters.enough_evidence, above, beneath, evidence >= parameters.dispute]
    return np.select(conditions, [0, 1, 2, 3], 4)


def measure(advancing: float, undermining: float, parameters: Parameters) -> dict[str, Any]:
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

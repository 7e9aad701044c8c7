"""How to weigh what words, signs and table say, so that the result is a probability. Pure.

The law: everything here is fitted on held-out headlines, those whose group the weights have never seen.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tracker.tagging import model as models
from tracker.tagging.cues import RECOMMENDATIONS
from tracker.tagging.model import PAIRS, Model

_DEPARTING = np.array([0.075, 0.3])
TICKED_AT_MOST = 0.010  # of ordinary news as feeds deliver it
FEWEST_DELIVERED = 30  # acts as feeds deliver them, from which on relevance is fitted on such items alone
SILENT_BELOW = 0.35  # a first suggestion that is right less often than this is not made


@dataclass(slots=True)
class Held:
    """Held-out headlines: what speaks for each pair and for relevance, and what is right.

    `delivered` marks those that came as feeds deliver them, with as much ordinary news as there is; `stands_for` is
    how many such items each of them speaks for; `acts` marks those that report an act, `near` near misses too.
    """

    seen: np.ndarray
    relevant: np.ndarray
    direction: np.ndarray
    touched: np.ndarray
    weight: np.ndarray
    groups: list[str]
    delivered: np.ndarray
    stands_for: np.ndarray
    near: np.ndarray

    @property
    def acts(self) -> np.ndarray:
        return self.touched.max(axis=1) > 0


def weigh(made: Model, held: Held) -> None:
    """Fit, on held-out headlines, how to weigh the witnesses; then the threshold, silence and pooling."""
    right = np.array(
        [
            [held.direction[at, p // 2] == PAIRS[p][1] for p in range(len(PAIRS))]
            for at in range(len(held.seen))
        ]
    )
    columns = models.with_relevance(held.seen, held.relevant)
    made.combining = _combining(columns, right, held.weight)
    pairs = np.einsum("tpw,pw->tp", columns, made.combining)
    _weigh_relevance(made, models.bearing(pairs, held.relevant), held)
    made.pooling = _fit_pooling(pairs, right, held.groups)
    pooled = _as_they_come(made, pairs, held.groups)
    made.threshold = _best_threshold(pairs, right)
    quiet = _quiet(pairs, held)
    made.silence = _silence(pooled, right) if quiet is None else quiet
    made.facts["held_out_f1"] = round(_f1(pairs, right, made.threshold), 4)


def average_precision(chance: np.ndarray, right: np.ndarray, weight: np.ndarray) -> float:
    """Mean over the right ones of the share that is right down to each, likeliest first; each counts `weight` times."""
    order = np.argsort(-chance, kind="stable")
    hits = np.cumsum((right * weight)[order])
    share = hits / np.cumsum(weight[order])
    found = (right * weight)[order]
    return float((share * found).sum() / found.sum()) if found.sum() else 0.0


def f1(ticked: Iterable[set[tuple[str, int]]], right: Iterable[set[tuple[str, int]]]) -> float:
    """Micro-F1 of (recommendation, direction) pairs: those ticked on each text, and those that are right."""
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


def _weigh_relevance(made: Model, overall: np.ndarray, held: Held) -> None:
    """Relevance as the chance that a delivered item reports an act, and the borders for the shares that may be lost.

    Where too few delivered acts are known, the hand-picked pages speak.
    """
    told = held.delivered if (held.delivered & held.acts).sum() >= FEWEST_DELIVERED else held.delivered | True
    made.relevance = _shared(overall[told], held.acts[told], held.stands_for[told])
    chance = models.probability(overall[told] @ made.relevance)
    made.facts["delivered_acts"] = int((held.delivered & held.acts).sum())
    made.facts["delivered_ap"] = round(average_precision(chance, held.acts[told], held.stands_for[told]), 4)
    acts, ordinary = chance[held.acts[told]], chance[~held.acts[told]]
    weight = held.stands_for[told][~held.acts[told]]
    borders = [np.quantile(acts, lost) if len(acts) else 0.5 for lost in models.LOST]
    shown = [weight[ordinary >= border].sum() / max(weight.sum(), 1.0) for border in borders]
    made.borders = np.column_stack([models.LOST, borders, shown])


def _combining(columns: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """How to weigh the witnesses of each pair: shared weights, and what each recommendation departs from them.

    A recommendation has a base rate and a sharpness of its own, but few examples: its departures are small inputs,
    so that the same penalty holds them near nought.
    """
    texts, pairs, count = columns.shape
    departing = columns[:, :, [models.CHANCE, count - 1]] * _DEPARTING
    recs = np.repeat(np.eye(len(RECOMMENDATIONS)), 2, axis=0)
    own = (recs[None, :, :, None] * departing[:, :, None, :]).reshape(texts, pairs, -1)
    full = np.concatenate([columns, own], axis=2).reshape(texts * pairs, -1)
    fitted = _shared(full, right.ravel(), np.repeat(weight, pairs), count - 1)
    made = np.tile(fitted[:count], (pairs, 1))
    made[:, [models.CHANCE, count - 1]] += recs @ (fitted[count:].reshape(-1, 2) * _DEPARTING)
    return made


def _shared(columns: np.ndarray, wanted: np.ndarray, weight: np.ndarray, constant: int = -1) -> np.ndarray:
    """A small logistic fit; `constant` is the column of ones."""
    if len(set(wanted.tolist())) < 2:
        fitted = np.zeros(columns.shape[1])
        fitted[constant] = -4.0 if not wanted.any() else 4.0
        return fitted
    # Here and not above: scikit-learn takes seconds to import, and only training needs it.
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1.0, solver="lbfgs", max_iter=500, fit_intercept=False)
    fitted.fit(columns, wanted, sample_weight=weight)
    return fitted.coef_[0]


def one_direction(pairs: np.ndarray) -> np.ndarray:
    """Which pairs may be ticked: of each recommendation the likelier direction."""
    by_rec = pairs.reshape(len(pairs), len(RECOMMENDATIONS), 2)
    return (by_rec >= by_rec.max(axis=2, keepdims=True)).reshape(pairs.shape)


def _best_threshold(pairs: np.ndarray, right: np.ndarray) -> float:
    """The probability above which ticking gives the best micro-F1: half the best F1 that can be had.

    So it is for calibrated probabilities (Lipton, Elkan and Naryanaswamy 2014). The best step on the held-out
    headlines themselves is a noisier guess: the curve is flat there.
    """
    return 0.5 * max(_f1(pairs, right, step) for step in np.linspace(0.1, 0.8, 36))


def _f1(pairs: np.ndarray, right: np.ndarray, threshold: float) -> float:
    ticked = one_direction(pairs) & (models.probability(pairs) >= threshold)
    return float(2 * (right & ticked).sum() / max(ticked.sum() + right.sum(), 1))


def _silence(pairs: np.ndarray, right: np.ndarray) -> float:
    """The lowest best-label probability at which the first suggestion is right at least `SILENT_BELOW` of the time."""
    first = pairs.argmax(axis=1)
    chance = models.probability(pairs.max(axis=1))
    is_right = right[np.arange(len(pairs)), first]
    for step in np.linspace(0.02, 0.9, 89):
        near = (chance >= step) & (chance < step + 0.1)
        if near.sum() >= 10 and is_right[near].mean() >= SILENT_BELOW:
            return float(step)
    return 0.5


def _quiet(pairs: np.ndarray, held: Held) -> float | None:
    """The probability of a first label that no more than `TICKED_AT_MOST` of delivered ordinary news reaches.

    None where too little was delivered to tell.
    """
    ordinary = held.delivered & ~held.acts & ~held.near
    if (held.delivered & held.acts).sum() < FEWEST_DELIVERED or not ordinary.any():
        return None
    first = models.probability(pairs[ordinary].max(axis=1))
    order = np.argsort(-first)
    share = np.cumsum(held.stands_for[ordinary][order]) / held.stands_for[ordinary].sum()
    return float(first[order][np.searchsorted(share, TICKED_AT_MOST)])


def _as_they_come(made: Model, pairs: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Each report's evidence pooled with that of the reports of its event before it."""
    pooled = pairs.copy()
    for places in _reports(groups):
        for count in range(2, len(places) + 1):
            pooled[places[count - 1]] = models.pool(made, pairs[places[:count]])
    return pooled


def _reports(groups: Sequence[str]) -> list[list[int]]:
    """For each event with several reports, their places."""
    reports: dict[str, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        reports[group].append(at)
    return [places for places in reports.values() if len(places) > 1]


def _fit_pooling(pairs: np.ndarray, right: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """How much surer several reports make: fitted on the held-out reports of each event as they come in."""
    columns, wanted, weight = [], [], []
    for places in _reports(groups):
        for count in range(2, len(places) + 1):
            mean = pairs[places[:count]].mean(axis=0)
            size = np.full(len(PAIRS), np.log(count))
            columns.append(np.stack([mean, mean * size, size, np.ones(len(PAIRS))], axis=1))
            wanted.append(right[places[count - 1]])
            weight.append(np.full(len(PAIRS), 1 / math.sqrt(len(places))))
    if len(columns) < 20:
        return np.array([1.0, 0.2, 0.0, 0.0])
    return _shared(np.concatenate(columns), np.concatenate(wanted), np.concatenate(weight))

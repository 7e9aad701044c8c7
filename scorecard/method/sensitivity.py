"""How far the choice of method moves the scores (METHOD.md, section 9): random draws and named what-ifs.
Pure.

The live acts are counted once by recommendation, side, strength, certainty and age, so that a draw is a few
products of matrices. Acts that netting can touch (few) are kept out and done one by one, in the order of
time.

Parameters drawn at random for the sensitivity runs (METHOD.md, section 9): the same for everyone, for
ever. Pure.

SplitMix64 is written out so that the draws depend on no library's generator; each draw uses a row of
them: 14 for the parameters and one for each recommendation.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaincinv

from scorecard.method import balance
from scorecard.method.columns import Log
from scorecard.method.parameters import Method, Parameters, WhatIf, method_of, what_ifs
from scorecard.method.readings import Sensitivity, Spread, WhatIfReading
from scorecard.method.weighing import Ledger, ledger
from tracker.record import CERTAINTIES

SEED = 20250121
PARAMETERS = 14  # numbers that a draw uses before those of the recommendations
_GAMMA = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Draws:
    """Arrays over n draws."""

    weight: np.ndarray  # [n, 5]
    certainty: np.ndarray  # [n, 3]
    half_life: np.ndarray  # [n, 5]
    k: np.ndarray  # [n]
    talk_cap: np.ndarray  # [n]
    netting: np.ndarray  # [n] 0 or 1
    overall: np.ndarray  # [n, recommendations] weights of the overall figure, summing to 1

    def __len__(self) -> int:
        return len(self.k)

    def factors(self) -> dict[str, np.ndarray]:
        """What varies between draws of one recommendation's score, by name."""
        found = {f"W{number + 1}": self.weight[:, number] for number in range(4)}
        found |= {"C reported": self.certainty[:, 1], "C rumoured": self.certainty[:, 2]}
        found |= {f"H{number + 1}": self.half_life[:, number] for number in range(5)}
        return found | {"k": self.k, "c": self.talk_cap, "ν": self.netting}


def splitmix(count: int, seed: int = SEED) -> np.ndarray:
    """Numbers 0 … count - 1 of SplitMix64 as floats in [0, 1)."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * _GAMMA
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(count: int, base: Parameters, recommendations: int) -> Draws:
    """`count` draws around the base parameters, and of the weights of so many recommendations."""
    numbers = PARAMETERS + recommendations
    u = splitmix(count * numbers).reshape(count, numbers)
    weight = np.empty((count, 5))
    weight[:, :4] = np.sort(np.minimum(np.array(base.weight[:4]) * 1.5 ** (2 * u[:, :4] - 1), 1.0), axis=1)
    weight[:, 4] = 1.0
    overall = 0.5 + u[:, PARAMETERS:]
    return Draws(
        weight,
        np.stack([np.ones(count), 0.5 + 0.5 * u[:, 4], 0.5 * u[:, 5]], axis=1),
        np.array(base.half_life) * 2.0 ** (2 * u[:, 6:11] - 1),
        base.k * 2.0 ** (2 * u[:, 11] - 1),
        base.talk_cap * 2.0 ** (2 * u[:, 12] - 1),
        np.where(u[:, 13] < 0.5, 1.0, 0.0),
        overall / overall.sum(axis=1, keepdims=True),
    )


DRAWS = 1000
GAPS_KEPT = 4_000  # of 8 KB each with a thousand draws
_SIDES = ({1: 1.0, 0: 0.5, -1: 0.0}, {1: 0.0, 0: 0.5, -1: 1.0})


def sensitivity(
    log: Log,
    as_of: datetime.date,
    known_at: datetime.date | None = None,
    actor: str | None = None,
    *,
    draws: int = DRAWS,
    version: str | Method | None = None,
) -> Sensitivity:
    """`{"draws", "recommendations": {slug: spread}, "overall": spread, "what_ifs": [...]}`.

    A spread is `{"score", "p10", "p50", "p90", "same_sign", "factors": [{"factor", "r2"}]}`: quantiles over
    the draws, the share of draws with the sign of the score, and the three factors that go with it most; those of
    recommendations also hold `same_word`, the share of draws with the label of the score.
    """
    base = method_of(version).parameters
    book = ledger(log, None if known_at is None else known_at.toordinal(), base)
    chosen, day = book.seen_by(actor), as_of.toordinal()
    drawn = draw(draws, base, len(log.book))
    advancing, undermining = drawn_totals(book, day, chosen, drawn)
    scores = 100 * (advancing - undermining) / (advancing + undermining + drawn.k[:, None])
    words = balance.labels(advancing, undermining, base, drawn.k[:, None])
    standing = balance.balance_on(book, day, chosen)
    own, own_words = standing.scores, balance.labels(*standing.totals, base)
    same_word = (words == own_words).mean(axis=0)
    factors = centred(drawn.factors())
    weights = {f"weight of {slug}": drawn.overall[:, number] for number, slug in enumerate(log.book.slugs)}
    return {
        "draws": draws,
        "recommendations": {
            slug: {
                **spread(float(own[number]), scores[:, number], factors),
                "same_word": float(same_word[number]),
            }
            for number, slug in enumerate(log.book.slugs)
        },
        "overall": spread(
            float(own.mean()), (scores * drawn.overall).sum(axis=1), factors | centred(weights)
        ),
        "what_ifs": [
            what_if(log, item, as_of, known_at, actor, base)
            for item in what_ifs(log.book)
            if item.views or item.parameters(base) != base  # a departure from this version of the method
        ],
    }


Centred = tuple[np.ndarray, float]  # values less their mean, and the sum of their squares


def centred(factors: dict[str, np.ndarray]) -> dict[str, Centred]:
    """The factors as `spread` correlates them, worked out once for all scores."""
    less = {name: values - values.mean() for name, values in factors.items()}
    return {name: (values, float(values @ values)) for name, values in less.items()}


def spread(score: float, scores: np.ndarray, factors: dict[str, Centred]) -> Spread:
    """Quantiles by linear interpolation at (n - 1)·q, agreement in sign, and the three leading factors."""
    p10, p50, p90 = np.quantile(scores, (0.1, 0.5, 0.9)).tolist()
    own = centred({"score": scores})["score"]
    explained = {name: _squared_correlation(values, own) for name, values in factors.items()}
    leading = sorted(explained, key=lambda name: -explained[name])[:3]
    return {
        "score": score,
        "p10": p10,
        "p50": p50,
        "p90": p90,
        "same_sign": float((np.sign(scores) == np.sign(score)).mean()),
        "factors": [{"factor": name, "r2": explained[name]} for name in leading if explained[name] > 0],
    }


def drawn_scores(book: Ledger, day: int, chosen: np.ndarray, drawn: Draws) -> np.ndarray:
    """[draws, recommendations] S of each draw."""
    advancing, undermining = drawn_totals(book, day, chosen, drawn)
    return 100 * (advancing - undermining) / (advancing + undermining + drawn.k[:, None])


def drawn_totals(book: Ledger, day: int, chosen: np.ndarray, drawn: Draws) -> tuple[np.ndarray, np.ndarray]:
    """A and U of each draw, [draws, recommendations] each."""
    touched = np.zeros(len(book), dtype=bool)
    touched[book.reversals[:, 0]] = True
    live = book.live(day) & chosen
    totals = _counted(book, np.flatnonzero(live & ~touched), day, drawn)
    _add_reversals(totals, book, live & touched, day, drawn)
    talk = np.minimum(totals[..., :2].sum(axis=-1), drawn.talk_cap[:, None, None])
    commitments = np.minimum(totals[..., 2], book.parameters.commitment_cap)
    both = talk + commitments + totals[..., 3:].sum(axis=-1)
    return both[..., 0], both[..., 1]


def what_if(
    log: Log,
    item: WhatIf,
    as_of: datetime.date,
    known_at: datetime.date | None,
    actor: str | None,
    base: Parameters,
) -> WhatIfReading:
    """`{"slug", "name", "recommendations": {slug: {"score", "low", "high", "label"}}, "overall"}` of one."""
    parameters = item.parameters(base)
    book = ledger(log, None if known_at is None else known_at.toordinal(), parameters)
    views = item.views if item.views and actor is None else (actor,)
    standings = [balance.balance_on(book, as_of.toordinal(), book.seen_by(view)) for view in views]
    figures = [(*standing.totals, standing.scores) for standing in standings]
    bands = [balance.band(advancing, undermining, parameters) for advancing, undermining, _ in figures]
    score = np.mean([scores for *_, scores in figures], axis=0)
    low, high = np.mean(bands, axis=0)
    if len(views) == 1:
        labels = balance.labels(*figures[0][:2], parameters)
    else:
        labels = _labels_of_mean(np.mean([pair for *pair, _ in figures], axis=0), figures, parameters)
    return {
        "slug": item.slug,
        "name": item.name,
        "recommendations": {
            slug: {
                "score": float(score[number]),
                "low": float(low[number]),
                "high": float(high[number]),
                "label": balance.LABELS[int(labels[number])],
            }
            for number, slug in enumerate(log.book.slugs)
        },
        "overall": {"score": float(score.mean()), "low": float(low.mean()), "high": float(high.mean())},
    }


def _labels_of_mean(mean: np.ndarray, figures: list[Any], parameters: Parameters) -> np.ndarray:
    """The words of several views taken together: of the means of their bounds, and of A and U."""
    bounds = []
    for share in (parameters.verdict, parameters.lean):
        ends = [
            [betaincinv(*balance.beta(advancing, undermining, parameters), q) for q in (1 - share, share)]
            for advancing, undermining, _ in figures
        ]
        low, high = np.mean(ends, axis=0)
        bounds.append((low > 0.5, high < 0.5))
    return balance.labels_of(mean[0], mean[1], bounds, parameters)


def _counted(book: Ledger, rows: np.ndarray, day: int, drawn: Draws) -> np.ndarray:
    """[draws, recommendations, 2, 5] faded sums of rows that netting leaves alone."""
    shape = (len(book.codebook), 2, len(CERTAINTIES))
    totals = np.zeros((len(drawn), *shape[:2], 5))
    weights = drawn.weight[:, :, None] * drawn.certainty[:, None, :]
    cells = int(np.prod(shape))
    factor = book.parameters.reach
    reach = np.array(factor)[book.local] if factor != (1.0, 1.0) else None
    for strength in range(5):
        mine = rows[book.strength[rows] == strength]
        if not len(mine):
            continue
        ages, age = np.unique(day - book.start[mine], return_inverse=True)
        counts = np.zeros(len(ages) * cells)
        for side, shares in enumerate(_SIDES):
            share = np.array([shares[0], shares[1], shares[-1]])[book.direction[mine]]
            some = np.flatnonzero(share)  # nothing stands on the other side of most acts
            rows_of, share = mine[some], share[some]
            if reach is not None:
                share = share * reach[rows_of]
            place = np.ravel_multi_index(
                (book.recommendation[rows_of], np.full(len(some), side), book.certainty[rows_of]), shape
            )
            counts += np.bincount(age[some] * cells + place, weights=share, minlength=len(counts))
        kept = np.exp2(-ages / drawn.half_life[:, strength, None])
        by_certainty = (kept @ counts.reshape(len(ages), cells)).reshape(len(drawn), *shape)
        totals[..., strength] = (by_certainty * weights[:, None, None, strength]).sum(axis=-1)
    return totals


def _add_reversals(totals: np.ndarray, book: Ledger, live: np.ndarray, day: int, drawn: Draws) -> None:
    """Adds the live rows that netting can touch; what they undo is worked out for each draw, in the order of
    time. A side on which nothing stands is None, as that of most rows is.
    """
    rows, pairs = np.unique(book.reversals, return_inverse=True)
    new, old = pairs.reshape(book.reversals.shape).T  # places among the rows that netting touches
    needed, raw = _needed(book, live)[rows], _raw(book, rows, drawn)
    fading = -1.0 / drawn.half_life.T
    after = _kept_after(fading)
    keeps = book.parameters.keeps_worth
    last_pair = {int(row): number for number, row in enumerate(new.tolist())}
    uses = Counter(old[needed[new]].tolist())
    sums = np.ascontiguousarray(totals.transpose(1, 2, 3, 0))  # the draws of a sum side by side
    start, strength, direction, recommendation, is_live = (
        column[rows].tolist()
        for column in (book.start, book.strength, book.direction, book.recommendation, live)
    )
    made: dict[int, _Pair] = {}
    against: dict[int, _Pair] = {}
    for number, (newer, older) in enumerate(zip(new.tolist(), old.tolist(), strict=True)):
        if not needed[newer]:
            continue
        kept = after(strength[older], start[newer] - start[older])
        undone = [None if side is None else side * kept for side in made.get(older) or raw(older)]
        uses[older] -= 1
        if not uses[older]:
            made.pop(older, None)
        if newer in against:
            undone = [
                one if other is None else other if one is None else one + other
                for one, other in zip(against[newer], undone, strict=True)
            ]
        against[newer] = undone
        if last_pair[newer] == number:
            own, worth = raw(newer), against.pop(newer)
            left = [_less(own[side], worth[1 - side], drawn.netting) for side in (0, 1)]
            side = {1: 0, -1: 1}.get(direction[newer]) if keeps else None
            if side is not None and (before := worth[side]) is not None and (mine := left[side]) is not None:
                left[side] = np.maximum(mine, np.minimum(before, drawn.weight[:, 4]))
            if uses[newer]:
                made[newer] = left
            if is_live[newer]:
                kept = np.exp2((day - start[newer]) * fading[strength[newer]])
                for side, pair in enumerate(left):
                    if pair is not None:
                        sums[recommendation[newer], side, strength[newer]] += pair * kept
    totals[...] = sums.transpose(3, 0, 1, 2)


_Pair = list[np.ndarray | None]  # [draws] advancing and undermining


def _less(own: np.ndarray | None, against: np.ndarray | None, netting: np.ndarray) -> np.ndarray | None:
    """What is left of one side of an act after what it undid on the other."""
    return own if own is None or against is None else np.maximum(own - netting * against, 0.0)


def _kept_after(fading: np.ndarray) -> Callable[[int, int], np.ndarray]:
    """What finds the part of a strength that is left in every draw after some days; most gaps come again."""
    found: dict[tuple[int, int], np.ndarray] = {}

    def kept(strength: int, days: int) -> np.ndarray:
        if (strength, days) not in found:
            if len(found) >= GAPS_KEPT:
                found.clear()
            found[strength, days] = np.exp2(days * fading[strength])
        return found[strength, days]

    return kept


def _needed(book: Ledger, live: np.ndarray) -> np.ndarray:
    """[rows] the live ones, and what they undid, back to the first act of each chain."""
    needed = live.copy()
    for newer, older in book.reversals[::-1].tolist():
        needed[older] |= needed[newer]
    return needed


def _raw(book: Ledger, rows: np.ndarray, drawn: Draws) -> Callable[[int], _Pair]:
    """What finds the raw pair of one of these rows in every draw; those of the same kind share theirs."""
    found: dict[tuple[int, int, int, int], _Pair] = {}
    columns = (book.strength, book.certainty, book.direction, book.local)
    kinds = list(zip(*(column[rows].tolist() for column in columns), strict=True))

    def pair(place: int) -> _Pair:
        kind = kinds[place]
        if kind not in found:
            weight = drawn.weight[:, kind[0]] * drawn.certainty[:, kind[1]] * book.parameters.reach[kind[3]]
            shares = [shares[kind[2]] for shares in _SIDES]
            found[kind] = [weight * share if share else None for share in shares]
        return found[kind]

    return pair


def _squared_correlation(one: Centred, other: Centred) -> float:
    whole = one[1] * other[1]
    return float((one[0] @ other[0]) ** 2 / whole) if whole > 1e-18 else 0.0

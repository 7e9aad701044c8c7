"""From labelled examples to a model, in seconds and without chance: the same examples give the same model. Pure.

The law: no number that decides (how to weigh the witnesses, the threshold) is fitted on a headline that the weights
have seen. Examples are folded by group, so that no event is on both sides of a fold.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from tracker.tagging import model as models
from tracker.tagging import vectors
from tracker.tagging.cues import RECOMMENDATIONS, Cues
from tracker.tagging.features import Reader, Text
from tracker.tagging.model import PAIRS, Model

FOLDS = 5
WEIGHTS = {"act": 1.0, "near miss": 1.0, "background": 0.7, "record": 0.7, "written": 0.7, "decision": 1.5}
HELD_OUT = ("act", "near miss", "background", "decision")
SILENT_BELOW = 0.5

_POSITIVE = 3.0
_STRENGTH = 2.0


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. `group` is its event: what must not stand on both sides of a fold."""

    title: str
    labels: tuple[tuple[str, int], ...]
    group: str
    kind: str = "act"
    summary: str = ""
    publisher: str = ""
    strengths: tuple[int, ...] = ()
    asks: tuple[str | None, ...] = ()


@dataclass(slots=True)
class _Rows:
    """Examples read and turned into numbers, with what is to be learnt about them."""

    examples: Sequence[Example]
    texts: Sequence[Text]
    touched: np.ndarray
    direction: np.ndarray
    weight: np.ndarray
    fold: np.ndarray

    def part(self, chosen: np.ndarray) -> _Rows:
        at = np.flatnonzero(chosen)
        return _Rows(
            [self.examples[place] for place in at],
            [self.texts[place] for place in at],
            *(array[at] for array in (self.touched, self.direction, self.weight, self.fold)),
        )


@dataclass(slots=True)
class _Weights:
    vocabulary: vectors.Vocabulary
    touched: np.ndarray
    direction: np.ndarray
    relevant: np.ndarray


def train(examples: Iterable[Example], cues: Cues, name: str = "") -> Model:
    """A model from these examples; needs at least two groups that touch something and two that do not."""
    listed = list(examples)
    reader = Reader(cues)
    rows = _rows(listed, [reader.read(one.title, one.summary, one.publisher) for one in listed])
    seen, relevant, order = _held_out(rows)
    weights = _fit(rows)
    made = Model(
        vocabulary=weights.vocabulary,
        touched=weights.touched,
        direction=weights.direction,
        relevant=weights.relevant,
        strength=_fit_strength(rows, weights.vocabulary),
        combining=np.zeros(models.WITNESSES + 1),
        relevance=np.zeros(4),
        pooling=np.array([1.0, 0.0, 0.0, 0.0]),
        threshold=0.5,
        silence=0.0,
        asks=_usual_asks(listed),
        **_cases(rows, weights.vocabulary),
        facts={"examples": len(listed), "kinds": dict(Counter(one.kind for one in listed))},
        name=name or f"model-{digest(listed)}",
    )
    _weigh(made, rows.part(order), seen, relevant)
    return made


def digest(examples: Sequence[Example]) -> str:
    rows = sorted([one.title, one.summary, one.kind, one.group, *map(str, one.labels)] for one in examples)
    return models.digest(json.dumps(rows, ensure_ascii=False).encode())


def fold_of(group: str, folds: int = FOLDS) -> int:
    """Which fold a group falls into: always the same, whatever else is there."""
    return int(hashlib.sha256(group.encode()).hexdigest()[:12], 16) % folds


def _rows(examples: Sequence[Example], texts: Sequence[Text]) -> _Rows:
    sizes = Counter((one.group, one.kind == "record") for one in examples)
    touched = np.zeros((len(examples), len(RECOMMENDATIONS)))
    direction = np.zeros_like(touched)
    for at, one in enumerate(examples):
        for rec, sign in one.labels:
            touched[at, RECOMMENDATIONS.index(rec)] = 1
            direction[at, RECOMMENDATIONS.index(rec)] = sign
    weight = [WEIGHTS[one.kind] / math.sqrt(sizes[one.group, one.kind == "record"]) for one in examples]
    fold = np.array([fold_of(one.group) for one in examples])
    return _Rows(examples, texts, touched, direction, np.array(weight), fold)


def _fit(rows: _Rows) -> _Weights:
    vocabulary = vectors.learn(rows.texts)
    matrix = vocabulary.matrix(rows.texts)
    touched = [
        _logistic(matrix, rows.touched[:, at], rows.weight, _POSITIVE) for at in range(len(RECOMMENDATIONS))
    ]
    relevant = _logistic(matrix, rows.touched.max(axis=1), rows.weight, 1.0)
    direction = _fit_direction(matrix, rows, len(vocabulary.words))
    return _Weights(vocabulary, np.array(touched).T, direction, relevant[:, None])


def _logistic(
    matrix: sparse.csr_matrix, wanted: np.ndarray, weight: np.ndarray, positive: float
) -> np.ndarray:
    """Weights and, last, the constant. Without both answers in the examples: a constant for the one there is."""
    if len(set(wanted.tolist())) < 2:
        return np.append(np.zeros(matrix.shape[1]), -4.0 if not wanted.any() else 4.0)
    # The dual is twenty times faster here: there are ten times as many features as examples.
    fitted = LogisticRegression(
        C=_STRENGTH, solver="liblinear", dual=True, tol=0.01, max_iter=300, random_state=0
    )
    fitted.fit(matrix, wanted, sample_weight=weight * np.where(wanted > 0, positive, 1.0))
    return np.append(fitted.coef_[0], fitted.intercept_[0])


def _fit_direction(matrix: sparse.csr_matrix, rows: _Rows, words: int) -> np.ndarray:
    """One model over all recommendations: words and signs shared, signs once more for each recommendation."""
    count = len(RECOMMENDATIONS)
    at, rec = np.nonzero(rows.direction)
    if not len(at):
        return np.zeros((matrix.shape[1] + 1, count))
    signs = matrix[at][:, words:]
    own = _placed(signs, rec, count)
    fitted = _logistic(
        sparse.hstack([matrix[at], own], format="csr"), rows.direction[at, rec] > 0, rows.weight[at], 1.0
    )
    width = matrix.shape[1] - words
    weights = np.repeat(fitted[: matrix.shape[1], None], count, axis=1)
    weights[words:] += fitted[matrix.shape[1] : -1].reshape(count, width).T
    return np.vstack([weights, np.full((1, count), fitted[-1])])


def _placed(matrix: sparse.csr_matrix, place: np.ndarray, count: int) -> sparse.csr_matrix:
    """Each row moved into the block of columns that belongs to its place."""
    width = matrix.shape[1]
    at = matrix.indices + np.repeat(place * width, np.diff(matrix.indptr))
    return sparse.csr_matrix((matrix.data, at, matrix.indptr), shape=(matrix.shape[0], count * width))


def _fit_strength(rows: _Rows, vocabulary: vectors.Vocabulary) -> np.ndarray:
    """Which kind of act: five one-against-rest models over the examples that say so."""
    matrix = vocabulary.matrix(rows.texts)
    usual = np.array([max(set(one.strengths), key=one.strengths.count, default=0) for one in rows.examples])
    if not usual.any():
        return np.zeros((matrix.shape[1] + 1, 5))
    said = np.flatnonzero(usual)
    return np.array(
        [_logistic(matrix[said], usual[said] == strength, rows.weight[said], 1.0) for strength in range(1, 6)]
    ).T


def _held_out(rows: _Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Witnesses and relevance of each real headline from weights that never saw its group."""
    seen = np.zeros((len(rows.examples), len(PAIRS), models.WITNESSES))
    relevant = np.zeros((len(rows.examples), 1))
    for fold in range(FOLDS):
        inside = rows.fold == fold
        if not inside.any() or inside.all():
            continue
        weights = _fit(rows.part(~inside))
        held = rows.part(inside)
        matrix = models.with_constant(weights.vocabulary.matrix(held.texts))
        seen[inside] = models.witnesses(matrix @ weights.touched, matrix @ weights.direction, held.texts)
        relevant[inside] = matrix @ weights.relevant
    real = np.array([one.kind in HELD_OUT for one in rows.examples])
    chosen = real if real.any() else np.ones(len(rows.examples), dtype=bool)
    return seen[chosen], relevant[chosen], chosen


def _weigh(made: Model, rows: _Rows, seen: np.ndarray, relevant: np.ndarray) -> None:
    """Fit, on held-out headlines, how to weigh the witnesses; then the threshold, silence and pooling."""
    right = np.array(
        [[rows.direction[at, p // 2] == PAIRS[p][1] for p in range(len(PAIRS))] for at in range(len(seen))]
    )
    columns = np.concatenate([seen, np.repeat(relevant[:, None, :], len(PAIRS), axis=1)], axis=2)
    flat = columns.reshape(-1, columns.shape[2])
    made.combining = _shared(flat, right.ravel(), np.repeat(rows.weight, len(PAIRS)))
    made.relevance = np.array([1.0, 0.0, 0.0, 0.0])
    pairs = columns @ made.combining
    best = pairs.max(axis=1)
    any_pair = models.log_odds(1 - np.prod(1 - models.probability(pairs), axis=1))
    overall = np.stack([relevant[:, 0], best, any_pair, np.ones(len(best))], axis=1)
    made.relevance = _shared(overall, rows.touched.max(axis=1) > 0, rows.weight)
    made.threshold = _best_threshold(pairs, right)
    made.silence = _silence(pairs, right)
    made.facts["held_out_f1"] = round(_f1(pairs, right, made.threshold), 4)
    made.pooling = _fit_pooling(pairs, right, [one.group for one in rows.examples])


def _shared(columns: np.ndarray, wanted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """A small logistic fit whose last column is the constant."""
    if len(set(wanted.tolist())) < 2:
        return np.append(np.zeros(columns.shape[1] - 1), -4.0 if not wanted.any() else 4.0)
    fitted = LogisticRegression(C=1.0, solver="lbfgs", max_iter=500, fit_intercept=False)
    fitted.fit(columns, wanted, sample_weight=weight)
    return fitted.coef_[0]


def one_direction(pairs: np.ndarray) -> np.ndarray:
    """Which pairs may be ticked: of each recommendation the likelier direction."""
    by_rec = pairs.reshape(len(pairs), len(RECOMMENDATIONS), 2)
    return (by_rec >= by_rec.max(axis=2, keepdims=True)).reshape(pairs.shape)


def _best_threshold(pairs: np.ndarray, right: np.ndarray) -> float:
    """The probability above which ticking gives the best micro-F1."""
    return float(max(np.linspace(0.1, 0.8, 71), key=lambda step: _f1(pairs, right, step)))


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


def _fit_pooling(pairs: np.ndarray, right: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """How much surer several reports make: fitted on the held-out reports of each event as they come in."""
    reports: dict[str, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        reports[group].append(at)
    columns, wanted, weight = [], [], []
    for places in (places for places in reports.values() if len(places) > 1):
        for count in range(2, len(places) + 1):
            mean = pairs[places[:count]].mean(axis=0)
            size = np.full(len(PAIRS), np.log(count))
            columns.append(np.stack([mean, mean * size, size, np.ones(len(PAIRS))], axis=1))
            wanted.append(right[places[count - 1]])
            weight.append(np.full(len(PAIRS), 1 / math.sqrt(len(places))))
    if len(columns) < 20:
        return np.array([1.0, 0.2, 0.0, 0.0])
    return _shared(np.concatenate(columns), np.concatenate(wanted), np.concatenate(weight))


def _usual_asks(examples: Sequence[Example]) -> dict[str, str]:
    """For each pair the ask that most examples name, if more than half of them agree."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for one in examples:
        for (rec, direction), ask in zip(one.labels, one.asks, strict=False):
            said[f"{rec}:{direction:+d}"][ask or ""] += 1
    usual = {pair: counts.most_common(1)[0] for pair, counts in said.items()}
    return {pair: ask for pair, (ask, count) in usual.items() if ask and count * 2 > said[pair].total()}


def _cases(rows: _Rows, vocabulary: vectors.Vocabulary) -> dict[str, object]:
    """Up to two headlines an event, kept to show as nearest past cases."""
    taken: Counter[str] = Counter()
    chosen = []
    for at, one in enumerate(rows.examples):
        if one.labels and one.kind in ("act", "decision") and taken[one.group] < 2:
            taken[one.group] += 1
            chosen.append(at)
    matrix = vocabulary.matrix([rows.texts[at] for at in chosen])
    matrix = matrix.multiply(np.arange(matrix.shape[1]) < len(vocabulary.words)).tocsr()
    return {"case_titles": [rows.examples[at].title for at in chosen], "cases": matrix}

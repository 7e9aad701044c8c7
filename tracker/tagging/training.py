"""From labelled examples to a model, in seconds and without chance: the same examples give the same model.
Pure.

The law: no number that decides (how to weigh the witnesses, the threshold) is fitted on a headline that
the weights have seen. Examples are folded by group, so that no event is on both sides of a fold.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from tracker.tagging import calibration, vectors
from tracker.tagging import model as models
from tracker.tagging.cues import RECOMMENDATIONS, Cues
from tracker.tagging.features import Reader, Text
from tracker.tagging.model import PAIRS, Model
from tracker.tagging.vectors import OF_PAIRS, OF_RELEVANCE, Known

FOLDS = 5
WEIGHTS = dict.fromkeys(("act", "near miss", "written", "written near"), 1.0)
WEIGHTS |= dict.fromkeys(("background", "record", "written ordinary"), 0.7)
WEIGHTS |= {"decision": 1.5, "near decision": 1.5}
NEAR = ("near miss", "near decision", "written near")
HELD_OUT = ("act", "background", "decision", "near miss", "near decision")

_CASES_AN_EVENT = 2
_POSITIVE, _STRENGTH = 3.0, 2.0
_NEAR_IS_ACT = 0.25  # how much of an act a near miss is for what its publisher usually brings
_MOST_STOOD_FOR = 2.0  # an item that stands for many teaches no more than this


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. `group` is its event: what must not stand on both sides of a fold.

    `delivered`: it came as feeds deliver items, so that it tells how common acts are; then `fold` may say which fold it
    is in, so that its feed stays together, and `stands_for` how many such items it speaks for. `telling`: what stands
    for the sentence that tells most where the summary is not at hand.
    """

    title: str
    labels: tuple[tuple[str, int], ...]
    group: str
    kind: str = "act"
    summary: str = ""
    publisher: str = ""
    strengths: tuple[int, ...] = ()
    asks: tuple[str | None, ...] = ()
    delivered: bool = False
    fold: int | None = None
    stands_for: float = 1.0
    telling: str = ""

    @property
    def is_near(self) -> bool:
        return bool(self.labels) or self.kind in NEAR


@dataclass(slots=True)
class _Rows:
    """Examples read and turned into numbers, with what is to be learnt about them."""

    examples: Sequence[Example]
    texts: Sequence[Text]
    touched: np.ndarray
    direction: np.ndarray
    near: np.ndarray
    weight: np.ndarray
    fold: np.ndarray
    counted: vectors.Counted
    meanings: np.ndarray | None = None
    telling: np.ndarray | None = None

    @property
    def acts(self) -> np.ndarray:
        return self.touched.max(axis=1, initial=0.0) > 0

    def words(self, vocabulary: vectors.Vocabulary) -> sparse.csr_matrix:
        return self.counted.matrix(vocabulary)[:, : vocabulary.before_signs]

    def known(self, vocabulary: vectors.Vocabulary) -> Known | None:
        if self.meanings is None or self.telling is None:
            return None
        told = np.where(self.acts[:, None], self.telling, self.meanings)
        return Known.of(told, self.direction, self.acts, self.near, self.words(vocabulary))

    def part(self, chosen: np.ndarray) -> _Rows:
        at = np.flatnonzero(chosen)
        return _Rows(
            examples=[self.examples[int(place)] for place in at],
            texts=[self.texts[int(place)] for place in at],
            touched=self.touched[at],
            direction=self.direction[at],
            near=self.near[at],
            weight=self.weight[at],
            fold=self.fold[at],
            counted=self.counted.part(at),
            meanings=None if self.meanings is None else self.meanings[at],
            telling=None if self.telling is None else self.telling[at],
        )


@dataclass(slots=True)
class _Weights:
    vocabulary: vectors.Vocabulary
    touched: np.ndarray
    direction: np.ndarray
    relevant: np.ndarray


def train(
    examples: Iterable[Example],
    cues: Cues,
    name: str = "",
    encode: vectors.Encoder | None = None,
    reader: Reader | None = None,
) -> Model:
    """A model from these examples; with `encode` it also learns from what the texts mean.

    `reader`: one that has read them before, where several models are made of the same texts.
    """
    return _train(list(examples), cues, name, encode, reader, folded=False)[0]


def train_folded(
    examples: Iterable[Example],
    cues: Cues,
    name: str = "",
    encode: vectors.Encoder | None = None,
    reader: Reader | None = None,
) -> tuple[Model, list[Model | None]]:
    """The model, and for each fold the one that never saw its examples (None where a fold is empty).

    What weighs the voices is fitted once, on all held-out examples, and the same in all of them.
    """
    return _train(list(examples), cues, name, encode, reader, folded=True)


def _train(
    listed: list[Example],
    cues: Cues,
    name: str,
    encode: vectors.Encoder | None,
    reader: Reader | None,
    *,
    folded: bool,
) -> tuple[Model, list[Model | None]]:
    reader = reader or Reader(cues)
    texts = [reader.read(one.title, one.summary, one.publisher) for one in listed]
    name = name or f"model-{digest(listed)}"
    rows = _rows(listed, texts)
    fitted, held = _fit(rows), _held_out(rows, reader)
    made, parts = _trained(rows, fitted, held, name, folded)
    if encode is None:
        return made, parts
    titles = [text.title for text in texts]
    told = [  # what only stands for a sentence has a meaning nowhere but where it is kept
        title if sentence == one.telling and not vectors.keeps(encode, sentence) else sentence
        for one, title, sentence in zip(listed, titles, held.telling, strict=True)
    ]
    meanings = encode([*titles, *told])
    rows.meanings, rows.telling = meanings[: len(texts)], meanings[len(texts) :]
    whole, deeper = _trained(rows, fitted, _beside(rows, held), name, folded)
    for one, first in zip([whole, *deeper], [made, *parts], strict=True):
        if one is not None:
            one.first = first
            one.facts["meaning"] = vectors.name_of(encode)
    return whole, deeper


def _trained(
    rows: _Rows, fitted: _Weights, held_out: _HeldOut, name: str, folded: bool
) -> tuple[Model, list[Model | None]]:
    made = _model(rows, fitted, name)
    real = rows.part(held_out.chosen)
    calibration.weigh(
        made,
        calibration.Held(
            seen=held_out.seen,
            relevant=held_out.relevant,
            direction=real.direction,
            touched=real.touched,
            weight=real.weight,
            groups=[one.group for one in real.examples],
            delivered=np.array([one.delivered for one in real.examples], dtype=bool),
            stands_for=np.array([one.stands_for for one in real.examples]),
            near=real.near,
        ),
    )
    folds = enumerate(held_out.weights) if folded else ()
    return made, [_of_fold(made, weights, rows, fold) if weights else None for fold, weights in folds]


def _model(rows: _Rows, weights: _Weights, name: str) -> Model:
    """The learnt weights as a model whose voices are not weighed yet."""
    told = rows.part(_past_cases(rows))
    ask_names, asks = _fit_asks(rows, weights.vocabulary)
    return Model(
        vocabulary=weights.vocabulary,
        touched=weights.touched,
        direction=weights.direction,
        relevant=weights.relevant,
        strength=_fit_strength(rows, weights.vocabulary),
        ask=asks,
        ask_names=ask_names,
        combining=np.zeros((len(PAIRS), models.WITNESSES + models.VIEWS)),
        relevance=np.zeros(models.VIEWS + 3),
        pooling=np.array([1.0, 0.0, 0.0, 0.0]),
        borders=np.zeros((len(models.LOST), 3)),
        threshold=0.5,
        silence=0.0,
        case_titles=[one.title for one in told.examples],
        case_labels=[list(one.labels) for one in told.examples],
        cases=told.words(weights.vocabulary),
        facts={
            "examples": len(rows.examples),
            "kinds": dict(Counter(one.kind for one in rows.examples)),
            "publishers": publishers(rows.examples),
        },
        name=name,
        known=rows.known(weights.vocabulary),
    )


def _of_fold(made: Model, weights: _Weights, rows: _Rows, fold: int) -> Model:
    part = _model(rows.part(rows.fold != fold), weights, f"{made.name}-without-{fold}")
    return replace(
        part,
        combining=made.combining,
        relevance=made.relevance,
        pooling=made.pooling,
        borders=made.borders,
        threshold=made.threshold,
        silence=made.silence,
    )


def publishers(examples: Iterable[Example]) -> dict[str, list[float]]:
    """Of each publisher, how many delivered items report an act and how many do not; a near miss is some of both."""
    found: dict[str, list[float]] = {}
    for one in examples:
        if one.delivered and one.publisher:
            tally = found.setdefault(one.publisher.casefold(), [0.0, 0.0])
            act = 1.0 if one.labels else _NEAR_IS_ACT if one.is_near else 0.0
            tally[0] += act * one.stands_for
            tally[1] += (1 - act) * one.stands_for
    return found


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
    near = np.array([one.is_near for one in examples], dtype=bool)
    weight = [
        WEIGHTS[one.kind]
        * min(one.stands_for, _MOST_STOOD_FOR)
        / math.sqrt(sizes[one.group, one.kind == "record"])
        for one in examples
    ]
    fold = np.array([fold_of(one.group) if one.fold is None else one.fold for one in examples])
    return _Rows(examples, texts, touched, direction, near, np.array(weight), fold, vectors.count(texts))


def _fit(rows: _Rows) -> _Weights:
    vocabulary = rows.counted.learn()
    matrix = rows.counted.matrix(vocabulary)
    touched = [
        _logistic(matrix, rows.touched[:, at], rows.weight, _POSITIVE) for at in range(len(RECOMMENDATIONS))
    ]
    relevant = [_logistic(matrix, wanted, rows.weight, 1.0) for wanted in (rows.acts, rows.near)]
    direction = _fit_direction(matrix, rows, vocabulary.before_signs)
    return _Weights(vocabulary, np.array(touched).T, direction, np.array(relevant).T)


def _logistic(
    matrix: sparse.csr_matrix, wanted: np.ndarray, weight: np.ndarray, positive: float
) -> np.ndarray:
    """Weights and, last, the constant. Without both answers in the examples: a constant for the one there is."""
    if len(set(wanted.tolist())) < 2:
        return np.append(np.zeros(matrix.shape[1]), -4.0 if not wanted.any() else 4.0)
    # The dual is twenty times faster here: there are ten times as many features as examples.
    # Here and not above: scikit-learn takes seconds to import, and only training needs it.
    from sklearn.linear_model import LogisticRegression

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
    matrix = rows.counted.matrix(vocabulary)
    usual = np.array([max(set(one.strengths), key=one.strengths.count, default=0) for one in rows.examples])
    if not usual.any():
        return np.zeros((matrix.shape[1] + 1, 5))
    said = np.flatnonzero(usual)
    return np.array(
        [_logistic(matrix[said], usual[said] == strength, rows.weight[said], 1.0) for strength in range(1, 6)]
    ).T


def telling(examples: Sequence[Example], cues: Cues) -> list[str]:
    """Of each example the sentence that tells most, as training takes it."""
    reader = Reader(cues)
    texts = [reader.read(one.title, one.summary, one.publisher) for one in examples]
    return _held_out(_rows(examples, texts), reader).telling


@dataclass(slots=True)
class _HeldOut:
    """Witnesses and relevance of the `chosen` examples, each from weights that never saw its fold; those weights; and
    of every example, by the same weights, the sentence that tells most."""

    seen: np.ndarray
    relevant: np.ndarray
    chosen: np.ndarray
    weights: list[_Weights | None]
    telling: list[str]


def _held_out(rows: _Rows, reader: Reader) -> _HeldOut:
    seen = np.zeros((len(rows.examples), len(PAIRS), models.WITNESSES))
    relevant = np.zeros((len(rows.examples), models.VIEWS))
    telling = [one.telling or text.title for one, text in zip(rows.examples, rows.texts, strict=True)]
    kept: list[_Weights | None] = []
    for fold in range(FOLDS):
        inside = rows.fold == fold
        if not inside.any() or inside.all():
            kept.append(None)
            continue
        weights = _fit(rows.part(~inside))
        kept.append(weights)
        held = rows.part(inside)
        matrix = models.with_constant(held.counted.matrix(weights.vocabulary))
        seen[inside] = models.witnesses(matrix @ weights.touched, matrix @ weights.direction, held.texts)
        relevant[inside] = matrix @ weights.relevant
        summaries = [one.summary for one in held.examples]
        told = models.most_telling(reader, weights.vocabulary, weights.relevant, held.texts, summaries)
        for at, sentence, summary in zip(np.flatnonzero(inside), told, summaries, strict=True):
            telling[at] = sentence if summary else telling[at]
    real = np.array([one.kind in HELD_OUT for one in rows.examples])
    chosen = real if real.any() else real | True
    return _HeldOut(seen[chosen], relevant[chosen], chosen, kept, telling)


def _beside(rows: _Rows, held: _HeldOut) -> _HeldOut:
    """The same, with what the nearest texts of other folds say beside each."""
    asked = rows.part(held.chosen)
    seen = np.concatenate([np.zeros((*held.seen.shape[:2], OF_PAIRS)), held.seen], axis=2)
    relevant = np.hstack([held.relevant, np.zeros((len(held.relevant), OF_RELEVANCE))])
    for fold, weights in enumerate(held.weights):
        inside = asked.fold == fold
        if weights is not None:
            part = asked.part(inside)
            seen[inside], relevant[inside] = models.with_neighbours(
                held.seen[inside],
                held.relevant[inside],
                rows.part(rows.fold != fold).known(weights.vocabulary),
                part.meanings,
                part.words(weights.vocabulary),
                part.telling,
            )
    return replace(held, seen=seen, relevant=relevant)


def _fit_asks(rows: _Rows, vocabulary: vectors.Vocabulary) -> tuple[list[tuple[str, str]], np.ndarray]:
    """For each recommendation one model an ask, over the signs of the examples that name one (or that none fits)."""
    signs = rows.counted.matrix(vocabulary)[:, vocabulary.before_signs :]
    said: dict[str, dict[int, str]] = {rec: {} for rec in RECOMMENDATIONS}
    for at, one in enumerate(rows.examples):
        for (rec, _), ask in zip(one.labels, one.asks, strict=False):
            said[rec][at] = ask or ""
    names = [(rec, ask) for rec, told in said.items() for ask in sorted(set(told.values()))]
    weights = np.zeros((signs.shape[1] + 1, len(names)))
    for column, (rec, ask) in enumerate(names):
        told = list(said[rec])
        wanted = np.array([said[rec][place] == ask for place in told])
        weights[:, column] = _logistic(signs[told], wanted, rows.weight[told], 1.0)
    return names, weights


def _past_cases(rows: _Rows) -> np.ndarray:
    """Which examples are kept to show as nearest past cases: published ones, up to two an event."""
    taken: Counter[str] = Counter()
    chosen = np.zeros(len(rows.examples), dtype=bool)
    for at, one in enumerate(rows.examples):
        if one.labels and one.kind in ("act", "decision") and taken[one.group] < _CASES_AN_EVENT:
            taken[one.group] += 1
            chosen[at] = True
    return chosen

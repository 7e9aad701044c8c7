"""Named features to rows of numbers. Pure numpy and scipy; the vocabulary is learnt once, in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from tracker.tagging.features import Text

_MEANING_SCALE = 3.0
_SIGNS_SCALE = 0.35
_TABLE_SCALE = 1.5
_MOST_WORDS = 60_000


@dataclass(slots=True)
class Vocabulary:
    """Which words and signs are known, in order, how rare each word is, and the mean meaning (empty: unused).

    Columns stand in this order: words, meaning, signs.
    """

    words: list[str]
    rarity: np.ndarray
    signs: list[str]
    meaning: np.ndarray = field(default_factory=lambda: np.zeros(0))
    _word_at: dict[str, int] = field(init=False, repr=False)
    _sign_at: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._word_at = {name: at for at, name in enumerate(self.words)}
        self._sign_at = {name: at for at, name in enumerate(self.signs)}

    @property
    def before_signs(self) -> int:
        return len(self.words) + len(self.meaning)

    def matrix(self, texts: Sequence[Text], meanings: np.ndarray | None = None) -> sparse.csr_matrix:
        """One row a text: its words weighed by rarity at length one, its meaning, its signs."""
        at: list[int] = []
        values: list[float] = []
        ends = [0]
        for number, text in enumerate(texts):
            places, weights = self._word_row(text)
            at += places
            values += weights
            if len(self.meaning) and meanings is not None:
                at += range(len(self.words), self.before_signs)
                values += (_MEANING_SCALE * (meanings[number] - self.meaning)).tolist()
            for name, value in text.signs.items():
                place = self._sign_at.get(name)
                if place is not None:
                    at.append(self.before_signs + place)
                    values.append(value * (_TABLE_SCALE if name.startswith("t:") else _SIGNS_SCALE))
            ends.append(len(at))
        shape = (len(texts), self.before_signs + len(self.signs))
        return sparse.csr_matrix((np.array(values), np.array(at, dtype=np.int32), ends), shape=shape)

    def _word_row(self, text: Text) -> tuple[list[int], list[float]]:
        known = [(self._word_at[name], value) for name, value in text.words.items() if name in self._word_at]
        if not known:
            return [], []
        places = [place for place, _ in known]
        weights = self.rarity[places] * np.array([value for _, value in known])
        return places, (weights / np.sqrt((weights**2).sum())).tolist()


def learn(texts: Sequence[Text], meanings: np.ndarray | None = None) -> Vocabulary:
    """The vocabulary of these texts: words seen twice, signs seen three times, table scores always."""
    seen = Counter(name for text in texts for name in text.words)
    words = sorted(name for name, count in seen.most_common(_MOST_WORDS) if count >= 2)
    rarity = np.array([np.log((1 + len(texts)) / (1 + seen[name])) + 1 for name in words])
    signs = Counter(name for text in texts for name in text.signs)
    kept = sorted(name for name, count in signs.items() if count >= 3 or name.startswith("t:"))
    mean = np.zeros(0) if meanings is None else meanings.mean(axis=0)
    return Vocabulary(words, rarity, kept, mean)

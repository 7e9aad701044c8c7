"""The figures of the evaluation, from suggestions and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from tests.evaluate.folds import Articles
from tracker.tagging import calibration
from tracker.tagging.cues import RECOMMENDATIONS
from tracker.tagging.suggestions import Suggestion


@dataclass(slots=True)
class Judged:
    """One suggestion for each judged article (None for the others)."""

    articles: Articles
    suggestions: list[Suggestion | None]

    def places(self, *, kinds: Sequence[str] = ("act", "near miss"), lang: str = "") -> list[int]:
        return [
            at
            for at, suggestion in enumerate(self.suggestions)
            if suggestion is not None
            and self.articles.examples[at].kind in kinds
            and (not lang or self.articles.rows[at]["lang"] == lang)
        ]

    def right(self, at: int) -> set[tuple[str, int]]:
        return set(self.articles.examples[at].labels)

    def ticked(self, at: int) -> set[tuple[str, int]]:
        return {(each.rec, each.direction) for each in self.suggestions[at].labels if each.ticked}

    def f1(self, **chosen) -> float:
        places = self.places(**chosen)
        return calibration.f1(map(self.ticked, places), map(self.right, places))

    def precision_recall(self) -> tuple[float, float]:
        places = self.places()
        hits = sum(len(self.ticked(at) & self.right(at)) for at in places)
        said, wanted = (sum(len(of(at)) for at in places) for of in (self.ticked, self.right))
        return hits / max(said, 1), hits / max(wanted, 1)

    def by_recommendation(self) -> dict[str, float]:
        places = self.places()

        def only(pairs, rec):
            return {pair for pair in pairs if pair[0] == rec}

        return {
            rec: calibration.f1(
                (only(self.ticked(at), rec) for at in places), (only(self.right(at), rec) for at in places)
            )
            for rec in RECOMMENDATIONS
        }

    def macro(self) -> float:
        places = self.places()
        pairs = {pair for at in places for pair in self.right(at) if pair[1]}
        often = [pair for pair in pairs if sum(pair in self.right(at) for at in places) >= 15]
        return float(
            np.mean(
                [
                    calibration.f1(
                        (self.ticked(at) & {pair} for at in places),
                        (self.right(at) & {pair} for at in places),
                    )
                    for pair in often
                ]
            )
        )

    def direction(self, lang: str = "") -> float:
        """Where a ticked recommendation is right (and not mixed): the share with the right direction."""
        told = []
        for at in self.places(lang=lang):
            wanted = {rec: sign for rec, sign in self.right(at) if sign}
            told += [sign == wanted[rec] for rec, sign in self.ticked(at) if rec in wanted]
        return float(np.mean(told)) if told else 0.0

    def top_three(self, lang: str = "") -> float:
        """The share of an act's right recommendations that stand among the first three."""
        shares = []
        for at in self.places(kinds=("act",), lang=lang):
            shown = {each.rec for each in self.suggestions[at].labels[:3]}
            wanted = {rec for rec, _ in self.right(at)}
            shares.append(len(shown & wanted) / len(wanted))
        return float(np.mean(shares))

    def calibration(self) -> float:
        places = self.places()
        shown = [(each, each_right) for at in places for each, each_right in self._shown(at)]
        return calibration.calibration_error(
            np.array([chance for chance, _ in shown]), np.array([right for _, right in shown])
        )

    def _shown(self, at: int):
        right = self.right(at)
        return [
            (each.probability, (each.rec, each.direction) in right) for each in self.suggestions[at].labels
        ]

    def relevance(self) -> np.ndarray:
        return np.array([one.relevance if one else np.nan for one in self.suggestions])

    def area(self, against: str) -> float:
        """Relevance AUC of acts against `near miss` or `background`."""
        places = self.places(kinds=("act", against))
        wanted = [self.articles.examples[at].kind == "act" for at in places]
        return float(roc_auc_score(wanted, self.relevance()[places]))

    def silence(self) -> tuple[float, float]:
        """How often nothing is suggested; and how often the first suggestion is right where one is made."""
        places = self.places()
        spoken = [at for at in places if not self.suggestions[at].silent]
        first = [self.suggestions[at].labels[0] for at in spoken]
        right = [
            (label.rec, label.direction) in self.right(at) for at, label in zip(spoken, first, strict=True)
        ]
        return 1 - len(spoken) / len(places), float(np.mean(right)) if right else 0.0

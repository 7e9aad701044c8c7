"""Text in, suggestion out: the cues' reading and the trained model, with the reasons of both. Pure."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from tracker.codebook import current
from tracker.tagging import model as models
from tracker.tagging import reasons, suggestions, vectors
from tracker.tagging.cues import RECOMMENDATIONS, Cues
from tracker.tagging.features import Reader, Text
from tracker.tagging.model import PAIRS, Model
from tracker.tagging.suggestions import Label, Suggestion

log = logging.getLogger(__name__)

SHOWN = 3
USUAL_STRENGTH = 3
MISSED_AT_FIRST = 0.02  # the share of acts that the first look may pass over
_BATCH = 256
_SEVERAL_OUTLETS = 2
_SLOPE = 5.0  # log-odds of 5·(weight - ½): a rule of weight 0.7 is right in 73 of 100 cases, none at all in 8
_NO_ASK = 0.01  # less than any ask that a rule names


class Tagger:
    """The cues and one model, ready to tag.

    A model that learnt from embeddings needs their encoder; without one its `first`, which reads words alone, serves.
    With one, the first look is that one's: only what may be relevant is embedded.
    """

    def __init__(
        self,
        cues: Cues,
        model: Model,
        encode: vectors.Encoder | None = None,
        reader: Reader | None = None,
    ):
        if model.known is not None and (encode is None or vectors.name_of(encode) != model.meaning):
            if model.first is None:
                raise models.ModelError(
                    f"{model.name} was trained with the embeddings {model.meaning}, which are off, others or not "
                    "installed: retrain"
                )
            model = model.first
        self.model = model
        self._cues = cues
        self._encode = encode if model.known is not None else None
        self.reader = reader or Reader(cues)
        self._reasons = reasons.Reasons(model, cues)
        self._leanings = models.leanings(model.facts.get("publishers") or {})

    @property
    def reads_meaning(self) -> bool:
        return self._encode is not None

    def tag(self, title: str, summary: str = "", lang: str = "", publisher: str = "") -> Suggestion:
        """The suggestion for one report; any text is answered, if need be with silence."""
        return self._batch([(title, summary, publisher)])[0]

    def tag_many(self, reports: Iterable[str | Sequence[str] | Mapping[str, Any]]) -> list[Suggestion]:
        """One suggestion a report; a report is a title, (title, summary, …), or a mapping with those names."""
        plain = [_plain(report) for report in reports]
        found: list[Suggestion] = []
        for start in range(0, len(plain), _BATCH):
            found += self._batch(plain[start : start + _BATCH])
        return found

    def pool(self, suggestions: Sequence[Suggestion]) -> Suggestion:
        """All reports of one act as one suggestion; one alone is returned as it is."""
        kept = [one for one in suggestions if len(one.evidence) == len(PAIRS) + 1]
        if not kept:
            return suggestions[0]
        if len(kept) == 1:
            return kept[0]
        evidence = models.pool(self.model, np.array([one.evidence for one in kept]))
        labels = self._labels(evidence, _most_said(kept))
        outlets = {one.publisher.casefold() for one in kept if one.publisher}
        return Suggestion(
            relevance=round(float(models.probability(evidence[-1])), 4),
            labels=labels,
            actors=_most_named(kept),
            certainty=_certainty([one.certainty for one in kept], len(outlets)),
            silent=not any(label.ticked for label in labels),
            model=self.model.name,
            publisher=kept[0].publisher,
            reports=sum(one.reports for one in kept),
            evidence=tuple(round(float(value), 4) for value in kept_mean(kept)),
            opinion=next((one.opinion for one in kept if one.opinion), None),
        )

    def _labels(self, evidence: np.ndarray, known: Mapping[tuple[str, int], Label]) -> tuple[Label, ...]:
        labels: list[Label] = []
        best = _best_pairs(evidence)
        silent = best[0][1] < self.model.silence
        for at, chance in best:
            label = known.get(PAIRS[at])
            because = label.because if label else ()
            strength, ask = (label.strength, label.ask) if label else (USUAL_STRENGTH, None)
            ticked = not silent and self._stands(chance, first=not labels) and bool(because)
            if ticked or len(labels) < SHOWN:
                labels.append(Label(*PAIRS[at], round(chance, 4), strength, ask, because, ticked))
        return tuple(labels)

    def _stands(self, chance: float, *, first: bool) -> bool:
        """Whether a label is likely enough to be ticked; the likeliest one needs no more than not to be silent."""
        return chance >= (self.model.silence if first else self.model.threshold)

    def _batch(self, reports: Sequence[tuple[str, str, str]]) -> list[Suggestion]:
        texts = [self.reader.read(*report) for report in reports]
        if self._encode is None:
            return self._judged(reports, texts, None)
        looked = self._first_look(reports, texts)
        chosen = [at for at, told in enumerate(looked) if told is None]
        judged = self._with_meaning([reports[at] for at in chosen], [texts[at] for at in chosen])
        found = dict(zip(chosen, judged, strict=True))
        return [told or found[at] for at, told in enumerate(looked)]

    def _with_meaning(
        self, reports: Sequence[tuple[str, str, str]], texts: Sequence[Text]
    ) -> list[Suggestion]:
        """Judged by words and meaning; by words alone where the embeddings fail."""
        assert self._encode is not None
        assert self.model.known is not None
        titles = [text.title for text in texts]
        telling = self._telling(reports, texts) if self.model.known.by_sentence else None
        asked = {text: at for at, text in enumerate(dict.fromkeys([*titles, *(telling or ())]))}
        try:
            known = self._encode(list(asked))
            if len(texts) and known.shape[1] != (size := self.model.known.meanings.shape[1]):
                raise vectors.NoEmbeddings(
                    f"{self.model.meaning} gives {known.shape[1]} numbers a text, and gave {size} when "
                    f"{self.model.name} was trained: retrain"
                )
        except vectors.NoEmbeddings as error:
            if self.model.first is None:
                raise
            log.warning("%d texts are read by words alone: %s", len(texts), error)
            return self._of_words._judged(reports, texts, None)
        meanings = known[[asked[title] for title in titles]]
        of_telling = None if telling is None else known[[asked[told] for told in telling]]
        return self._judged(reports, texts, meanings, of_telling)

    def _telling(self, reports: Sequence[tuple[str, str, str]], texts: Sequence[Text]) -> list[str]:
        summaries = [summary for _, summary, _ in reports]
        return models.most_telling(self.reader, self.model.vocabulary, self.model.relevant, texts, summaries)

    @cached_property
    def _of_words(self) -> Tagger:
        assert self.model.first is not None
        return Tagger(self._cues, self.model.first, None, self.reader)

    def _first_look(
        self, reports: Sequence[tuple[str, str, str]], texts: Sequence[Text]
    ) -> list[Suggestion | None]:
        """What words alone say of the items that need no second look; None for those that do."""
        first = self.model.first
        if first is None:
            return [None] * len(texts)
        evidence = first.evidence(texts, models.with_constant(first.vocabulary.matrix(texts)))
        evidence[:, -1] += self._leaning_of(reports)
        border = models.log_odds(np.array(first.border(MISSED_AT_FIRST)))
        found: list[Suggestion | None] = []
        for report, text, said in zip(reports, texts, evidence, strict=True):
            passed_over = said[-1] < border
            found.append(
                self._suggestion(report, text, said, self._labels(said, {})) if passed_over else None
            )
        return found

    def _judged(
        self,
        reports: Sequence[tuple[str, str, str]],
        texts: Sequence[Text],
        meanings: np.ndarray | None,
        telling: np.ndarray | None = None,
    ) -> list[Suggestion]:
        if not reports:
            return []
        matrix = models.with_constant(self.model.vocabulary.matrix(texts))
        evidence = self.model.evidence(texts, matrix, meanings, telling)
        evidence[:, -1] += self._leaning_of(reports)
        strengths, asks = self.model.strengths(matrix), self.model.asks(matrix)
        likeness = self._reasons.likeness(matrix)
        found = []
        for at, (report, text) in enumerate(zip(reports, texts, strict=True)):
            labels = self._tagged(report, text, evidence[at], likeness[at])
            labels = tuple(
                replace(one, strength=int(strengths[at]), ask=asks[at].get(one.rec)) for one in labels
            )
            found.append(self._suggestion(report, text, evidence[at], labels))
        return found

    def _leaning_of(self, reports: Sequence[tuple[str, str, str]]) -> list[float]:
        """How much each report's publisher moves the odds of relevance: an item of a laboratory's policy page is
        likelier to report an act than the same words in a stream of everything."""
        return [self._leanings.get(publisher.casefold(), 0.0) for _, _, publisher in reports]

    def _tagged(self, report, text: Text, evidence, likeness) -> tuple[Label, ...]:
        labels: list[Label] = []
        best = _best_pairs(evidence)
        silent = best[0][1] < self.model.silence
        for at, chance in best:
            ticked = not silent and self._stands(chance, first=not labels)
            if not ticked and len(labels) >= SHOWN:
                break
            because = self._reasons.of(PAIRS[at], text, report)
            if ticked:
                because += self._reasons.precedent(PAIRS[at], likeness, alone=not because)
            ticked = ticked and bool(because)  # nothing is ticked without a reason
            labels.append(Label(*PAIRS[at], round(chance, 4), USUAL_STRENGTH, None, because, ticked))
        return tuple(labels)

    def _suggestion(self, report, text: Text, evidence: np.ndarray, labels: tuple[Label, ...]) -> Suggestion:
        return Suggestion(
            relevance=round(float(models.probability(evidence[-1])), 4),
            labels=labels,
            actors=suggestions.actors(text),
            certainty=suggestions.certainty(text, report[2]),
            silent=not any(label.ticked for label in labels),
            model=self.model.name,
            publisher=report[2],
            evidence=tuple(round(float(value), 4) for value in evidence),
        )


def kept_mean(kept: Sequence[Suggestion]) -> np.ndarray:
    return np.average([one.evidence for one in kept], axis=0, weights=[one.reports for one in kept])


def _most_said(kept: Sequence[Suggestion]) -> dict[tuple[str, int], Label]:
    """Each label as its first report gives it, with the strength and the ask that most reports name."""
    said: dict[tuple[str, int], list[Label]] = {}
    for one in kept:
        for label in one.labels:
            said.setdefault((label.rec, label.direction), []).extend([label] * one.reports)
    return {
        pair: replace(
            labels[0],
            strength=Counter(label.strength for label in labels).most_common(1)[0][0],
            ask=Counter(label.ask for label in labels).most_common(1)[0][0],
        )
        for pair, labels in said.items()
    }


def _plain(report: str | Sequence[str] | Mapping[str, Any]) -> tuple[str, str, str]:
    if isinstance(report, str):
        return report, "", ""
    if isinstance(report, Mapping):
        title, summary, publisher = (report.get(key) for key in ("title", "summary", "publisher"))
    else:
        title, summary, publisher = ([*report, "", ""][at] for at in (0, 1, 2))
    return _text(title), _text(summary), _text(publisher)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _best_pairs(evidence: np.ndarray) -> list[tuple[int, float]]:
    """Of each recommendation the likelier direction, best first: (index into PAIRS, probability)."""
    chance = models.probability(evidence[: len(PAIRS)])
    best = [at if chance[at] >= chance[at + 1] else at + 1 for at in range(0, len(PAIRS), 2)]
    return sorted(((at, float(chance[at])) for at in best), key=lambda pair: -pair[1])


def _most_named(kept: Sequence[Suggestion]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for one in kept:
        for actor in one.actors:
            counts[actor] = counts.get(actor, 0) + 1
    return tuple(actor for actor in counts if counts[actor] * 2 >= len(kept)) or kept[0].actors


def _certainty(said: Sequence[str], outlets: int) -> str:
    if "confirmed" in said or (outlets >= _SEVERAL_OUTLETS and said.count("reported") >= _SEVERAL_OUTLETS):
        return "confirmed"
    return "reported" if "reported" in said else "rumoured"


def rules_alone(name: str) -> Model:
    """A model without learnt weights, for where there is too little to learn from: the rules of the cues decide.

    A pair is as likely as the rules that hold for it say, near enough, and a report as relevant as its likeliest
    pair; strength and ask are those of the rule.
    """
    asks = [(rec, ask) for rec in RECOMMENDATIONS for ask in ("", *current().ask_slugs(rec))]
    said = sorted({f"q:{ask}" for _rec, ask in asks if ask})
    signs = [*(f"k:{strength}" for strength in range(1, 6)), *said]
    rows = len(signs) + 1
    strength, ask = np.zeros((rows, 5)), np.zeros((rows, len(asks)))
    strength[:5] = np.eye(5)
    for column, (_rec, slug) in enumerate(asks):
        ask[signs.index(f"q:{slug}") if slug else -1, column] = 1.0 if slug else _NO_ASK
    combining = np.zeros((len(PAIRS), models.VIEWS + models.WITNESSES))
    combining[:, models.TABLE], combining[:, -1] = _SLOPE, -_SLOPE / 2
    count = len(RECOMMENDATIONS)
    return Model(
        vocabulary=vectors.Vocabulary([], np.zeros(0), signs),
        touched=np.zeros((rows, count)),
        direction=np.zeros((rows, count)),
        relevant=np.zeros((rows, models.VIEWS)),
        strength=strength,
        ask=ask,
        ask_names=asks,
        combining=combining,
        relevance=np.array([*[0.0] * models.VIEWS, 1.0, 0.0, 0.0]),
        pooling=np.array([1.0, 0.0, 0.0, 0.0]),
        borders=np.array(
            [(lost, 0.5, np.nan) for lost in models.LOST]
        ),  # what it would lose, nobody has measured
        threshold=0.5,
        silence=0.0,
        case_titles=[],
        case_labels=[],
        cases=sparse.csr_matrix((0, len(signs))),
        name=name,
    )

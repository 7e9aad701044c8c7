"""What the tagger answers, and an outside model's voice weighed into it. Pure.

A suggestion holds its labels and the reasons for each; `as_dict` and `from_dict` keep every field. The law: whatever is
suggested carries what led to it.

The tagger and the model are heard as log-odds, of every pair and of relevance, and weighed by three numbers each: one
for the model, one for the tagger, a constant. These start at eight to two and are learnt from what people decided,
drawn to the start as long as little was decided. Whatever the model said stays on the suggestion under the model's
name, and the tagger's own evidence beside it, so that both can be heard again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracker.codebook import current
from tracker.tagging import model as models
from tracker.tagging.features import Text
from tracker.tagging.model import PAIRS

MOST = 3  # reasons of a label
RELEVANCE_START = (0.8, 0.2, 0.0)  # for relevance: the model, the tagger, a constant
PAIRS_START = (0.8, 0.2, 0.4)  # for pairs: what the tagger at its most doubtful takes away is given back
# Log-odds of a pair beyond which the tagger is not believed: most pairs it calls all but impossible.
MOST_SURE = 2.0
TICKED_FROM = 0.5
SILENT_ODDS = -4.0  # of a pair that the model does not name
OWN_WEIGHT = 20.0  # as many decided answers as the start is thought to rest on
SHOWN = 3
USUAL_STRENGTH = 3
LONGEST_NAME = 60  # of what a suggestion says it was made by


@dataclass(frozen=True, slots=True)
class Because:
    """One reason: the words as published with their place, the title of a past case, or a model's sentence.

    The last two have no place; `by` names the model.
    """

    text: str
    kind: str
    field: str = "title"
    start: int | None = None
    end: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    rec: str
    direction: int
    probability: float
    strength: int
    ask: str | None
    because: tuple[Because, ...]
    ticked: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One report's, or one pooled act's, suggested coding.

    `relevance` and each label's probability are calibrated on the training mix. `labels` holds one direction per
    recommendation, best first; `ticked` ones pass the model's threshold. `silent` means: no suggestion.
    `evidence` is what pooling needs: the log-odds of every pair, and how many reports are in. `opinion` is what an
    outside model said of it, where one was asked: it is weighed in then.
    """

    relevance: float
    labels: tuple[Label, ...]
    actors: tuple[str, ...]
    certainty: str
    silent: bool
    model: str
    publisher: str = ""
    reports: int = 1
    evidence: tuple[float, ...] = ()
    opinion: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        # dataclasses.asdict looks into every value and copies it: a tenth of what filing an article costs.
        labels = tuple(
            {**_fields(label), "because": tuple(map(_fields, label.because))} for label in self.labels
        )
        return {**_fields(self), "labels": labels}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Suggestion:
        labels = tuple(
            Label(**{**label, "because": tuple(Because(**reason) for reason in label["because"])})
            for label in stored["labels"]
        )
        kept = {name: stored[name] for name in cls.__slots__ if name in stored}
        kept |= {"labels": labels, "actors": tuple(stored["actors"])}
        return cls(**{**kept, "evidence": tuple(stored.get("evidence") or ())})


def _fields(one: Because | Label | Suggestion) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def actors(text: Text) -> tuple[str, ...]:
    """Whose act: the sides named before the first act; else the first side named."""
    sides = text.frame.of("side") or (text.summary_frame.of("side") if text.summary_frame else [])
    acts = [hit.start for hit in text.frame.of("act") if hit.effect != "say"]
    first = min(acts, default=10**9)
    subjects = [side for side in sides if side.start <= first] or sides[:1]
    found: list[str] = []
    firms = current().firms
    for side in subjects:
        actor = firms[0] if firms and side.name.endswith("-firm") else side.effect
        if actor not in found and len(found) < 3:
            found.append(actor)
    return tuple(found)


def certainty(text: Text, publisher: str) -> str:
    """Rumoured when the headline hedges, confirmed when an official source speaks, else reported."""
    shapes = {hit.effect for hit in text.frame.hits if hit.kind == "shape"}
    if "hedge" in shapes:
        return "rumoured"
    return "confirmed" if _is_official(publisher) else "reported"


def _is_official(publisher: str) -> bool:
    low = publisher.casefold()
    return any(mark in low for mark in (".gov", "white house", "federal register", "ministry", "department of",
                                        "外交部", "商务部", "国务院", "白宫"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """What the model, the tagger and a constant count: for relevance, for pairs; and learnt from how many decisions."""

    relevance: tuple[float, float, float] = RELEVANCE_START
    pairs: tuple[float, float, float] = PAIRS_START
    decisions: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One decided act: what both voices said of every pair and of relevance (last), and what is right."""

    tagger: np.ndarray
    model: np.ndarray
    right: np.ndarray


def fused(told: Suggestion, opinion: Mapping[str, Any], weights: Weights | None = None) -> Suggestion:
    """The tagger's suggestion with the model's opinion weighed in, which it carries from now on."""
    weights = weights or Weights()
    tagger, model = of_tagger(told), of_model(opinion)
    pairs = _weighed(weights.pairs, model[:-1], tagger[:-1])
    relevance = float(models.probability(_weighed(weights.relevance, model[-1:], tagger[-1:]))[0])
    labels = _labels(models.probability(pairs), told, opinion)
    return replace(
        told,
        relevance=round(relevance, 4),
        labels=labels,
        actors=tuple(opinion.get("actors") or told.actors),
        certainty="rumoured" if opinion.get("certainty") == "rumoured" else told.certainty,
        silent=not any(label.ticked for label in labels),
        model=_both(told.model, str(opinion.get("model") or "")),
        opinion=dict(opinion),
    )


def of_tagger(told: Suggestion) -> np.ndarray:
    """What the tagger alone said, of every pair and last of relevance; nothing known counts as unlikely."""
    if len(told.evidence) == len(PAIRS) + 1:
        evidence = np.array(told.evidence)
        evidence[:-1] = np.clip(evidence[:-1], -MOST_SURE, MOST_SURE)
        return evidence
    return np.append(np.full(len(PAIRS), -MOST_SURE), models.log_odds(np.array(told.relevance or 0.02)))


def of_model(opinion: Mapping[str, Any]) -> np.ndarray:
    """What the model said, the same way."""
    said = {(one["rec"], one["direction"]): float(one["p"]) for one in opinion.get("assessments") or ()}
    pairs = [_odds(said[pair]) if pair in said else SILENT_ODDS for pair in PAIRS]
    return np.append(pairs, _odds(float(opinion.get("relevant") or 0.0)))


def learnt_weights(cases: Iterable[Case]) -> Weights:
    """The weights that fit what was decided, drawn to the start; the start itself without any case."""
    listed = list(cases)
    if not listed:
        return Weights()
    relevance = _fitted(
        [(case.model[-1:], case.tagger[-1:], case.right[-1:]) for case in listed], RELEVANCE_START
    )
    # Only acts tell how to code one.
    acts = [(case.model[:-1], case.tagger[:-1], case.right[:-1]) for case in listed if case.right[-1]]
    return Weights(relevance, _fitted(acts, PAIRS_START), len(listed))


def right_of(labels: Iterable[tuple[str, int]]) -> np.ndarray:
    """What is right of a coded act, of every pair and of relevance; nothing coded: no act."""
    known = set(labels)
    return np.array([*(pair in known for pair in PAIRS), bool(known)], dtype=float)


def _fitted(
    rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], first: tuple[float, float, float]
) -> tuple[float, float, float]:
    """A logistic fit of three numbers by Newton's steps, with a penalty on what departs from the start."""
    start = np.array(first)
    if not rows:
        return first
    model, tagger, right = (np.concatenate([row[at] for row in rows]) for at in range(3))
    columns = np.column_stack([model, tagger, np.ones(len(model))])
    held, weights = np.eye(3) * OWN_WEIGHT, start.copy()
    for _ in range(25):
        chance = models.probability(columns @ weights)
        slope = columns.T @ (chance - right) + held @ (weights - start)
        bend = (columns * (chance * (1 - chance))[:, None]).T @ columns + held
        step = np.linalg.solve(bend, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    # A voice never counts against itself: what it calls likelier is never less likely for it.
    return float(max(weights[0], 0.0)), float(max(weights[1], 0.0)), float(weights[2])


def _weighed(weights: tuple[float, float, float], model: np.ndarray, tagger: np.ndarray) -> np.ndarray:
    return weights[0] * model + weights[1] * tagger + weights[2]


def _labels(chance: np.ndarray, told: Suggestion, opinion: Mapping[str, Any]) -> tuple[Label, ...]:
    """One direction a recommendation, best first; what is ticked, and the first few of the others."""
    known = {(label.rec, label.direction): label for label in told.labels}
    named = {(one["rec"], one["direction"]): one for one in opinion.get("assessments") or ()}
    best = [at if chance[at] >= chance[at + 1] else at + 1 for at in range(0, len(PAIRS), 2)]
    mixed = {one["rec"] for one in named.values() if one["direction"] == 0 and one["p"] >= TICKED_FROM}
    labels: list[Label] = []
    for at in sorted(best, key=lambda at: -chance[at]):
        own, said = known.get(PAIRS[at]), named.get(PAIRS[at])
        because = with_sentence(own.because if own else (), opinion if said else {})
        # Nothing is ticked without a reason, nor in one direction where the model says both.
        ticked = bool(chance[at] >= TICKED_FROM and because and PAIRS[at][0] not in mixed)
        if ticked or len(labels) < SHOWN:
            strength = (said or {}).get("strength") or (own.strength if own else USUAL_STRENGTH)
            ask = said.get("ask") if said else own.ask if own else None
            labels.append(Label(*PAIRS[at], round(float(chance[at]), 4), strength, ask, because, ticked))
    return tuple(labels)


def with_sentence(own: Sequence[Because], opinion: Mapping[str, Any]) -> tuple[Because, ...]:
    """The model's sentence before the tagger's reasons, at most as many as a label shows."""
    sentence = next((words for words in (opinion.get("rationale") or {}).values() if words), "")
    kept = [one for one in own if one.kind != "opinion"]
    if sentence:
        said = Because(sentence, "opinion", "", by=str(opinion.get("model") or ""))
        kept = [*kept[: MOST - 1], said]
    return tuple(kept[:MOST])


def _odds(chance: float) -> float:
    return float(models.log_odds(np.array(min(0.98, max(0.01, chance)))))


def _both(tagger: str, model: str) -> str:
    own = tagger.split(" + ")[0]
    return " + ".join(filter(None, (own, model)))[:LONGEST_NAME]

"""What the tagger answers: a suggestion, its labels, and the reasons for each. Pure data.

The law: whatever is suggested carries what led to it; `as_dict` and `from_dict` keep every field.

Who acts, how certainly. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.codebook import current
from tracker.tagging.features import Text

MOST = 3  # reasons of a label


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

"""What the tagger answers: a suggestion, its labels, and the reasons for each. Pure data.

The law: whatever is suggested carries what led to it; `as_dict` and `from_dict` keep every field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Because:
    """One reason: the words as published with their place, or the title of a past case (no place)."""

    text: str
    kind: str
    field: str = "title"
    start: int | None = None
    end: int | None = None


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
    `evidence` is what pooling needs: the log-odds of every pair, and how many reports are in.
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
        kept = {**stored, "labels": labels, "actors": tuple(stored["actors"])}
        return cls(**{**kept, "evidence": tuple(stored.get("evidence") or ())})


def _fields(one: Because | Label | Suggestion) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}

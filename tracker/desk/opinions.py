"""What an outside model says of an event, in the desk's words: beside the event, under the model's name."""

from __future__ import annotations

from typing import Any

from tracker import consulting
from tracker.desk import words
from tracker.models import Event


def shown(event: Event) -> dict[str, Any] | None:
    """The stored second opinion for the template; None where none is set up or none has come yet."""
    opinion = consulting.opinion_of(event)
    if opinion is None:
        return None
    return {
        "model": opinion.model,
        "relevant": opinion.relevant,
        "codes": [words.chip(code) | {"why": code["why"]} for code in opinion.as_dict()["assessments"]],
    }

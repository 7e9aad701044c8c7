"""Rules of the codebook that may decide an event, found by the words of its title and summary.

The instance ships them in `hints.json`, where it has any. They are reminders: which rule holds is the coder's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from tracker import rows
from tracker.codebook import Text, current
from tracker.models import Event
from tracker.terms import needle
from tracker.wording import words_of

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Hint:
    """`rule` names it in the codebook, `at` is its place on the codebook's page; `needles` are what the words of an
    event must hold, one of them."""

    rule: str
    at: str
    needles: tuple[str, ...]
    text: Text


def of(event: Event) -> list[dict[str, str]]:
    """The first few rules that the words of an event call to mind, the most words first."""
    words = event.folded
    found = [(sum(piece in words for piece in hint.needles), hint) for hint in hints()]
    hits = sorted((pair for pair in found if pair[0]), key=lambda pair: -pair[0])
    return [{"rule": hint.rule, "at": hint.at, "text": words_of(hint.text)} for _count, hint in hits[:SHOWN]]


@cache
def hints() -> tuple[Hint, ...]:
    """The instance's hints; none without a file."""
    path = settings.INSTANCE_FOLDER / "hints.json"
    if not path.exists():
        return ()
    return tuple(_hint(each) for each in rows.json_value(path.read_bytes())["hints"])


def _hint(raw: Mapping[str, Any]) -> Hint:
    needles = tuple(piece for piece in (needle(word) for word in raw["words"]) if piece)
    text = Text({language: raw["text"][language] for language in current().languages})
    rule = str(raw["rule"])
    return Hint(rule, str(raw.get("at") or f"case-{rule}"), needles, text)

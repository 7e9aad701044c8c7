"""The words of an event in one spelling, so that search finds Chinese inside a sentence, in either script."""

from __future__ import annotations

from typing import Any

from tracker.tagging import folding

LONGEST = 4000


def folded(text: str) -> str:
    """Small letters, Simplified characters, ordinary widths and quotes."""
    return folding.lower(folding.fold(text, LONGEST))


def note(event: Any) -> None:
    """Set what a search looks through; called before every saving of an event's words."""
    event.folded_title = folded(f"{event.title}\n{event.title_zh}")
    event.folded = "\n".join((event.folded_title, folded(event.summary), folded(event.summary_zh)))

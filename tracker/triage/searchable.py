"""The words of an event in one spelling, so that search finds Chinese inside a sentence, in either script."""

from __future__ import annotations

from typing import Any

from tracker.tagging import folding

LONGEST = 4000


def folded(text: str) -> str:
    """Small letters, Simplified characters, ordinary widths and quotes."""
    return folding.lower(folding.fold(text, LONGEST))


def folded_text(event: Any) -> str:
    """What a search without a field looks through."""
    return folded("\n".join((event.title, event.title_zh, event.summary, event.summary_zh)))

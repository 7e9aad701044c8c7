"""Text with the words that led to a suggestion marked in it. Pure but for escaping."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

LONGEST = 1500
MOST_CUES = 60


def marked(text: str, cues: Iterable[tuple[str, str]]) -> SafeString:
    """`text` escaped, with every cue (words, class) wrapped in `<mark>`, longest first, never nested."""
    text = text[:LONGEST]
    classes = {cue.lower(): css for cue, css in list(cues)[:MOST_CUES] if len(cue.strip()) > 1}
    if not classes:
        return escape(text)
    longest = sorted(classes, key=len, reverse=True)
    pattern = re.compile("|".join(_bounded(cue) for cue in longest), re.IGNORECASE)
    parts, at = [], 0
    for found in pattern.finditer(text):
        css = classes.get(found.group().lower(), "even")
        parts += [escape(text[at : found.start()]), f'<mark class="{css}">{escape(found.group())}</mark>']
        at = found.end()
    return mark_safe("".join([*parts, escape(text[at:])]))  # noqa: S308  # nosec B308  # every part is escaped above


def _bounded(cue: str) -> str:
    """A cue as a pattern: whole words in Latin script, anywhere in Chinese."""
    latin = cue[0].isascii() and cue[0].isalnum()
    return rf"(?<!\w){re.escape(cue)}(?!\w)" if latin and cue[-1].isalnum() else re.escape(cue)

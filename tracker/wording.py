"""The codebook's words in the reader's language, at the moment they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tracker.codebook import Text, current

MARKS = {1: "▲", -1: "▼", 0: "◆"}
CLASSES = {1: "up", -1: "down", 0: "even"}
DIRECTIONS = {1: _("advances"), -1: _("undermines"), 0: _("mixed")}
PRECISIONS = {"day": _("day"), "month": _("month"), "quarter": _("quarter"), "year": _("year")}


def words_of(text: Text) -> str:
    """The words in the language of this request, else in the codebook's first."""
    return text.in_(get_language())


said = lazy(
    words_of, str
)  # the same for what is named once for all requests: labels of forms, tables of words


def short(recommendation: str) -> str:
    """What a recommendation is called in a word or two."""
    return words_of(current()[recommendation].short)


def chip(line: Mapping[str, Any]) -> dict[str, Any]:
    """An assessment as one small mark with words."""
    return {
        "rec": line["rec"],
        "name": short(line["rec"]),
        "mark": MARKS[line["direction"]],
        "class": CLASSES[line["direction"]],
        "direction": DIRECTIONS[line["direction"]],
        "strength": line["strength"],
        "strength_word": words_of(current().strengths[line["strength"]].name),
    }

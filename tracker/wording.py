"""What readers are told in their own language: the codebook's words at the moment they are shown, and why a text is
refused.

Here the text door meets forms and models: what `tracker.text` refuses is said in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from tracker import text
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


def refusal(error: ValueError) -> str:
    """Why a text, or the record that holds it, was refused; of texts in the language that is active."""
    bad = error if isinstance(error, text.BadText) else error.__cause__
    return gettext(bad.sentence) % bad.parts if isinstance(bad, text.BadText) else str(error)


def cleaned(value: str, field: str, longest: int, *, lines: bool = False) -> str:
    """The text as it is kept, or a `ValidationError` for a form."""
    try:
        return text.strict(value, field, longest, lines=lines)
    except text.BadText as error:
        raise ValidationError(refusal(error)) from error

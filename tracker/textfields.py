"""The text door where forms and models meet it: what `tracker.text` refuses, said in the reader's language."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from tracker import text


def sentence(error: ValueError) -> str:
    """Why a text, or the record that holds it, was refused; of texts in the language that is active."""
    bad = error if isinstance(error, text.BadText) else error.__cause__
    return gettext(bad.sentence) % bad.parts if isinstance(bad, text.BadText) else str(error)


def cleaned(value: str, field: str, longest: int, *, lines: bool = False) -> str:
    """The text as it is kept, or a `ValidationError` for a form."""
    try:
        return text.strict(value, field, longest, lines=lines)
    except text.BadText as error:
        raise ValidationError(sentence(error)) from error

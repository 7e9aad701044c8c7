"""The codebook's words in the reader's language, at the moment they are shown."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import get_language

from tracker.codebook import Text


def words_of(text: Text) -> str:
    """The words in the language of this request, else in the codebook's first."""
    return text.in_(get_language())


said = lazy(
    words_of, str
)  # the same for what is named once for all requests: labels of forms, tables of words

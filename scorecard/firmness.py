"""Whether the word of a balance would survive other choices (METHOD.md, section 9), and what is said where it would
not. Stands wherever the word stands: pages, cards, badges, embeds, mails.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from scorecard import sentences, vocabulary
from scorecard.method.readings import Balance

LEAST = 0.8  # share of draws in which a word must hold


def firm(balance: Balance) -> bool:
    """Whether the word holds in most of the draws, and without any single act."""
    return _share(balance) >= LEAST and not balance["fragile"]


def _share(balance: Balance) -> float:
    """In what share of the draws the word holds."""
    return balance["sensitivity"]["same_word"] or 0.0


def doubt(balance: Balance) -> str:
    """Why the word is not firm, in a sentence; empty where it is."""
    share, found = _share(balance), []
    if share < LEAST:
        words = {"share": sentences.percent(share)}
        found.append(gettext("the word holds in %(share)s of 1,000 other weightings") % words)
    if balance["fragile"]:
        found.append(gettext("a single act decides it"))
    return gettext("Not firm: %(reasons)s.") % {"reasons": sentences.listed(found)} if found else ""


def marked(words: str) -> str:
    """A word, or a sentence that ends with one, that is not firm."""
    return gettext("%(label)s (not firm)") % {"label": words}


def shaky(slugs: Sequence[str]) -> str:
    """The recommendations whose words are not firm, as the end of a headline."""
    names = sentences.listed([vocabulary.short_name(slug) for slug in slugs])
    return gettext(" Not firm: %(names)s.") % {"names": names}

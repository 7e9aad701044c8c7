"""The codebook's words in the reader's language, for the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tracker.codebook import current
from tracker.wording import said

SHORT = {one.slug: said(one.short) for one in current()}
MARKS = {1: "▲", -1: "▼", 0: "◆"}
CLASSES = {1: "up", -1: "down", 0: "even"}
DIRECTIONS = {1: _("advances"), -1: _("undermines"), 0: _("mixed")}
STRENGTHS = {number: said(term.name) for number, term in current().strengths.items()}
STRENGTH_HELP = {number: said(term.help) for number, term in current().strengths.items()}
ACTORS = {actor.slug: said(actor.short) for actor in current().actors}
PRECISIONS = {"day": _("day"), "month": _("month"), "quarter": _("quarter"), "year": _("year")}
CERTAINTIES = {slug: said(term.name) for slug, term in current().certainties.items()}
CERTAINTY_HELP = {slug: said(term.help) for slug, term in current().certainties.items()}
# The codebook's hard cases, beside the recommendation they speak of.
RULES = {one.slug: tuple(said(rule) for rule in one.rules) for one in current()}


def chip(line: Mapping[str, Any]) -> dict[str, Any]:
    """An assessment as one small mark with words."""
    return {
        "rec": line["rec"],
        "name": SHORT[line["rec"]],
        "mark": MARKS[line["direction"]],
        "class": CLASSES[line["direction"]],
        "direction": DIRECTIONS[line["direction"]],
        "strength": line["strength"],
        "strength_word": STRENGTHS[line["strength"]],
    }

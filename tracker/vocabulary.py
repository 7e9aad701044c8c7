"""The codebook's words in the reader's language, for the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

SHORT = {
    "civilian-first": _("Civilian first"),
    "governance": _("Governance"),
    "misuse": _("Against misuse"),
    "joint-research": _("Joint research"),
    "trust": _("Trust"),
    "safety-coalition": _("Safety coalition"),
    "global-challenges": _("Global challenges"),
}
MARKS = {1: "▲", -1: "▼", 0: "◆"}
CLASSES = {1: "up", -1: "down", 0: "even"}
DIRECTIONS = {1: _("advances"), -1: _("undermines"), 0: _("mixed")}
STRENGTHS = {1: _("words"), 2: _("proposal"), 3: _("commitment"), 4: _("enacted"), 5: _("operating")}
STRENGTH_HELP = {
    1: _("a speech, call, report or statement by somebody in office or leading a lab"),
    2: _("a bill introduced, a draft rule, an offer, a measure announced but not in force"),
    3: _("an agreement adopted, a strategy published, talks actually held, a chamber's vote"),
    4: _("a law or final rule, an order, money appropriated, a body created, a ruling"),
    5: _("a programme that delivers, a rule enforced, a project with output"),
}
ACTORS = {
    "us": _("US"),
    "china": _("China"),
    "multilateral": _("Multilateral"),
    "eu": _("EU"),
    "other": _("Other states"),
    "industry": _("Industry"),
    "academia": _("Academia"),
}
PRECISIONS = {"day": _("day"), "month": _("month"), "quarter": _("quarter"), "year": _("year")}
CERTAINTIES = {"confirmed": _("confirmed"), "reported": _("reported"), "rumoured": _("rumoured")}
CERTAINTY_HELP = {
    "confirmed": _("primary source, or two independent outlets"),
    "reported": _("one credible outlet"),
    "rumoured": _("anonymous sources, “considering”, “expected to”"),
}
# The codebook's hard cases, beside the recommendation they speak of (CODEBOOK, "Hard cases, decided").
RULES: dict[str, tuple[Any, ...]] = {
    "civilian-first": (
        _("Controls on chips, tools, cloud, capital or listed firms of the other side: here and `trust`."),
        _("Enforcing a control by case, or hitting all foreigners or a state's own firm: only here."),
        _("A tariff or control at zero or with a later start is a proposal (2) until it bites."),
    ),
    "governance": (
        _("Summits and truces count here only if AI itself was discussed."),
        _("EU law is domestic to the EU: only joining or leaving an international instrument counts."),
    ),
    "misuse": (
        _("A state's use of AI for harm undermines; its detection, ban or sharing advances."),
        _("AI must be in the act, or in the remit of the body that is funded or cut."),
        _("Frontier-safety laws count when they name misuse (cyber, bio, fraud, deepfakes)."),
    ),
    "joint-research": (_("Visa and talent curbs on AI researchers: here and under civilian first."),),
    "trust": (
        _("Needs a US-China pair, or an ally acting against one of them."),
        _("Minerals, retaliation on goods, import permits, apps, models and data flows: only here."),
        _("Lifting, rejecting or delaying a restriction advances; the headline's verb often misleads."),
    ),
    "safety-coalition": (
        _("Without China: advances when China is merely absent, undermines when it is shut out."),
    ),
    "global-challenges": (_("AI must be in the act, or in the remit of the body that is funded or cut."),),
}


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

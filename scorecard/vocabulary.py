"""The words of codebook and method in the reader's language: labels, actors, kinds of act. No figures
here.
"""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

SHORT_NAMES = {
    "civilian-first": pgettext_lazy("recommendation", "Civilian first"),
    "governance": pgettext_lazy("recommendation", "Governance"),
    "misuse": pgettext_lazy("recommendation", "Against misuse"),
    "joint-research": pgettext_lazy("recommendation", "Joint research"),
    "trust": pgettext_lazy("recommendation", "Trust"),
    "safety-coalition": pgettext_lazy("recommendation", "Safety coalition"),
    "global-challenges": pgettext_lazy("recommendation", "Global challenges"),
}
LABELS = {
    "advancing": pgettext_lazy("label", "Advancing"),
    "undermined": pgettext_lazy("label", "Undermined"),
    "contested": pgettext_lazy("label", "Contested"),
    "unclear": pgettext_lazy("label", "Unclear"),
    "too little evidence": pgettext_lazy("label", "Too little evidence"),
    "withheld": pgettext_lazy("label", "Label withheld"),
}
DELIVERY = {
    "in place": gettext_lazy("In place"),
    "partly in place": gettext_lazy("Partly in place"),
    "under way": gettext_lazy("Under way"),
    "talk": gettext_lazy("Talk"),
    "not started": gettext_lazy("Not started"),
    "not yet rated": gettext_lazy("Not yet rated"),
}
ACTORS = {
    "us": pgettext_lazy("actor", "United States"),
    "china": pgettext_lazy("actor", "China"),
    "multilateral": pgettext_lazy("actor", "Multilateral"),
    "eu": pgettext_lazy("actor", "European Union"),
    "other": pgettext_lazy("actor", "Other states"),
    "industry": pgettext_lazy("actor", "Industry"),
    "academia": pgettext_lazy("actor", "Academia and civil society"),
}
SHORT_ACTORS = {
    "us": pgettext_lazy("short", "US"),
    "china": pgettext_lazy("short", "China"),
    "multilateral": pgettext_lazy("short", "Multilateral"),
}
DIRECTIONS = {
    1: pgettext_lazy("direction", "advances"),
    -1: pgettext_lazy("direction", "undermines"),
    0: pgettext_lazy("direction", "mixed"),
}
DIRECTION_MARKS = {1: "▲", -1: "▼", 0: "◆"}
LABEL_MARKS = {
    "advancing": "▲",
    "undermined": "▼",
    "contested": "◆",
    "unclear": "○",
    "too little evidence": "○",
    "withheld": "○",
}
STRENGTHS = {
    1: pgettext_lazy("kind of act", "words"),
    2: pgettext_lazy("kind of act", "proposal"),
    3: pgettext_lazy("kind of act", "commitment"),
    4: pgettext_lazy("kind of act", "enacted"),
    5: pgettext_lazy("kind of act", "operating"),
}
CERTAINTIES = {
    "confirmed": pgettext_lazy("certainty", "confirmed"),
    "reported": pgettext_lazy("certainty", "reported"),
    "rumoured": pgettext_lazy("certainty", "rumoured"),
}
MODES = {
    "joint": gettext_lazy("both must move together"),
    "each": gettext_lazy("each on its own"),
    "any": gettext_lazy("any actor will do"),
}
COUNTS = (
    gettext_lazy("none"), gettext_lazy("one"), gettext_lazy("two"), gettext_lazy("three"),
    gettext_lazy("four"), gettext_lazy("five"), gettext_lazy("six"), gettext_lazy("seven"),
)  # fmt: skip


def label(value: str) -> str:
    return str(LABELS[value])


def short_name(slug: str) -> str:
    return str(SHORT_NAMES.get(slug, slug))


def actor(value: str) -> str:
    return str(ACTORS.get(value, value))


def count_word(count: int) -> str:
    return str(COUNTS[count]) if count < len(COUNTS) else str(count)


def rung(value: int) -> str:
    """The step of an ask's ladder in a word."""
    return str(STRENGTHS[value]) if value in STRENGTHS else gettext("nothing yet")


WHAT_IFS = {
    "full-credit": gettext_lazy("reversals were credited in full"),
    "endings-ignored": gettext_lazy("endings were ignored"),
    "every-act-one": gettext_lazy("every act counted 1"),
    "linear-weights": gettext_lazy("weights rose in even steps, 0.2 … 1"),
    "no-fading": gettext_lazy("nothing faded"),
    "half-lives-90": gettext_lazy("all half-lives were 90 days"),
    "confirmed-only": gettext_lazy("only confirmed acts counted"),
    "mean-of-views": gettext_lazy("the US, China and multilateral views were averaged"),
    "commitments-capped": gettext_lazy("commitments were capped at three acts"),
}
FACTORS = {
    "W1": gettext_lazy("the weight of words"),
    "W2": gettext_lazy("the weight of proposals"),
    "W3": gettext_lazy("the weight of commitments"),
    "W4": gettext_lazy("the weight of laws"),
    "C reported": gettext_lazy("the weight of reported acts"),
    "C rumoured": gettext_lazy("the weight of rumours"),
    "H1": gettext_lazy("how fast words fade"),
    "H2": gettext_lazy("how fast proposals fade"),
    "H3": gettext_lazy("how fast commitments fade"),
    "H4": gettext_lazy("how fast laws fade"),
    "H5": gettext_lazy("how fast programmes fade"),
    "k": gettext_lazy("k, what we do not know"),
    "c": gettext_lazy("the cap on talk"),
    "ν": gettext_lazy("the credit of reversals"),
}
CHANGES = {
    "added": pgettext_lazy("change of the record", "added"),
    "recoded": pgettext_lazy("change of the record", "recoded"),
    "edited": pgettext_lazy("change of the record", "words corrected"),
    "retracted": pgettext_lazy("change of the record", "retracted"),
    "restored": pgettext_lazy("change of the record", "restored"),
    "repeated": pgettext_lazy("change of the record", "confirmed without change"),
}


def what_if(slug: str, name: str) -> str:
    """A named what-if as the end of “If …”; the method's own name for one that has no words here yet."""
    return str(WHAT_IFS.get(slug, name))


def factor(name: str) -> str:
    return str(FACTORS.get(name, name))


def delivery(label: str) -> str:
    return str(DELIVERY.get(label, label))

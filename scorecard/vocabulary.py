"""The words of codebook and method in the reader's language: labels, actors, kinds of act; of recommendations also as
programs get them. No figures here.

The method's parameters in the reader's language. The English reasons are the method's own, tested.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from tracker.codebook import Ask, Codebook, Recommendation, Text, current
from tracker.wording import said, words_of

LABELS = {
    "advancing": pgettext_lazy("label", "Advancing"),
    "undermined": pgettext_lazy("label", "Undermined"),
    "leaning advancing": pgettext_lazy("label", "Leaning advancing"),
    "leaning undermined": pgettext_lazy("label", "Leaning undermined"),
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
DIRECTIONS = {
    1: pgettext_lazy("direction", "advances"),
    -1: pgettext_lazy("direction", "undermines"),
    0: pgettext_lazy("direction", "mixed"),
}
DIRECTION_MARKS = {1: "▲", -1: "▼", 0: "◆"}
LABEL_MARKS = {
    "advancing": "▲",
    "undermined": "▼",
    "leaning advancing": "△",
    "leaning undermined": "▽",
    "contested": "◆",
    "unclear": "○",
    "too little evidence": "○",
    "withheld": "○",
}
STRENGTHS = {number: said(term.name) for number, term in current().strengths.items()}
CERTAINTIES = {slug: said(term.name) for slug, term in current().certainties.items()}
REACHES = {slug: said(term.name) for slug, term in current().reach.items()}
# What a proposal that nothing has answered is waiting for.
STAGES = {
    "bill": pgettext_lazy("stage", "Bills"),
    "draft": pgettext_lazy("stage", "Draft rules"),
    "probe": pgettext_lazy("stage", "Probes"),
    "plan": pgettext_lazy("stage", "Plans and offers"),
}
MODES = {
    "joint": gettext_lazy("both must move together"),
    "each": gettext_lazy("each on its own"),
    "any": gettext_lazy("any actor will do"),
}
COUNTS = (
    gettext_lazy("none"), gettext_lazy("one"), gettext_lazy("two"), gettext_lazy("three"),
    gettext_lazy("four"), gettext_lazy("five"), gettext_lazy("six"), gettext_lazy("seven"),
    gettext_lazy("eight"), gettext_lazy("nine"), gettext_lazy("ten"), gettext_lazy("eleven"),
    gettext_lazy("twelve"),
)  # fmt: skip


def label(value: str | None) -> str:
    """The word of a reading in the reader's language; none where it has none."""
    return str(LABELS[value]) if value else ""


def short_name(slug: str) -> str:
    """The short name of a recommendation; a slug that is none's stays itself."""
    book = current()
    return words_of(book[slug].short) if slug in book else slug


def actor(value: str) -> str:
    """The name of an actor; a slug that is none's stays itself."""
    book = current()
    return words_of(book.actor(value).name) if value in book.actor_slugs else value


def short_actor(value: str) -> str:
    return words_of(current().actor(value).short)


def reach(value: str) -> str:
    return str(REACHES[value])


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
    "commitments-capped": gettext_lazy("commitments were capped at three acts"),
    "local-in-full": gettext_lazy("local acts counted in full"),
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
# What happened to an act, as feeds and mails begin.
NEWS = {
    "added": pgettext_lazy("news of an act", "New"),
    "recoded": pgettext_lazy("news of an act", "Recoded"),
    "retracted": pgettext_lazy("news of an act", "Retracted"),
    "restored": pgettext_lazy("news of an act", "Restored"),
}


def what_if(slug: str, name: str) -> str:
    """A named what-if as the end of “If …”; the method's own name for one that has no words here yet."""
    return str(WHAT_IFS.get(slug, name))


def factor(name: str) -> str:
    return str(FACTORS.get(name, name))


def delivery(label: str | None) -> str:
    return str(DELIVERY.get(label, label)) if label else ""


NAMES = {
    "weight": gettext_lazy("Weights of words, proposal, commitment, law, operation"),
    "certainty": gettext_lazy("Weights of confirmed, reported, rumoured"),
    "half_life": gettext_lazy("Half-lives of the five kinds, in days"),
    "k": gettext_lazy("k, what we do not know, in acts"),
    "talk_cap": gettext_lazy("c, the cap on talk, in acts"),
    "netting": gettext_lazy("ν, how much of an undone act is netted"),
    "gain": gettext_lazy("Gain of the band"),
    "ceiling": gettext_lazy("Ceiling of the evidence"),
    "pulse_half_life": gettext_lazy("Half-life of the pulse, in days"),
    "enough_evidence": gettext_lazy("Least evidence for a label, in acts"),
    "dispute": gettext_lazy("Least evidence of a dispute, in acts"),
    "band": gettext_lazy("Quantiles of the band"),
    "change_points": gettext_lazy("Least change worth a word, in points"),
    "few_acts": gettext_lazy("Below it: “on few acts”"),
    "standing": gettext_lazy("How long an act stands for an ask, in half-lives"),
    "reach": gettext_lazy("Weights of wide and local acts"),
    "verdict": gettext_lazy("Probability that a verdict needs"),
    "lean": gettext_lazy("Probability that a leaning needs"),
    "dispute_share": gettext_lazy("Least share of the dispute on both sides"),
    "own_terms": gettext_lazy("Acts end by their own terms, or sleep"),
    "talk_ends_acts": gettext_lazy("Words and proposals end acts"),
    "keeps_worth": gettext_lazy("A stage keeps the worth of what it replaces"),
    "word_follows_change": gettext_lazy("The word of change follows the change"),
    "stops_at_coded_day": gettext_lazy("No reading past the last coded day"),
    "delivery_of_actors": gettext_lazy("Delivery in the view of an actor"),
}
REASONS = {
    "weight": gettext_lazy(
        "Doubling up to the law, then delivery; the unit is one act in operation. The expert-rated "
        "COPDAB scale, divided by its “major alliance”, gives 0.13–0.21 for verbal support, 0.30–0.57"
        " for agreements and 0.66 for material support."
    ),
    "certainty": gettext_lazy(
        "Read as the chance that the act is real; quarters, because finer would pretend to know."
    ),
    "half_life": gettext_lazy(
        "Words are stale in two quarters; a proposal is half dead after four quiet months; a "
        "communiqué is renewed by the yearly summit round; a law lasts about a government's term, "
        "less what quietly lapses; a programme must show output again every budget cycle."
    ),
    "k": gettext_lazy(
        "Two full acts' worth of “we do not know”: one unopposed law reads +29, six full acts +75. It"
        " is the customary non-informative weight."
    ),
    "talk_cap": gettext_lazy(
        "All talk on one side never outweighs one act in operation; with k = 2 talk alone can never "
        "earn a verdict."
    ),
    "netting": gettext_lazy("A round trip leaves no trace."),
    "gain": gettext_lazy(
        "Calibrated: when the draft record was split at random into halves, the 80 % band held the "
        "difference in 80–82 % (with gain 1 in 92–93 %)."
    ),
    "ceiling": gettext_lazy(
        "Bias in coding does not average out: the band never gets narrower than about ±10 at the middle."
    ),
    "pulse_half_life": gettext_lazy(
        "An act of a quarter ago counts half; shorter ones predicted the next acts of the draft "
        "record worse (log-loss 0.663 at 15 days, 0.642 at 90, 0.637 at 365; a coin 0.693)."
    ),
    "enough_evidence": gettext_lazy("Less than half of an act in operation is no evidence."),
    "dispute": gettext_lazy("Four full acts without a verdict are a dispute."),
    "band": gettext_lazy("From the 10 % to the 90 % quantile: an 80 % band."),
    "change_points": gettext_lazy("A move of less than five points is not worth a word."),
    "few_acts": gettext_lazy("One act is not a trend."),
    "standing": gettext_lazy(
        "After three half-lives an eighth of the weight is left; words and communiqués lapse."
    ),
    "reach": gettext_lazy(
        "Four states or sites make a country's act; without it three gas plants held one recommendation at +28 "
        "instead of +44."
    ),
    "verdict": gettext_lazy("The customary 95 % (two-sided)."),
    "lean": gettext_lazy(
        "The customary 80 % (two-sided): a band that leaves zero out without being a verdict."
    ),
    "dispute_share": gettext_lazy("At least a quarter of the evidence on the weaker side."),
    "own_terms": gettext_lazy(
        "An act that ended by its own terms, or sleeps while another suspends it, does not count."
    ),
    "talk_ends_acts": gettext_lazy("Words and proposals end only words and proposals."),
    "keeps_worth": gettext_lazy(
        "A truce that took the place of two heavier ones would lower the balance on the day it is signed."
    ),
    "word_follows_change": gettext_lazy("A balance that fell by a point is not called rising."),
    "stops_at_coded_day": gettext_lazy("Silence is not calm: after it nobody has looked."),
    "delivery_of_actors": gettext_lazy(
        "How far an ask got is a question to the whole record; each ask shows its actors apart."
    ),
}


def recommendation_for_programs(one: Recommendation, book: Codebook) -> dict[str, Any]:
    """A recommendation's place and words as programs get them, without its asks."""
    words: dict[str, Any] = {"slug": one.slug, "number": one.number}
    for name in ("name", "summary", "advances", "undermines"):
        words |= _tongues(name, getattr(one, name), book)
    return words


def asks_for_programs(one: Recommendation, book: Codebook) -> list[dict[str, Any]]:
    """What a recommendation asks for, as programs get it."""
    return [_ask(ask, book) for ask in one.asks]


def _ask(ask: Ask, book: Codebook) -> dict[str, Any]:
    words = _tongues("name", ask.name, book) | _tongues("description", ask.description, book)
    return {"slug": ask.slug, **words, "mode": ask.mode, "actors": list(ask.actors)}


def _tongues(name: str, text: Text, book: Codebook) -> dict[str, str]:
    """Programs know two places for words: of the codebook's first language, and of its second if it has one."""
    second = text.in_(book.languages[1]) if len(book.languages) > 1 else ""
    return {f"{name}_en": str(text), f"{name}_zh": second}

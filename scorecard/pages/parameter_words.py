"""The method's parameters in the reader's language. The English reasons are the method's own, tested."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

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
    "enough_evidence": gettext_lazy("Less than a law is no evidence."),
    "dispute": gettext_lazy("Four full acts without a verdict are a dispute."),
    "band": gettext_lazy("From the 10 % to the 90 % quantile: an 80 % band."),
    "change_points": gettext_lazy("A move of less than five points is not worth a word."),
    "few_acts": gettext_lazy("One act is not a trend."),
    "standing": gettext_lazy(
        "After three half-lives an eighth of the weight is left; words and communiqués lapse."
    ),
}

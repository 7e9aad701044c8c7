"""Every number the method rests on, in one place, each with its reason (METHOD.md, section 10). Pure.

A `Method` is a version with its parameters. Versions stand side by side in `METHODS`: a new one is
registered, the old one is never edited, and every figure names the version that made it.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tracker.codebook import Codebook, current
from tracker.record import CERTAINTIES, REACHES

HORIZONS = (30, 90, 365)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of the formulas; times in days, weights in acts in operation."""

    weight: tuple[float, ...] = (0.1, 0.2, 0.4, 0.8, 1.0)
    certainty: tuple[float, ...] = (1.0, 0.75, 0.25)
    half_life: tuple[float, ...] = (60.0, 120.0, 365.0, 1095.0, 730.0)
    k: float = 2.0
    talk_cap: float = 1.0
    netting: float = 1.0
    gain: float = 2.0
    ceiling: float = 75.0
    pulse_half_life: float = 90.0
    enough_evidence: float = 0.5
    dispute: float = 4.0
    band: tuple[float, float] = (0.1, 0.9)
    change_points: float = 5.0
    few_acts: float = 2.0
    standing: float = 3.0
    # The rules that method 1.1 brought; as they stand here they are those of 1.0.
    reach: tuple[float, ...] = (1.0, 1.0)  # Q of wide and local acts
    own_terms: bool = False  # `until` ends an act, `suspends` puts one to sleep
    talk_ends_acts: bool = True
    keeps_worth: bool = False  # what replaces acts of its own direction is worth no less, up to one act
    verdict: float = 0.9
    lean: float = 0.9
    dispute_share: float = 0.0
    word_follows_change: bool = False
    stops_at_coded_day: bool = False
    delivery_of_actors: bool = True
    # Only what-ifs turn these.
    commitment_cap: float = math.inf
    endings: bool = True
    counted: tuple[str, ...] = CERTAINTIES

    def __post_init__(self) -> None:
        if len(self.weight) != 5 or len(self.half_life) != 5 or len(self.certainty) != len(CERTAINTIES):
            raise ValueError("five weights, five half-lives and three certainties are needed")
        if len(self.reach) != len(REACHES) or not 0.5 < self.lean <= self.verdict < 1:
            raise ValueError("two reaches are needed, and ½ < lean ≤ verdict < 1")
        if not all(0 <= value <= 1 for value in (*self.weight, *self.certainty, *self.reach)):
            raise ValueError("weights, certainties and reaches lie between 0 and 1")
        if not all(value > 0 for value in (*self.half_life, self.pulse_half_life, self.k, self.gain)):
            raise ValueError("half-lives, k and gain are above 0")
        if self.talk_cap < 0 or self.commitment_cap < 0 or not 0 <= self.netting <= 1:
            raise ValueError("caps are not below 0, and netting lies between 0 and 1")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; later rules and the switches of what-ifs appear only when they are turned."""
        values = {item.name: (getattr(self, item.name), item.default) for item in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, (value, default) in values.items()
            if name not in _SWITCHES or value != default
        }


_SWITCHES = {
    "reach", "own_terms", "talk_ends_acts", "keeps_worth", "verdict", "lean", "dispute_share",
    "word_follows_change", "stops_at_coded_day", "delivery_of_actors", "commitment_cap", "endings", "counted",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Method:
    """One published version of the method: a name for its formulas and parameters, and why it came.

    `adopted` is the day it was put into service; None while it can only be asked for.
    """

    version: str
    parameters: Parameters = field(default_factory=Parameters)
    adopted: datetime.date | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One named departure from the method, worked out as a full recomputation (section 9)."""

    slug: str
    name: str
    change: tuple[tuple[str, Any], ...] = ()
    views: tuple[str, ...] = ()

    def parameters(self, base: Parameters) -> Parameters:
        return replace(base, **dict(self.change))


# Which versions were put into service, and on which day; the last one is what is shown when none is asked for.
ADOPTED = {
    "1.0": datetime.date(2026, 11, 24),
    "1.1": datetime.date(2026, 11, 29),
}
METHODS: dict[str, Method] = {
    "1.0": Method("1.0", adopted=ADOPTED.get("1.0"), summary="The method as first published."),
    "1.1": Method(
        "1.1",
        Parameters(
            reach=(1.0, 0.25),
            own_terms=True,
            talk_ends_acts=False,
            keeps_worth=True,
            verdict=0.975,
            dispute_share=0.5,
            word_follows_change=True,
            stops_at_coded_day=True,
            delivery_of_actors=False,
        ),
        ADOPTED.get("1.1"),
        "No reading past the last coded day; acts end by their own terms or sleep; words end no acts; local acts "
        "weigh a quarter; a stage keeps the worth of what it replaces; verdicts at 97.5 %, leanings at 90 %.",
    ),
}
CURRENT = list(ADOPTED)[-1]


def in_service() -> list[Method]:
    """The versions that were put into service, the first one first."""
    return [method for method in METHODS.values() if method.adopted is not None]


def method_of(version: str | Method | None) -> Method:
    """The registered method of that version (None: the current one); `ValueError` lists the known ones."""
    if isinstance(version, Method):
        return version
    try:
        return METHODS[CURRENT if version is None else version]
    except KeyError:
        known = ", ".join(METHODS)
        raise ValueError(f"method {version!r} is not known; known versions: {known}") from None


def read_on(
    as_of: datetime.date,
    coded_to: datetime.date | None,
    version: str | Method | None = None,
    beyond: bool = False,
) -> datetime.date:
    """R, the day on which a reading as of `as_of` is made (section 2): no later than the last coded day.

    Method 1.0 knew no such day; `beyond` asks what would be read if nothing had happened since.
    """
    stops = method_of(version).parameters.stops_at_coded_day and not beyond and coded_to is not None
    return min(as_of, coded_to) if stops and coded_to else as_of


_MEAN_OF_VIEWS = "mean-of-views"
_WHAT_IFS = (
    WhatIf("full-credit", "Reversals credited in full", (("netting", 0.0),)),
    WhatIf("endings-ignored", "Endings ignored", (("endings", False),)),
    WhatIf(
        "every-act-one",
        "Every act counts 1",
        (("weight", (1.0,) * 5), ("certainty", (1.0,) * len(CERTAINTIES))),
    ),
    WhatIf("linear-weights", "Linear weights 0.2 … 1", (("weight", (0.2, 0.4, 0.6, 0.8, 1.0)),)),
    WhatIf("no-fading", "No fading", (("half_life", (math.inf,) * 5),)),
    WhatIf("half-lives-90", "All half-lives 90 days", (("half_life", (90.0,) * 5),)),
    WhatIf("confirmed-only", "Confirmed acts only", (("counted", ("confirmed",)),)),
    WhatIf(_MEAN_OF_VIEWS, ""),  # what it is called, and whose views, the codebook says
    WhatIf("commitments-capped", "Commitments capped at 3", (("commitment_cap", 3.0),)),
    WhatIf("local-in-full", "Local acts in full", (("reach", (1.0, 1.0)),)),
)


def what_ifs(book: Codebook) -> tuple[WhatIf, ...]:
    """The named departures under a codebook: without views to stand beside one another there is no mean of them."""
    views = book.beside
    name = f"Mean of the views: {', '.join(str(book.actor(slug).short) for slug in views)}"
    return tuple(
        replace(item, name=name, views=views) if item.slug == _MEAN_OF_VIEWS else item
        for item in _WHAT_IFS
        if views or item.slug != _MEAN_OF_VIEWS
    )


_REASONS: tuple[tuple[str, str, str], ...] = (
    (
        "weight",
        "W1…W5",
        "Doubling up to the law, then delivery; the unit is one act in operation. The expert-rated "
        "COPDAB scale, divided by its “major alliance”, gives 0.13–0.21 for verbal support, 0.30–0.57 "
        "for agreements and 0.66 for material support.",
    ),
    (
        "certainty",
        "C",
        "Read as the chance that the act is real; quarters, because finer would pretend to know.",
    ),
    (
        "half_life",
        "H1…H5 (days)",
        "Words are stale in two quarters; a proposal is half dead after four quiet months; a communiqué "
        "is renewed by the yearly summit round; a law lasts about a government's term, less what quietly "
        "lapses; a programme must show output again every budget cycle.",
    ),
    (
        "k",
        "k",
        "Two full acts' worth of “we do not know”: one unopposed law reads +29, six full acts +75. It is "
        "the customary non-informative weight.",
    ),
    (
        "talk_cap",
        "c",
        "All talk on one side never outweighs one act in operation; with k = 2 talk alone can never earn "
        "a verdict.",
    ),
    ("netting", "ν", "A round trip leaves no trace."),
    (
        "gain",
        "gain",
        "Calibrated: when the draft record was split at random into halves, the 80 % band held the "
        "difference in 80–82 % (with gain 1 in 92–93 %).",
    ),
    (
        "ceiling",
        "ceiling",
        "Bias in coding does not average out: the band never gets narrower than about ±10 at the middle.",
    ),
    (
        "pulse_half_life",
        "pulse half-life",
        "An act of a quarter ago counts half; shorter ones predicted the next acts of the draft record "
        "worse (log-loss 0.663 at 15 days, 0.642 at 90, 0.637 at 365; a coin 0.693).",
    ),
    ("enough_evidence", "evidence", "Less than half of an act in operation is no evidence."),
    ("dispute", "dispute", "Four full acts without a verdict are a dispute."),
    ("band", "band", "From the 10 % to the 90 % quantile: an 80 % band."),
    ("change_points", "change", "A move of less than five points is not worth a word."),
    ("few_acts", "few acts", "One act is not a trend."),
    (
        "standing",
        "standing",
        "After three half-lives an eighth of the weight is left; words and communiqués lapse.",
    ),
    (
        "reach",
        "Q",
        "Four states or sites make a country's act; without it three gas plants held one recommendation at +28 "
        "instead of +44.",
    ),
    ("verdict", "verdict", "The customary 95 % (two-sided)."),
    ("lean", "lean", "The customary 80 % (two-sided): a band that leaves zero out without being a verdict."),
    ("dispute_share", "dispute share", "At least a quarter of the evidence on the weaker side."),
    (
        "own_terms",
        "own terms",
        "An act that ended by its own terms, or sleeps while another suspends it, does not count.",
    ),
    ("talk_ends_acts", "talk ends acts", "Words and proposals end only words and proposals."),
    (
        "keeps_worth",
        "worth kept",
        "A truce that took the place of two heavier ones would lower the balance on the day it is signed.",
    ),
    ("word_follows_change", "word of change", "A balance that fell by a point is not called rising."),
    ("stops_at_coded_day", "last coded day", "Silence is not calm: after it nobody has looked."),
    (
        "delivery_of_actors",
        "delivery of actors",
        "How far an ask got is a question to the whole record; each ask shows its actors apart.",
    ),
)


def describe(book: Codebook | None = None) -> dict[str, Any]:
    """For the method page and the API: versions, parameters with reasons, what-ifs, how to read alpha."""
    book = book or current()
    values = METHODS[CURRENT].parameters.as_dict()
    return {
        "current": CURRENT,
        "start": book.start.isoformat(),
        "recommendations": list(book.slugs),
        "horizons": list(HORIZONS),
        "versions": [
            {
                "version": method.version,
                "adopted": method.adopted.isoformat() if method.adopted else None,
                "summary": method.summary,
                "parameters": method.parameters.as_dict(),
            }
            for method in METHODS.values()
        ],
        "parameters": [
            {"name": name, "symbol": symbol, "value": values[name], "reason": reason}
            for name, symbol, reason in _REASONS
            if name in values  # a rule of a later version is no parameter of this one
        ],
        "what_ifs": [{"slug": item.slug, "name": item.name} for item in what_ifs(book)],
        "agreement": {"reliable": 0.8, "withhold_labels_below": 0.667, "share_double_coded": 0.1},
    }

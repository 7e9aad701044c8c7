"""The readings of a day as plain values: what each holds, by the names that the API, the files and `manage.py score`
give. Pure.

They are typed dictionaries: a report is kept, sent and signed as it is, to the last key, so there is no second form
to turn it into; mypy knows every key of it all the same.
"""

from typing import Any, NotRequired, TypedDict


class Banded(TypedDict):
    """A score in its band, with its word; no label on days that nobody has coded."""

    score: float
    low: float
    high: float
    label: str | None


class Measure(Banded):
    """All that one pair (A, U) says."""

    A: float
    U: float
    E: float
    advancing_share: float
    undermining_share: float
    open_share: float
    prob_advancing: float
    contested: float
    n: NotRequired[int]


def word(reading: Banded) -> str:
    """The label of a day that somebody has coded. Raises ValueError for any other: nobody has a word for it."""
    if reading["label"] is None:
        raise ValueError("No label is given to a day that nobody has coded.")
    return reading["label"]


class Act(TypedDict):
    """What one act contributes to a balance: its points add up to the score, `effect` is what it moves."""

    id: str
    date: str
    direction: int
    strength: int
    certainty: str
    reach: str
    actors: list[str]
    ask: str | None
    advancing: float
    undermining: float
    points: float
    effect: float
    weight: float
    credited: float
    kept: float


class PulseAct(TypedDict):
    """What one act adds to a pulse."""

    id: str
    advancing: float
    undermining: float
    points: float


class Factor(TypedDict):
    factor: str
    r2: float


class Spread(TypedDict):
    """A score over the draws of METHOD.md, section 9; `same_word` only where it has a word."""

    score: float
    p10: float
    p50: float
    p90: float
    same_sign: float
    factors: list[Factor]
    same_word: NotRequired[float | None]


class Balance(Measure):
    since: str | None
    fragile: bool | None
    acts: NotRequired[list[Act]]
    sensitivity: NotRequired[Spread]


class Pulse(Measure):
    since: str | None
    acts: NotRequired[list[PulseAct]]


Change = TypedDict(
    "Change",
    {
        "from": float,
        "to": float,
        "change": float,
        "faded": float,
        "ended": float,
        "new": float,
        "moved": float,
        "acts": float,
        "word": str | None,
    },
)


class ActorReading(TypedDict):
    """How far one actor has got with an ask."""

    value: float
    rung: int
    up: float
    down: float
    opposed: bool


class Rule(TypedDict):
    """What the rule gives for an ask, None where it is not yet rated."""

    value: float | None
    rung: int | None


ByHand = TypedDict(
    "ByHand",
    {"rung": int, "reason": str, "name": str, "from": str, "to": str | None, "recorded_at": str},
)


class AskAct(TypedDict):
    """One act that stands for or against an ask."""

    id: str
    actors: list[str]
    direction: int
    strength: int
    up: float
    down: float


class AskReading(TypedDict):
    ask: str
    mode: str
    value: float | None
    rung: int | None
    rated: bool
    by_hand: ByHand | None
    rule: Rule
    actors: dict[str, ActorReading]
    acts: NotRequired[list[AskAct]]


class Delivery(TypedDict):
    """`value` is None until all of its asks are rated; `rated` of `of` are."""

    value: float | None
    label: str | None
    rated: int
    of: int
    asks: list[AskReading]


class Readings(TypedDict):
    """All readings of one recommendation; `change` by its days, such as "90"."""

    balance: Balance
    pulse: Pulse
    change: dict[str, Change]
    delivery: Delivery | None  # None in the views of actors


def whole(readings: Readings) -> Delivery:
    """The delivery on the whole record. Raises ValueError for the view of an actor, which has none."""
    if readings["delivery"] is None:
        raise ValueError(
            "How far the asks got is a question to the whole record: no view of an actor has a delivery."
        )
    return readings["delivery"]


class Overall(TypedDict):
    score: float
    low: float
    high: float
    labels: dict[str, int]
    delivery: float | None
    sensitivity: NotRequired[Spread]


class WhatIfReading(TypedDict):
    """One departure from the method, and what it gives."""

    slug: str
    name: str
    recommendations: dict[str, Banded]
    overall: dict[str, float]


class Sensitivity(TypedDict):
    draws: int
    recommendations: dict[str, Spread]
    overall: Spread
    what_ifs: list[WhatIfReading]


class IgnoredLink(TypedDict):
    id: str
    supersedes: NotRequired[str]
    suspends: NotRequired[str]
    why: str


class Stamp(TypedDict):
    """What every figure says of itself: its method, the day asked for, the day it was read on, and the days between."""

    method: str
    as_of: str
    known_at: str | None
    coded_to: str | None
    read_on: str
    days_since: int


class Report(Stamp):
    """All readings of one day, as known on one day."""

    actor: str | None
    parameters: dict[str, Any]
    recommendations: dict[str, Readings]
    overall: Overall
    ignored_links: list[IgnoredLink]
    what_ifs: NotRequired[list[WhatIfReading]]


class StepAct(TypedDict):
    """What one act moved in a step; without an id it is a parameter of the method."""

    id: str | None
    points: float
    why: str


class Step(TypedDict):
    step: str
    points: float
    acts: list[StepAct]


Waterfall = TypedDict(
    "Waterfall",
    {
        "from": float,
        "to": float,
        "change": float,
        "world": float,
        "recoded": float,
        "method": float,
        "steps": list[Step],
    },
)

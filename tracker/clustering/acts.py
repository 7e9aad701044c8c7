"""Whether two headlines may tell of one act: something of it in common, and nothing that speaks against it. Pure.

Shared words make two reports likely to be one act; they do not make them so. Who signs and who stays out share
every word but one, and a feed's template shares them all with every item of that feed. So what the machine joins
by itself must share an act: enough of the shorter headline, or the same names and the same deed.
"""

from __future__ import annotations

from collections.abc import Callable

from tracker.clustering.reading import Reading
from tracker.clustering.words import Gazetteer

ENOUGH = 0.5  # of the rarity of the shorter headline's words
ENOUGH_WITH_DEED = 0.33  # where they also share a deed and somebody or something it is about
NAMED_ALIKE = 9.0  # nats of names shared by headlines in two languages, where no deed is
NEAR_DAYS, LOOSELY_NEAR = 7, 3
FEWEST_WORDS = 3  # shared, where no name is
# Deeds that a dozen acts of one day have in common: who met whom says nothing of what came of it.
FORMS = frozenset({"meet", "hold", "report", "plan"})


def opposed(one: Reading, other: Reading, names: Gazetteer) -> bool:
    """Whether they cannot be one act: opposite deeds, or firms that both name without one in common."""
    signs = deed_sign(one, names), deed_sign(other, names)
    if 0 not in signs and signs[0] != signs[1]:
        return True
    mine, yours = firms(one, names), firms(other, names)
    return bool(mine and yours and not mine & yours)


def in_common(one: Reading, other: Reading) -> bool:
    """Whether what they share is an act and not merely a subject."""
    gap = abs(one.days - other.days) if one.days is not None and other.days is not None else NEAR_DAYS
    if gap > NEAR_DAYS:
        return False
    deed = bool((one.names["act"].keys() & other.names["act"].keys()) - FORMS)
    mine, yours = one.names["specific"], other.names["specific"]
    shared = sum(rarity for name, rarity in mine.items() if name in yours)
    if one.chinese != other.chinese:
        return shared > 0 and gap <= LOOSELY_NEAR and (deed or shared >= NAMED_ALIKE)
    if one.amounts and other.amounts and not one.amounts & other.amounts:
        return False  # two raids, two rounds of funding
    if not shared and len(one.rarities.keys() & other.rarities.keys()) < FEWEST_WORDS:
        return False
    if one.text.outlet and one.text.outlet == other.text.outlet:
        return (
            coverage(one, other, of=max) >= ENOUGH
        )  # an outlet seldom tells of one act twice, but in one manner
    told = coverage(one, other)
    return told >= ENOUGH or (told >= ENOUGH_WITH_DEED and deed and shared > 0)


def share_deed_and_name(one: Reading, other: Reading) -> bool:
    """Whether both tell the same deed, and somebody or something it is about."""
    deeds = (one.names["act"].keys() & other.names["act"].keys()) - FORMS
    return bool(deeds and one.names["specific"].keys() & other.names["specific"].keys())


def coverage(one: Reading, other: Reading, of: Callable[..., float] = min) -> float:
    """Which part of the words of the shorter of them (`of=max`: of the longer) the other has too, weighed by rarity;
    0 to 1."""
    shared = sum(one.rarities[word] for word in one.rarities.keys() & other.rarities.keys())
    whole = of(sum(one.rarities.values()), sum(other.rarities.values()))
    return shared / whole if whole else 0.0


def deed_sign(reading: Reading, names: Gazetteer) -> int:
    """1 where the first deed of the headline opens or joins, -1 where it closes or leaves, else 0."""
    for key in names.in_order(reading.text.title):
        if sign := names.names[key].sign:
            return sign
    return 0


def firms(reading: Reading, names: Gazetteer) -> frozenset[str]:
    return frozenset(key for key in reading.names["specific"] if names.names[key].kind == "firm")

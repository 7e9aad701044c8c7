"""Whether reports tell of one act: two headlines beside each other, and a story read again report by report. Pure.

Shared words make two reports likely to be one act; they do not make them so. Who signs and who stays out share
every word but one, and a feed's template shares them all with every item of that feed. So what the machine joins
by itself must share an act: enough of the shorter headline, or the same names and the same deed.

What joins one by one drifts: a series of one outlet, a subject that goes on for a week. So a story of many reports of
one outlet, or of reports days apart, is read once more as a whole: reports stay together that share a page, a text or
an act; days apart, or in a series, only those that share a deed and whoever it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from tracker.clustering.reports import Reading, is_copy, is_one_page
from tracker.clustering.words import Gazetteer, gazetteer

ENOUGH = 0.5  # of the rarity of the shorter headline's words
ENOUGH_WITH_DEED = 0.33  # where they also share a deed and somebody or something it is about
NAMED_ALIKE = 9.0  # nats of names shared by headlines in two languages, where no deed is
NEAR_DAYS, LOOSELY_NEAR = 7, 3
FEWEST_WORDS = 3  # shared, where no name is
# Deeds that a dozen acts of one day have in common: who met whom says nothing of what came of it.
FORMS = frozenset({"meet", "hold", "report", "plan"})

OF_ONE_OUTLET = 5  # reports, beyond which a story is looked at again
DAYS_APART = 3


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


def is_doubtful(readings: Sequence[Reading]) -> bool:
    """Whether a story of these reports is to be looked at again."""
    days = [reading.days for reading in readings if reading.days is not None]
    return bool(_series(readings)) or (bool(days) and max(days) - min(days) > DAYS_APART)


def _series(readings: Sequence[Reading]) -> set[str]:
    """The outlets that brought so many of these reports that they may be a series."""
    outlets = Counter(reading.text.outlet for reading in readings if reading.text.outlet)
    return {outlet for outlet, count in outlets.items() if count > OF_ONE_OUTLET}


def parted(readings: Sequence[Reading], names: Gazetteer | None = None) -> list[list[int]]:
    """The places of the reports of each act that they tell of, that of the first report before the others."""
    names = names or gazetteer()
    series, homes = _series(readings), list(range(len(readings)))
    for at, one in enumerate(readings):
        for before in range(at):
            if homes[before] != homes[at] and _is_one_act(one, readings[before], names, series):
                kept, gone = sorted((homes[before], homes[at]))
                homes = [kept if home == gone else home for home in homes]
    groups: dict[int, list[int]] = {}
    for at, home in enumerate(homes):
        groups.setdefault(home, []).append(at)
    return [groups[home] for home in sorted(groups)]


def _is_one_act(one: Reading, other: Reading, names: Gazetteer, series: Collection[str]) -> bool:
    if is_one_page(one.text, other.text):
        return True
    near = one.days is None or other.days is None or abs(one.days - other.days) <= DAYS_APART
    same_outlet = bool(one.text.outlet) and one.text.outlet == other.text.outlet
    if is_copy(one.text, other.text):
        return near or not same_outlet  # one outlet's title that comes again days later is a column
    if opposed(one, other, names) or not in_common(one, other):
        return False
    is_plain = near and not (same_outlet and one.text.outlet in series)
    return is_plain or share_deed_and_name(one, other)

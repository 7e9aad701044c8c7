"""A story that may hold more than one act, looked at again report by report. Pure.

What joins one by one drifts: a series of one outlet, a subject that goes on for a week. So a story of many reports of
one outlet, or of reports days apart, is read once more as a whole: reports stay together that share a page, a text or
an act; days apart, or in a series, only those that share a deed and whoever it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from tracker.clustering import acts
from tracker.clustering.copies import is_copy, is_one_page
from tracker.clustering.reading import Reading
from tracker.clustering.words import Gazetteer, gazetteer

OF_ONE_OUTLET = 5  # reports, beyond which a story is looked at again
DAYS_APART = 3


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
    if acts.opposed(one, other, names) or not acts.in_common(one, other):
        return False
    is_plain = near and not (same_outlet and one.text.outlet in series)
    return is_plain or acts.share_deed_and_name(one, other)

"""The nightly pass: all reports of the last days at once, by average link.

A report that came first and alone may belong with ten that came later; whoever groups one at a time never
sees it. Average link asks that a report fits a group on the whole, where the nearest neighbour alone would
chain hundreds of reports into one story.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from tracker.clustering import scoring
from tracker.clustering.index import Postings, entries, nearest
from tracker.clustering.reports import Key, Pair, Reading, Report
from tracker.clustering.scoring import Scorer, default_scorer, probability

WINDOW = 14  # days within which two reports are compared
FAINT = 0.01  # a smaller chance of a pair counts as none

Edge = tuple[int, int]


def regroup(
    reports: Sequence[Report], scorer: Scorer | None = None, pairs: Iterable[Pair] = ()
) -> list[list[Key]]:
    """Groups of keys, the largest first.

    `pairs` are what analysts decided: joined reports end in one group, parted ones never do. Parting wins.
    """
    scorer = scorer or default_scorer()
    chances = pair_chances([scorer.reader.read(report) for report in reports], scorer)
    groups = Groups(len(reports), chances, scorer.cut)
    places = {report.key: at for at, report in enumerate(reports)}
    judged = [Pair(*pair) for pair in pairs]
    decided = [pair for pair in judged if pair.left.key in places and pair.right.key in places]
    for pair in sorted(decided, key=lambda pair: pair.same):
        edge = (places[pair.left.key], places[pair.right.key])
        (groups.join if pair.same else groups.part)(*edge)
    found = sorted(groups.linked(), key=lambda group: (-len(group), group))
    return [[reports[at].key for at in group] for group in found]


def pair_chances(readings: Sequence[Reading], scorer: Scorer) -> dict[Edge, float]:
    """The chance of every pair worth comparing that the two are one act."""
    postings = Postings()
    for at, reading in enumerate(readings):
        postings.add(at, reading.days, entries(reading))
    chances: dict[Edge, float] = {}
    for at, reading in enumerate(readings):
        near = [other for other in nearest(postings, reading, WINDOW) if other != at]
        fresh = [other for other in near if (min(at, other), max(at, other)) not in chances]
        logits = scorer.pair_logits(reading, [readings[other] for other in fresh])
        for other, chance in zip(fresh, probability(logits), strict=True):
            apart = scoring.opposed(reading, readings[other], scorer.reader.names)
            chances[min(at, other), max(at, other)] = 0.0 if apart else float(chance)
    chances.update(dict.fromkeys(_one_page(readings), 1.0))
    return chances


def _one_page(readings: Sequence[Reading]) -> list[Edge]:
    """Pairs of reports under one address, each with the first one under it."""
    first: dict[str, int] = {}
    pairs = [(first.setdefault(reading.text.address, at), at) for at, reading in enumerate(readings)]
    return [(one, other) for one, other in pairs if one != other and readings[one].text.address]


class Groups:
    """Average link over sparse chances: the pair of groups with the highest mean chance is joined next."""

    def __init__(self, count: int, chances: Mapping[Edge, float], cut: float):
        self._cut = cut
        self._members: dict[int, list[int]] = {at: [at] for at in range(count)}
        self._sums: dict[int, dict[int, float]] = {at: {} for at in range(count)}
        self._parted: dict[int, set[int]] = {}
        self._home = list(range(count))
        for (one, other), chance in chances.items():
            if chance >= FAINT:
                self._sums[one][other] = self._sums[other][one] = chance

    def part(self, one: int, other: int) -> None:
        """These two never end in one group."""
        here, there = self._home[one], self._home[other]
        self._parted.setdefault(here, set()).add(there)
        self._parted.setdefault(there, set()).add(here)

    def join(self, one: int, other: int) -> None:
        """These two end in one group, unless somebody parted them or what they belong to."""
        here, there = self._home[one], self._home[other]
        if here != there and there not in self._parted.get(here, ()):
            self._merge(here, there)

    def linked(self) -> list[list[int]]:
        heap = [
            (-self._mean(one, other), one, other)
            for one in self._sums
            for other in self._sums[one]
            if one < other
        ]
        heapq.heapify(heap)
        while heap:
            worth, one, other = heapq.heappop(heap)
            if -worth < self._cut:
                break
            if one not in self._members or other not in self._members or -worth != self._mean(one, other):
                continue
            if other in self._parted.get(one, ()):
                continue
            self._merge(one, other)
            for near in self._sums[one]:
                heapq.heappush(heap, (-self._mean(one, near), min(one, near), max(one, near)))
        return [sorted(group) for group in self._members.values()]

    def _mean(self, one: int, other: int) -> float:
        one, other = min(one, other), max(one, other)
        return self._sums[one].get(other, 0.0) / (len(self._members[one]) * len(self._members[other]))

    def _merge(self, kept: int, gone: int) -> None:
        for at in self._members[gone]:
            self._home[at] = kept
        self._members[kept] += self._members.pop(gone)
        for near, total in self._sums.pop(gone).items():
            del self._sums[near][gone]
            if near != kept:
                self._sums[kept][near] = self._sums[near][kept] = self._sums[kept].get(near, 0.0) + total
        for stranger in self._parted.pop(gone, set()):
            self._parted[stranger].discard(gone)
            self._parted[stranger].add(kept)
            self._parted.setdefault(kept, set()).add(stranger)

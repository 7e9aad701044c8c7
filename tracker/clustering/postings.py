"""Which readings hold a word, by date. The cost hangs on what lies in the window asked for, not on the rest.

Two arrays of integers a word: eight bytes an occurrence. Common words are looked into last and only as far
as a fixed budget reaches, so that an answer costs the same among five thousand readings and a million.

Which readings are worth comparing with one: those that share its most telling words, names and amounts.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import itemgetter

import numpy as np

from tracker.clustering.reading import Reading

UNDATED = 0
_NONE = array("I")
BUDGET = 1_200  # occurrences looked at for one report
PER_WORD = 300  # of them for one word, the nearest in time


class Postings:
    """Word → (days, slots), both ordered by day."""

    def __init__(self) -> None:
        self._days: dict[str, array] = {}
        self._slots: dict[str, array] = {}

    def add(self, slot: int, days: int | None, words: Iterable[str]) -> None:
        day = days or UNDATED
        for word in words:
            dates = self._days.setdefault(word, array("i"))
            slots = self._slots.setdefault(word, array("I"))
            # News comes in order: nearly always this is the end.
            at = len(dates) if not dates or dates[-1] <= day else bisect_right(dates, day)
            dates.insert(at, day)
            slots.insert(at, slot)

    def remove(self, slot: int, days: int | None, words: Iterable[str]) -> None:
        day = days or UNDATED
        for word in words:
            dates, slots = self._days[word], self._slots[word]
            at = bisect_left(dates, day)
            while slots[at] != slot:
                at += 1
            del dates[at], slots[at]
            if not dates:
                del self._days[word], self._slots[word]

    def near(
        self, weighed: Iterable[tuple[str, float]], days: int | None, window: int, count: int
    ) -> list[int]:
        """The slots within the window that share most weight, the heaviest first. Give the rarest words first."""
        parts, weights = [], []
        budget = BUDGET
        for word, weight in weighed:
            slots = self._within(word, days, window, min(budget, PER_WORD))
            if slots:
                parts.append(np.frombuffer(slots, dtype=np.uint32))
                weights.append(weight)
            budget -= len(slots)
            if budget <= 0:
                break
        return _heaviest(parts, weights, count) if parts else []

    def _within(self, word: str, days: int | None, window: int, most: int) -> array:
        dates = self._days.get(word)
        if dates is None:
            return _NONE
        slots = self._slots[word]
        if days is None:
            return slots[-most:]
        first, last = bisect_left(dates, days - window), bisect_right(dates, days + window)
        known = bisect_right(dates, UNDATED)
        undated = slots[max(0, known - most // 4) : known]
        if last - first <= most:
            return slots[first:last] + undated
        middle = bisect_left(dates, days, first, last)
        start = max(first, min(middle - most // 2, last - most))
        return slots[start : start + most] + undated


def _heaviest(parts: list[np.ndarray], weights: list[float], count: int) -> list[int]:
    slots, places = np.unique(np.concatenate(parts), return_inverse=True)
    sums = np.bincount(places, weights=np.repeat(weights, [len(part) for part in parts]))
    # Of equals the newest: news is about the latest.
    return slots[np.lexsort((-slots.astype(np.int64), -sums))[:count]].tolist()


CANDIDATES = 30
AMOUNT_RARITY = 4.0  # nats; amounts are not counted, and are about as rare as a rare word


def entries(reading: Reading) -> dict[str, float]:
    """What it is found by, each with its rarity: words, names (`@key`), amounts (`#amount`)."""
    found = dict(reading.rarities)
    for names in reading.names.values():
        found.update((f"@{key}", rarity) for key, rarity in names.items())
    found.update((f"#{amount}", AMOUNT_RARITY) for amount in reading.amounts)
    return found


def nearest(postings: Postings, reading: Reading, window: int) -> list[int]:
    """Slots of the readings within the window that share most, at most CANDIDATES."""
    weighed = sorted(entries(reading).items(), key=itemgetter(1, 0), reverse=True)
    return postings.near(weighed, reading.days, window, CANDIDATES)

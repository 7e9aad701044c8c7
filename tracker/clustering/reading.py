"""A report read once: its words weighed, its names and amounts found. Everything later compares readings."""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tracker.clustering.copies import Text
from tracker.clustering.reports import Report
from tracker.clustering.words import Gazetteer, amounts, gazetteer, is_han_text, title_of, words

GROUPS = ("specific", "place", "act")
SUMMARY_WEIGHT = 0.4  # a word of the summary beside one of the title


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a report. `words` has length one; `days` counts from the year 1, None if unknown."""

    report: Report
    text: Text
    mark: str  # letters and digits of the title alone
    chinese: bool
    days: int | None
    words: Mapping[str, float]
    rarities: Mapping[str, float]  # of its words, in nats
    names: Mapping[str, Mapping[str, float]]  # by group (see GROUPS), each with its rarity
    amounts: frozenset[str]


class Reader:
    """Turns reports into readings. `frequencies`: in how many of `texts` headlines a word or name stands."""

    def __init__(self, frequencies: Mapping[str, int], texts: int, names: Gazetteer | None = None):
        self.frequencies = frequencies
        self.texts = texts
        self.names = names or gazetteer()
        self._unseen = math.log(texts + 2.0)
        self._rarities = {
            word: math.log((texts + 2.0) / (count + 1.0)) for word, count in frequencies.items()
        }

    def read(self, report: Report) -> Reading:
        text = Text.of(report)
        title, summary = text.title, text.summary if report.summary else ""
        both = f"{title} {summary}".strip()
        counts = _counted(words(title), words(summary))
        # Interned: a window holds the same few thousand words in a hundred thousand readings.
        rarities = {sys.intern(word): self.rarity(word) for word in counts}
        return Reading(
            report=report,
            text=text,
            mark=text.mark,
            chinese=is_han_text(title),
            days=report.date.toordinal() if isinstance(report.date, datetime.date) else None,
            words=_unit({word: math.log1p(counts[word]) * rarity for word, rarity in rarities.items()}),
            rarities=rarities,
            names=self._grouped(self.names.find(both)),
            amounts=amounts(both),
        )

    def rarity(self, word: str) -> float:
        """How much a shared word tells, in nats: never seen tells most."""
        return self._rarities.get(word, self._unseen)

    def _grouped(self, keys: Iterable[str]) -> dict[str, dict[str, float]]:
        groups: dict[str, dict[str, float]] = {group: {} for group in GROUPS}
        for key in keys:
            groups[group_of(self.names.names[key].kind)][key] = self.rarity(f"@{key}")
        return groups


def group_of(kind: str) -> str:
    """Places and acts are common to many stories; actors, instruments and things make one."""
    return kind if kind in GROUPS else "specific"


def counted(reports: Iterable[Report], names: Gazetteer | None = None) -> tuple[dict[str, int], int]:
    """In how many reports each word and each name (`@key`) stands, and how many reports there are."""
    names = names or gazetteer()
    frequencies: dict[str, int] = {}
    texts = 0
    for report in reports:
        texts += 1
        title = title_of(report.title)
        for word in {*words(title), *("@" + key for key in names.find(title))}:
            frequencies[word] = frequencies.get(word, 0) + 1
    return frequencies, texts


def _counted(title: list[str], summary: list[str]) -> dict[str, float]:
    counts: dict[str, float] = {}
    for found, weight in ((title, 1.0), (summary, SUMMARY_WEIGHT)):
        for word in found:
            counts[word] = counts.get(word, 0.0) + weight
    return counts


def _unit(vector: dict[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()} if length else {}

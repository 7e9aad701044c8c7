"""Reports as grouping sees them: what a caller gives and gets, which are copies of one text, and what is read in each.

Copies are what agencies send out and many outlets print: they count as one voice. A report is read once, its words
weighed, its names and amounts found; everything later compares readings.
"""

from __future__ import annotations

import datetime
import functools
import math
import re
import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz import fuzz

from tracker import addresses
from tracker.clustering.words import (
    LONGEST_SUMMARY,
    Gazetteer,
    amounts,
    fingerprint,
    gazetteer,
    is_han_text,
    plain,
    title_of,
    words,
)

Key = Hashable

KINDS = ("page", "title", "near title", "name", "number", "word", "days")

NEAR_TITLE = 92.0  # of 100, rapidfuzz ratio: a changed mark, a word put in
NEAR_SUMMARY = 85.0
# Letters of two long texts are aligned only where their words meet: alignment costs a thousand times as much, and
# no copy among 2,203 summaries of recorded feeds shared fewer than seven in ten words.
SHARED_WORDS = 0.5
RETITLED = 60.0  # of 100, token_set_ratio: one page under a headline that was changed
LONG_ENOUGH = 60  # characters of a summary that two outlets do not write alike by chance
_AGENCIES = {
    "reuters": r"reuters|路透",
    "ap": r"\bap\b|associated press|美联社",
    "afp": r"\bafp\b|agence france|法新社",
    "xinhua": r"xinhua|新华社|新华网|新华国际",
    "bloomberg": r"bloomberg|彭博",
    "cns": r"中新社|中新网|china news service|\becns\b",
    "cna": r"中央社",
    "dpa": r"\bdpa\b|德新社",
    "kyodo": r"kyodo|共同社",
    "yonhap": r"yonhap|韩联社",
    "jiji": r"\bjiji\b|时事社",
    "pti": r"\bpti\b",
    "ians": r"\bians\b",
    "ani": r"\bani\b",
    "upi": r"\bupi\b",
    "efe": r"\befe\b",
    "tass": r"\btass\b|塔斯社",
    "cctv": r"\bcctv\b|央视",
    "bbc": r"\bbbc\b",
    "cnn": r"\bcnn\b",
    "cnbc": r"\bcnbc\b",
    "axios": r"\baxios\b",
}
_AGENCY = {name: re.compile(pattern) for name, pattern in _AGENCIES.items()}
# Where a text says whose it is: "(Reuters) - ", "BEIJING (Xinhua) --", "新华社北京7月26日电", "【中央社】".
_CREDIT = re.compile(r"^.{0,60}?\(([^()]{2,30})\)\s*[-–—]|^\W{0,3}(\S{2,6}社)|【([^【】]{2,12})】")

GROUPS = ("specific", "place", "act")
SUMMARY_WEIGHT = 0.4  # a word of the summary beside one of the title


@dataclass(frozen=True, slots=True)
class Report:
    """One article as grouping sees it: words, when, who and where. The key is the caller's.

    `summary` tells of the act, as the record's own does. `body` is what a feed delivered beside the title, where
    footers, bylines and other stories stand too: only copies of one text are told by it.
    """

    key: Key
    title: str
    summary: str = ""
    date: datetime.date | None = None
    lang: str = ""
    publisher: str = ""
    url: str = ""
    body: str = ""


class Reason(NamedTuple):
    """One thing that two reports share: a `kind` of `KINDS`, and what of it, if that needs saying.

    `value` is the key of a name in the gazetteer, a number, a word, or a count of days. Words for readers are made
    where they read, in their language.
    """

    kind: str
    value: str = ""

    def as_dict(self) -> dict[str, str]:
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Offer:
    """A story that a report may belong to, and why.

    `probability` is calibrated: of the offers at 0.8, four of five are the same act. `joins` says that so much speaks
    for it that the report may join without asking. `copy` says that the text itself stands in the
    story already, word for word or nearly.
    """

    story: Key
    probability: float
    joins: bool
    copy: bool
    because: tuple[Reason, ...]


class Pair(NamedTuple):
    """What an analyst decided: these two reports tell of the same act, or they do not."""

    left: Report
    right: Report
    same: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A report as copies are told by: plain title and summary, and the page's one address ("" if unknown).

    `mark` is letters and digits of the title alone, `figures` its numbers, `outlet` who published it.
    """

    title: str
    summary: str
    address: str
    mark: str
    figures: tuple[str, ...]
    outlet: str = ""

    @classmethod
    def of(cls, report: Report) -> Text:
        title, summary = title_of(report.title), plain(report.summary or report.body, LONGEST_SUMMARY)
        figures = tuple(re.findall(r"\d+", title))
        return cls(
            title, summary, _address_of(report), fingerprint(title), figures, plain(report.publisher, 200)
        )


def is_copy(one: Text, other: Text) -> bool:
    """Whether one text is the other's, word for word or nearly. Generic titles are no texts."""
    if is_one_page(one, other):
        return True
    return _near_titles(one, other) or _near_summaries(one.summary, other.summary)


def is_one_page(one: Text, other: Text) -> bool:
    """One address and no other item of the same outlet under it: changelogs and live pages list many there."""
    if not one.address or one.address != other.address:
        return False
    return (
        not one.outlet
        or one.outlet != other.outlet
        or fuzz.token_set_ratio(one.title, other.title) >= RETITLED
    )


def _near_titles(one: Text, other: Text) -> bool:
    """Short titles ("AI digest") recur from week to week and prove nothing."""
    shortest = min(len(one.title), len(other.title))
    if shortest < 25 and shortest < (8 if is_han_text(one.title) else 25):
        return False
    if one.mark == other.mark:
        return True
    # A changed number is another story: "extends truce for 90 days", "… for 180 days".
    return one.figures == other.figures and fuzz.ratio(one.title, other.title, score_cutoff=NEAR_TITLE) > 0


def _address_of(report: Report) -> str:
    if not report.url or addresses.is_unresolved(report.url):
        return ""
    return addresses.canonical_or_empty(report.url)


def outlets(reports: Sequence[Report]) -> int:
    """How many independent voices stand behind these reports.

    One outlet is one voice, and so are all who print the same text or credit the same agency. Ten copies of a
    wire story are one.
    """
    leaders = list(range(len(reports)))

    def leader(at: int) -> int:
        while leaders[at] != at:
            leaders[at] = leaders[leaders[at]]
            at = leaders[at]
        return at

    texts = [Text.of(report) for report in reports]
    voices: dict[str, int] = {}
    for at, report in enumerate(reports):
        for voice in originators(report):
            leaders[leader(at)] = leader(voices.setdefault(voice, at))
    for at, text in enumerate(texts):
        for earlier in range(at):
            if leader(earlier) != leader(at) and is_copy(text, texts[earlier]):
                leaders[leader(at)] = leader(earlier)
    return len({leader(at) for at in range(len(reports))})


def originators(report: Report) -> frozenset[str]:
    """Who wrote it, as far as it says: the agencies it credits, else the outlet or its site."""
    publisher = plain(report.publisher, 200)
    credit = _CREDIT.search(plain(report.summary or report.body, LONGEST_SUMMARY))
    said = f"{publisher} {next(filter(None, credit.groups()), '') if credit else ''}"
    agencies = {name for name, pattern in _AGENCY.items() if pattern.search(said)}
    if agencies:
        return frozenset(agencies)
    outlet = re.sub(r"\W+", "", publisher) or addresses.site(report.url)
    return frozenset({outlet} if outlet else ())


def _near_summaries(one: str, other: str) -> bool:
    """For plain summaries; short ones are often the outlet's own boilerplate."""
    shortest = LONG_ENOUGH // 2 if is_han_text(one) else LONG_ENOUGH
    if min(len(one), len(other)) < shortest or _shared_words(one, other) < SHARED_WORDS:
        return False
    return fuzz.partial_ratio(one, other, score_cutoff=NEAR_SUMMARY) > 0


def _shared_words(one: str, other: str) -> float:
    """Which part of the words of the text with fewer stand in the other too; 0 to 1."""
    left, right = _words_of(one), _words_of(other)
    return len(left & right) / max(1, min(len(left), len(right)))


@functools.lru_cache(maxsize=20_000)
def _words_of(text: str) -> frozenset[str]:
    if is_han_text(text):
        return frozenset(text[at : at + 2] for at in range(len(text) - 1))
    return frozenset(re.findall(r"\w+", text))


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
            words=_of_length_one(
                {word: math.log1p(counts[word]) * rarity for word, rarity in rarities.items()}
            ),
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


def _of_length_one(vector: dict[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()} if length else {}

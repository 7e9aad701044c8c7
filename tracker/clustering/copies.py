"""Copies of one text: what agencies send out and many outlets print. They count as one voice."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from tracker import addresses
from tracker.clustering.reports import Report
from tracker.clustering.words import LONGEST_SUMMARY, fingerprint, is_han_text, plain, title_of

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
    if min(len(one), len(other)) < shortest or _shared(one, other) < SHARED_WORDS:
        return False
    return fuzz.partial_ratio(one, other, score_cutoff=NEAR_SUMMARY) > 0


def _shared(one: str, other: str) -> float:
    """Which part of the words of the text with fewer stand in the other too; 0 to 1."""
    left, right = _words(one), _words(other)
    return len(left & right) / max(1, min(len(left), len(right)))


@functools.lru_cache(maxsize=20_000)
def _words(text: str) -> frozenset[str]:
    if is_han_text(text):
        return frozenset(text[at : at + 2] for at in range(len(text) - 1))
    return frozenset(re.findall(r"\w+", text))

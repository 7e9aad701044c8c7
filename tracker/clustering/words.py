"""A headline's words, comparable across spellings and scripts. Pure.

English words lose their endings, Chinese is folded to simplified and read in pairs of characters (it has no
spaces), numbers become amounts: "$500bn", "500 billion" and "5000亿" are one word.

A bilingual gazetteer: who and what a headline names, whichever language it is in.

Data, not code: the instance's `names.jsonl`, which may be missing, one thing a line with its English and Chinese
spellings, in the order of kinds that the reasons use. A spelling may belong to several things; the longest
spelling at a place wins.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tracker.codebook import folder
from tracker.rows import json_lines
from tracker.text import simplified

LONGEST_TITLE = 400
LONGEST_SUMMARY = 1_200

_TAGS = re.compile(r"<[^<>]{0,500}>")
# " - Reuters", " | 新华网": the outlet's name behind the last bar or spaced dash.
_OUTLET_TAIL = re.compile(r"\s+[|｜–—-]\s+[^|｜–—]{2,40}$|\s*[|｜_]\s*[^|｜_]{2,30}$")
_LATIN = re.compile(r"[a-z0-9][a-z0-9'’.+-]*")
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_AMOUNT = re.compile(
    r"(?:[$€£¥]\s?)?(\d[\d,]*(?:\.\d+)?)\s*-?\s*"
    r"(%|percent\b|per cent\b|trillion|billion|million|thousand|tn\b|bn\b|mn\b|[bmk]\b"
    r"|万亿|亿|千万|百万|万|千)?"
)
_FACTORS = {
    "trillion": 10**12, "tn": 10**12, "万亿": 10**12, "billion": 10**9, "bn": 10**9, "b": 10**9, "亿": 10**8,
    "million": 10**6, "mn": 10**6, "m": 10**6, "千万": 10**7, "百万": 10**6, "万": 10**4, "thousand": 10**3,
    "k": 10**3, "千": 10**3,
}  # fmt: skip
_STOP = frozenset(
    """a an the of to in on for with by at from as and or but is are was were be been has have had will would
    its it his her their this that these those over after before amid into about up out off says said say new
    what how why who when than more not no s t us- via against between under""".split()  # noqa: SIM905
)
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", ""))


def plain(text: str, longest: int) -> str:
    """One line of lower-case text: no tags, one width of letters, traditional characters folded."""
    text = text[: 4 * longest]
    if "<" in text or "&" in text:
        text = html.unescape(_TAGS.sub(" ", text))
    if text.isascii():
        return " ".join(text.split())[:longest].lower()
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())
    return simplified(" ".join(text.split())[:longest]).lower()


def title_of(title: str, publisher: str = "") -> str:
    """The plain title without the outlet's name at its end."""
    text = plain(title, LONGEST_TITLE)
    shorter = _OUTLET_TAIL.sub("", text)
    # A short rest means that the dash was part of the headline.
    return shorter if len(shorter) >= 12 or len(shorter) * 2 >= len(text) > 0 else text


def fingerprint(plain_title: str) -> str:
    """Letters and digits alone: equal for titles that differ in marks, case, script form or outlet's tail."""
    return "".join(re.findall(r"\w+", plain_title))


def is_han_text(text: str) -> bool:
    """Chinese enough to be read in pairs: a Han character carries what four or five letters do."""
    han = sum(map(len, _HAN_RUN.findall(text)))
    return han * 5 >= sum(map(str.isalpha, text)) > 0


def words(text: str) -> list[str]:
    """The words of a plain text: stems, pairs of Han characters. Numbers stand in `amounts`."""
    found = []
    for word in _LATIN.findall(text):
        bare = word.strip("'’.+-").removesuffix("'s").removesuffix("’s")
        for part in re.split(r"[-'’]", bare):
            if part and part not in _STOP and (len(part) > 1 or part.isdigit()):
                found.append(stem(part))
    for run in _HAN_RUN.findall(text):
        found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return found


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A light stem: enough that curb, curbs and curbing meet, never so much that police and policy do."""
    if len(word) < 4 or any(map(str.isdigit, word)) or word.endswith("ss"):
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            bare = word[: -len(ending)] + instead
            if ending in ("ing", "ed") and len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] != "s":
                bare = bare[:-1] if bare[-1] != "l" or len(bare) > 5 else bare
            return bare[:-1] if bare.endswith("e") and len(bare) > 4 else bare
    return word[:-1] if word.endswith("e") else word


def amounts(text: str) -> frozenset[str]:
    """Numbers that say how much: shares, sums, counts. Years and single digits say too little."""
    found = set()
    for figure, unit in _AMOUNT.findall(text):
        value = float(figure.replace(",", "")) * _FACTORS.get(unit, 1)
        if unit in ("%", "percent", "per cent"):
            found.add(f"{value:g}%")
        elif value >= 10 and not (unit == "" and 1990 <= value <= 2040):
            found.add(f"{value:g}")
    return frozenset(found)


NAMES_FILE = folder() / "names.jsonl"
# An actor, a place, an instrument, a thing: what makes two reports one act. What is done comes last.
KINDS = ("firm", "person", "agency", "instrument", "thing", "place", "act")

_TOKEN = re.compile(r"[a-z0-9][a-z0-9.+]*%?|[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Name:
    """`sign`, of deeds alone: 1 opens or joins, -1 closes or leaves; opposite deeds are never one act."""

    key: str
    kind: str
    english: str
    chinese: str
    sign: int = 0


class BadName(ValueError):
    """A line of the gazetteer that names nothing; says which line and why."""


class Gazetteer:
    """Spellings to names. Reading a headline takes time in its length, whatever the number of names."""

    def __init__(self, rows: Iterable[Mapping]):
        self.names: dict[str, Name] = {}
        self._spellings: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._longest: dict[str, int] = {}  # of the spellings that begin with a word
        for number, row in enumerate(rows, 1):
            self._add(row, number)

    def find(self, text: str) -> frozenset[str]:
        """The keys of what a plain (folded, lower-case) text names."""
        return frozenset(self.in_order(text))

    def in_order(self, text: str) -> list[str]:
        """The same in the order of the text, each as often as it stands there."""
        tokens = [_normal(token) for token in _TOKEN.findall(text)]
        found: list[str] = []
        at = 0
        while at < len(tokens):
            at += self._spelling_at(tokens, at, found) or 1
        return found

    def shown(self, key: str, *, chinese: bool = False) -> str:
        """A name for readers, in their language where it is known; a key that is gone stands for itself."""
        spelt = self.spelt(key)
        return next(filter(None, reversed(spelt) if chinese else spelt), key)

    def spelt(self, key: str) -> tuple[str, str]:
        """Its first English and Chinese spellings, "" where there is none."""
        name = self.names.get(key)
        return (name.english, name.chinese) if name else ("", "")

    def _spelling_at(self, tokens: list[str], at: int, found: list[str]) -> int:
        longest = self._longest.get(tokens[at], 0)
        for size in range(min(longest, len(tokens) - at), 0, -1):
            keys = self._spellings.get(tuple(tokens[at : at + size]))
            if keys:
                found.extend(keys)
                return size
        return 0

    def _add(self, row: Mapping, number: int) -> None:
        key, kind = row.get("key"), row.get("kind")
        spellings = [*row.get("en", ()), *row.get("zh", ())]
        if not key or kind not in KINDS or not spellings or key in self.names:
            raise BadName(
                f"Line {number} of the names: a new `key`, a `kind` of {', '.join(KINDS)} and spellings in "
                f"`en` or `zh` are needed, not {dict(row)!r:.200}"
            )
        english, chinese = (next(iter(row.get(lang, ())), "") for lang in ("en", "zh"))
        self.names[key] = Name(key, kind, english, chinese, row.get("sign", 0))
        for spelling in spellings:
            tokens = tuple(_normal(token) for token in _TOKEN.findall(spelling.lower()))
            self._spellings[tokens] = (*self._spellings.get(tokens, ()), key)
            self._longest[tokens[0]] = max(len(tokens), self._longest.get(tokens[0], 0))


def _normal(token: str) -> str:
    return stem(token.strip(".")) if token.isascii() else token


@functools.cache
def gazetteer() -> Gazetteer:
    """The one of the instance; empty where its folder holds none."""
    if not NAMES_FILE.exists():
        return Gazetteer(())
    with NAMES_FILE.open("rb") as binary:
        return Gazetteer(row for _number, row in json_lines(binary, "a name is a JSON object"))

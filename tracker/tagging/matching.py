"""Find every cue in a text, each with its place. Pure.

English is matched word by word, Chinese character by character, each from a dictionary of first words, so
that the cost grows with the text and hardly with the number of cues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tracker.tagging.cues import Cue
from tracker.text import lower

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
TOKEN = re.compile(rf"(?:[A-Za-z]\.){{2,}}|[^\W_{_HAN}]+")
_KNOWN_WORDS = 20_000  # whose patterns are remembered: most words of the news are the same few thousand
_HAS_HAN = re.compile(rf"[{_HAN}]")


class Hit(NamedTuple):
    """One cue found at characters `start` to `end`."""

    kind: str
    name: str
    effect: str
    start: int
    end: int


class Token(NamedTuple):
    """One word. A tuple, as hits are: a report has a hundred of them."""

    raw: str
    low: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a pattern: whole (`text` exactly) or the start of a longer one."""

    text: str
    is_stem: bool
    is_cased: bool

    def matches(self, token: Token) -> bool:
        found = token.raw if self.is_cased else token.low
        return found.startswith(self.text) if self.is_stem else found == self.text


def tokens(text: str) -> list[Token]:
    """The words of a text written with spaces; dots of abbreviations drop out (U.S. is US)."""
    small = lower(text)
    found = []
    for match in TOKEN.finditer(text):
        start, end = match.span()
        raw, low = text[start:end], small[start:end]
        if "." in raw:
            raw, low = raw.replace(".", ""), low.replace(".", "")
        found.append(Token(raw, low, start, end))
    return found


def forms(word: str) -> set[str]:
    """The regular forms of an English word: ban -> ban, bans, banned, banning."""
    found = {word, word + "s"}
    if word.endswith("e"):
        return found | {word + "d", word[:-1] + "ing"}
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return found | {word[:-1] + "ies", word[:-1] + "ied", word + "ing"}
    if word.endswith(("s", "x", "z", "ch", "sh")):
        found.add(word + "es")
    if len(word) > 2 and word[-1] not in "aeiouwxy" and word[-2] in "aeiou" and word[-3] not in "aeiou":
        found |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    return found | {word + "ed", word + "ing"}


_Pattern = tuple[_Word, tuple[_Word, ...], Cue]  # its first word, the rest, and what it stands for


class Matcher:
    """The compiled cues; `find` is its one deed."""

    def __init__(self, cues: Iterable[Cue]):
        self._whole: dict[str, list[_Pattern]] = {}
        self._stems: dict[str, list[_Pattern]] = {}
        self._han: dict[str, list[tuple[str, Cue]]] = {}
        for cue in cues:
            for pattern in cue.words:
                self._add(pattern, cue)
        self._stem_lengths = sorted({len(stem) for stem in self._stems})
        self._starting = lru_cache(maxsize=_KNOWN_WORDS)(self._looked_up)
        for listed in self._han.values():
            listed.sort(key=lambda pair: -len(pair[0]))

    def find(self, text: str, words: list[Token] | None = None) -> list[Hit]:
        """Every cue in folded `text`, in order; of one kind only the longest at a place."""
        found = self._spaced(tokens(text) if words is None else words)
        if _HAS_HAN.search(text):
            found += self._unspaced(text)
        return _longest(found)

    def _add(self, pattern: str, cue: Cue) -> None:
        if _HAS_HAN.search(pattern):
            self._han.setdefault(pattern[0], []).append((pattern, cue))
            return
        for first, *rest in _spellings(pattern):
            index = self._stems if first.is_stem else self._whole
            index.setdefault(first.text.lower(), []).append((first, tuple(rest), cue))

    def _spaced(self, words: list[Token]) -> list[Hit]:
        found = []
        for place, token in enumerate(words):
            for first, rest, cue in self._starting(token.low):
                if first.is_cased and not first.matches(token):
                    continue
                end = _follows(rest, words, place + 1, token.end) if rest else token.end
                if end:
                    found.append(Hit(cue.kind, cue.name, cue.effect, token.start, end))
        return found

    def _looked_up(self, low: str) -> list[_Pattern]:
        """The patterns whose first word may be this one."""
        found = self._whole.get(low, [])
        for length in self._stem_lengths:
            if stems := self._stems.get(low[:length]):
                found = found + stems
        return found

    def _unspaced(self, text: str) -> list[Hit]:
        found = []
        for place, character in enumerate(text):
            for pattern, cue in self._han.get(character, ()):
                if text.startswith(pattern, place):
                    found.append(Hit(cue.kind, cue.name, cue.effect, place, place + len(pattern)))
        return found


def _spellings(pattern: str) -> list[tuple[_Word, ...]]:
    """A pattern as rows of words; only the last or first `~` word multiplies, so the count stays small."""
    rows: list[tuple[_Word, ...]] = [()]
    for part in re.split(r"[\s\-]+", pattern):
        is_cased = part != part.lower()
        stem = part.rstrip("~*").replace(".", "")
        choices = forms(stem) if part.endswith("~") else {stem}
        words = [_Word(choice, part.endswith("*"), is_cased) for choice in sorted(choices)]
        rows = [(*row, word) for row in rows for word in words]
    return rows


def _follows(rest: tuple[_Word, ...], words: list[Token], place: int, end: int) -> int:
    """Where the pattern ends if `rest` stands from `place` on, else 0; gaps of two characters at most (`AI - x`)."""
    if place + len(rest) > len(words):
        return 0
    for word in rest:
        token = words[place]
        if token.start - end > 2 or not word.matches(token):
            return 0
        end, place = token.end, place + 1
    return end


def _longest(found: list[Hit]) -> list[Hit]:
    """In order of place, without hits inside a longer one of their kind; objects may nest (`AI safety institute`)."""
    ordered = sorted(set(found), key=lambda hit: (hit.start, -hit.end, hit.kind, hit.name, hit.effect))
    longest: dict[str, Hit] = {}
    kept = []
    for hit in ordered:
        group = hit.name if hit.kind == "object" else hit.kind
        last = longest.get(group)
        if last is None or hit.end > last.end or (hit.start, hit.end) == (last.start, last.end):
            longest[group] = hit
            kept.append(hit)
    return kept

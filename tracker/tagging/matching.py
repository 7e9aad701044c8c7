"""Find every cue in a text, each with its place. Pure.

English is matched word by word, Chinese character by character, each from a dictionary of first words, so
that the cost grows with the text and hardly with the number of cues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tracker.tagging import folding
from tracker.tagging.cues import Cue

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
TOKEN = re.compile(rf"(?:[A-Za-z]\.){{2,}}|[^\W_{_HAN}]+")
_HAS_HAN = re.compile(rf"[{_HAN}]")


@dataclass(frozen=True, slots=True)
class Hit:
    """One cue found at characters `start` to `end`."""

    kind: str
    name: str
    effect: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Token:
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
    found = []
    for match in TOKEN.finditer(text):
        raw = match.group().replace(".", "")
        found.append(Token(raw, folding.lower(raw), match.start(), match.end()))
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


class Matcher:
    """The compiled cues; `find` is its one deed."""

    def __init__(self, cues: Iterable[Cue]):
        self._whole: dict[str, list[tuple[tuple[_Word, ...], Cue]]] = {}
        self._stems: dict[str, list[tuple[tuple[_Word, ...], Cue]]] = {}
        self._han: dict[str, list[tuple[str, Cue]]] = {}
        for cue in cues:
            for pattern in cue.words:
                self._add(pattern, cue)
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
        for variant in _spellings(pattern):
            first = variant[0]
            index = self._stems if first.is_stem else self._whole
            index.setdefault(first.text.lower(), []).append((variant, cue))

    def _spaced(self, words: list[Token]) -> list[Hit]:
        found = []
        for place, token in enumerate(words):
            candidates = self._whole.get(token.low, ())
            for variant, cue in (*candidates, *self._starting(token.low)):
                if end := _follows(variant, words, place):
                    found.append(Hit(cue.kind, cue.name, cue.effect, token.start, end))
        return found

    def _starting(self, low: str) -> list[tuple[tuple[_Word, ...], Cue]]:
        found: list[tuple[tuple[_Word, ...], Cue]] = []
        for length in range(2, min(len(low), 14) + 1):
            found += self._stems.get(low[:length], ())
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


def _follows(variant: tuple[_Word, ...], words: list[Token], place: int) -> int:
    """Where the pattern ends if it stands at `place`, else 0; a gap of two characters at most (`AI - chips`)."""
    if place + len(variant) > len(words):
        return 0
    end = words[place].start
    for word, token in zip(variant, words[place:], strict=False):
        if token.start - end > 2 or not word.matches(token):
            return 0
        end = token.end
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

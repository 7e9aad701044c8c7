"""A bilingual gazetteer: who and what a headline names, whichever language it is in.

Data, not code: `seeds/names.jsonl`, one thing a line with its English and Chinese spellings, in the order of
kinds that the reasons use. A spelling may belong to several things; the longest spelling at a place wins.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tracker.clustering.words import stem

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "names.jsonl"
# An actor, a place, an instrument, a thing: what makes two reports one act. What is done comes last.
KINDS = ("firm", "person", "agency", "instrument", "thing", "place", "act")

_TOKEN = re.compile(r"[a-z0-9][a-z0-9.+]*%?|[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Name:
    key: str
    kind: str
    english: str
    chinese: str


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
        tokens = [_normal(token) for token in _TOKEN.findall(text)]
        found: set[str] = set()
        at = 0
        while at < len(tokens):
            at += self._spelling_at(tokens, at, found) or 1
        return frozenset(found)

    def shown(self, key: str, *, chinese: bool = False) -> str:
        """A name for readers, in their language where it is known; a key that is gone stands for itself."""
        spelt = self.spelt(key)
        return next(filter(None, reversed(spelt) if chinese else spelt), key)

    def spelt(self, key: str) -> tuple[str, str]:
        """Its first English and Chinese spellings, "" where there is none."""
        name = self.names.get(key)
        return (name.english, name.chinese) if name else ("", "")

    def _spelling_at(self, tokens: list[str], at: int, found: set[str]) -> int:
        longest = self._longest.get(tokens[at], 0)
        for size in range(min(longest, len(tokens) - at), 0, -1):
            keys = self._spellings.get(tuple(tokens[at : at + size]))
            if keys:
                found.update(keys)
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
        self.names[key] = Name(key, kind, *(next(iter(row.get(lang, ())), "") for lang in ("en", "zh")))
        for spelling in spellings:
            tokens = tuple(_normal(token) for token in _TOKEN.findall(spelling.lower()))
            self._spellings[tokens] = (*self._spellings.get(tokens, ()), key)
            self._longest[tokens[0]] = max(len(tokens), self._longest.get(tokens[0], 0))


def _normal(token: str) -> str:
    return stem(token.strip(".")) if token.isascii() else token


@functools.cache
def gazetteer() -> Gazetteer:
    """The one of the seeds."""
    lines = SEEDS.read_text("utf-8").splitlines()
    return Gazetteer(json.loads(line) for line in lines if line.strip())

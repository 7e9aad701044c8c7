"""The cues and the table of rules, and which of them a text holds where. Pure.

Cues are acts, objects, sides and shapes in words.

A cue file has one JSON object a line. Word cues (`act`, `object`, `side`, `shape`, `stage`) list words in
English and Chinese; rules say which reading of a headline speaks to which recommendation. How words are
written:

* `word` matches itself; `word~` all its regular forms (`ban~`: ban, bans, banned, banning); `word*` any
  ending
* a capital letter makes a word case-sensitive (`US` is not `us`); otherwise case does not matter
* words in a row must follow one another (`rare earth~`); Traditional Chinese is folded before matching

A rule's `when` joins names with `&`; `a|b` is one of two, `!a` is absence. `+`, `-` and `0` ask for the sign
read, `either` for one of the two actors compared, `pair` for both, `firm` for a firm of theirs. No rule can ask
which of the two it is; where nobody is compared there is none of the three.

Every cue is found with its place: English is matched word by word, Chinese character by character, each from a
dictionary of first words, so that the cost grows with the text and hardly with the number of cues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, BinaryIO, NamedTuple

from tracker.codebook import Codebook, current
from tracker.rows import BadFile, json_lines
from tracker.text import fold, lower

EFFECTS = {
    "act": ("build", "intensify", "restrict", "undo", "say"),
    "object": ("good", "bad", "harm", "rule", "neutral"),
    "side": current().actor_slugs,
    "shape": ("comment", "preview", "noise", "hedge", "negation", "official"),
    "stage": ("1", "2", "3", "4", "5"),
}
KINDS = (*EFFECTS, "rule")
RECOMMENDATIONS = current().slugs
DIRECTIONS = ("sign", "against", "1", "-1")
SIGNS = ("+", "-", "0")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
TOKEN = re.compile(rf"(?:[A-Za-z]\.){{2,}}|[^\W_{_HAN}]+")
_KNOWN_WORDS = 20_000  # whose patterns are remembered: most words of the news are the same few thousand
_HAS_HAN = re.compile(rf"[{_HAN}]")


class CueError(ValueError):
    """A cue that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that stand for one thing: an act, an object, a side, a shape of headline, a stage."""

    kind: str
    name: str
    effect: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One row of the table: a reading of the headline -> a recommendation, a direction, how surely."""

    name: str
    when: tuple[tuple[tuple[bool, str], ...], ...]
    rec: str
    direction: str
    weight: float
    strength: int
    ask: str | None
    example: str
    counter: str

    @cached_property
    def needs(self) -> frozenset[str]:
        """Names of which one must be there for the rule to hold: those of its first term."""
        first = self.when[0]
        is_plain = all(is_there and name not in SIGNS for is_there, name in first)
        return frozenset(name for _, name in first) if is_plain else frozenset()


@dataclass(frozen=True, slots=True)
class Cues:
    words: tuple[Cue, ...]
    rules: tuple[Rule, ...]


def read(binary: BinaryIO, book: Codebook | None = None) -> Cues:
    """The cues of a JSON-lines file for a codebook (ours); `CueError` names the line that cannot be used."""
    try:
        return _built(list(json_lines(binary, "a cue is a JSON object")), book or current())
    except BadFile as error:
        raise CueError(str(error)) from None


def build(raw: Iterable[Mapping[str, Any]]) -> Cues:
    """The cues from plain mappings, as the database holds them; `CueError` counts them from one.

    A stored rule whose ask is none of its recommendation's was let in before asks were checked; it loses the ask.
    """
    book = current()
    rows = [row if (row.get("rec"), row.get("ask")) in book.asks else {**row, "ask": None} for row in raw]
    return _built(list(enumerate(rows, 1)), book)


def _built(rows: Iterable[tuple[int, Mapping[str, Any]]], book: Codebook) -> Cues:
    words, rules, later = [], [], []
    for number, row in rows:
        with _naming(number):
            if row.get("kind") not in KINDS:
                raise CueError(f"kind {row.get('kind')!r:.40} is not one of {', '.join(KINDS)}")
            if row.get("kind") == "rule":
                later.append((number, row))
            else:
                words.append(_cue(row, book))
    names = {cue.name for cue in words}
    for number, row in later:
        with _naming(number):
            rules.append(_rule(row, names, book))
    return Cues(tuple(words), tuple(rules))


@contextmanager
def _naming(number: int) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise CueError(f"line {number}: {error}") from None


def check(raw: Mapping[str, Any], names: set[str]) -> None:
    """`CueError` if this one cue cannot be used beside cues of these names; what the admin's form asks."""
    if raw.get("kind") == "rule":
        _rule(raw, names, current())
    else:
        _cue(raw, current())


def _cue(row: Mapping[str, Any], book: Codebook) -> Cue:
    kind, name = row.get("kind"), str(row.get("name") or "")
    if kind not in EFFECTS:
        raise CueError(f"{name}: kind {kind!r:.40} is not one of {', '.join(KINDS)}")
    effect = str(row.get("effect") or "")
    allowed = book.actor_slugs if kind == "side" else EFFECTS[kind]
    if effect not in allowed:
        raise CueError(f"{kind} {name}: effect {effect!r:.40} is not one of {', '.join(allowed)}")
    words = [*(row.get("en") or ()), *(row.get("zh") or ())]
    if not words or not all(isinstance(word, str) and word.strip(" ~*") for word in words):
        raise CueError(f"{kind} {name}: needs at least one word in en or zh, none of them empty")
    return Cue(kind, name, effect, tuple(fold(word).strip() for word in words))


def _rule(row: Mapping[str, Any], names: set[str], book: Codebook) -> Rule:
    name = str(row.get("name") or "")
    rec, ask = row.get("rec"), row.get("ask") or None
    if not isinstance(rec, str) or rec not in book:
        raise CueError(f"rule '{name}': rec {rec!r:.40} is not in the codebook")
    if ask is not None and (rec, ask) not in book.asks:
        raise CueError(
            f"rule '{name}': ask {ask!r:.40} is not one of {rec}: {', '.join(book.ask_slugs(rec))}"
        )
    if str(row.get("direction")) not in DIRECTIONS:
        raise CueError(f"rule '{name}': direction is one of {', '.join(DIRECTIONS)}")
    weight, strength = row.get("weight"), row.get("strength", 3)
    if not isinstance(weight, int | float) or not 0 < weight < 1:
        raise CueError(f"rule '{name}': weight is a number between 0 and 1")
    if strength not in (1, 2, 3, 4, 5):
        raise CueError(f"rule '{name}': strength is 1 to 5")
    return Rule(
        name=name,
        when=_condition(name, str(row.get("when") or ""), names, book),
        rec=rec,
        direction=str(row["direction"]),
        weight=float(weight),
        strength=strength,
        ask=ask,
        example=str(row.get("example") or ""),
        counter=str(row.get("counter") or ""),
    )


def sided(book: Codebook) -> tuple[str, ...]:
    """What no rule may ask for: which of the two compared actors, or whose firm, is named."""
    pair = book.compared or ()
    return (*pair, *(f"{slug}-firm" for slug in pair))


def special(book: Codebook) -> tuple[str, ...]:
    """What a rule may ask for besides the names of cues: the sign read, the two compared, the other actors."""
    pair = book.compared or ()
    both = ("either", "pair", "firm") if pair else ()
    return (*SIGNS, *both, *(slug for slug in book.actor_slugs if slug not in pair))


def _condition(
    rule: str, when: str, names: set[str], book: Codebook
) -> tuple[tuple[tuple[bool, str], ...], ...]:
    hidden, allowed = sided(book), names | set(special(book))
    terms = []
    for term in when.split("&"):
        choices = [choice.strip() for choice in term.split("|")]
        parsed = tuple((not choice.startswith("!"), choice.removeprefix("!").strip()) for choice in choices)
        for _, choice in parsed:
            if choice in hidden or choice not in allowed:
                raise CueError(f"rule '{rule}': no cue is called {choice!r:.40}")
        terms.append(parsed)
    return tuple(terms)


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

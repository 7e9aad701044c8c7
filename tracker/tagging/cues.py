"""The cues: acts, objects, sides and shapes in words, and the table of rules. Pure.

A cue file has one JSON object a line. Word cues (`act`, `object`, `side`, `shape`, `stage`) list words in
English and Chinese; rules say which reading of a headline speaks to which recommendation. How words are
written:

* `word` matches itself; `word~` all its regular forms (`ban~`: ban, bans, banned, banning); `word*` any
  ending
* a capital letter makes a word case-sensitive (`US` is not `us`); otherwise case does not matter
* words in a row must follow one another (`rare earth~`); Traditional Chinese is folded before matching

A rule's `when` joins names with `&`; `a|b` is one of two, `!a` is absence. `+`, `-` and `0` ask for the sign
read, `either` for the US or China, `pair` for both, `firm` for a firm of theirs. No rule can ask which of
the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

from tracker.rows import BadFile, json_lines
from tracker.text import fold

EFFECTS = {
    "act": ("build", "intensify", "restrict", "undo", "say"),
    "object": ("good", "bad", "harm", "rule", "neutral"),
    "side": ("us", "china", "multilateral", "eu", "other", "industry", "academia"),
    "shape": ("comment", "preview", "noise", "hedge", "negation", "official"),
    "stage": ("1", "2", "3", "4", "5"),
}
KINDS = (*EFFECTS, "rule")
SIDED = ("us", "china", "us-firm", "china-firm")  # what no rule may ask for
RECOMMENDATIONS = (
    "civilian-first", "governance", "misuse", "joint-research", "trust", "safety-coalition", "global-challenges",
)  # fmt: skip
DIRECTIONS = ("sign", "against", "1", "-1")
SIGNS = ("+", "-", "0")
SPECIAL = (*SIGNS, "either", "pair", "firm", "multilateral", "eu", "other", "industry", "academia")


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


def read(binary: BinaryIO) -> Cues:
    """The cues of a JSON-lines file; `CueError` names the line that cannot be used."""
    try:
        return _built(list(json_lines(binary, "a cue is a JSON object")))
    except BadFile as error:
        raise CueError(str(error)) from None


def build(raw: Iterable[Mapping[str, Any]]) -> Cues:
    """The cues from plain mappings, as the database holds them; `CueError` counts them from one."""
    return _built(list(enumerate(raw, 1)))


def _built(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> Cues:
    words, rules, later = [], [], []
    for number, row in rows:
        with _naming(number):
            if row.get("kind") not in KINDS:
                raise CueError(f"kind {row.get('kind')!r:.40} is not one of {', '.join(KINDS)}")
            if row.get("kind") == "rule":
                later.append((number, row))
            else:
                words.append(_cue(row))
    names = {cue.name for cue in words}
    for number, row in later:
        with _naming(number):
            rules.append(_rule(row, names))
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
        _rule(raw, names)
    else:
        _cue(raw)


def _cue(row: Mapping[str, Any]) -> Cue:
    kind, name = row.get("kind"), str(row.get("name") or "")
    if kind not in EFFECTS:
        raise CueError(f"{name}: kind {kind!r:.40} is not one of {', '.join(KINDS)}")
    effect = str(row.get("effect") or "")
    if effect not in EFFECTS[kind]:
        raise CueError(f"{kind} {name}: effect {effect!r:.40} is not one of {', '.join(EFFECTS[kind])}")
    words = [*(row.get("en") or ()), *(row.get("zh") or ())]
    if not words or not all(isinstance(word, str) and word.strip(" ~*") for word in words):
        raise CueError(f"{kind} {name}: needs at least one word in en or zh, none of them empty")
    return Cue(kind, name, effect, tuple(fold(word).strip() for word in words))


def _rule(row: Mapping[str, Any], names: set[str]) -> Rule:
    name = str(row.get("name") or "")
    if row.get("rec") not in RECOMMENDATIONS:
        raise CueError(f"rule {name}: rec {row.get('rec')!r:.40} is not one of {', '.join(RECOMMENDATIONS)}")
    if str(row.get("direction")) not in DIRECTIONS:
        raise CueError(f"rule {name}: direction is one of {', '.join(DIRECTIONS)}")
    weight, strength = row.get("weight"), row.get("strength", 3)
    if not isinstance(weight, int | float) or not 0 < weight < 1:
        raise CueError(f"rule {name}: weight is a number between 0 and 1")
    if strength not in (1, 2, 3, 4, 5):
        raise CueError(f"rule {name}: strength is 1 to 5")
    return Rule(
        name=name,
        when=_condition(name, str(row.get("when") or ""), names),
        rec=row["rec"],
        direction=str(row["direction"]),
        weight=float(weight),
        strength=strength,
        ask=row.get("ask") or None,
        example=str(row.get("example") or ""),
        counter=str(row.get("counter") or ""),
    )


def _condition(rule: str, when: str, names: set[str]) -> tuple[tuple[tuple[bool, str], ...], ...]:
    terms = []
    for term in when.split("&"):
        choices = [choice.strip() for choice in term.split("|")]
        parsed = tuple((not choice.startswith("!"), choice.removeprefix("!").strip()) for choice in choices)
        for _, choice in parsed:
            if choice in SIDED or (choice not in names and choice not in SPECIAL):
                raise CueError(f"rule {rule}: no cue is called {choice!r:.40}")
        terms.append(parsed)
    return tuple(terms)

"""The cues: acts, objects, sides and shapes in words, and the table of rules. Pure.

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
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

from tracker.codebook import Codebook, current
from tracker.rows import BadFile, json_lines
from tracker.text import fold

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

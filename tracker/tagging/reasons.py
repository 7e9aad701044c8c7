"""What a model goes by, as a reader would say it: why a code is suggested, and what was learnt. Pure.

The law: a reason is what the report says was done to what, in its own words, or a past case that was coded so; a model
that was asked adds its sentence elsewhere. What merely weighs much is none: a lone word, a name, a number. Where there
is no reason nothing is ticked.

What was learnt is told by words: those that speak for an act and against one, those of each recommendation, and whose
items are acts more often.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tracker.codebook import current
from tracker.tagging.cues import Cues, Hit, Token, tokens
from tracker.tagging.features import Frame, Pair, Text
from tracker.tagging.model import PAIRS, Model, leanings
from tracker.tagging.suggestions import Because

_NEAREST, _ALIKE_AT_ALL = 0.45, 0.15  # cosine over words: worth naming beside words; worth naming without any
_LONGEST = 80  # characters from deed to object; farther apart they are two things
_MOST_HITS = 100  # of one text, the first ones; no report has as many, a hostile one may
_CLAUSE = 40  # Han characters of a clause that is quoted whole
_MORE = 4  # words after the last one read, which may be the thing itself: `Alignment` Project, `Purchases` of chips
_GENITIVE = ("of", "s")
_ENOUGH = 2  # words that say something, below which a neighbour is quoted too
_EVERYWHERE = frozenset({"ai", "openness", "plan"})  # objects that half of all headlines name
_SAYS_NOTHING = frozenset(
    """a about after all also am among amid an and any are as at be been before being between but by can could did do
    does each few first for from get gets got had has have her here his how i if in into is it its just last like made
    make makes many may me more most much must my new next no nor not now of off on one only or other our out over own
    per said say says should so some such than that the their them then there these they this those three through to
    too two under until up upon us use used using very via was we were what when where which while who why will with
    would year years yet you your found event events thing things way ways today week month day days time times part
    million billion trillion percent""".split()  # noqa: SIM905
)
_BREAK = re.compile(r"[,;:!?|，；：。！？\n]|\s[–—-]\s|\.\s|[。]")
_ADDRESS = re.compile(r"\w/\w+/|https?:|www\.")  # what stands in one says nothing
_QUOTES = " ”’」』》）)\"'"
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
SHOWN = 12
FEWEST_SEEN = 5  # items of a publisher, below which its leaning says nothing
_SIDE = re.compile(r"\bxx[ab]")  # stands for whichever of the two compared is named


class Reasons:
    """The reasons of one model, whose rules say what each recommendation is about."""

    def __init__(self, model: Model, cues: Cues):
        self._cases, self._titles = model.cases, model.case_titles
        told = np.array([says_enough(title) for title in model.case_titles], dtype=bool)
        self._of_pair = {
            pair: np.flatnonzero(
                told & np.array([pair in map(tuple, labels) for labels in model.case_labels], dtype=bool)
            )
            for pair in PAIRS
        }
        self._about: dict[str, set[str]] = {}
        for rule in cues.rules:
            named = {name for term in rule.when for is_there, name in term if is_there}
            self._about.setdefault(rule.rec, set()).update(named - _EVERYWHERE)

    def of(self, pair: Pair, text: Text, report: Sequence[str]) -> tuple[Because, ...]:
        """What was done to what, in the report's words; nothing where none of its clauses says so.

        A deed with its object before an object alone, the title before the summary, as the rules read it that hold for
        the pair before what the frame reads of things that the recommendation is about.
        """
        best: tuple[tuple[int, ...], Because] | None = None
        for place, read, hits in self._read(pair, text):
            whole = report[0] if place == "title" else report[1]
            if found := _phrase(whole, hits):
                (things, done), start, end = found
                rank = (things + done > 1, done > 0, place == "title", read, things + done)
                if best is None or rank > best[0]:
                    best = rank, Because(whole[start:end], "words", place, start, end)
        return (best[1],) if best else ()

    def _read(self, pair: Pair, text: Text) -> Iterator[tuple[str, bool, list[Hit]]]:
        """Deeds and objects that may be told together, where they stand, and whether a rule for the pair read them."""
        found = [(place, finding) for place, finding in text.findings if finding.pair == pair]
        for place, finding in sorted(found, key=lambda each: -each[1].weight):
            yield place, True, [hit for hit in finding.hits if hit.kind in ("act", "object")]
        about = self._about.get(pair[0], set())
        frames: list[tuple[str, Frame | None]] = [("title", text.frame), ("summary", text.summary_frame)]
        for place, frame in frames:
            for clause in frame.clauses if frame else ():
                yield place, False, [hit for hit in clause.hits if hit.kind == "act" or hit.name in about]

    def precedent(self, pair: Pair, likeness: np.ndarray, *, alone: bool) -> tuple[Because, ...]:
        """The past case most like a text that was coded so, if it is like enough; `alone`: nothing else is said."""
        own = self._of_pair[pair]
        if not len(own):
            return ()
        best = own[likeness[own].argmax()]
        if likeness[best] < (_ALIKE_AT_ALL if alone else _NEAREST):
            return ()
        return (Because(self._titles[best], "case", ""),)

    def likeness(self, matrix: sparse.csr_matrix) -> np.ndarray:
        """How like each past case each text is: a row a text."""
        near: np.ndarray = (matrix[:, : self._cases.shape[1]] @ self._cases.T).toarray()
        return near


def _phrase(whole: str, hits: Sequence[Hit]) -> tuple[tuple[int, int], int, int] | None:
    """How much of what was done to what these hits of one text tell at most, and from where to where it stands."""
    best: tuple[tuple[int, ...], tuple[int, int], int, int] | None = None
    hits = hits[:_MOST_HITS]
    for first in hits:
        window = [hit for hit in hits if first.start <= hit.start and hit.end - first.start <= _LONGEST]
        for last in window:
            inside = [hit for hit in window if hit.end <= last.end]
            end = max(hit.end for hit in inside)
            told = _told(inside)
            if (
                told == (0, 0)
                or _ADDRESS.search(whole[first.start : end])
                or _BREAK.search(whole[first.start : end])
            ):
                continue
            rank = sum(told), told[1], first.start - end
            if best is None or rank > best[0]:
                best = rank, told, first.start, end
    span = _whole_words(whole, *best[2:]) if best else None
    return (best[1], *span) if best and span else None


def _told(hits: Sequence[Hit]) -> tuple[int, int]:
    """How many things are named, and how many deeds that are not only a part of their names; nought where it could
    be anything."""
    objects = {hit.name: hit for hit in hits if hit.kind == "object" and hit.name not in _EVERYWHERE}
    spans = {(hit.start, hit.end) for hit in objects.values()}
    deeds = {
        hit.start
        for hit in hits
        if hit.kind == "act" and any(hit.start < start or hit.end > end for start, end in spans)
    }
    return (len(objects), len(deeds)) if objects else (0, 0)


def _whole_words(whole: str, start: int, end: int) -> tuple[int, int] | None:
    """The span to the end of what it names, with as much of its clause as it takes to say something; None where the
    clause says no more."""
    breaks = [match.span() for match in _BREAK.finditer(whole)]
    first = max((stop for _, stop in breaks if stop <= start), default=0)
    last = min((begin for begin, _ in breaks if begin >= end), default=len(whole))
    if _HAN.search(whole[start:end]):
        clause = whole[first:last].rstrip(_QUOTES)
        last = first + len(clause)
        own = first + len(clause) - len(clause.lstrip()), first + len(clause.rstrip())
        if last - start <= _CLAUSE // 2:
            end = own[1]
        if says_enough(whole[start:end]):
            return start, end
        return own if own[1] - own[0] <= _CLAUSE and says_enough(whole[slice(*own)]) else None
    upto = end
    for token in _tokens(whole[:last], end, start + _LONGEST)[:_MORE]:
        if token.start - upto > 2 or token.end - start > _LONGEST:
            break
        if _says(token.raw):
            end = token.end
        elif token.low not in _GENITIVE:
            break
        upto = token.end
    before = [token for token in _tokens(whole, max(first, end - _LONGEST), start) if token.end <= start]
    for token in reversed(before):
        if says_enough(whole[start:end]):
            break
        start = token.start
    start = next((token.start for token in _tokens(whole, start, end) if _says(token.raw)), end)
    return (start, end) if says_enough(whole[start:end]) else None


def _tokens(whole: str, start: int, stop: int) -> list[Token]:
    """Those that begin between two places. Only what stands around them is read: a text may be long."""
    low, high = start, min(max(start, stop), len(whole))
    while low > 0 and start - low < _LONGEST and not whole[low - 1].isspace():
        low -= 1
    while high < len(whole) and high - stop < _LONGEST and not whole[high].isspace():
        high += 1
    found = (
        token._replace(start=token.start + low, end=token.end + low) for token in tokens(whole[low:high])
    )
    return [token for token in found if start <= token.start < stop]


def says_enough(words: str) -> bool:
    """Whether a reader could take these for a reason: two words at least that say something, or four Han characters;
    never a lone word, a name alone, a number or a stop word."""
    han = len(_HAN.findall(words))
    return han // 2 + sum(_says(token.raw) for token in tokens(words)) >= _ENOUGH


def _says(word: str) -> bool:
    """Whether a word says something: `ban`, `AI`, `H20`, never `14`, `to` or `x`."""
    if not any(map(str.isalpha, word)) or len(word) < 2:
        return False
    return word.upper() == word or (len(word) > 2 and word.lower() not in _SAYS_NOTHING)


@dataclass(frozen=True, slots=True)
class Learnt:
    """`kinds`: texts by where they came from. Words are those that weigh most, the heaviest first. `publishers` holds
    (name, acts, other items), those first whose items are acts most often for what they publish."""

    name: str
    kinds: dict[str, int]
    speaks_for: list[str]
    speaks_against: list[str]
    by_recommendation: dict[str, list[str]]
    publishers: list[tuple[str, int, int]]


def learnt(model: Model) -> Learnt:
    """Whole words and phrases alone: pieces of words, meanings and signs weigh too, and say nothing to a reader."""
    known = [(at, name[2:]) for at, name in enumerate(model.vocabulary.words) if _readable(name)]
    places = np.array([at for at, _name in known], dtype=int)

    def heaviest(weights: np.ndarray) -> list[str]:
        order = np.argsort(-weights[places], kind="stable")[: SHOWN * 3]
        return _distinct([known[at][1] for at in order if weights[places[at]] > 0])

    relevance = np.asarray(model.relevant).reshape(len(model.relevant), -1)[:, 0]
    moved = leanings(model.facts.get("publishers") or {})
    seen = {
        name: (round(acts), round(others))
        for name, (acts, others) in (model.facts.get("publishers") or {}).items()
        if acts + others >= FEWEST_SEEN
    }
    return Learnt(
        name=model.name,
        kinds=dict(model.facts.get("kinds") or {}),
        speaks_for=heaviest(relevance) if known else [],
        speaks_against=heaviest(-relevance) if known else [],
        by_recommendation={
            slug: heaviest(model.touched[:, place]) if known else []
            for place, slug in enumerate(current().slugs[: model.touched.shape[1]])
        },
        publishers=[
            (name, *seen[name])
            for name in sorted(seen, key=lambda name: (-moved.get(name, 0.0), name))[:SHOWN]
        ],
    )


def _readable(name: str) -> bool:
    word = name[2:]
    return (name.startswith("w:") and len(word) > 2 and not _SIDE.search(word)) or (
        name.startswith("h:") and len(word) > 1
    )


def _distinct(words: list[str]) -> list[str]:
    """Without what only repeats a part of a word before it."""
    found: list[str] = []
    for word in words:
        if not any(word in other or other in word for other in found):
            found.append(word)
    return found[:SHOWN]

"""A text as named features: words, pieces of words, and what its frame says. Pure.

The two actors compared are taken out of the words first: whichever is named first becomes side A, the other side
B. So nothing that is learnt can know which of the two acts. Where nobody is compared, every name stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from tracker.tagging import frames
from tracker.tagging.cues import Cue, Cues, Hit, Matcher, Token, tokens
from tracker.tagging.frames import Finding, Frame, Pair
from tracker.text import LONGEST_SUMMARY, fold, without_site

_SENTENCE_ENDS = re.compile(r"\.\s+|[\n。!?;|↗]|\s[-–—•]\s")  # of folded text: it has no full-width signs
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_SUMMARY_WEIGHT = 0.5
_MOST_OBJECTS = 8
# Characters of a summary that are read sentence by sentence, of the shortest sentence, and how many are read.
_LONGEST_TOLD, _SHORTEST_SENTENCE, _MOST_SENTENCES = 2_000, 12, 25
# Whose pieces are remembered: most words of the news are the same few thousand, and none of them is long.
_KNOWN_WORDS, _LONGEST_KNOWN = 10_000, 24


@dataclass(frozen=True, slots=True)
class Text:
    """One report read once: its folded fields, frames, findings and features."""

    title: str
    summary: str
    frame: Frame
    summary_frame: Frame | None
    findings: tuple[tuple[str, Finding], ...]
    scores: dict[Pair, float]
    words: dict[str, float]
    signs: dict[str, float]

    @property
    def whole(self) -> str:
        """Title and summary in one string, for whoever reads meaning rather than words."""
        return f"{self.title}. {self.summary}".strip(". ")


def sentences(summary: str) -> list[str]:
    """The sentences and items of lists in a summary, in order; a roundup tells of many things in one."""
    parts = (part.strip() for part in _SENTENCE_ENDS.split(fold(summary, _LONGEST_TOLD)))
    return [part for part in parts if len(part) >= _SHORTEST_SENTENCE][:_MOST_SENTENCES]


class Reader:
    """Cues compiled once; `read` turns a title and a summary into features."""

    def __init__(self, cues: Cues):
        self.cues = cues
        self._matcher = _matcher(cues.words)

    def read(self, title: str, summary: str = "", publisher: str = "") -> Text:
        head = without_site(fold(title), publisher if isinstance(publisher, str) else "")
        body = fold(summary, LONGEST_SUMMARY)
        spoken = tokens(head)
        frame = frames.read(head, self._matcher, spoken)
        said = tokens(body) if body.strip() else []
        below = frames.read(body, self._matcher, said) if body.strip() else None
        findings = [("title", finding) for finding in frames.apply(self.cues.rules, frame)]
        scores = frames.scores([finding for _, finding in findings])
        words = _words(head, frame, spoken)
        signs = _signs(frame)
        if below is not None:
            more = frames.apply(self.cues.rules, below)
            findings += [("summary", finding) for finding in more]
            scores = _joined(scores, frames.scores(more))
            words = _added(words, _words(body, below, said))
            signs = _added(signs, _signs(below))
        for (rec, direction), score in scores.items():
            signs[f"t:{rec}:{direction:+d}"] = score
        for _, finding in findings:
            signs[f"q:{finding.rule.ask}"] = signs[f"k:{finding.rule.strength}"] = 1.0
        return Text(head, body, frame, below, tuple(findings), scores, words, signs)


@lru_cache(maxsize=4)
def _matcher(words: tuple[Cue, ...]) -> Matcher:
    """Compiled once for training and for every tagger that is made of it; it never changes."""
    return Matcher(words)


def _joined(scores: dict[Pair, float], below: dict[Pair, float]) -> dict[Pair, float]:
    pairs = {*scores, *below}
    return {
        pair: 1 - (1 - scores.get(pair, 0.0)) * (1 - _SUMMARY_WEIGHT * below.get(pair, 0.0)) for pair in pairs
    }


def _added(above: dict[str, float], below: dict[str, float]) -> dict[str, float]:
    """The title's features whole, the summary's at half weight where the title is silent."""
    return {**dict.fromkeys(below, _SUMMARY_WEIGHT), **above}


def without_sides(text: str, hits: Iterable[Hit], compared: Collection[str]) -> str:
    """The text with names, leaders, agencies and firms of the two compared written as sides A and B."""
    spans = sorted({(hit.start, hit.end, hit.effect, hit.name) for hit in hits if hit.kind == "side"})
    first = next((effect for _, _, effect, _ in spans if effect in compared), "")
    parts: list[str] = []
    place = 0
    for start, end, effect, name in spans:
        if effect not in compared or start < place:
            continue
        mark = ("xxa" if effect == first else "xxb") + ("f" if name.endswith("-firm") else "")
        parts += [text[place:start], f" {mark} "]
        place = end
    return "".join([*parts, text[place:]]) if parts else text


def _words(text: str, frame: Frame, read: Sequence[Token]) -> dict[str, float]:
    """`read`: the text's own tokens, which need no second reading where neither of the two is named."""
    plain = without_sides(text, frame.hits, frame.compared)
    words = [token.low for token in (read if plain is text else tokens(plain))]
    found = [f"w:{word}" for word in words]
    found += [f"w:{one} {two}" for one, two in pairwise(words)]
    for word in words:
        found += _known_pieces(word) if len(word) <= _LONGEST_KNOWN else _pieces(word)
    for run in _HAN_RUN.findall(plain):
        found += [f"h:{run[at : at + size]}" for size in (1, 2, 3) for at in range(len(run) - size + 1)]
    return dict.fromkeys(found, 1.0)


def _pieces(word: str) -> list[str]:
    padded = f" {word} "
    return [f"c:{padded[at : at + size]}" for size in (3, 4, 5) for at in range(len(padded) - size + 1)]


_known_pieces = lru_cache(maxsize=_KNOWN_WORDS)(_pieces)


def _signs(frame: Frame) -> dict[str, float]:
    """The frame as features; every one of them is blind to which of the two compared is which."""
    sides = _abstract_sides(frame)
    shapes = {hit.effect for hit in frame.hits if hit.kind == "shape"}
    found = {f"p:{frame.polarity}", f"s:{'>'.join(sides[:2]) or 'none'}", *(f"h:{shape}" for shape in shapes)}
    found |= {f"y:{clause.polarity}" for clause in frame.clauses}
    found |= {f"a:{hit.name}" for hit in frame.of("act")}
    found |= {f"g:{hit.name}" for hit in frame.of("stage")}
    found |= {f"e:{_operators(clause.hits)}" for clause in frame.clauses}
    is_pair = frame.is_pair
    found |= {"pair"} if is_pair else set()
    found |= {"question"} if frame.is_question else set()
    reads = _distinct(frame)
    for read in reads:
        name = read.hit.name
        found |= {
            f"o:{name}",
            f"os:{name}:{read.sign}",
            f"op:{name}:{read.polarity}",
            f"oa:{name}:{read.act}",
        }
        found |= {f"od:{name}:{is_pair}:{read.sign}", f"of:{name}:{'>'.join(sides[:2])}"}
    names = sorted({read.hit.name for read in reads})
    found |= {f"oo:{one}:{two}" for at, one in enumerate(names) for two in names[at + 1 :]}
    return dict.fromkeys(sorted(found | ({"no-object"} if not reads else set())), 1.0)


def _distinct(frame: Frame) -> list[frames.Read]:
    seen: dict[str, frames.Read] = {}
    for read in frame.objects:
        if read.hit.name not in seen or (read.sign and not seen[read.hit.name].sign):
            seen[read.hit.name] = read
    return list(seen.values())[:_MOST_OBJECTS]


def _abstract_sides(frame: Frame) -> list[str]:
    """The sides in order of naming, each once, the two compared as A and B."""
    found: list[str] = []
    first = ""
    for hit in frame.of("side"):
        side = hit.effect
        if side in frame.compared:
            first = first or side
            side = ("A" if side == first else "B") + ("f" if hit.name.endswith("-firm") else "")
        if side not in found:
            found.append(side)
    return found


def _operators(hits: Sequence[Hit]) -> str:
    """The effects of a clause in order, without repeats: `undo>bad`."""
    effects = [
        hit.effect for hit in hits if hit.kind == "act" or hit.effect in ("bad", "harm", "good", "negation")
    ]
    short = [effect for at, effect in enumerate(effects) if at == 0 or effects[at - 1] != effect]
    return ">".join(short[:4])

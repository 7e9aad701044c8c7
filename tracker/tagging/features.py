"""A text read: who does what to what in it, what the codebook's rules make of that, and its named features. Pure.

A frame is the cues found, clause by clause, and the sign of each clause. The sign follows the codebook's
hard case 6: lifting a ban advances, rejecting a treaty undermines, fighting a harm advances, whatever the
loudest verb is. Who acts never touches the sign; sides only say whether two of them meet.

Each rule that holds for a frame lends its weight to one (recommendation, direction); several combine as independent
witnesses do. A headline shaped like comment, or without an act, weighs less. No rule can see who acts.

Features are words, pieces of words, and what the frame says. The two actors compared are taken out of the words first:
whichever is named first becomes side A, the other side B. So nothing that is learnt can know which of the two acts.
Where nobody is compared, every name stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from tracker.codebook import Codebook, current
from tracker.tagging.cues import SIGNS, Cue, Cues, Hit, Matcher, Rule, Token, tokens
from tracker.text import LONGEST_SUMMARY, fold, without_site

_SENTENCE_ENDS = re.compile(r"\.\s+|[\n。!?;|↗]|\s[-–—•]\s")  # of folded text: it has no full-width signs
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_SUMMARY_WEIGHT = 0.5
_MOST_OBJECTS = 8
# Characters of a summary that are read sentence by sentence, of the shortest sentence, and how many are read.
_LONGEST_TOLD, _SHORTEST_SENTENCE, _MOST_SENTENCES = 2_000, 12, 25
# Whose pieces are remembered: most words of the news are the same few thousand, and none of them is long.
_KNOWN_WORDS, _LONGEST_KNOWN = 10_000, 24
POLARITIES = {"reversed": 1, "against": 1, "positive": 1, "restriction": -1, "cut": -1, "none": 0}
_JOINERS = "as|after|while|despite|amid|following|but|when|before|because|since|though|although"
_BREAK = re.compile(
    rf"[,;:!?|，；：。！？]|\s[–—-]\s|\b(?:{_JOINERS})\b|(?:之后|后|但|尽管|而)(?=[^\s])", re.I
)
Pair = tuple[str, int]

_COMMENT = 0.7
_NO_ACT = 0.6


@dataclass(frozen=True, slots=True)
class Clause:
    hits: tuple[Hit, ...]
    polarity: str

    @property
    def sign(self) -> int:
        return POLARITIES[self.polarity]


@dataclass(frozen=True, slots=True)
class Read:
    """One object with the sign of what is done to it and the act nearest to it."""

    hit: Hit
    polarity: str
    act: str

    @property
    def sign(self) -> int:
        return POLARITIES[self.polarity]


@dataclass(frozen=True, slots=True)
class Frame:
    hits: tuple[Hit, ...]
    clauses: tuple[Clause, ...]
    objects: tuple[Read, ...]
    polarity: str
    is_question: bool
    compared: tuple[str, ...]  # the codebook's pair of actors; empty where nobody is compared

    def names(self) -> set[str]:
        """What a rule may ask for: names of cues; of sides their effect, the two compared only as such."""
        found: set[str] = set()
        for hit in self.hits:
            found |= self.asked_as(hit)
        return found | {"pair"} if self.is_pair else found

    @property
    def is_pair(self) -> bool:
        named = {hit.effect for hit in self.hits if hit.kind == "side"}
        return bool(self.compared) and named.issuperset(self.compared)

    def asked_as(self, hit: Hit) -> set[str]:
        """The names under which a rule may ask for a hit; it cannot ask which of the two compared is named."""
        if hit.kind != "side":
            return {hit.name}
        if hit.effect not in self.compared:
            return {hit.name, hit.effect}
        return {"either", "firm"} if hit.name.endswith("-firm") else {"either"}

    def of(self, kind: str) -> list[Hit]:
        return [hit for hit in self.hits if hit.kind == kind]


def read_frame(
    text: str,
    matcher: Matcher,
    words: list[Token] | None = None,
    book: Codebook | None = None,
) -> Frame:
    """The frame of a folded headline or sentence, by the pair of actors that a codebook (ours) compares."""
    hits = matcher.find(text, words)
    clauses = tuple(Clause(tuple(part), polarity(part)) for part in _clauses(text, hits))
    spoken = [clause.polarity for clause in clauses if clause.polarity != "none"]
    main = spoken[0] if spoken else "none"
    objects = tuple(
        Read(hit, clause.polarity if clause.polarity != "none" else main, _nearest_act(hit, clause.hits))
        for clause in clauses
        for hit in clause.hits
        if hit.kind == "object"
    )
    is_question = text.rstrip().endswith(("?", "？", "吗"))
    return Frame(tuple(hits), clauses, objects, main, is_question, (book or current()).compared or ())


def polarity(hits: Sequence[Hit]) -> str:
    """What one clause does, in a word of `POLARITIES`."""
    effects = [hit.effect for hit in hits if hit.kind in ("act", "object") and not _is_within_good(hit, hits)]
    undone = sum(_is_undoing(hit) for hit in _apart(hits)) if _says_something(hits) else 0
    is_odd = undone % 2 == 1
    if "bad" in effects or "restrict" in effects:
        if "harm" in effects and not is_odd:
            return "against"
        return "reversed" if is_odd else "restriction"
    if undone:
        if "harm" in effects and "good" not in effects:
            return "against"
        if not is_odd:
            return "positive"
        return "reversed" if "rule" in effects and "good" not in effects else "cut"
    if "build" in effects or "intensify" in effects:
        return "none" if "harm" in effects and "good" not in effects else "positive"
    return "none"


def _is_within_good(hit: Hit, hits: Sequence[Hit]) -> bool:
    """A bad word inside a good thing's name: the military of a military hotline."""
    return hit.effect == "bad" and any(
        other.effect == "good" and other.start <= hit.start and hit.end < other.end for other in hits
    )


def _says_something(hits: Sequence[Hit]) -> bool:
    """Whether there is anything a negation could turn."""
    return any((hit.kind == "act" and hit.effect != "say") or hit.effect == "bad" for hit in hits)


def _is_undoing(hit: Hit) -> bool:
    return (hit.kind == "act" and hit.effect == "undo") or (hit.kind == "shape" and hit.effect == "negation")


def _apart(hits: Sequence[Hit]) -> list[Hit]:
    """The hits of which none begins inside another of the same effect: 'rolls back' undoes once."""
    kept: list[Hit] = []
    for hit in hits:
        if not any(hit.start < other.end and other.effect == hit.effect for other in kept):
            kept.append(hit)
    return kept


def _clauses(text: str, hits: list[Hit]) -> list[list[Hit]]:
    edges = [match.start() for match in _BREAK.finditer(text)]
    parts: list[list[Hit]] = [[] for _ in range(len(edges) + 1)]
    place = 0
    for hit in hits:
        while place < len(edges) and edges[place] <= hit.start:
            place += 1
        parts[place].append(hit)
    return [part for part in parts if part]


def _nearest_act(found: Hit, hits: Sequence[Hit]) -> str:
    acts = [hit for hit in hits if hit.kind == "act" and hit.effect != "say" and hit.start != found.start]
    if not acts:
        return ""
    return min(acts, key=lambda act: max(act.start - found.end, found.start - act.end, 0)).name


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that holds: which pair, how strongly, and the cues that made it hold."""

    rule: Rule
    pair: Pair
    weight: float
    hits: tuple[Hit, ...]


def apply_rules(rules: Sequence[Rule], frame: Frame) -> list[Finding]:
    """Every rule of the table that holds for the frame, in the table's order."""
    names = frame.names()
    damp = _damp(frame)
    found = []
    for rule in rules:
        if (rule.needs and rule.needs.isdisjoint(names)) or not _holds(rule, names):
            continue
        sign = _sign(rule, frame)
        direction = {"sign": sign, "against": -sign, "1": 1, "-1": -1}[rule.direction]
        if direction and _is_signed_so(rule, names, sign):
            found.append(Finding(rule, (rule.rec, direction), rule.weight * damp, _witnesses(rule, frame)))
    return found


def scores_of(findings: Sequence[Finding]) -> dict[Pair, float]:
    """Noisy-or: the chance that at least one of the rules that hold is right."""
    missed: dict[Pair, float] = {}
    for finding in findings:
        missed[finding.pair] = missed.get(finding.pair, 1.0) * (1.0 - finding.weight)
    return {pair: 1.0 - rest for pair, rest in missed.items()}


def _damp(frame: Frame) -> float:
    shapes = {hit.effect for hit in frame.hits if hit.kind == "shape"}
    damp = _COMMENT if "comment" in shapes or frame.is_question else 1.0
    has_act = any(hit.kind == "act" for hit in frame.hits)
    return damp if has_act else damp * _NO_ACT


def _sign(rule: Rule, frame: Frame) -> int:
    """The sign read on the rule's own objects, those of its first terms first; else the headline's."""
    for term in rule.when:
        wanted = {name for is_there, name in term if is_there}
        signs = [read.sign for read in frame.objects if read.hit.name in wanted and read.sign]
        if signs:
            return 1 if sum(signs) > 0 else -1 if sum(signs) < 0 else signs[0]
    return {"reversed": 1, "against": 1, "positive": 1, "none": 0}.get(frame.polarity, -1)


def _holds(rule: Rule, names: set[str]) -> bool:
    """Whether every term that asks for no sign holds."""
    return all(
        any((name in names) is is_there for is_there, name in term)
        for term in rule.when
        if not any(name in SIGNS for _, name in term)
    )


def _is_signed_so(rule: Rule, names: set[str], sign: int) -> bool:
    said = {1: "+", -1: "-", 0: "0"}[sign]
    return all(
        any((name == said if name in SIGNS else name in names) is is_there for is_there, name in term)
        for term in rule.when
        if any(name in SIGNS for _, name in term)
    )


def _witnesses(rule: Rule, frame: Frame) -> tuple[Hit, ...]:
    """The first hit for each term of the rule that a reader can see, and the acts that set the sign."""
    found: list[Hit] = []
    for term in rule.when:
        wanted = {name for is_there, name in term if is_there}
        wanted |= {"either"} if "pair" in wanted else set()
        hit = next((hit for hit in frame.hits if frame.asked_as(hit) & wanted), None)
        if hit and hit not in found:
            found.append(hit)
    if any(name in ("+", "-") for term in rule.when for _, name in term) or rule.direction in (
        "sign",
        "against",
    ):
        found += [
            hit for hit in frame.hits if hit.kind == "act" and hit.effect != "say" and hit not in found
        ][:2]
    return tuple(sorted(found, key=lambda hit: hit.start))


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
        frame = read_frame(head, self._matcher, spoken)
        said = tokens(body) if body.strip() else []
        below = read_frame(body, self._matcher, said) if body.strip() else None
        findings = [("title", finding) for finding in apply_rules(self.cues.rules, frame)]
        scores = scores_of([finding for _, finding in findings])
        words = _words(head, frame, spoken)
        signs = _signs(frame)
        if below is not None:
            more = apply_rules(self.cues.rules, below)
            findings += [("summary", finding) for finding in more]
            scores = _joined(scores, scores_of(more))
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


def _distinct(frame: Frame) -> list[Read]:
    seen: dict[str, Read] = {}
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

"""The codebook's rules applied to one frame. Pure.

Each rule that holds lends its weight to one (recommendation, direction); several combine as independent
witnesses do. A headline shaped like comment, or without an act, weighs less. No rule can see who acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.tagging.cues import SIGNS, Rule
from tracker.tagging.frames import Frame
from tracker.tagging.matching import Hit

Pair = tuple[str, int]

_COMMENT = 0.7
_NO_ACT = 0.6


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that holds: which pair, how strongly, and the cues that made it hold."""

    rule: Rule
    pair: Pair
    weight: float
    hits: tuple[Hit, ...]


def apply(rules: Sequence[Rule], frame: Frame) -> list[Finding]:
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


def scores(findings: Sequence[Finding]) -> dict[Pair, float]:
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

"""Learns a scorer from reports whose stories are known, in seconds; the same examples, the same numbers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.clustering.index import Postings, entries, nearest
from tracker.clustering.reports import Reader, Reading, Report, counted
from tracker.clustering.scoring import MEMBERS_READ, Logistic, Scorer, compare, pooled, standings

PAIR_WINDOW = 14  # days; beyond it nearly no pair is one act, and there are very many
OFTEN_ENOUGH = 2  # a word seen once in the examples is as good as new
JOIN, OFFER, CUT = 0.8, 0.01, 0.2
SHOWN = 3  # offers of a report whose chance is learnt


@dataclass(frozen=True, slots=True)
class Example:
    """A report and its story; None where it belongs to no known one, which says nothing about two such."""

    report: Report
    story: Hashable | None


def learnt(examples: Sequence[Example], background: Sequence[Report] = ()) -> Scorer:
    """A scorer from examples; `background` is ordinary news, read for how common words are."""
    frequencies, texts = counted([*(example.report for example in examples), *background])
    reader = Reader({word: count for word, count in frequencies.items() if count >= OFTEN_ENOUGH}, texts)
    readings = [reader.read(example.report) for example in examples]
    stories = [example.story for example in examples]
    undated = [replace(reading, days=None) for reading in readings]
    (rows, truths), (more_rows, more_truths) = _pairs(readings, stories), _pairs(undated, stories)
    pair = Logistic.learnt(np.vstack([rows, more_rows]), np.concatenate([truths, more_truths]))
    unready = Scorer(reader, pair, pair, pair, JOIN, OFFER, CUT)
    asked = _asked(unready, readings, stories)
    ready = replace(unready, story=Logistic.learnt(*_memberships(asked)))
    return replace(ready, showing=Logistic.learnt(*_shown(ready, asked)))


def _pairs(readings: list[Reading], stories: list) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that would be compared in use, of which at least one report's story is known."""
    postings = Postings()
    rows, truths = [], []
    for at, reading in enumerate(readings):
        for other in nearest(postings, reading, PAIR_WINDOW):
            if stories[at] is not None or stories[other] is not None:
                rows.append(compare(reading, readings[other]))
                truths.append(float(stories[at] == stories[other]))
        postings.add(at, reading.days, entries(reading))
    return np.array(rows), np.array(truths)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A story that a report was compared with: the logits of its pairs, whether each member is in the report's
    language, and whether it is the report's own story."""

    logits: list[float]
    same_language: list[bool]
    right: bool


_Asked = list[list[_Candidate]]  # the candidates of each report


def _asked(scorer: Scorer, readings: list[Reading], stories: list) -> _Asked:
    """Each report beside the stories that came before it, as in use: its own, and those that look like it."""
    postings = Postings()
    members: dict[Hashable, list[int]] = {}
    asked = []
    order = sorted(range(len(readings)), key=lambda at: (readings[at].days or 0, at))
    for at in order:
        story = stories[at] if stories[at] is not None else ("alone", at)
        near = dict.fromkeys(
            stories[slot] if stories[slot] is not None else ("alone", slot)
            for slot in nearest(postings, readings[at], 30)
        )
        found = []
        for candidate in near:
            if stories[at] is None and candidate[0] == "alone":
                continue
            known = [readings[slot] for slot in members[candidate][-MEMBERS_READ:]]
            logits = scorer.pair_logits(readings[at], known).tolist()
            same = [member.chinese == readings[at].chinese for member in known]
            found.append(_Candidate(logits, same, candidate == story))
        asked.append(found)
        members.setdefault(story, []).append(at)
        postings.add(at, readings[at].days, entries(readings[at]))
    return asked


def _memberships(asked: _Asked) -> tuple[np.ndarray, np.ndarray]:
    listed = [one for found in asked for one in found]
    return np.array([pooled(one.logits) for one in listed]), np.array([float(one.right) for one in listed])


def _shown(scorer: Scorer, asked: _Asked) -> tuple[np.ndarray, np.ndarray]:
    """The three best of each report, also as if its stories were known in one language alone or by two reports."""
    rows, truths = [], []
    for found in asked:
        for part in (found, _parts(found, same=True), _parts(found, same=False), _parts(found, first=2)):
            stand = _standing(scorer, part)
            for at in sorted(range(len(stand)), key=lambda at: -stand[at][0])[:SHOWN]:
                rows.append(stand[at])
                truths.append(float(part[at].right))
    return np.array(rows), np.array(truths)


def _parts(
    found: list[_Candidate], *, same: bool | None = None, first: int | None = None
) -> list[_Candidate]:
    """The candidates as known by some of their reports only; those that are left with none drop out."""
    parts = []
    for one in found:
        kept = [at for at, own in enumerate(one.same_language[:first]) if same is None or own is same]
        if kept:
            own = [one.same_language[at] for at in kept]
            parts.append(_Candidate([one.logits[at] for at in kept], own, one.right))
    return parts


def _standing(scorer: Scorer, found: list[_Candidate]) -> list[list[float]]:
    if not found:
        return []
    logits = scorer.story_logits([one.logits for one in found])
    return standings(
        logits, [len(one.logits) for one in found], [not any(one.same_language) for one in found]
    )

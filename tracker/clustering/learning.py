"""Learns a scorer from reports whose stories are known, in seconds; the same examples, the same numbers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.clustering.nearest import entries, nearest
from tracker.clustering.pairs import compare
from tracker.clustering.postings import Postings
from tracker.clustering.reading import Reader, Reading, counted
from tracker.clustering.scoring import MEMBERS_READ, Logistic, Scorer, pooled
from tracker.clustering.shapes import Report

PAIR_WINDOW = 14  # days; beyond it nearly no pair is one act, and there are very many
OFTEN_ENOUGH = 2  # a word seen once in the examples is as good as new
JOIN, OFFER, CUT = 0.8, 0.01, 0.2


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
    unready = Scorer(reader, pair, pair, JOIN, OFFER, CUT)
    return replace(unready, story=Logistic.learnt(*_memberships(unready, readings, stories)))


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


def _memberships(scorer: Scorer, readings: list[Reading], stories: list) -> tuple[np.ndarray, np.ndarray]:
    """Each report beside the stories that came before it, as in use: its own, and those that look like it."""
    postings = Postings()
    members: dict[Hashable, list[int]] = {}
    rows, truths = [], []
    order = sorted(range(len(readings)), key=lambda at: (readings[at].days or 0, at))
    for at in order:
        story = stories[at] if stories[at] is not None else ("alone", at)
        near = dict.fromkeys(
            stories[slot] if stories[slot] is not None else ("alone", slot)
            for slot in nearest(postings, readings[at], 30)
        )
        for candidate in near:
            if stories[at] is None and candidate[0] == "alone":
                continue
            slots = members[candidate][-MEMBERS_READ:]
            rows.append(pooled(scorer.pair_logits(readings[at], [readings[slot] for slot in slots]).tolist()))
            truths.append(float(candidate == story))
        members.setdefault(story, []).append(at)
        postings.add(at, readings[at].days, entries(readings[at]))
    return np.array(rows), np.array(truths)

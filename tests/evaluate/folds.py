"""The labelled articles, split so that no event stands on both sides; one fifth was looked at, four are
judged.

While frames and headlines were written, only errors of the fifth `LOOKED_AT` were ever read. It always
trains and never counts. A written headline that is worded like a held-out title is left out of that fold's
training.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from tracker import tagger_examples, text
from tracker.tagging.training import Example

LOOKED_AT = 0
FOLDS = 5
ALIKE = 88  # of 100: titles that count as one page, whatever their events
WORDED_ALIKE = 0.35  # cosine over pieces of words

SEEDS = Path(tagger_examples.FOLDER)


@dataclass(frozen=True, slots=True)
class Split:
    """Places of the held-out articles, and what may be learnt from."""

    name: str
    held: np.ndarray
    learnt: list[Example]


class Articles:
    """All labelled articles with their groups, as examples."""

    def __init__(self):
        self.rows = [json.loads(line) for line in (SEEDS / "articles.jsonl").read_text("utf-8").splitlines()]
        seeded = tagger_examples.seeded()
        picked = ("act", "near miss", "background")
        self.examples = [one for one in seeded if one.kind in picked and not one.delivered]
        self.stream = [one for one in seeded if one.delivered]
        self.record = [one for one in seeded if one.kind == "record"]
        self.written = [one for one in seeded if one.kind.startswith("written")]
        self.events = {event["id"]: event for event in tagger_examples.lines("events.jsonl")}
        self.event_dates = {name: event["date"] for name, event in self.events.items()}

    @cached_property
    def groups(self) -> list[int]:
        """The group of each article: its event, joined with whatever shares a title with it."""
        parent = list(range(len(self.rows)))

        def root(at: int) -> int:
            while parent[at] != at:
                at = parent[at]
            return at

        titles = [re.sub(r"\W+", " ", row["title"].lower()).strip() for row in self.rows]
        alike = process.cdist(titles, titles, scorer=fuzz.ratio, score_cutoff=ALIKE)
        pairs = [(int(one), int(two)) for one, two in zip(*np.nonzero(alike), strict=True) if one < two]
        first: dict[str, int] = {}
        for at, row in enumerate(self.rows):
            if row["event"]:
                pairs.append((first.setdefault(row["event"], at), at))
        for one, two in pairs:
            low, high = sorted((root(one), root(two)))
            parent[high] = low
        return [root(at) for at in range(len(self.rows))]

    @cached_property
    def fold(self) -> np.ndarray:
        names = [self.rows[group]["event"] or self.rows[group]["title"] for group in self.groups]
        return np.array([int(hashlib.sha1(name.encode()).hexdigest(), 16) % FOLDS for name in names])

    def splits(self, *, with_record: bool = True, with_written: bool = True) -> Iterator[Split]:
        for fold in range(FOLDS):
            if fold != LOOKED_AT:
                held = np.flatnonzero(self.fold == fold)
                yield self.split(f"fold {fold}", held, with_record=with_record, with_written=with_written)

    def split(self, name: str, held: np.ndarray, *, with_record=True, with_written=True) -> Split:
        inside = set(held.tolist())
        hidden = {self.rows[at]["event"] for at in inside}
        learnt = [one for at, one in enumerate(self.examples) if at not in inside]
        learnt += [one for one in self.stream if one.group not in {f"stream:{name}" for name in hidden}]
        if with_record:
            learnt += [one for one in self.record if one.group not in hidden]
        if with_written:
            near = self._likeness[:, held].max(axis=1)
            learnt += [one for one, like in zip(self.written, near, strict=True) if like < WORDED_ALIKE]
        return Split(name, held, learnt)

    def forward(self, day: str) -> Split:
        """Train on events before `day` and what has no event; test on events from then on and their like."""
        late = [
            at
            for at, row in enumerate(self.rows)
            if (self.event_dates.get(row["event"], "") or (row["date"] or "")) >= day
        ]
        groups = {self.groups[at] for at in late}
        held = np.array([at for at, group in enumerate(self.groups) if group in groups])
        split = self.split(f"from {day}", held)
        early = [one for one in split.learnt if self.event_dates.get(one.group, "") < day]
        return Split(split.name, held, early)

    @cached_property
    def _likeness(self) -> np.ndarray:
        spell = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4))
        titles = spell.fit_transform([_plain(row["title"]) for row in self.rows])
        return (spell.transform([_plain(one.title) for one in self.written]) @ titles.T).toarray()

    def as_they_come(self, chosen: Sequence[int]) -> list[list[int]]:
        """The reports of each event in the order of their dates; an article without event stands alone."""
        reports: dict[str, list[int]] = {}
        for at in sorted(chosen, key=lambda at: (self.rows[at]["date"] or "9999", at)):
            reports.setdefault(self.rows[at]["event"] or f"page {at}", []).append(at)
        return list(reports.values())


def _plain(title: str) -> str:
    return text.lower(text.fold(title))

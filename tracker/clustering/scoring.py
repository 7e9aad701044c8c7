"""From what two reports share to the probability that they tell of the same act.

Small logistic models: one over a pair, one over a report and a story (its pairs pooled), and one over how that
story stands beside its rivals (the chance that is shown with an offer). Their weights are plain numbers in a
text file, and each carries the precision it was learnt with, so that what analysts decide moves it by Bayes'
rule without the examples it came from: many decisions move it far, few hardly.

What speaks for and against two reports telling of the same act: one row of numbers per pair.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tracker.clustering.reports import Pair, Reader, Reading, Reason
from tracker.clustering.words import words

NEARLY_THE_SAME = 0.7  # cosine of the words of two titles
UNKNOWN_GAP = 5  # days between two reports when one has no date: neither near nor far

FEATURES = (
    "words", "words_root", "names", "names_rarity", "places", "acts", "rare_words", "rarest_word",
    "amounts", "amounts_differ", "days", "days_log", "within_a_day", "within_three_days", "shorter",
    "both_chinese", "across", "across_names", "across_names_rarity", "across_places", "across_acts",
    "across_words", "across_rare", "undated", "undated_words", "undated_rare",
)  # fmt: skip


def compare(one: Reading, other: Reading) -> list[float]:
    """The values of FEATURES for two readings, in that order."""
    shared = one.words.keys() & other.words.keys()
    near = sum([one.words[word] * other.words[word] for word in shared])
    rarest = sorted([one.rarities[word] for word in shared], reverse=True)
    names, rarity = _shared(one.names["specific"], other.names["specific"])
    places, _ = _shared(one.names["place"], other.names["place"])
    acts, _ = _shared(one.names["act"], other.names["act"])
    amounts = len(one.amounts & other.amounts)
    gap = days_apart(one, other)
    # Without a date words must say it all, and of all time's pairs fewer are one act: weights of their own.
    dated = float(one.days is not None and other.days is not None)
    across = float(one.chinese != other.chinese)
    rare = sum(rarest[:3])
    return [
        near,
        math.sqrt(near),
        names,
        rarity,
        places,
        acts,
        rare,
        rarest[0] if rarest else 0.0,
        float(amounts),
        float(bool(one.amounts and other.amounts) and not amounts),
        dated * gap,
        dated * math.log1p(gap),
        dated * (gap <= 1),
        dated * (gap <= 3),
        float(min(len(one.words), len(other.words), 30)),
        float(one.chinese and other.chinese),
        across,
        across * names,
        across * rarity,
        across * places,
        across * acts,
        across * near,
        across * rare,
        1.0 - dated,
        (1.0 - dated) * near,
        (1.0 - dated) * rare,
    ]


def days_apart(one: Reading, other: Reading) -> int:
    if one.days is None or other.days is None:
        return UNKNOWN_GAP
    return abs(one.days - other.days)


def _shared(mine: Mapping[str, float], yours: Mapping[str, float]) -> tuple[float, float]:
    """The shared part of two sets of names, by rarity, and the rarity of what is shared."""
    shared = sum([mine[key] for key in mine.keys() & yours.keys()])
    every = sum(mine.values()) + sum(yours.values()) - shared
    return (shared / every if every else 0.0), shared


def reasons(reader: Reader, one: Reading, other: Reading) -> tuple[Reason, ...]:
    """What the two share, most telling first."""
    shared = sorted(one.words.keys() & other.words.keys(), key=lambda word: (-one.rarities[word], word))
    near = sum(one.words[word] * other.words[word] for word in shared)
    found = []
    if one.mark and one.mark == other.mark:
        found.append(Reason("title"))
    elif near >= NEARLY_THE_SAME:
        found.append(Reason("near title"))
    names = _telling_names(one, other)
    found.extend(Reason("name", name) for name in names)
    named = {part for name in names for part in words(" ".join(reader.names.spelt(name)).lower())}
    figures = {figure for name in names for figure in re.findall(r"\d+", " ".join(reader.names.spelt(name)))}
    told = [amount for amount in sorted(one.amounts & other.amounts) if amount not in figures]
    found.extend(Reason("number", amount) for amount in told[:2])
    spelt = _as_spelt(one.text.title)
    kept = [spelt[word] for word in shared if word not in named and len(spelt.get(word, "")) > 3]
    found.extend(
        Reason("word", word) for word in (_runs(one, other) if one.chinese and other.chinese else kept)[:3]
    )
    if one.days is not None and other.days is not None:
        found.append(Reason("days", str(days_apart(one, other))))
    return tuple(found)


def _as_spelt(title: str) -> dict[str, str]:
    """The words of a title by their stems: a reader is shown `enabled`, never `enabl`."""
    found: dict[str, str] = {}
    for word in re.findall(r"[^\W\d_]+", title):
        for key in words(word):
            found.setdefault(key, word)
    return found


def _runs(one: Reading, other: Reading) -> list[str]:
    """What two Chinese titles share, the longest first, three characters at least: pairs are scraps of words."""
    left, right, found = one.text.title, other.text.title, []
    for start in range(len(left)):
        end = start + 3
        while end <= len(left) and left[start:end] in right and left[start:end].isalnum():
            end += 1
        if end - 1 - start >= 3:
            found.append(left[start : end - 1])
    longest = sorted(set(found), key=lambda run: (-len(run), run))
    return [run for at, run in enumerate(longest) if not any(run in other for other in longest[:at])]


def _telling_names(one: Reading, other: Reading) -> list[str]:
    shared = [
        (-rarity, key)
        for group, mine in one.names.items()
        for key, rarity in mine.items()
        if key in other.names[group]
    ]
    return [key for _, key in sorted(shared)[:4]]


SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "grouping.json"
MEMBERS_READ = 12  # of a story's reports, the newest: enough to know it by, and a bound on the work
STEPS = 30

STORY_FEATURES = ("best", "best_three", "every", "size_log", "best_gap")
STANDING_FEATURES = ("logit", "logit_above", "lead", "size_log", "across")
MOST_LEAD = 6.0  # nats before or behind the best rival; farther tells nothing more


@dataclass(frozen=True)
class Logistic:
    """A logistic model: standardised inputs, weights with the constant first, their precision matrix."""

    means: np.ndarray
    scales: np.ndarray
    weights: np.ndarray
    precision: np.ndarray

    def logits(self, rows: np.ndarray) -> np.ndarray:
        return self.weights[0] + ((rows - self.means) / self.scales) @ self.weights[1:]

    def updated(self, rows: np.ndarray, truths: np.ndarray) -> Logistic:
        """The posterior after these examples, by Newton's method from the present weights as the prior."""
        design = np.hstack([np.ones((len(rows), 1)), (rows - self.means) / self.scales])
        weights = self.weights.copy()
        precision = self.precision
        for _ in range(STEPS):
            chances = probability(design @ weights)
            slope = design.T @ (truths - chances) - self.precision @ (weights - self.weights)
            precision = self.precision + (design * (chances * (1 - chances))[:, None]).T @ design
            step = np.linalg.solve(precision, slope)
            weights = weights + step
            if np.abs(step).max() < 1e-6:
                break
        return replace(self, weights=weights, precision=precision)

    def plain(self) -> dict:
        return {name: np.round(getattr(self, name), 5).tolist() for name in self.__dataclass_fields__}

    @classmethod
    def of(cls, plain: dict) -> Logistic:
        return cls(**{name: np.array(plain[name], float) for name in cls.__dataclass_fields__})

    @classmethod
    def learnt(cls, rows: np.ndarray, truths: np.ndarray, ridge: float = 1.0) -> Logistic:
        """From nothing: the prior is weak and centred on zero."""
        scales = rows.std(axis=0)
        size = rows.shape[1] + 1
        blank = cls(
            rows.mean(axis=0), np.where(scales > 0, scales, 1.0), np.zeros(size), np.eye(size) * ridge
        )
        return blank.updated(rows, truths)


@dataclass(frozen=True)
class Scorer:
    """Everything grouping has learnt, and the three borders it acts by."""

    reader: Reader
    pair: Logistic
    story: Logistic
    showing: Logistic
    join: float  # from this chance on a report joins a story by itself
    offer: float  # below it a story is not worth an analyst's look
    cut: float  # mean chance of a pair at which the nightly pass parts two groups

    def pair_logits(self, one: Reading, others: Sequence[Reading]) -> np.ndarray:
        rows = np.array([compare(one, other) for other in others], float)
        return self.pair.logits(rows.reshape(len(others), len(FEATURES)))

    def story_logits(self, stories: Sequence[Sequence[float]]) -> list[float]:
        """How much speaks for a report's belonging to each story, from its pairs with the story's reports."""
        rows = np.array([pooled(logits) for logits in stories], float)
        found: list[float] = self.story.logits(rows.reshape(len(stories), len(STORY_FEATURES))).tolist()
        return found

    def shown(self, standing: Sequence[float]) -> float:
        """The chance to show with an offer that stands so beside its rivals."""
        return chance_of(float(self.showing.logits(np.array(standing))))

    def taught(self, pairs: Iterable[Pair]) -> Scorer:
        """The scorer after what analysts joined and parted."""
        pairs = [Pair(*pair) for pair in pairs]
        if not pairs:
            return self
        read = self.reader.read
        rows = np.array([compare(read(pair.left), read(pair.right)) for pair in pairs])
        truths = np.array([float(pair.same) for pair in pairs])
        return replace(self, pair=self.pair.updated(rows, truths))

    def plain(self) -> dict:
        """As JSON can hold it; `Scorer.of` reads it back."""
        return {
            "features": list(FEATURES),
            "story_features": list(STORY_FEATURES),
            "standing_features": list(STANDING_FEATURES),
            "pair": self.pair.plain(),
            "story": self.story.plain(),
            "showing": self.showing.plain(),
            "join": self.join,
            "offer": self.offer,
            "cut": self.cut,
            "texts": self.reader.texts,
            "frequencies": dict(sorted(self.reader.frequencies.items())),
        }

    @classmethod
    def of(cls, plain: dict) -> Scorer:
        known = [list(FEATURES), list(STORY_FEATURES), list(STANDING_FEATURES)]
        if [plain.get(name) for name in ("features", "story_features", "standing_features")] != known:
            raise ValueError("These weights were learnt for other features: learn them again.")
        reader = Reader(plain["frequencies"], plain["texts"])
        pair, story, showing = (Logistic.of(plain[name]) for name in ("pair", "story", "showing"))
        return cls(reader, pair, story, showing, plain["join"], plain["offer"], plain["cut"])


def pooled(logits: Sequence[float]) -> list[float]:
    """The values of STORY_FEATURES: how a report stands to a story, from its pairs with its reports."""
    ranked = sorted(logits, reverse=True)
    three = sum(ranked[:3]) / len(ranked[:3])
    every = sum(map(chance_of, ranked)) / len(ranked)
    return [ranked[0], three, every, math.log(len(ranked)), ranked[0] - three]


def standing(logit: float, rival: float | None, size: int, across: bool) -> list[float]:
    """The values of STANDING_FEATURES: a story's own logit, and how far it leads its best rival's (None: no rival).

    `size` is how many of its reports were read, `across` whether all of them are in another language.
    """
    lead = MOST_LEAD if rival is None else max(-MOST_LEAD, min(MOST_LEAD, logit - rival))
    return [logit, max(logit, 0.0), lead, math.log(size), float(across)]


def standings(logits: Sequence[float], sizes: Sequence[int], across: Sequence[bool]) -> list[list[float]]:
    """How each of some stories stands beside the others."""
    ranked = sorted(logits, reverse=True)
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    return [
        standing(logit, second if logit == best else best, size, far)
        for logit, size, far in zip(logits, sizes, across, strict=True)
    ]


def chance_of(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


def probability(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -40, 40)))


@functools.cache
def default_scorer() -> Scorer:
    """The one learnt from the seeds."""
    return Scorer.of(json.loads(SEEDS.read_text("utf-8")))

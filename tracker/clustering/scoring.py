"""Whether two reports tell of one act: what they share, the probability that follows, and what must hold beside it.

Small logistic models: one over a pair, one over a report and a story (its pairs pooled), and one over how that
story stands beside its rivals (the chance that is shown with an offer). Their weights are plain numbers in a
text file, and each carries the precision it was learnt with, so that what analysts decide moves it by Bayes'
rule without the examples it came from: many decisions move it far, few hardly.

Shared words make two reports likely to be one act; they do not make them so. Who signs and who stays out share
every word but one, and a feed's template shares them all with every item of that feed. So what the machine joins
by itself must share an act: enough of the shorter headline, or the same names and the same deed.

What joins one by one drifts: a series of one outlet, a subject that goes on for a week. So a story of many reports of
one outlet, or of reports days apart, is read once more as a whole: reports stay together that share a page, a text or
an act; days apart, or in a series, only those that share a deed and whoever it is about.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tracker.clustering.reports import Pair, Reader, Reading, Reason, is_copy, is_one_page
from tracker.clustering.words import Gazetteer, gazetteer, words

NEARLY_THE_SAME = 0.7  # cosine of the words of two titles
UNKNOWN_GAP = 5  # days between two reports when one has no date: neither near nor far

FEATURES = (
    "words", "words_root", "names", "names_rarity", "places", "acts", "rare_words", "rarest_word",
    "amounts", "amounts_differ", "days", "days_log", "within_a_day", "within_three_days", "shorter",
    "both_chinese", "across", "across_names", "across_names_rarity", "across_places", "across_acts",
    "across_words", "across_rare", "undated", "undated_words", "undated_rare",
)  # fmt: skip
ENOUGH = 0.5  # of the rarity of the shorter headline's words
ENOUGH_WITH_DEED = 0.33  # where they also share a deed and somebody or something it is about
NAMED_ALIKE = 9.0  # nats of names shared by headlines in two languages, where no deed is
NEAR_DAYS, LOOSELY_NEAR = 7, 3
FEWEST_WORDS = 3  # shared, where no name is
# Deeds that a dozen acts of one day have in common: who met whom says nothing of what came of it.
FORMS = frozenset({"meet", "hold", "report", "plan"})

OF_ONE_OUTLET = 5  # reports, beyond which a story is looked at again
DAYS_APART = 3


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


def opposed(one: Reading, other: Reading, names: Gazetteer) -> bool:
    """Whether they cannot be one act: opposite deeds, or firms that both name without one in common."""
    signs = deed_sign(one, names), deed_sign(other, names)
    if 0 not in signs and signs[0] != signs[1]:
        return True
    mine, yours = firms(one, names), firms(other, names)
    return bool(mine and yours and not mine & yours)


def in_common(one: Reading, other: Reading) -> bool:
    """Whether what they share is an act and not merely a subject."""
    gap = abs(one.days - other.days) if one.days is not None and other.days is not None else NEAR_DAYS
    if gap > NEAR_DAYS:
        return False
    deed = bool((one.names["act"].keys() & other.names["act"].keys()) - FORMS)
    mine, yours = one.names["specific"], other.names["specific"]
    shared = sum(rarity for name, rarity in mine.items() if name in yours)
    if one.chinese != other.chinese:
        return shared > 0 and gap <= LOOSELY_NEAR and (deed or shared >= NAMED_ALIKE)
    if one.amounts and other.amounts and not one.amounts & other.amounts:
        return False  # two raids, two rounds of funding
    if not shared and len(one.rarities.keys() & other.rarities.keys()) < FEWEST_WORDS:
        return False
    if one.text.outlet and one.text.outlet == other.text.outlet:
        return (
            coverage(one, other, of=max) >= ENOUGH
        )  # an outlet seldom tells of one act twice, but in one manner
    told = coverage(one, other)
    return told >= ENOUGH or (told >= ENOUGH_WITH_DEED and deed and shared > 0)


def share_deed_and_name(one: Reading, other: Reading) -> bool:
    """Whether both tell the same deed, and somebody or something it is about."""
    deeds = (one.names["act"].keys() & other.names["act"].keys()) - FORMS
    return bool(deeds and one.names["specific"].keys() & other.names["specific"].keys())


def coverage(one: Reading, other: Reading, of: Callable[..., float] = min) -> float:
    """Which part of the words of the shorter of them (`of=max`: of the longer) the other has too, weighed by rarity;
    0 to 1."""
    shared = sum(one.rarities[word] for word in one.rarities.keys() & other.rarities.keys())
    whole = of(sum(one.rarities.values()), sum(other.rarities.values()))
    return shared / whole if whole else 0.0


def deed_sign(reading: Reading, names: Gazetteer) -> int:
    """1 where the first deed of the headline opens or joins, -1 where it closes or leaves, else 0."""
    for key in names.in_order(reading.text.title):
        if sign := names.names[key].sign:
            return sign
    return 0


def firms(reading: Reading, names: Gazetteer) -> frozenset[str]:
    return frozenset(key for key in reading.names["specific"] if names.names[key].kind == "firm")


def is_doubtful(readings: Sequence[Reading]) -> bool:
    """Whether a story of these reports is to be looked at again."""
    days = [reading.days for reading in readings if reading.days is not None]
    return bool(_series(readings)) or (bool(days) and max(days) - min(days) > DAYS_APART)


def _series(readings: Sequence[Reading]) -> set[str]:
    """The outlets that brought so many of these reports that they may be a series."""
    outlets = Counter(reading.text.outlet for reading in readings if reading.text.outlet)
    return {outlet for outlet, count in outlets.items() if count > OF_ONE_OUTLET}


def parted(readings: Sequence[Reading], names: Gazetteer | None = None) -> list[list[int]]:
    """The places of the reports of each act that they tell of, that of the first report before the others."""
    names = names or gazetteer()
    series, homes = _series(readings), list(range(len(readings)))
    for at, one in enumerate(readings):
        for before in range(at):
            if homes[before] != homes[at] and _is_one_act(one, readings[before], names, series):
                kept, gone = sorted((homes[before], homes[at]))
                homes = [kept if home == gone else home for home in homes]
    groups: dict[int, list[int]] = {}
    for at, home in enumerate(homes):
        groups.setdefault(home, []).append(at)
    return [groups[home] for home in sorted(groups)]


def _is_one_act(one: Reading, other: Reading, names: Gazetteer, series: Collection[str]) -> bool:
    if is_one_page(one.text, other.text):
        return True
    near = one.days is None or other.days is None or abs(one.days - other.days) <= DAYS_APART
    same_outlet = bool(one.text.outlet) and one.text.outlet == other.text.outlet
    if is_copy(one.text, other.text):
        return near or not same_outlet  # one outlet's title that comes again days later is a column
    if opposed(one, other, names) or not in_common(one, other):
        return False
    is_plain = near and not (same_outlet and one.text.outlet in series)
    return is_plain or share_deed_and_name(one, other)

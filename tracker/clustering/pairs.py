"""What speaks for and against two reports telling of the same act: one row of numbers per pair."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tracker.clustering.reading import Reader, Reading
from tracker.clustering.shapes import Reason
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
    found.extend(Reason("number", amount) for amount in sorted(one.amounts & other.amounts)[:2])
    named = {part for name in names for part in words(" ".join(reader.names.spelt(name)))}
    found.extend(Reason("word", word) for word in [word for word in shared if word not in named][:3])
    if one.days is not None and other.days is not None:
        found.append(Reason("days", str(days_apart(one, other))))
    return tuple(found)


def _telling_names(one: Reading, other: Reading) -> list[str]:
    shared = [
        (-rarity, key)
        for group, mine in one.names.items()
        for key, rarity in mine.items()
        if key in other.names[group]
    ]
    return [key for _, key in sorted(shared)[:4]]

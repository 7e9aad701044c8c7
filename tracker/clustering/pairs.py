"""What speaks for and against two reports telling of the same act: one row of numbers per pair."""

from __future__ import annotations

import math

from tracker.clustering.reading import Reader, Reading, dot

UNKNOWN_GAP = 5  # days between two reports when one has no date: neither near nor far
SPECIFIC = frozenset({"firm", "person", "agency", "instrument", "thing"})

FEATURES = (
    "words", "words_root", "names", "names_rarity", "places", "acts", "rare_words", "rarest_word",
    "amounts", "amounts_differ", "days", "days_log", "within_a_day", "within_three_days", "shorter",
    "both_chinese", "across", "across_names", "across_names_rarity", "across_places", "across_acts",
    "across_words", "across_rare",
)  # fmt: skip


def compare(reader: Reader, one: Reading, other: Reading) -> list[float]:
    """The values of FEATURES for two readings, in that order."""
    words = dot(one.words, other.words)
    rarest = sorted((reader.rarity(word) for word in one.words.keys() & other.words.keys()), reverse=True)
    names, rarity = _shared_names(reader, one, other, SPECIFIC)
    places, _ = _shared_names(reader, one, other, frozenset({"place"}))
    acts, _ = _shared_names(reader, one, other, frozenset({"act"}))
    gap = days_apart(one, other)
    across = float(one.chinese != other.chinese)
    rare = sum(rarest[:3])
    return [
        words,
        math.sqrt(words),
        names,
        rarity,
        places,
        acts,
        rare,
        rarest[0] if rarest else 0.0,
        float(len(one.amounts & other.amounts)),
        float(bool(one.amounts and other.amounts) and not one.amounts & other.amounts),
        float(gap),
        math.log1p(gap),
        float(gap <= 1),
        float(gap <= 3),
        float(min(len(one.words), len(other.words), 30)),
        float(one.chinese and other.chinese),
        across,
        across * names,
        across * rarity,
        across * places,
        across * acts,
        across * words,
        across * rare,
    ]


def days_apart(one: Reading, other: Reading) -> int:
    if one.days is None or other.days is None:
        return UNKNOWN_GAP
    return abs(one.days - other.days)


def _shared_names(reader: Reader, one: Reading, other: Reading, kinds: frozenset[str]) -> tuple[float, float]:
    """Of the names of these kinds the shared part, and the rarity of what is shared."""
    known = reader.names.names
    mine = {key for key in one.names if known[key].kind in kinds}
    yours = {key for key in other.names if known[key].kind in kinds}
    shared = sum(reader.rarity("@" + key) for key in mine & yours)
    every = sum(reader.rarity("@" + key) for key in mine | yours)
    return (shared / every if every else 0.0), shared


def reasons(reader: Reader, one: Reading, other: Reading) -> tuple[str, ...]:
    """What the two share, in words, most telling first."""
    found = []
    if one.mark and one.mark == other.mark:
        found.append("the same title")
    elif dot(one.words, other.words) >= 0.7:
        found.append("nearly the same title")
    found.extend(_telling_names(reader, one, other))
    found.extend(f"the number {amount}" for amount in sorted(one.amounts & other.amounts)[:2])
    named = {part for found_name in found for part in found_name.split()}
    shared = sorted(one.words.keys() & other.words.keys(), key=lambda word: (-reader.rarity(word), word))
    found.extend(f"“{word}”" for word in shared[:3] if word not in named)
    if one.days is not None and other.days is not None:
        gap = days_apart(one, other)
        found.append("the same day" if gap == 0 else f"{gap} day{'s' if gap > 1 else ''} apart")
    return tuple(found)


def _telling_names(reader: Reader, one: Reading, other: Reading) -> list[str]:
    shared = sorted(one.names & other.names, key=lambda key: (-reader.rarity("@" + key), key))
    return [reader.names.shown(key) for key in shared[:4]]

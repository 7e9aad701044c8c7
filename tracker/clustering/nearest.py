"""Which readings are worth comparing with one: those that share its most telling words, names and amounts."""

from __future__ import annotations

from tracker.clustering.postings import Postings
from tracker.clustering.reading import Reader, Reading

CANDIDATES = 60


def entries(reading: Reading) -> set[str]:
    """What a reading is found by: its words, the names in it (`@key`), its amounts (`#amount`)."""
    names = (f"@{key}" for key in reading.names)
    return {*reading.words, *names, *(f"#{amount}" for amount in reading.amounts)}


def nearest(postings: Postings, reader: Reader, reading: Reading, window: int) -> list[int]:
    """Slots of the readings within the window that share most, at most CANDIDATES."""
    weighed = sorted(((entry, reader.rarity(entry)) for entry in entries(reading)), key=_rarest_first)
    found = postings.near(weighed, reading.days, window)
    return sorted(found, key=lambda slot: (-found[slot], -slot))[:CANDIDATES]


def _rarest_first(weighed: tuple[str, float]) -> tuple[float, str]:
    entry, rarity = weighed
    return -rarity, entry

"""Which readings are worth comparing with one: those that share its most telling words, names and amounts."""

from __future__ import annotations

from operator import itemgetter

from tracker.clustering.postings import Postings
from tracker.clustering.reading import Reading

CANDIDATES = 30
AMOUNT_RARITY = 4.0  # nats; amounts are not counted, and are about as rare as a rare word


def entries(reading: Reading) -> dict[str, float]:
    """What it is found by, each with its rarity: words, names (`@key`), amounts (`#amount`)."""
    found = dict(reading.rarities)
    for names in reading.names.values():
        found.update((f"@{key}", rarity) for key, rarity in names.items())
    found.update((f"#{amount}", AMOUNT_RARITY) for amount in reading.amounts)
    return found


def nearest(postings: Postings, reading: Reading, window: int) -> list[int]:
    """Slots of the readings within the window that share most, at most CANDIDATES."""
    weighed = sorted(entries(reading).items(), key=itemgetter(1, 0), reverse=True)
    return postings.near(weighed, reading.days, window, CANDIDATES)

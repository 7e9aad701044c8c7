"""The two files: `figures.json.gz` holds figures, `digests.json` one line for each digest, so that a change shows."""

import gzip
import json
from pathlib import Path

from tests.scorecard.golden import readings

FOLDER = Path(__file__).parent
FIGURES, DIGESTS = FOLDER / "figures.json.gz", FOLDER / "digests.json"


def figures():
    """day → what was kept of it."""
    return json.loads(gzip.decompress(FIGURES.read_bytes()))


def digests():
    return json.loads(DIGESTS.read_text())


def write(client):
    """Keep what the service says now."""
    found = json.dumps(readings.figures(client, readings.EVERY_FIFTH), separators=(",", ":"))
    FIGURES.write_bytes(gzip.compress(found.encode(), 9, mtime=0))
    DIGESTS.write_text(json.dumps(readings.digests(client), ensure_ascii=False, indent=0) + "\n")


def difference_now(client):
    """The first difference between what is kept and what the service says now, in words; empty without one."""
    return difference(figures(), readings.figures(client, readings.EVERY_FIFTH)) or difference(
        digests(), readings.digests(client)
    )


def difference(expected, found, place=""):
    """The first place where two trees of JSON differ, in words; empty when they are equal to the last digit."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in [*expected, *(name for name in found if name not in expected)]:
            here = f"{place} → {name}" if place else name
            if name not in found or name not in expected:
                return f"{here}: {'gone' if name in expected else 'new'}"
            if said := difference(expected[name], found[name], here):
                return said
        return ""
    if isinstance(expected, list) and isinstance(found, list):
        pairs = enumerate(zip(expected, found, strict=False))
        said = next(filter(None, (difference(*pair, f"{place}[{n}]") for n, pair in pairs)), "")
        unequal = len(expected) != len(found)
        return said or (f"{place}: {len(expected)} items before, {len(found)} now" if unequal else "")
    same = type(expected) is type(found) and expected == found
    return "" if same else f"{place}: {json.dumps(expected)} before, {json.dumps(found)} now"

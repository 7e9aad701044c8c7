"""From which side a report comes: a compared actor's, a third country, or not established.

Only what an address proves counts: a host or an ending that the instance's `outlets.json` lists.
"""

from __future__ import annotations

from tracker.codebook import current
from tracker.codebook.schema import THIRD, UNKNOWN

US, CHINA = current().compared or ("", "")

__all__ = ["CHINA", "THIRD", "UNKNOWN", "US", "side"]


def side(url: str) -> str:
    """An actor's slug, `third` or `unknown` for the publisher of an address; unknown without a list of outlets."""
    return current().side_of(url) or UNKNOWN

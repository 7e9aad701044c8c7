"""How much of the log a figure rests on, so that what is appended behind that leaves it as it is. Pure.

A figure of the days T and K reads no version recorded after K, and of those no event that begins after T
(METHOD.md, section 2, axiom 8). A version of an event that once began earlier still counts: it takes the earlier
version's place. So does the first version of an event that a link had named before: the link's reason for not
counting changes.
"""

from __future__ import annotations

import datetime

import numpy as np

from scorecard.method.log import FOREVER, Log

_APART = 1 << 24  # more than any ordinal


def rests_on(log: Log, as_of: datetime.date, known_at: datetime.date | None) -> int:
    """The least number of first versions of the log that hold all that the figure of these days reads."""
    read = reach(log) <= as_of.toordinal()
    if known_at is not None:
        read &= log.recorded <= known_at.toordinal()
    places = np.flatnonzero(read)
    return int(places[-1]) + 1 if len(places) else 0


def reach(log: Log) -> np.ndarray:
    """[versions] the earliest day whose figures a version can move: that on which its event began in this or any
    earlier version. Worked out once for a log."""
    if (found := log.memory.get(reach)) is None:
        found = log.memory[reach] = _reach(log)
    return found


def _reach(log: Log) -> np.ndarray:
    if not len(log):
        return log.start
    order = np.argsort(log.event, kind="stable")
    event = log.event[order].astype(np.int64)
    # The running least of each event: later events are shifted below all earlier ones, and back again.
    least = np.minimum.accumulate(log.start[order] - event * _APART) + event * _APART
    found = np.empty(len(log), dtype=np.int64)
    found[order] = least
    first = np.full(len(log.ids), FOREVER, dtype=np.int64)
    np.minimum.at(first, log.event, np.arange(len(log)))
    named = np.full(len(log.ids), FOREVER, dtype=np.int64)
    np.minimum.at(named, log.link_target, log.link_version)
    found[(named < first)[log.event]] = 0
    return found

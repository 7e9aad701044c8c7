"""What counts as known on a day: versions, endings, and the credit of each act (METHOD.md, sections 2 and 3). Pure.

The ledger depends on the day of knowledge K and on the method, not on the day T: the same ledger answers every T,
because what ends an act, and what a reversal is credited for, only looks back in time.

The factor 2^(-d / H) that an assessment keeps after d days comes out of tables of Python's own powers and not out of
vector instructions, so that the same day gives the same bytes whatever stands beside it in an array.

How much of the log a figure rests on, so that what is appended behind that leaves it as it is: a figure of the days T
and K reads no version recorded after K, and of those no event that begins after T (METHOD.md, section 2, axiom 8). A
version of an event that once began earlier still counts: it takes the earlier version's place. So does the first
version of an event that a link had named before: the link's reason for not counting changes.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from scorecard.method.columns import ENDS, FOREVER, SUSPENDS, Log
from scorecard.method.parameters import Parameters
from tracker.codebook import Codebook
from tracker.record import CERTAINTIES

_BLOCK = 2048
_APART = 1 << 24  # more than any ordinal


def factors(half_lives: tuple[float, ...], longest: int) -> np.ndarray:
    """Read-only table [half-life, days], at least `longest` + 1 days wide."""
    return _table(half_lives, (max(longest, 0) // _BLOCK + 1) * _BLOCK)


def faded(half_lives: tuple[float, ...], which: np.ndarray, days: np.ndarray) -> np.ndarray:
    """2^(-days / half_lives[which]), element by element; days are whole and not negative."""
    table = factors(half_lives, int(days.max(initial=0)))
    return table[which, days]


@lru_cache(maxsize=64)
def _table(half_lives: tuple[float, ...], width: int) -> np.ndarray:
    table = np.array([[2.0 ** (-day / half_life) for day in range(width)] for half_life in half_lives])
    table.flags.writeable = False
    return table


_RUMOURED = CERTAINTIES.index("rumoured")
_LEDGERS_KEPT = 12
# Why a link does not count: the first of these that holds.
WHY = (
    "itself",
    "not on record, or before the start",
    "a later act",
    "a rumour ends nothing",
    "ended before by another act",
    "words and proposals end only their like",
    "no day on which the sleep ends",
)


@dataclass(frozen=True, eq=False)
class Ledger:
    """The assessments ("rows") that are on record, in log order, each with its life and its credited pair."""

    log: Log
    parameters: Parameters
    row: np.ndarray  # [rows] place in the log's rows
    version: np.ndarray  # [rows] place in the log's versions
    recommendation: np.ndarray
    direction: np.ndarray
    strength: np.ndarray  # 0 to 4
    ask: np.ndarray
    certainty: np.ndarray
    actors: np.ndarray
    start: np.ndarray  # s, ordinal
    end: np.ndarray  # e, ordinal; FOREVER for what nothing has ended
    raw: np.ndarray  # [2, rows] w as a pair (advancing, undermining)
    credited: np.ndarray  # [2, rows] what is left of it after netting
    local: np.ndarray  # index into REACHES
    reversals: np.ndarray  # [pairs, 2] (new row, old row) where netting can bite, in the order of time
    sleeps: np.ndarray  # [3, sleeps] row, first day of its sleep, first day after it
    undone: (
        np.ndarray
    )  # [links, 2] (new version, old version) that it ends or puts to sleep, in the order of time
    endings: dict[int, int]  # version that was ended -> version that ended it
    without_effect: np.ndarray  # [4, links] new version, id it links to, kind, why it does not count (of WHY)

    def __len__(self) -> int:
        return len(self.row)

    @property
    def codebook(self) -> Codebook:
        return self.log.book

    @cached_property
    def ignored(self) -> tuple[tuple[int, str, str, str, int], ...]:
        """The links that do not count: (s, id, id it links to, why, kind)."""
        log = self.log
        return tuple(
            (int(log.start[new]), log.ids[log.event[new]], log.ids[target], WHY[why], kind)
            for new, target, kind, why in self.without_effect.T.tolist()
        )

    @cached_property
    def credits_something(self) -> np.ndarray:
        """[rows] True where the credited pair is not (0, 0)."""
        return np.any(self.credited > 0, axis=0)

    def seen_by(self, actor: str | None) -> np.ndarray:
        """[rows] True for the rows of events that name the actor; all of them for None."""
        return np.ones(len(self), dtype=bool) if actor is None else names(self.actors, actor, self.codebook)

    def live(self, day: int | np.ndarray) -> np.ndarray:
        """[rows] True for what is live on the day (one, or one for each row): begun, not ended, awake."""
        found = (self.start <= day) & (day < self.end)
        row, asleep, awake = self.sleeps
        if len(row):
            on = day if isinstance(day, int) else day[row]
            found[row[(asleep <= on) & (on < awake)]] = False
        return found

    def event_id(self, row: int) -> str:
        return self.log.ids[self.log.event[self.version[row]]]


def names(actors: np.ndarray, actor: str, book: Codebook) -> np.ndarray:
    """True where the bits name the actor; `ValueError` lists the actors there are."""
    slugs = book.actor_slugs
    if actor not in slugs:
        raise ValueError(f"actor {actor!r} is not one of {', '.join(slugs)}")
    return (actors >> slugs.index(actor) & 1).astype(bool)


def named(actors: int, book: Codebook) -> list[str]:
    """The slugs of the actors that the bits name, in the book's order."""
    return [actor for bit, actor in enumerate(book.actor_slugs) if actors >> bit & 1]


def ledger(log: Log, known_at: int | None, parameters: Parameters) -> Ledger:
    """The ledger as known at the end of that day (None: all on record); kept for the next question."""
    key = (known_at, parameters)
    if (found := log.memory.get(key)) is None:
        found = weigh(log, None if known_at is None else np.full(len(log), known_at), parameters)
        while len(log.memory) >= _LEDGERS_KEPT:
            log.memory.pop(next(iter(log.memory)), None)
        log.memory[key] = found
    return found


def weigh(log: Log, known: np.ndarray | None, parameters: Parameters) -> Ledger:
    """The ledger of the log with a day of knowledge for each version (None: no bound).

    All versions of an event, and of the events it is linked with, must have the same day of knowledge.
    """
    in_force = versions_in_force(log, known)
    in_force &= ~log.retracted & (log.start >= log.book.start.toordinal())
    if parameters.counted != CERTAINTIES:
        in_force &= np.isin(log.certainty, [CERTAINTIES.index(name) for name in parameters.counted])
    links = _links(log, in_force, parameters)
    row = np.flatnonzero(in_force[log.row_version])
    version = log.row_version[row]
    end_of_version = np.full(len(log), FOREVER, dtype=np.int32)
    end_of_version[links.ended] = log.start[links.ender]
    if parameters.own_terms and parameters.endings:
        np.minimum(end_of_version, log.until, out=end_of_version)
    direction, strength = log.row_direction[row], log.row_strength[row]
    certainty, local, start = log.certainty[version], log.reach[version], log.start[version]
    raw = raw_pairs(direction, strength, certainty, local, parameters)
    recommendation = log.row_recommendation[row]
    row_at = np.full((len(log) if len(links) else 0, len(log.book)), -1, dtype=np.int64)
    if len(links):
        row_at[version, recommendation] = np.arange(len(version))
    undone = _undone(log, links, parameters)
    reversals = _reversals(undone, row_at, direction, parameters)
    return Ledger(
        log,
        parameters,
        row,
        version,
        recommendation,
        direction,
        strength,
        log.row_ask[row],
        certainty,
        log.actors[version],
        start,
        end_of_version[version],
        raw,
        _netted(raw, reversals, start, strength, direction, parameters),
        local,
        reversals,
        _sleeps(log, links, row_at, end_of_version),
        undone,
        dict(zip(links.ended.tolist(), links.ender.tolist(), strict=True)),
        links.without_effect,
    )


def versions_in_force(log: Log, known: np.ndarray | None) -> np.ndarray:
    """[versions] True for the version of each event with the latest `recorded` not after its day of
    knowledge.
    """
    order = log.by_knowledge
    if known is not None:
        order = order[log.recorded[order] <= known[order]]
    events = log.event[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = events[1:] != events[:-1]
    in_force = np.zeros(len(log), dtype=bool)
    in_force[order[last]] = True
    return in_force


def raw_pairs(
    direction: np.ndarray,
    strength: np.ndarray,
    certainty: np.ndarray,
    local: np.ndarray,
    parameters: Parameters,
) -> np.ndarray:
    """[2, rows] w = W·C·Q as (advancing, undermining); a mixed act gives half to each side."""
    weights = np.multiply.outer(np.array(parameters.weight), np.array(parameters.certainty))
    weight = weights[strength, certainty]
    if parameters.reach != (1.0, 1.0):
        weight = weight * np.array(parameters.reach)[local]
    shares = np.array([[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]])  # of directions 0, 1 and, from the end, -1
    return shares[:, direction] * weight


@dataclass(frozen=True, eq=False)
class _Links:
    """Which versions end which, and which put which to sleep, each in the order of time; and what is ignored."""

    ended: np.ndarray
    ender: np.ndarray
    asleep: np.ndarray
    sleeper: np.ndarray
    rank: np.ndarray  # [ids] the place of an id among those that are linked
    without_effect: np.ndarray  # [4, links], as in the ledger

    def __len__(self) -> int:
        return len(self.ended) + len(self.asleep)


_NONE = np.empty(0, dtype=np.int32)
_NO_LINKS = _Links(_NONE, _NONE, _NONE, _NONE, _NONE, np.empty((4, 0), dtype=np.int32))


def _links(log: Log, in_force: np.ndarray, parameters: Parameters) -> _Links:
    """The links that count, and those that do not with the reason (section 2)."""
    counted = (
        in_force[log.link_version] if parameters.endings else np.zeros(len(log.link_version), dtype=bool)
    )
    if not parameters.own_terms:
        counted &= log.link_kind == ENDS
    links = np.flatnonzero(counted)
    if not len(links):
        return _NO_LINKS
    version_of = np.full(len(log.ids), -1, dtype=np.int32)
    version_of[log.event[in_force]] = np.flatnonzero(in_force)
    new, target, kind = log.link_version[links], log.link_target[links], log.link_kind[links]
    old = version_of[target]
    rank = _ranks(log, np.concatenate([log.event[new], target]))
    new_rank, old_rank = rank[log.event[new]], rank[target]
    new_day, old_day = log.start[new], log.start[old]
    known = old >= 0
    earlier = (old_day < new_day) | ((old_day == new_day) & (old_rank < new_rank))
    counts = known & earlier & (log.certainty[new] != _RUMOURED)
    if not parameters.talk_ends_acts:
        counts &= ~log.talks[new] | log.talks[old]
    counts &= (kind == ENDS) | (log.until[new] < FOREVER)
    ends = counts & (kind == ENDS)
    order = np.lexsort((new_rank, new_day, old, ~ends))
    order = order[: int(ends.sum())]
    first = np.ones(len(order), dtype=bool)
    first[1:] = old[order][1:] != old[order][:-1]
    winners = order[first]
    winners = winners[np.lexsort((old_rank[winners], new_rank[winners], new_day[winners]))]
    sleeps = np.flatnonzero(counts & (kind == SUSPENDS))
    lost = np.ones(len(links), dtype=bool)
    lost[winners] = lost[sleeps] = False
    reasons = (
        log.event[new] == target,
        ~known,
        ~earlier,
        log.certainty[new] == _RUMOURED,
        counts,
        log.talks[new],
    )
    why = np.select(reasons, range(len(reasons)), len(reasons))
    without_effect = np.stack([new, target, kind, why])[:, lost]
    return _Links(old[winners], new[winners], old[sleeps], new[sleeps], rank, without_effect)


def _ranks(log: Log, events: np.ndarray) -> np.ndarray:
    """[ids] the place of each of these events in the order of their ids; the others are left at 0."""
    numbers = np.unique(events).tolist()
    numbers.sort(key=log.ids.__getitem__)
    rank = np.zeros(len(log.ids), dtype=np.int32)
    rank[numbers] = np.arange(len(numbers))
    return rank


def _undone(log: Log, links: _Links, parameters: Parameters) -> np.ndarray:
    """[links, 2] (new version, old version) that the new one ends or puts to sleep, in the order of time. What had
    run out by its own terms is not undone.
    """
    if not parameters.own_terms:
        return np.stack([links.ender, links.ended], axis=1)
    newer = np.concatenate([links.ender, links.sleeper])
    older = np.concatenate([links.ended, links.asleep])
    undone = log.until[older] > log.start[newer]
    newer, older = newer[undone], older[undone]
    if not len(newer):
        return np.stack([newer, older], axis=1)
    order = np.lexsort((links.rank[log.event[older]], links.rank[log.event[newer]], log.start[newer]))
    return np.stack([newer[order], older[order]], axis=1)


def _reversals(
    undone: np.ndarray, row_at: np.ndarray, direction: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """[pairs, 2] (new row, old row) of the same recommendation where the old one weighs on the new.

    Unless a stage keeps the worth of what it replaces, one in the same direction as the stage before it is
    credited as it is, and such pairs are left out.
    """
    if not len(undone):
        return np.empty((0, 2), dtype=np.int64)
    new, old = row_at[undone[:, 0]], row_at[undone[:, 1]]
    both = (new >= 0) & (old >= 0)
    new, old = new[both], old[both]
    if not parameters.keeps_worth:
        opposed = (direction[new] != direction[old]) | (direction[new] == 0)
        new, old = new[opposed], old[opposed]
    return np.stack([new, old], axis=1)


def _sleeps(log: Log, links: _Links, row_at: np.ndarray, end_of_version: np.ndarray) -> np.ndarray:
    """[3, sleeps] which rows sleep, from which day, and up to which."""
    if not len(links.asleep):
        return np.empty((3, 0), dtype=np.int64)
    rows = row_at[links.asleep]
    asleep, awake = log.start[links.sleeper], end_of_version[links.sleeper]
    place, column = np.nonzero((rows >= 0) & (asleep < awake)[:, None])
    return np.stack([rows[place, column], asleep[place], awake[place]])


def _netted(
    raw: np.ndarray,
    reversals: np.ndarray,
    start: np.ndarray,
    strength: np.ndarray,
    direction: np.ndarray,
    parameters: Parameters,
) -> np.ndarray:
    """[2, rows] credited: a' = max(0, a - ν·ū), u' = max(0, u - ν·ā), in the order of time; in an act's own
    direction no less than what it replaces, up to one act in operation (section 3).
    """
    if not len(reversals) or (parameters.netting == 0 and not parameters.keeps_worth):
        return raw
    new, old = reversals[:, 0], reversals[:, 1]
    gaps = start[new] - start[old]
    kept = factors(parameters.half_life, int(gaps.max()))[strength[old], gaps]
    touched, place = np.unique(reversals, return_inverse=True)
    place = place.reshape(reversals.shape)
    advancing, undermining = raw[0, touched].tolist(), raw[1, touched].tolist()
    # Up to how much an act keeps of what it replaces on its own side.
    most = parameters.weight[4] if parameters.keeps_worth else 0.0
    worth_a, worth_u = (np.where(direction[touched] == side, most, 0.0).tolist() for side in (1, -1))
    against: dict[int, tuple[float, float]] = {}
    last_pair = {int(newer): number for number, newer in enumerate(place[:, 0].tolist())}
    linked: Any = place.tolist()
    for number, ((newer, older), factor) in enumerate(zip(linked, kept.tolist(), strict=True)):
        a, u = against.get(newer, (0.0, 0.0))
        against[newer] = a, u = a + advancing[older] * factor, u + undermining[older] * factor
        if last_pair[newer] == number:
            left_a = max(0.0, advancing[newer] - parameters.netting * u, min(a, worth_a[newer]))
            left_u = max(0.0, undermining[newer] - parameters.netting * a, min(u, worth_u[newer]))
            advancing[newer], undermining[newer] = left_a, left_u
    credited = raw.copy()
    credited[0, touched], credited[1, touched] = advancing, undermining
    return credited


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

"""What moved a balance over h days: faded + ended + new, exactly (METHOD.md, section 6). Pure.

Which acts moved a score between two answers: the world changed, we recoded, or the method did. Pure.

The way from the first answer to the second is walked in steps: other method; then other knowledge of the same
day; then, as in section 6 of METHOD.md, the days pass (faded), acts end, acts begin. In each step the score's
change is shared out over the acts without a rest: with S = 100·N/D, N = A - U and D = A + U + k,

    ΔS = (100·ΔN - S̄·ΔD) / D̄        S̄, D̄: the means of before and after

which is linear in what each act adds to N and D, and the same forwards and backwards.
"""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass

import numpy as np

from scorecard.method import balance
from scorecard.method.columns import Log
from scorecard.method.parameters import Method, Parameters, method_of
from scorecard.method.readings import Change, StepAct, Waterfall
from scorecard.method.weighing import Ledger, ledger


def change(ledger: Ledger, day: int, days: int, chosen: np.ndarray) -> list[Change]:
    """For each recommendation `from to change faded ended new moved acts word` between `day` - `days` and
    `day`.
    """
    before = ledger.live(day - days) & chosen
    after = ledger.live(day) & chosen
    states = [
        balance.credited(ledger, np.flatnonzero(before), day - days),
        balance.credited(ledger, np.flatnonzero(before), day),
        balance.credited(ledger, np.flatnonzero(before & after), day),
        balance.credited(ledger, np.flatnonzero(after), day),
    ]
    scores = np.stack([state.scores for state in states])
    effective = _effective_acts(ledger, np.flatnonzero(before != after), after, day)
    return [
        _entry(scores[:, number].tolist(), float(effective[number]), ledger.parameters)
        for number in range(len(ledger.codebook))
    ]


def _effective_acts(ledger: Ledger, rows: np.ndarray, after: np.ndarray, day: int) -> np.ndarray:
    """[recommendations] (Σy)² / Σy² over the acts that came (y = a' - u', faded) or went (the negative)."""
    pairs = balance.credited(ledger, rows, day).pairs
    y = (pairs[0] - pairs[1]) * np.where(after[rows], 1.0, -1.0)
    order = np.argsort(
        y, kind="stable"
    )  # by size, so that the order of the log does not matter to the last bit
    y, where, width = y[order], ledger.recommendation[rows[order]], len(ledger.codebook)
    total, squares = np.bincount(where, y, width), np.bincount(where, y * y, width)
    return np.where(squares > 0, total * total / np.where(squares > 0, squares, 1.0), 0.0)


def _entry(scores: list[float], acts: float, parameters: Parameters) -> Change:
    start, fade, stay, now = scores
    faded, ended, new = fade - start, stay - fade, now - stay
    return {
        "from": start,
        "to": now,
        "change": now - start,
        "faded": faded,
        "ended": ended,
        "new": new,
        "moved": ended + new,
        "acts": acts,
        "word": word(now - start, ended + new, faded, acts, parameters),
    }


def word(change: float, moved: float, faded: float, acts: float, parameters: Parameters) -> str:
    """The wording of a change: by what acts moved, then by what fading moved."""
    if parameters.word_follows_change:
        acted = abs(change) >= parameters.change_points and moved * change > 0 and abs(moved) >= abs(faded)
    else:
        acted = abs(moved) >= parameters.change_points
    if acted:
        direction = "rising" if moved > 0 else "falling"
        return f"{direction} on few acts" if acts < parameters.few_acts else direction
    return "drifting as old acts fade" if abs(change) >= parameters.change_points else "steady"


Pair = tuple[datetime.date, datetime.date | None]  # as_of, known_at
STEPS = ("method", "recoded", "faded", "ended", "new")


@dataclass(frozen=True, eq=False)
class _State:
    """One stop on the way: what each act adds to A and U, and the scores."""

    book: Ledger
    standing: balance.Standing
    key: np.ndarray  # [rows] event · recommendations + recommendation
    shares: np.ndarray  # [2, rows]


def waterfall(
    log: Log,
    before: Pair,
    after: Pair,
    actor: str | None = None,
    *,
    version_before: str | Method | None = None,
    version_after: str | Method | None = None,
) -> dict[str, Waterfall]:
    """For each recommendation `{"from", "to", "change", "world", "recoded", "method", "steps"}`.

    `before` and `after` are (as_of, known_at). A step is `{"step", "points", "acts": [{"id", "points",
    "why"}]}`; the points of its acts add up to its points, those of the steps to the change; `world` is faded
    + ended + new. An act without an id is a parameter of the method (k). `ValueError` when `after` is an
    earlier day.
    """
    if after[0] < before[0]:
        raise ValueError(f"the second day, {after[0]}, comes before the first, {before[0]}")
    states = _way(log, before, after, actor, method_of(version_before), method_of(version_after))
    scores = np.stack([state.standing.scores for state in states])
    steps = [_step(name, *pair) for name, pair in zip(STEPS, itertools.pairwise(states), strict=True)]
    found: dict[str, Waterfall] = {}
    for number, slug in enumerate(log.book.slugs):
        column = scores[:, number].tolist()
        found[slug] = {
            "from": column[0],
            "to": column[-1],
            "change": column[-1] - column[0],
            "world": column[-1] - column[2],
            "recoded": column[2] - column[1],
            "method": column[1] - column[0],
            "steps": [
                {"step": name, "points": column[place + 1] - column[place], "acts": steps[place][number]}
                for place, name in enumerate(STEPS)
            ],
        }
    return found


def _way(
    log: Log, before: Pair, after: Pair, actor: str | None, old_method: Method, new_method: Method
) -> list[_State]:
    """The six stops between the five steps."""
    first, last = before[0].toordinal(), after[0].toordinal()
    old_known, new_known = (None if day is None else day.toordinal() for day in (before[1], after[1]))
    start = ledger(log, old_known, old_method.parameters)
    recast = ledger(log, old_known, new_method.parameters)
    book = ledger(log, new_known, new_method.parameters)
    chosen = book.seen_by(actor)
    was, now = book.live(first) & chosen, book.live(last) & chosen
    return [
        _state(start, start.live(first) & start.seen_by(actor), first),
        _state(recast, recast.live(first) & recast.seen_by(actor), first),
        _state(book, was, first),
        _state(book, was, last),
        _state(book, was & now, last),
        _state(book, now, last),
    ]


def _state(book: Ledger, rows: np.ndarray, day: int) -> _State:
    standing = balance.credited(book, np.flatnonzero(rows), day)
    events = book.log.event[book.version[standing.rows]].astype(np.int64)
    key = events * len(book.codebook) + book.recommendation[standing.rows]
    return _State(book, standing, key, balance.contributions(standing, book))


def _step(name: str, before: _State, after: _State) -> list[list[StepAct]]:
    """For each recommendation the acts of one step with their points, the largest first."""
    keys = np.unique(np.concatenate([before.key, after.key]))
    moved = np.zeros((2, len(keys)))
    moved[:, np.searchsorted(keys, after.key)] += after.shares
    moved[:, np.searchsorted(keys, before.key)] -= before.shares
    mean_score = (before.standing.scores + after.standing.scores) / 2
    mean_whole = (_whole(before) + _whole(after)) / 2
    width = len(after.book.codebook)
    owner = keys % width
    points = (100 * (moved[0] - moved[1]) - mean_score[owner] * (moved[0] + moved[1])) / mean_whole[owner]
    found: list[list[StepAct]] = [[] for _ in range(width)]
    versions = [_versions(state.book) for state in (before, after)]
    for place in np.flatnonzero(points).tolist():
        event, number = divmod(int(keys[place]), width)
        why = _why(name, int(keys[place]), before, after, versions, event)
        found[number].append({"id": before.book.log.ids[event], "points": float(points[place]), "why": why})
    wider = after.standing.parameters.k - before.standing.parameters.k
    for number, entries in enumerate(found):
        entries.sort(key=lambda entry: (-abs(entry["points"]), entry["id"]))
        if wider:
            share = float(-mean_score[number] * wider / mean_whole[number])
            entries.append({"id": None, "points": share, "why": "k"})
    return found


def _whole(state: _State) -> np.ndarray:
    advancing, undermining = state.standing.totals
    return advancing + undermining + state.standing.parameters.k


def _versions(book: Ledger) -> dict[int, int]:
    """Event → the version that is in force with at least one assessment."""
    return dict(zip(book.log.event[book.version].tolist(), book.version.tolist(), strict=True))


def _why(
    name: str, key: int, before: _State, after: _State, versions: list[dict[int, int]], event: int
) -> str:
    """What happened to the act in this step; `cap` when only the shares of a binding cap were dealt anew."""
    if name in ("method", "faded"):
        return name
    if name == "recoded":
        was, now = versions[0].get(event), versions[1].get(event)
        if was is None or now is None:
            return "recorded later" if was is None else "retracted"
        if was != now:
            return "recoded"
    stood, stands = key in before.key, key in after.key
    if name == "recoded":
        return "cap" if stood and stands and _same_credit(key, before, after) else "linked anew"
    return name if stood != stands else "cap"


def _same_credit(key: int, before: _State, after: _State) -> bool:
    pairs = [
        state.book.credited[:, state.standing.rows[np.flatnonzero(state.key == key)[0]]]
        for state in (before, after)
    ]
    return bool((pairs[0] == pairs[1]).all())

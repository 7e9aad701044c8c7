"""All readings of one day, as known on one day, and what moved them from one such answer to another: what `manage.py
score`, the pages and the API show. Pure.

Over h days a balance faded, ended and came anew, exactly (METHOD.md, section 6). Between any two answers the way is
walked in steps: other method; then other knowledge of the same day; then the days pass (faded), acts end, acts begin.
In each step the score's change is shared out over the acts without a rest: with S = 100·N/D, N = A - U, D = A + U + k,

    ΔS = (100·ΔN - S̄·ΔD) / D̄        S̄, D̄: the means of before and after

which is linear in what each act adds to N and D, and the same forwards and backwards.
"""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from scorecard.method import balance, daily
from scorecard.method.columns import LINKS, Log
from scorecard.method.delivery import acts_behind, delivery
from scorecard.method.parameters import HORIZONS, Method, Parameters, method_of, read_on
from scorecard.method.readings import (
    Balance,
    Change,
    Delivery,
    Measure,
    Overall,
    Pulse,
    Report,
    StepAct,
    Waterfall,
)
from scorecard.method.sensitivity import sensitivity as drawn
from scorecard.method.weighing import Ledger, ledger


def report(
    log: Log,
    as_of: datetime.date,
    known_at: datetime.date | None = None,
    actor: str | None = None,
    sensitivity: bool = False,
    version: str | Method | None = None,
    proof: bool = False,
    acts: bool = True,
    coded_to: datetime.date | None = None,
    beyond: bool = False,
) -> Report:
    """Every reading of section 1 to 9 on the day `as_of`, as known at the end of `known_at` (None: all on
    record).

    `{"method", "as_of", "known_at", "coded_to", "read_on", "days_since", "actor", "parameters",
    "recommendations": {slug: {"balance", "pulse", "change", "delivery"}}, "overall", "ignored_links"}`, unrounded
    plain JSON values. The readings are made on `read_on`, no later than the last coded day `coded_to`;
    `days_since` are the days from it to `as_of`. With `beyond` they are made on `as_of`, and without any word.
    `actor` gives that actor's view (from method 1.1 on without delivery: null). With `sensitivity` the balances
    and the overall figure also hold `sensitivity`, and the report holds `what_ifs`; with `proof` pulses and asks
    also hold the `acts` behind them. Without `acts` the balances do not hold theirs.
    `ValueError` names an actor or version that is not known.
    """
    method = method_of(version)
    known = None if known_at is None else known_at.toordinal()
    book = ledger(log, known, method.parameters)
    read = read_on(as_of, coded_to, method, beyond)
    chosen, day = book.seen_by(actor), read.toordinal()
    balances, pulses = _balances(book, day, chosen, acts), _pulses(book, day, chosen, proof)
    readings: tuple[tuple[str, Sequence[Balance | Pulse]], ...] = (("balance", balances), ("pulse", pulses))
    for reading, entries in readings:
        for entry, since in zip(entries, _since(log, reading, actor, read, known_at, method), strict=True):
            entry["since"] = since
    changes = {str(days): change(book, day, days, chosen) for days in HORIZONS}
    deliveries = _deliveries(log, book, day, known, actor, proof)
    found: Report = {
        "method": method.version,
        "as_of": as_of.isoformat(),
        "known_at": None if known_at is None else known_at.isoformat(),
        "coded_to": None if coded_to is None else coded_to.isoformat(),
        "read_on": read.isoformat(),
        "days_since": 0 if coded_to is None else max((as_of - coded_to).days, 0),
        "actor": actor,
        "parameters": method.parameters.as_dict(),
        "recommendations": {
            slug: {
                "balance": balances[number],
                "pulse": pulses[number],
                "change": {days: moved[number] for days, moved in changes.items()},
                "delivery": deliveries[slug],
            }
            for number, slug in enumerate(log.book.slugs)
        },
        "overall": overall(balances, deliveries),
        "ignored_links": [
            {"id": newer, LINKS[kind]: older, "why": why}  # type: ignore[misc]  # one of its two keys
            for start, newer, older, why, kind in sorted(book.ignored)
            if start <= day
        ],
    }
    if sensitivity:
        _add_sensitivity(found, log, read, known_at, actor, method)
    if method.parameters.stops_at_coded_day and coded_to is not None and read > coded_to:
        _without_words(found)
    return found


def _without_words(found: Report) -> None:
    """Figures of a day that nobody has coded say nothing in words."""
    for entry in found["recommendations"].values():
        entry["balance"]["label"] = entry["balance"]["since"] = entry["balance"]["fragile"] = None
        entry["pulse"]["label"] = entry["pulse"]["since"] = None
        for moved in entry["change"].values():
            moved["word"] = None
        if entry["delivery"]:
            entry["delivery"]["label"] = None
        if "sensitivity" in entry["balance"]:
            entry["balance"]["sensitivity"]["same_word"] = None
    found["overall"]["labels"] = {}
    for item in found.get("what_ifs", ()):
        for line in item["recommendations"].values():
            line["label"] = None


def _deliveries(
    log: Log, book: Ledger, day: int, known: int | None, actor: str | None, proof: bool
) -> Mapping[str, Delivery | None]:
    """Delivery of each recommendation; None in the view of an actor where the method has none there."""
    if actor is not None and not book.parameters.delivery_of_actors:
        return dict.fromkeys(log.book.slugs)
    chosen = book.seen_by(actor)
    settings = [item for item in log.settings if item.known_on(known)]
    found = delivery(book, day, chosen, settings)
    if proof:
        behind = acts_behind(book, day, chosen)
        for slug, entry in found.items():
            for ask in entry["asks"]:
                ask["acts"] = behind.get((slug, ask["ask"]), [])
    return found


def views(
    log: Log,
    as_of: datetime.date,
    known_at: datetime.date | None = None,
    actors: tuple[str | None, ...] | None = None,
    version: str | Method | None = None,
) -> dict[str | None, dict[str, Measure]]:
    """`{actor: {slug: balance without its acts}}` side by side; None is the total. `actors` None: of everybody."""
    parameters = method_of(version).parameters
    book = ledger(log, None if known_at is None else known_at.toordinal(), parameters)
    found: dict[str | None, dict[str, Measure]] = {}
    for actor in (None, *log.book.actor_slugs) if actors is None else actors:
        standing = balance.balance_on(book, as_of.toordinal(), book.seen_by(actor))
        entries = _measures(standing, _acts_counted(book, standing))
        found[actor] = dict(zip(log.book.slugs, entries, strict=True))
    return found


def overall(balances: Sequence[Measure], deliveries: Mapping[str, Delivery | None]) -> Overall:
    """Plain means of all recommendations, never without the count of their labels (section 8)."""
    values = [entry["value"] if entry else None for entry in deliveries.values()]
    rated = [value for value in values if value is not None]

    def mean(name: Literal["score", "low", "high"]) -> float:
        return sum(entry[name] for entry in balances) / len(balances)

    return {
        "score": mean("score"),
        "low": mean("low"),
        "high": mean("high"),
        "labels": dict(Counter(entry["label"] for entry in balances if entry["label"])),
        "delivery": sum(rated) / len(rated) if len(rated) == len(values) else None,
    }


def _measures(standing: balance.Standing, acts: np.ndarray) -> list[Measure]:
    advancing, undermining = (side.tolist() for side in standing.totals)
    return [
        balance.measure(advancing[number], undermining[number], standing.parameters)
        | {"n": int(acts[number])}
        for number in range(len(acts))
    ]


def _acts_counted(book: Ledger, standing: balance.Standing) -> np.ndarray:
    """[recommendations] n: the rows with a pair other than (0, 0)."""
    something = (standing.pairs > 0).any(axis=0)
    return np.bincount(book.recommendation[standing.rows[something]], minlength=len(book.codebook))


def _balances(book: Ledger, day: int, chosen: np.ndarray, with_acts: bool) -> list[Balance]:
    standing = balance.balance_on(book, day, chosen)
    found = cast(list[Balance], _measures(standing, _acts_counted(book, standing)))
    shares, owner = balance.contributions(standing, book), book.recommendation[standing.rows]
    for number, entry in enumerate(found):
        mine = shares[:, owner == number]
        entry["fragile"] = balance.fragile(mine, entry["A"], entry["U"], standing)
        if with_acts:
            effect = balance.effects(mine, entry["A"], entry["U"], standing)
            entry["acts"] = balance.contributing_acts(book, standing, number, mine, effect)
    return found


def _pulses(book: Ledger, day: int, chosen: np.ndarray, with_acts: bool) -> list[Pulse]:
    standing = balance.pulse_on(book, day, chosen)
    found = cast(list[Pulse], _measures(standing, _acts_counted(book, standing)))
    if with_acts:
        shares, owner = balance.contributions(standing, book), book.recommendation[standing.rows]
        for number, entry in enumerate(found):
            entry["acts"] = balance.pulse_acts(book, standing, number, shares[:, owner == number])
    return found


def _since(
    log: Log,
    reading: str,
    actor: str | None,
    as_of: datetime.date,
    known_at: datetime.date | None,
    method: Method,
) -> list[str | None]:
    """The first day of the unbroken run of each label, looking back to the start."""
    if as_of < log.book.start:
        return [None] * len(log.book)
    return [*daily.series(log, reading, actor, as_of=as_of, known=known_at, version=method).since()]


def _add_sensitivity(
    found: Report,
    log: Log,
    as_of: datetime.date,
    known_at: datetime.date | None,
    actor: str | None,
    method: Method,
) -> None:
    spread = drawn(log, as_of, known_at, actor, version=method)
    for slug, entry in found["recommendations"].items():
        entry["balance"]["sensitivity"] = spread["recommendations"][slug]
    found["overall"]["sensitivity"] = spread["overall"]
    found["what_ifs"] = spread["what_ifs"]


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

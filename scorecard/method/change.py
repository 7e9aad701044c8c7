"""What moved a balance over h days: faded + ended + new, exactly (METHOD.md, section 6). Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from scorecard.method import sums
from scorecard.method.parameters import Parameters
from scorecard.method.weighing import Ledger
from tracker.codebook import RECOMMENDATIONS


def change(ledger: Ledger, day: int, days: int, chosen: np.ndarray) -> list[dict[str, Any]]:
    """For each recommendation `from to change faded ended new moved acts word` between `day` - `days` and
    `day`.
    """
    before = ledger.live(day - days) & chosen
    after = ledger.live(day) & chosen
    states = [
        sums.credited(ledger, np.flatnonzero(before), day - days),
        sums.credited(ledger, np.flatnonzero(before), day),
        sums.credited(ledger, np.flatnonzero(before & after), day),
        sums.credited(ledger, np.flatnonzero(after), day),
    ]
    scores = np.stack([state.scores for state in states])
    effective = _effective_acts(ledger, np.flatnonzero(before != after), after, day)
    return [
        _entry(scores[:, number].tolist(), float(effective[number]), ledger.parameters)
        for number in range(len(RECOMMENDATIONS))
    ]


def _effective_acts(ledger: Ledger, rows: np.ndarray, after: np.ndarray, day: int) -> np.ndarray:
    """[recommendations] (Σy)² / Σy² over the acts that came (y = a' - u', faded) or went (the negative)."""
    pairs = sums.credited(ledger, rows, day).pairs
    y = (pairs[0] - pairs[1]) * np.where(after[rows], 1.0, -1.0)
    order = np.argsort(
        y, kind="stable"
    )  # by size, so that the order of the log does not matter to the last bit
    y, where, width = y[order], ledger.recommendation[rows[order]], len(RECOMMENDATIONS)
    total, squares = np.bincount(where, y, width), np.bincount(where, y * y, width)
    return np.where(squares > 0, total * total / np.where(squares > 0, squares, 1.0), 0.0)


def _entry(scores: list[float], acts: float, parameters: Parameters) -> dict[str, Any]:
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
        "word": word(now - start, ended + new, acts, parameters),
    }


def word(change: float, moved: float, acts: float, parameters: Parameters) -> str:
    """The wording of a change: by what acts moved, then by what fading moved."""
    if abs(moved) >= parameters.change_points:
        direction = "rising" if moved > 0 else "falling"
        return f"{direction} on few acts" if acts < parameters.few_acts else direction
    return "drifting as old acts fade" if abs(change) >= parameters.change_points else "steady"

"""Rows of an append-only list that later rows take back: as known on which days each of them held. Pure.

A taking back is a row of its own with its own day, so that as known before that day nothing changes. It may itself be
taken back; then what it took back holds again, at its old place in the list.
"""

from __future__ import annotations

from collections.abc import Sequence

FOREVER = 10_000_000  # an ordinal after every day of the calendar
Span = tuple[int, int]  # the first day of knowledge, and the first after the last


def spans(rows: Sequence[tuple[int | None, int]]) -> list[list[Span]]:
    """For each row the spans of days of knowledge in which it holds.

    A row is (the place, from 1, of the earlier row that it takes back, or None; the first day on which it is known).
    """
    found: list[list[Span]] = [[] for _ in rows]
    taken_by: dict[int, int] = {}
    for place in range(len(rows), 0, -1):
        withdraws, recorded = rows[place - 1]
        after = taken_by.get(place)
        found[place - 1] = _without(recorded, found[after - 1] if after else [])
        if withdraws:
            taken_by[withdraws] = place
    return found


def holds(span: Span, known: int | None) -> bool:
    """Whether a span holds the day of knowledge (None: now, after all of them)."""
    return span[1] == FOREVER if known is None else span[0] <= known < span[1]


def _without(first: int, gaps: list[Span]) -> list[Span]:
    found, start = [], first
    for begin, end in gaps:
        if begin > start:
            found.append((start, begin))
        start = max(start, end)
    return [*found, (start, FOREVER)] if start < FOREVER else found

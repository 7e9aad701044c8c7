"""What people state beside the log: to which day coding is complete, asks set by hand, and what took those back."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tracker.models import AskSetting, Completeness
from tracker.record import held_spans, span_holds

Day = datetime.date
Line = Mapping[str, Any]  # as `AskSetting.line` gives it


class Stated(NamedTuple):
    """A statement that coding is complete to a day; or the place, from 1, of the one that is taken back."""

    day: Day | None
    recorded_at: Day | None
    note: str
    withdraws: int | None = None


def read() -> tuple[tuple[Stated, ...], tuple[Line, ...]]:
    """All statements and all lines of asks set by hand, in the order in which they were written."""
    stated = tuple(
        Stated(row.day, row.recorded_at, row.note, place) for row, place in Completeness.objects.placed()
    )
    asked = AskSetting.objects.select_related("ask").placed()
    return stated, tuple(row.line(place) for row, place in asked)


def days(stated: Sequence[Stated], asked: Sequence[Line]) -> dict[str, list[Day | None]]:
    """From which day each of the rows is known; None: from the beginning."""
    return {
        "statements": [row.recorded_at for row in stated],
        "asks": [Day.fromisoformat(line["recorded_at"]) for line in asked],
    }


def coded_to(stated: Sequence[Stated], known_at: Day | None) -> Day | None:
    """The last coded day as known on a day: of the last statement that held then; None where none did."""
    known = None if known_at is None else known_at.toordinal()
    days = [
        row.day
        for row, held in zip(stated, held_spans([_row(row) for row in stated]), strict=True)
        if row.day and any(span_holds(span, known) for span in held)
    ]
    if not days:
        return None
    return days[-1] if known_at is None else min(days[-1], known_at)


def _row(row: Stated) -> tuple[int | None, int]:
    return row.withdraws, row.recorded_at.toordinal() if row.recorded_at else 0


def stated_by(stated: Sequence[Stated], known_at: Day | None) -> list[Stated]:
    return [
        row for row in stated if known_at is None or row.recorded_at is None or row.recorded_at <= known_at
    ]


def asked_by(asked: Sequence[Line], known_at: Day | None) -> list[Line]:
    known = known_at.isoformat() if known_at else "9999"
    return [line for line in asked if line["recorded_at"] <= known]

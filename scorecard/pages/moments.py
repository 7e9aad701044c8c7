"""Which moves of a line carry a number and the title of an act: the largest steps, and the act that stands behind
each. Pure but for the record that it looks acts up in.

The law: a step is what the line did, and an act is named beside it only if it happened in those days and points the
way that the line went; where none does, the heaviest act of those days is named, and its own direction with it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from scorecard import sentences
from scorecard.acts import Act
from scorecard.charts.canvas import Run
from scorecard.pages.reading import Reading

JOINED, APART = 7, 14  # days: steps of one sign are one move; a smaller move beside a larger one gives way
LEAST, MOST, RECENT = 5.0, 8, 183  # points; moves on one chart; days in which the largest move keeps a place


@dataclass(frozen=True, slots=True)
class Step:
    """A move of the line from the end of the day before `first` to the end of `last`."""

    first: datetime.date
    last: datetime.date
    points: float


@dataclass(frozen=True, slots=True)
class Note:
    """A numbered move, and the act named beside it."""

    number: int
    step: Step
    act: Act

    def words(self) -> str:
        """`−46.2, 2 Apr to 9 Apr 2025`."""
        told = {"points": sentences.tenths(self.step.points), "last": sentences.short_day(self.step.last)}
        if self.step.first == self.step.last:
            return gettext("%(points)s on %(last)s") % told
        told["first"] = sentences.short_day(self.step.first)
        return gettext("%(points)s from %(first)s to %(last)s") % told


def steps(run: Run) -> list[Step]:
    """The moves of a daily line worth a number, in the order of time."""
    joined: list[Step] = []
    day = datetime.timedelta(days=1)
    for place in range(1, len(run.score)):
        points, on = run.score[place] - run.score[place - 1], run.first + place * day
        if abs(points) < 1:  # fading, or too little to be told from it
            continue
        before = joined[-1] if joined else None
        if before and before.points * points > 0 and (on - before.last).days <= JOINED:
            start = run.score[(before.first - run.first).days - 1]  # what faded between counts too
            joined[-1] = Step(before.first, on, run.score[place] - start)
        else:
            joined.append(Step(on, on, points))
    kept: list[Step] = []
    for step in sorted(joined, key=lambda step: -abs(step.points)):
        near = any(
            step.points * other.points > 0
            and (step.first - other.last).days < APART
            and (other.first - step.last).days < APART
            for other in kept
        )
        if abs(step.points) >= LEAST and not near:
            kept.append(step)
    recent = [step for step in kept if (run.last - step.last).days <= RECENT]
    chosen = kept[:MOST]
    if recent and recent[0] not in chosen:
        chosen = [*chosen[: MOST - 1], recent[0]]
    return sorted(chosen, key=lambda step: step.first)


def notes(read: Reading, slug: str) -> list[Note]:
    """The moves of a recommendation's line, numbered, each with the act behind it; a move of days in which no act
    happened, when one ended or woke, has none and no number."""
    touching = [
        (read.start(record), item["direction"], item["strength"], record)
        for record in read.counted
        for item in record["assessments"]
        if item["rec"] == slug
    ]
    found: list[Note] = []
    for step in steps(read.run(slug)):
        record = _behind(step, touching)
        if record is not None:
            found.append(Note(len(found) + 1, step, read.act(record)))
    return found


def _behind(
    step: Step, touching: Sequence[tuple[datetime.date, int, int, Mapping[str, Any]]]
) -> Mapping[str, Any] | None:
    way = 1 if step.points > 0 else -1
    within = [each for each in touching if step.first <= each[0] <= step.last]
    if not within:
        return None
    return max(within, key=lambda each: (each[1] == way, each[2], each[3]["id"]))[3]

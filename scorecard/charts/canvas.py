"""What every line over time stands on: its plain values, its frame, and a canvas with both axes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scorecard.charts.drawing import Drawing, days, polyline, share, thinned

Tick = Callable[[datetime.date], str]


@dataclass(frozen=True, slots=True)
class Run:
    """Figures of one score from `first` on, one every `step` days, the band beside them."""

    first: datetime.date
    score: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    step: int = 1

    @property
    def last(self) -> datetime.date:
        return self.first + datetime.timedelta(days=self.step * (len(self.score) - 1))


@dataclass(frozen=True, slots=True)
class Act:
    """One event on the chart. `pin` is its number in the list beside the chart, if it is one of the largest; `label` is
    what stands beside the pin where it fits.
    """

    date: datetime.date
    direction: int
    strength: int
    title: str
    href: str
    pin: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Blind:
    """Days on which coding was absent or degraded, and the words that say so."""

    first: datetime.date
    last: datetime.date
    words: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A day on which the method changed: the line before and after it is made by different rules."""

    date: datetime.date
    words: str


@dataclass(frozen=True, slots=True)
class Ghost:
    """Another telling of the same line, drawn thin behind it: as known then, or by another method."""

    score: Sequence[float]
    words: str


@dataclass(frozen=True, slots=True)
class Words:
    """Every word on the chart, in the reader's language."""

    title: str
    advances: str
    undermines: str
    zero: str
    acts: str
    end: str
    band: str
    on: str = ""  # the day of the last figure


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand in the picture, in its own units."""

    width: float
    height: float
    left: float
    right: float
    top: float
    plot: float
    rug: float
    roomy: bool = True


WIDE = Frame(width=780, height=408, left=42, right=112, top=26, plot=262, rug=72)
NARROW = Frame(width=340, height=340, left=38, right=10, top=28, plot=210, rug=52, roomy=False)
SMALL = Frame(width=250, height=132, left=2, right=2, top=6, plot=104, rug=0, roomy=False)


class Canvas:
    """A drawing with a time axis across, to the end of the run, and the score's axis up, -100 … +100."""

    def __init__(
        self,
        frame: Frame,
        run: Run,
        name: str,
        *,
        standalone: bool = False,
        top: float = 0,
    ) -> None:
        self.frame, self.run = frame, run
        self.last = run.last
        self.top = frame.top + top
        self.drawing = Drawing(frame.width, frame.height + top, name, standalone)
        self.span = max(1, days(run.first, self.last))

    def x(self, day: datetime.date) -> float:
        inside = self.frame.width - self.frame.left - self.frame.right
        return self.frame.left + inside * share(days(self.run.first, day), 0, self.span)

    def y(self, value: float) -> float:
        return self.top + self.frame.plot * (1 - share(value, -100, 100))

    def places(self, values: Sequence[float]) -> list[tuple[float, float]]:
        start, step = self.frame.left, (self.frame.width - self.frame.left - self.frame.right) / self.span
        return [(start + index * step, self.y(value)) for index, value in enumerate(values)]

    def band(self) -> None:
        tolerance = 0.4 if self.frame.rug else 1.0  # in little, nobody can tell
        upper = thinned(self.places(self.run.high), tolerance)
        lower = thinned(self.places(self.run.low), tolerance)
        self.drawing.path(polyline([*upper, *reversed(lower)]) + "z", "band")

    def blind(self, gaps: Sequence[Blind]) -> None:
        """Days of no or poor coding, hatched over the whole height."""
        frame = self.frame
        height = frame.plot + (frame.rug + 22 if frame.rug else 0)
        for gap in gaps:
            left, right = self.x(gap.first), self.x(gap.last)
            self.drawing.box(
                left, self.top, right - left, height, "hatched", fill=f"url(#{self.drawing.hatch()})"
            )

    def line(self, known_to: datetime.date) -> None:
        """The score, solid up to the last coded day and dashed after it, where it only fades."""
        cut = max(0, min(len(self.run.score) - 1, days(self.run.first, known_to)))
        paint = f"url(#{self.drawing.split_colour(self.y(0))})"
        places = self.places(self.run.score)
        tolerance = 0.15 if self.frame.rug else 0.5
        self.drawing.path(polyline(thinned(places[: cut + 1], tolerance)), "line", stroke=paint)
        if cut < len(places) - 1:
            self.drawing.path(polyline(thinned(places[cut:])), "dashed", stroke=paint)

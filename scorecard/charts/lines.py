"""The series of one score over time: band, line, acts below it, the heaviest of them pinned; with the values, the frame
and the canvas that every line over time stands on.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scorecard.charts import Drawing, days, direction, measured, polyline, share, thinned, wrapped

Place = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
ROW, SMALLEST = 13, 11  # units: a row of words, and their size
MOST_ROWS = 4
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


def series(
    run: Run,
    acts: Sequence[Act],
    words: Words,
    tick: Tick,
    *,
    coded_to: datetime.date,
    blind: Sequence[Blind] = (),
    turns: Sequence[Turn] = (),
    ghosts: Sequence[Ghost] = (),
    frame: Frame = WIDE,
    name: str = "series",
    standalone: bool = False,
    top: float = 0,
) -> Drawing:
    """The full chart: band, line, acts as bars below (height: kind of act), the largest of them pinned."""
    canvas = Canvas(frame, run, name, standalone=standalone, top=top)
    _grid(canvas, words)
    _blind(canvas, blind)
    _turns(canvas, turns)
    canvas.band()
    _ghosts(canvas, ghosts)
    canvas.line(coded_to)
    _rug(canvas, acts, words)
    _ticks(canvas, tick)
    _end(canvas, words)
    taken = _pins(canvas, acts)
    if frame.roomy:
        _titles(canvas, acts, taken, ghosts)
    return canvas.drawing


def _grid(canvas: Canvas, words: Words) -> None:
    frame, drawing = canvas.frame, canvas.drawing
    right = frame.width - frame.right
    for value in (100, 50, 0, -50, -100):
        y = canvas.y(value)
        drawing.rule(frame.left, y, right, y, "zero" if value == 0 else "grid")
        text = f"+{value}" if value > 0 else str(value).replace("-", "−")
        drawing.text(frame.left - 6, y + 4, text, "label end")
    drawing.text(frame.left, canvas.y(100) - 10, f"▲ {words.advances}   ▼ {words.undermines}", "small")
    if frame.roomy:
        drawing.text(right + 6, canvas.y(0) + 4, words.zero, "small")


def _blind(canvas: Canvas, blind: Sequence[Blind]) -> None:
    drawing = canvas.drawing
    canvas.blind(blind)
    for gap in blind:
        left, right = canvas.x(gap.first), canvas.x(gap.last)
        if canvas.frame.roomy and right - left > 60:
            for number, line in enumerate(gap.words.split("\n")):
                drawing.text(left + 6, canvas.top + 14 + 14 * number, line, "small")


def _ghosts(canvas: Canvas, ghosts: Sequence[Ghost]) -> None:
    """Thin lines, dotted and dashed, and what they are in the corner that the line does not end in."""
    right = canvas.frame.width - canvas.frame.right
    low = canvas.run.score[-1] < -60
    for place, (ghost, look) in enumerate(zip(ghosts, ("ghost", "ghost-dashes"), strict=False)):
        # A line by another method may reach beyond the axis: methods differ in how far they read.
        places = canvas.places(ghost.score[: len(canvas.run.score)])
        canvas.drawing.path(polyline(thinned(places)), look)
        y = canvas.y(100) + 16 + 15 * place if low else canvas.y(-100) - 8 - 15 * place
        canvas.drawing.text(right - 6, y, ghost.words, "small end")
        start = right - 12 - measured(ghost.words, 11)
        canvas.drawing.rule(start - 26, y - 4, start, y - 4, look)


def _turns(canvas: Canvas, turns: Sequence[Turn]) -> None:
    right = canvas.frame.width - canvas.frame.right
    for turn in turns:
        if turn.date > canvas.last and canvas.frame.roomy:  # adopted since: the whole line is read by it
            canvas.drawing.text(right, canvas.y(100) - 10, turn.words, "small end")
        if canvas.run.first < turn.date <= canvas.last:
            x = canvas.x(turn.date)
            canvas.drawing.rule(x, canvas.top, x, canvas.top + canvas.frame.plot, "event-line")
            late = x > canvas.frame.left + 0.7 * (canvas.frame.width - canvas.frame.left - canvas.frame.right)
            place = (x - 4, "small end") if late else (x + 4, "small")
            canvas.drawing.text(place[0], canvas.top + canvas.frame.plot - 6, turn.words, place[1])


def _rug(canvas: Canvas, acts: Sequence[Act], words: Words) -> None:
    frame, drawing = canvas.frame, canvas.drawing
    if not frame.rug:
        return
    middle = canvas.top + frame.plot + 22 + frame.rug / 2
    drawing.rule(frame.left, middle, frame.width - frame.right, middle, "grid")
    if frame.roomy:
        for line, text in enumerate(words.acts.split("\n")):
            drawing.text(frame.width - frame.right + 6, middle - 10 + 14 * line, text, "small")
    for act in acts:
        if not canvas.run.first <= act.date <= canvas.run.last:
            continue
        tall = frame.rug / 2 * act.strength / 5
        top = middle - tall if act.direction >= 0 else middle
        height = 2 * tall if act.direction == 0 else tall
        look = {1: "up", -1: "down", 0: "even"}[act.direction]
        size: dict[str, Any] = {
            "x": canvas.x(act.date) - 1,
            "y": float(top),
            "width": 2.0,
            "height": float(height),
        }
        bar = drawing.markup("rect", look, tip=act.title, **size)
        if not drawing.standalone and act.href:
            bar = drawing.markup("a", href=act.href, tabindex="-1").replace("/>", f">{bar}</a>")
        drawing.parts.append(bar)


def _ticks(canvas: Canvas, tick: Tick) -> None:
    frame, drawing, run = canvas.frame, canvas.drawing, canvas.run
    base = canvas.top + frame.plot
    day = run.first.replace(day=1)
    step = 3 if canvas.span <= 1200 else 12
    last_label = -1000.0
    while day <= canvas.last:
        if day >= run.first and (day.month - 1) % step == 0:
            x = canvas.x(day)
            drawing.rule(x, base, x, base + 4, "zero")
            text = tick(day)
            if x - last_label > 44:
                drawing.text(x, base + 17, text, "small middle")
                last_label = x
        day = (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)


def _end(canvas: Canvas, words: Words) -> None:
    frame, drawing, run = canvas.frame, canvas.drawing, canvas.run
    x, y = canvas.x(run.last), canvas.y(run.score[-1])
    drawing.shape("ring", x, y, 8, f"end-mark {direction(run.score[-1])}")
    if frame.roomy:
        beside, zero = y + 5, canvas.y(0)
        if zero - 46 < y < zero + 19:  # it would touch what is said beside zero
            beside = zero - 44 if y <= zero else zero + 24
        drawing.text(x + 10, beside, words.end, "figure")
        drawing.text(x + 10, beside + 15, words.band, "small")
        drawing.text(x + 10, beside + 29, words.on, "small")


def _pins(canvas: Canvas, acts: Sequence[Act]) -> list[Place]:
    """Numbered pins on the line; one that would touch another climbs (or sinks) until it is free. Where they stand."""
    drawing, run = canvas.drawing, canvas.run
    taken: list[Place] = []
    pinned = [act for act in acts if act.pin is not None and run.first <= act.date <= run.last]
    for act in sorted(pinned, key=lambda act: act.pin or 0):
        x, line = canvas.x(act.date), canvas.y(run.score[days(run.first, act.date)])
        step = -18 if act.direction >= 0 else 18
        y = line + step
        while any(abs(x - other_x) < 17 and abs(y - other_y) < 17 for other_x, other_y in taken):
            y += step
        low, high = canvas.top + 8, canvas.top + canvas.frame.plot - 8
        y = min(high, max(low, y))
        taken.append((x, y))
        drawing.rule(x, line, x, y, "event-line")
        drawing.element("circle", "pin", tip=act.title, cx=x, cy=y, r=8)
        drawing.text(x, y + 3.5, str(act.pin), "pin-text")
    return taken


def _titles(canvas: Canvas, acts: Sequence[Act], pins: Sequence[Place], ghosts: Sequence[Ghost]) -> None:
    """The titles of the acts behind the largest moves, the largest first, each where it touches no line, no pin and no
    other words; one that fits nowhere is read in the list beside the chart alone."""
    run = canvas.run
    pinned = [act for act in acts if act.pin is not None and run.first <= act.date <= run.last]
    at = dict(zip(sorted(act.pin or 0 for act in pinned), pins, strict=True))
    lines = [
        canvas.places(each) for each in (run.score, *(ghost.score[: len(run.score)] for ghost in ghosts))
    ]
    band = [
        canvas.places(run.low),
        canvas.places(run.high),
    ]  # only words that find no place beside it lie on it
    taken: list[Box] = [(x - 10, y - 10, x + 10, y + 10) for x, y in pins]
    taken += _said(canvas, ghosts)
    left, right = canvas.frame.left, canvas.frame.width - canvas.frame.right
    taken += [(left, canvas.y(value) - 1, right, canvas.y(value) + 1) for value in (100, 50, 0, -50, -100)]

    written: list[Box] = []

    def moved(act: Act) -> float:
        place = days(run.first, act.date)
        return abs(run.score[place] - run.score[max(0, place - 1)])

    for act in sorted(pinned, key=lambda act: (-moved(act), act.pin)):
        x, y = at[act.pin or 0]
        beside = _fitting(canvas, act, x, y, taken, written, [*lines, *band])
        over = _fitting(canvas, act, x, y, taken, written, lines)
        box, rows = next(itertools.chain(beside, over), (None, []))
        if box is None:
            continue
        leader = _leader(box, x, y)
        taken += [box, leader]
        written.append(box)
        if leader[3] - leader[1] > 4:
            canvas.drawing.rule(x, leader[1], x, leader[3], "event-line")
        size: dict[str, Any] = {"x": float(box[0] + 2)}
        words = "".join(
            canvas.drawing.markup("text", "small", row, y=float(box[1] + ROW * (place + 1) - 3), **size)
            for place, row in enumerate(rows)
        )
        if act.href and not canvas.drawing.standalone:
            words = canvas.drawing.markup("a", href=act.href, tabindex="-1").replace("/>", f">{words}</a>")
        canvas.drawing.parts.append(words)


def _fitting(
    canvas: Canvas,
    act: Act,
    x: float,
    y: float,
    taken: Sequence[Box],
    written: Sequence[Box],
    lines: Sequence[Sequence[Place]],
) -> Iterator[tuple[Box, list[str]]]:
    """Boxes near a pin that touch nothing, the nearest first, with the rows of words in them. No leader
    crosses words that are written."""
    left, right = canvas.frame.left + 2, canvas.frame.width - canvas.frame.right - 2
    top, bottom = canvas.top + 2, canvas.top + canvas.frame.plot - 2
    layouts = []
    for widest in (150, 110, 200):
        rows = wrapped(act.label, widest, SMALLEST)
        if rows and len(rows) <= MOST_ROWS:
            layouts.append((rows, max(measured(row, SMALLEST) for row in rows) + 6))
    for away in range(10, 120, 4):
        for rows, width in layouts:
            tall = ROW * len(rows) + 2
            for start in (x - 4, x - width / 2, x - width + 4):
                for head in (y - away - tall, y + away):
                    box = (start, head, start + width, head + tall)
                    inside = box[0] >= left and box[2] <= right and box[1] >= top and box[3] <= bottom
                    free = inside and not any(_touch(box, other) for other in taken) and _clear(box, lines)
                    if free and not any(_touch(_leader(box, x, y), other) for other in written):
                        yield box, rows


def _leader(box: Box, x: float, y: float) -> Box:
    """The line from a pin to its words."""
    return (x - 1, box[3], x + 1, y - 8) if box[1] < y else (x - 1, y + 8, x + 1, box[1])


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _clear(box: Box, lines: Sequence[Sequence[Place]]) -> bool:
    """Whether every line passes above the box or below it, and none crosses it or runs along its edge."""
    for places in lines:
        heights = [y for x, y in places if box[0] - 4 <= x <= box[2] + 4]
        if heights and min(heights) < box[3] + 5 and max(heights) > box[1] - 5:
            return False
    return True


def _said(canvas: Canvas, ghosts: Sequence[Ghost]) -> list[Box]:
    """Where the legend of the thin lines stands, and the row in which a change of the method is named."""
    right, low = canvas.frame.width - canvas.frame.right, canvas.run.score[-1] < -60
    wide = max((measured(ghost.words, SMALLEST) for ghost in ghosts), default=0.0) + 60
    tall = 15.0 * len(ghosts) + 8
    top = canvas.y(100) if low else canvas.y(-100) - tall
    foot = canvas.top + canvas.frame.plot
    return [(right - wide, top, right, top + tall), (canvas.frame.left, foot - 18, right, foot)]


__all__ = ["NARROW", "WIDE", "Act", "Blind", "Frame", "Ghost", "Run", "Turn", "Words", "series"]

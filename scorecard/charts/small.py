"""Lines in little: the sparkline, the small multiple, the effect of one act."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Sequence

from scorecard.charts.canvas import SMALL, Blind, Canvas, Frame, Run, Tick
from scorecard.charts.drawing import Drawing, direction, polyline, thinned


def sparkline(
    run: Run, title: str, *, coded_to: datetime.date, width: float = 120, height: float = 46
) -> str:
    frame = Frame(width=width, height=height, left=2, right=5, top=2, plot=height - 4, rug=0, roomy=False)
    canvas = Canvas(frame, run, f"spark-{zlib.crc32(title.encode())}")
    spark(canvas, coded_to)
    return canvas.drawing.svg(title, "spark")


def spark(canvas: Canvas, coded_to: datetime.date) -> None:
    frame, run = canvas.frame, canvas.run
    canvas.drawing.rule(frame.left, canvas.y(0), frame.width - frame.right, canvas.y(0), "zero")
    canvas.band()
    canvas.line(coded_to)
    canvas.drawing.shape("ring", canvas.x(run.last), canvas.y(run.score[-1]), 6, direction(run.score[-1]))


def multiple(
    run: Run, title: str, name: str, tick: Tick, *, coded_to: datetime.date, blind: Sequence[Blind] = ()
) -> str:
    """One of the small multiples: same axes for all, band and line, first and last year ticked."""
    canvas = Canvas(SMALL, run, name)
    drawing, frame = canvas.drawing, canvas.frame
    for value in (100, -100):
        drawing.rule(frame.left, canvas.y(value), frame.width - frame.right, canvas.y(value), "grid")
    canvas.blind(blind)
    drawing.rule(frame.left, canvas.y(0), frame.width - frame.right, canvas.y(0), "zero")
    canvas.band()
    canvas.line(coded_to)
    drawing.shape("ring", canvas.x(run.last), canvas.y(run.score[-1]), 6, direction(run.score[-1]))
    for value, text in ((100, "+100"), (-100, "−100")):
        drawing.text(frame.left + 2, canvas.y(value) + (11 if value > 0 else -4), text, "small")
    base = frame.height - 8
    for year in range(run.first.year + 1, run.last.year + 1):
        day = datetime.date(year, 1, 1)
        drawing.rule(
            canvas.x(day), canvas.top + frame.plot, canvas.x(day), canvas.top + frame.plot + 4, "zero"
        )
        drawing.text(canvas.x(day), base, tick(day), "small middle")
    return drawing.svg(title, "multiple")


def effect(run: Run, title: str, words: tuple[str, str], tick: Tick, *, name: str = "effect") -> str:
    """What one act adds to (or takes from) a score, day by day: an area from zero, scaled to itself.

    `run.score` holds points of the score; `words` name the largest value and the value today.
    """
    frame = Frame(width=560, height=150, left=8, right=8, top=22, plot=96, rug=0, roomy=False)
    drawing = Drawing(frame.width, frame.height, name)
    largest = max((abs(value) for value in run.score), default=0.0) or 1.0
    span = max(1, len(run.score) - 1)
    inside = frame.width - frame.left - frame.right
    sign = 1 if sum(run.score) >= 0 else -1
    base = frame.top + (frame.plot if sign > 0 else 0)

    def place(index: int, value: float) -> tuple[float, float]:
        return frame.left + inside * index / span, base - frame.plot * value / largest

    points = thinned([place(index, value) for index, value in enumerate(run.score)], 0.3)
    look = "up" if sign > 0 else "down"
    drawing.path(polyline([(points[0][0], base), *points, (points[-1][0], base)]) + "z", f"area {look}")
    drawing.rule(frame.left, base, frame.width - frame.right, base, "zero")
    drawing.text(frame.left, 14 if sign > 0 else frame.height - 22, words[0], "label")
    drawing.text(frame.width - frame.right, 14 if sign > 0 else frame.height - 22, words[1], "label end")
    drawing.text(frame.left, frame.height - 4, tick(run.first), "small")
    drawing.text(frame.width - frame.right, frame.height - 4, tick(run.last), "small end")
    return drawing.svg(title, "effect")

"""Small charts, for a row or a card: bars (a score with its band, three shares, a rise or fall, the ladder of an ask),
and lines in little (the sparkline, the small multiple, the effect of one act).
"""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Sequence

from scorecard.charts.drawing import Drawing, direction, number, polyline, share, thinned
from scorecard.charts.lines import SMALL, Blind, Canvas, Frame, Run, Tick

# The mark that stands for each label; never colour alone.
MARKS = {
    "advancing": "up",
    "undermined": "down",
    "leaning advancing": "up",
    "leaning undermined": "down",
    "contested": "mixed",
    "unclear": "ring",
    "too little evidence": "ring",
}
LOOKS = {"up": "up", "down": "down", "mixed": "even", "ring": "hollow"}


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
    run: Run,
    title: str,
    name: str,
    tick: Tick,
    *,
    coded_to: datetime.date,
    blind: Sequence[Blind] = (),
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
    for year in range(run.first.year + 1, canvas.last.year + 1):
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


def score_bar(
    score: float,
    low: float,
    high: float,
    label: str,
    title: str,
    *,
    width: float = 240,
    height: float = 28,
    was: float | None = None,
) -> str:
    """A score on the axis -100 … +100: the band drawn first, the mark of its label on it, zero marked, and a tick
    where it `was`."""
    drawing = Drawing(width, height, "bar")
    pad = height / 2
    middle = height / 2

    def x(value: float) -> float:
        return pad + share(value, -100, 100) * (width - 2 * pad)

    ticks = "".join(f"M{number(x(tick))} {number(middle - 3)}v6" for tick in (-100, -50, 50, 100))
    drawing.path(f"M{number(x(-100))} {number(middle)}H{number(x(100))}{ticks}", "grid")
    drawing.box(
        x(low), middle - height * 0.22, x(high) - x(low), height * 0.44, f"band {direction(score)}-band"
    )
    drawing.rule(x(0), 1, x(0), height - 1, "zero")
    if was is not None:
        drawing.rule(x(was), middle - height * 0.3, x(was), middle + height * 0.3, "was")
    mark = MARKS.get(label, "ring")
    drawing.shape(mark, x(score), middle, height * 0.5, f"mark {mark_look(label, score)}")
    return drawing.svg(title, "bar")


def mark_look(label: str, score: float) -> str:
    """The class of a label's mark: its direction's colour, hollow where it only leans; a hollow ring where the evidence
    gives no verdict."""
    mark = MARKS.get(label, "ring")
    if label.startswith("leaning"):
        return f"lean-{mark}"
    return direction(score) if mark == "mixed" else LOOKS[mark]


def axis(width: float = 240, height: float = 16, pad: float = 14) -> str:
    """The scale that stands once above a column of score bars."""
    drawing = Drawing(width, height, "axis")
    for value, look in ((-100, "small"), (0, "small middle"), (100, "small end")):
        x = pad + share(value, -100, 100) * (width - 2 * pad)
        text = {-100: "−100", 0: "0", 100: "+100"}[value]
        drawing.text(x - 10 if value < 0 else x + 10 if value else x, height - 4, text, look)
    return drawing.svg("", "bar", hidden=True)


def shares_bar(
    undermining: float, open_share: float, advancing: float, title: str, *, height: float = 10
) -> str:
    """Three shares that sum to 100, on the side where the axis has them: undermining, open, advancing."""
    drawing = Drawing(100, height, "shares")
    at = 0.0
    for value, look in ((undermining, "down"), (open_share, "open"), (advancing, "up")):
        drawing.box(at, 0, value, height, look)
        at += value
    for edge in (undermining, undermining + open_share):
        drawing.box(edge - 0.4, 0, 0.8, height, "paper")
    return drawing.svg(title, "shares", stretch=True)


def split_bar(parts: Sequence[tuple[float, str]], largest: float, title: str, *, height: float = 14) -> str:
    """Signed parts from a middle line, one below the other's colour by sign; `largest` sets the scale."""
    drawing = Drawing(200, height, "split")
    drawing.rule(100, 0, 100, height, "zero")
    for value, look in parts:
        length = 96 * share(abs(value), 0, largest)
        drawing.box(100 if value >= 0 else 100 - length, 2, length, height - 4, look)
    return drawing.svg(title, "split")


def ladder(rung: int, title: str, *, opposed: bool = False, rated: bool = True) -> str:
    """Five steps from words to operation, filled up to `rung`; hatched when the ask is not rated."""
    drawing = Drawing(120, 30, "ladder")
    if not rated:
        drawing.box(0, 0, 120, 30, "hatched", fill=f"url(#{drawing.hatch()})")
        return drawing.svg(title, "ladder")
    for step in range(1, 6):
        height = 6 + step * 4.5
        x = (step - 1) * 24 + 1
        look = "rung"
        if step <= rung:
            look = "rung-against" if opposed else "rung-on"
        drawing.box(x, 29 - height, 20, height, look)
    drawing.rule(0, 29.5, 120, 29.5, "grid")
    return drawing.svg(title, "ladder")


def move_bar(
    before: float,
    after: float,
    low: float,
    high: float,
    title: str,
    *,
    width: float = 320,
    height: float = 24,
) -> str:
    """A score's way from one day to another: a ring where it stood, the band and an arrowhead where it stands."""
    drawing = Drawing(width, height, "move")
    pad, middle = 20.0, height / 2

    def x(value: float) -> float:
        return pad + share(value, -100, 100) * (width - 2 * pad)

    look = direction(after - before)
    drawing.rule(x(-100), middle, x(100), middle, "grid")
    drawing.rule(x(0), 2, x(0), height - 2, "zero")
    drawing.box(x(low), middle - 5, x(high) - x(low), 10, f"band {look}-band")
    drawing.rule(x(before), middle, x(after), middle, f"way {look}-line")
    drawing.shape("ring", x(before), middle, 8, "hollow")
    towards = 1 if after >= before else -1
    tip = x(after)
    drawing.path(
        polyline([(tip, middle), (tip - towards * 8, middle - 5), (tip - towards * 8, middle + 5)]) + "z",
        look,
    )
    return drawing.svg(title, "bar")


def steps(rung: int, title: str, *, opposed: bool = False) -> str:
    """Five steps in a row, filled up to `rung`; only outlined where the acts against weigh as much or more."""
    drawing = Drawing(110, 12, "steps")
    for step in range(1, 6):
        look = "rung" if step > rung else "rung-open" if opposed else "rung-on"
        drawing.box((step - 1) * 22 + 1, 1, 19, 10, look)
    return drawing.svg(title, "steps")


def meter(value: float) -> str:
    """A figure from 0 to 100 as a bar in ink: it has no direction."""
    drawing = Drawing(96, 6, "meter")
    drawing.box(0, 0, 96, 6, "rung")
    drawing.box(0, 0, 96 * share(value, 0, 100), 6, "rung-on")
    return drawing.svg("", "meter", stretch=True, hidden=True)

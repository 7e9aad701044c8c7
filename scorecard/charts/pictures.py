"""Small charts for a row of a page, and whole pictures that leave the site: bars (a score, shares, a move, the ladder
of an ask), the sparkline, the small multiple, the effect of one act; charts with their words, social cards, badges.

PNGs are for places that show no SVG. The bundled fonts make them the same on every machine.
"""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import resvg_py

from scorecard.charts import Drawing, direction, lines, measured, number, polyline, share, thinned, wrapped
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


@dataclass(frozen=True, slots=True)
class Caption:
    """The words around a chart that must travel with it."""

    title: str
    subtitle: str
    source: str
    licence: str
    notes: Sequence[str] = ()  # what the numbered pins stand for


def shortened(text: str, width: float, size: float) -> str:
    """`text` on one line of about `width` units, with an ellipsis where it had to be cut."""
    rows = wrapped(text, width, size)
    return rows[0] if len(rows) == 1 else f"{wrapped(text, width - size, size)[0]}…" if rows else ""


def series_picture(chart: Drawing, caption: Caption, top: float) -> str:
    """The standalone chart (drawn `top` units lower than inline) under its title and over its source line."""
    below = chart.height + 4
    chart.height += 46 + 17 * len(caption.notes)
    inner, chart.parts = chart.parts, []
    chart.box(0, 0, chart.width, chart.height, "paper")
    y = 28.0
    for row in wrapped(caption.title, chart.width - 32, 20)[:2]:
        chart.text(16, y, row, "title")
        y += 25
    for row in wrapped(caption.subtitle, chart.width - 32, 12)[: 3 if y < 60 else 2]:
        chart.text(16, min(y, top + 6), row, "label")
        y += 16
    chart.parts += inner
    for place, note in enumerate(caption.notes):
        chart.text(16, below + 17 * place, shortened(note, chart.width - 32, 12), "label")
    chart.text(16, chart.height - 26, caption.source, "small")
    chart.text(16, chart.height - 10, caption.licence, "small")
    return chart.svg(caption.title)


@dataclass(frozen=True, slots=True)
class Face:
    """One score as a card shows it."""

    name: str
    score: float
    low: float
    high: float
    label: str
    score_text: str
    band_text: str
    label_text: str


LEAST = 26.0  # pixels that a row of a card needs; where more rows come than fit, three dots end them


def card(site: str, headline: str, foot: str, faces: Sequence[Face] = ()) -> str:
    """A social card, 1200 × 630: the site, the finding, the scores with their bands, the date."""
    drawing = Drawing(1200, 630, "card", standalone=True)
    drawing.box(0, 0, 1200, 630, "paper")
    drawing.box(0, 0, 1200, 10, "rung-on")
    drawing.text(64, 72, site, "card-text")
    below = _title(drawing, headline) - 10
    if len(faces) == 1:
        _large(drawing, faces[0], below)
    else:
        _rows(drawing, faces, below)
    drawing.text(64, 604, shortened(foot, 1072, 22), "card-small")
    return drawing.svg(headline)


def _title(drawing: Drawing, headline: str) -> float:
    """The finding, in smaller letters where it is long; how far down it reaches."""
    rows, look, tall, top = wrapped(headline, 1072, 44), "card-title", 52.0, 136.0
    if len(rows) > 3:
        rows, look, tall, top = wrapped(headline, 1072, 33), "card-long", 41.0, 124.0
    if len(rows) > 5:
        rows = [*rows[:4], shortened(" ".join(rows[4:]), 1072, 33)]
    for index, row in enumerate(rows):
        drawing.text(64, top + tall * index, row, look)
    return top + tall * len(rows)


@dataclass(frozen=True, slots=True)
class Row:
    """One code of an act, and what the act does to the balance that it names."""

    words: str
    effect: str
    look: str
    mark: str


def act_card(site: str, headline: str, facts: str, foot: str, codes: Sequence[Row]) -> str:
    """A social card of one act: what, when and whose, how it is coded, and its points with their balance."""
    drawing = Drawing(1200, 630, "card", standalone=True)
    drawing.box(0, 0, 1200, 630, "paper")
    drawing.box(0, 0, 1200, 10, "rung-on")
    drawing.text(64, 72, site, "card-text")
    rows = wrapped(headline, 1072, 44)
    if len(rows) > 3:
        rows = [*rows[:2], shortened(f"{rows[2]} {rows[3]}", 1072, 44)]
    for index, row in enumerate(rows):
        drawing.text(64, 136 + 52 * index, row, "card-title")
    below = 136 + 52 * len(rows)
    drawing.text(64, below, shortened(facts, 1072, 26), "card-text")
    step = min(84.0, max(LEAST, (566 - below) / max(1, len(codes))))
    room = int((566 - below) / step + 0.001)
    if len(codes) > room:
        codes = codes[: room - 1]
        drawing.text(64, below + step * (room - 1) + 50, "…", "card-text")
    two_lines = step >= 74
    for index, code in enumerate(codes):
        y = below + step * index + (56 if two_lines else 50)
        drawing.text(64, y, shortened(code.words, 1072 if two_lines else 640, 26), "card-text")
        if two_lines:
            drawing.text(64, y + 32, f"{code.mark} {code.effect}", f"card-small {code.look}")
        else:
            drawing.text(1136, y, f"{code.mark} {code.effect}", f"card-small {code.look} end")
    drawing.text(64, 604, shortened(foot, 1072, 22), "card-small")
    return drawing.svg(headline)


def _bar(drawing: Drawing, face: Face, left: float, right: float, y: float, tall: float) -> None:
    def x(value: float) -> float:
        return left + share(value, -100, 100) * (right - left)

    drawing.rule(left, y, right, y, "grid")
    look = direction(face.score)
    drawing.box(
        x(face.low), y - tall * 0.25, x(face.high) - x(face.low), tall * 0.5, look, fill_opacity="0.28"
    )
    drawing.rule(x(0), y - tall * 0.6, x(0), y + tall * 0.6, "zero")
    mark = MARKS.get(face.label, "ring")
    drawing.shape(mark, x(face.score), y, tall * 0.55, mark_look(face.label, face.score))


def _large(drawing: Drawing, face: Face, below: float) -> None:
    middle = min(470.0, below + 230)
    drawing.text(64, middle - 70, face.score_text, "card-figure")
    drawing.text(330, middle - 112, face.label_text, "card-text")
    drawing.text(330, middle - 72, face.band_text, "card-text")
    _bar(drawing, face, 64, 1136, middle, 64)
    for value, anchor in ((-100, ""), (0, "middle"), (100, "end")):
        x = 64 + share(value, -100, 100) * 1072
        text = f"+{value}" if value > 0 else str(value).replace("-", "−")
        drawing.text(x, middle + 66, text, f"card-small {anchor}".strip())


def _rows(drawing: Drawing, faces: Sequence[Face], below: float) -> None:
    step = min(46.0, max(LEAST, (566 - below) / max(1, len(faces))))
    room = int((566 - below) / step + 0.001)
    if len(faces) > room:
        faces = faces[: room - 1]
        drawing.text(64, below + step * (room - 0.5) + 9, "…", "card-text")
    for index, face in enumerate(faces):
        y = below + step * (index + 0.5)
        drawing.text(64, y + 9, face.name, "card-text")
        _bar(drawing, face, 560, 1020, y, 30)
        drawing.text(1136, y + 9, face.score_text, "card-text end")


def badge(left: str, right: str, look: str) -> str:
    """A small flat sign: name, then label and score on the colour of its direction."""
    first, second = measured(left, 11) + 16, measured(right, 11) + 16
    drawing = Drawing(round(first + second), 20, "badge", standalone=True)
    drawing.box(0, 0, first, 20, "rung-on")
    fill = {"up": "#00588a", "down": "#a34700", "even": "#4b5563"}[look]
    drawing.box(first, 0, second, 20, "", fill=fill)
    for x, text in ((first / 2, left), (first + second / 2, right)):
        drawing.element("text", "middle", text, x=float(x), y=14.0, font_size="11", fill="#ffffff")
    return drawing.svg(f"{left}: {right}")


def spark_picture(run: lines.Run, title: str, coded_to: datetime.date) -> str:
    """The sparkline as a file of its own, for an <img>."""
    frame = lines.Frame(width=240, height=64, left=3, right=7, top=3, plot=58, rug=0, roomy=False)
    canvas = lines.Canvas(frame, run, "spark", standalone=True)
    canvas.drawing.box(0, 0, 240, 64, "paper")
    spark(canvas, coded_to)
    return canvas.drawing.svg(title)


FONTS = Path(__file__).parent / "fonts"
FACE = "Noto Sans CJK SC"


def render(svg: str, zoom: float = 2.0) -> bytes:
    """A PNG of a standalone picture; wide cards keep their size, charts are doubled for sharp screens."""
    large = 'width="1200"' in svg[:200]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[str(path) for path in sorted(FONTS.glob("*.otf"))],
            font_family=FACE,
            sans_serif_family=FACE,
            zoom=1.0 if large else zoom,
        )
    )


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

"""Whole pictures that leave the site: charts with title, unit, source and licence inside; social cards;
badges.

Pictures for places that show no SVG. The bundled fonts make them the same on every machine.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import resvg_py

from scorecard.charts import lines, small
from scorecard.charts.drawing import Drawing, direction, measured, share, wrapped
from scorecard.charts.small import MARKS, mark_look


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
    for number, note in enumerate(caption.notes):
        chart.text(16, below + 17 * number, shortened(note, chart.width - 32, 12), "label")
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
    small.spark(canvas, coded_to)
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

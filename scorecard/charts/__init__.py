"""The drawing board of the charts: elements with classes, scales, paths. Pure: figures in, SVG out; no Django, no
clock, no network, no words of its own.

Every chart is built once and comes out in two dresses: `inline` for a page, where classes take their colours
from the one stylesheet (light, dark and print), and `standalone` for a download, where each class is spelled
out as presentation attributes. Neither holds a style attribute or a style element, so both pass the strictest
CSP.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#6b7280"
INK, PAPER = "#16191d", "#ffffff"
LATIN, HAN = "Liberation Sans, Arial", "Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei"

STRAIGHT = str.maketrans("“”‘’", "\"\"''")

# What each class looks like away from the stylesheet. The stylesheet has the same names (a test holds it to
# that).
DRESS: dict[str, dict[str, str]] = {
    "paper": {"fill": PAPER},
    "grid": {"stroke": "#d8dce1", "stroke-width": "1", "fill": "none"},
    "zero": {"stroke": "#4b5563", "stroke-width": "1.25", "fill": "none"},
    "was": {"stroke": INK, "stroke-width": "1.5", "fill": "none"},
    "band": {"fill": GREY, "fill-opacity": "0.2"},
    "line": {"stroke-width": "2.25", "fill": "none", "stroke-linejoin": "round", "stroke-linecap": "round"},
    "dashed": {"stroke-width": "2.25", "fill": "none", "stroke-dasharray": "4 4", "stroke-linecap": "butt"},
    "ghost": {"stroke": "#4b5563", "stroke-width": "1.25", "stroke-dasharray": "1 3", "fill": "none"},
    "ghost-dashes": {"stroke": "#4b5563", "stroke-width": "1.25", "stroke-dasharray": "5 3", "fill": "none"},
    "up": {"fill": BLUE},
    "down": {"fill": VERMILLION},
    "even": {"fill": GREY},
    "up-line": {"stroke": BLUE},
    "down-line": {"stroke": VERMILLION},
    "even-line": {"stroke": GREY},
    "way": {"stroke-width": "2", "fill": "none"},
    "up-stop": {"stop-color": BLUE},
    "down-stop": {"stop-color": VERMILLION},
    "open": {"fill": "#d8dce1"},
    "lean-up": {"fill": PAPER, "stroke": BLUE, "stroke-width": "2"},
    "lean-down": {"fill": PAPER, "stroke": VERMILLION, "stroke-width": "2"},
    "hollow": {"fill": PAPER, "stroke": GREY, "stroke-width": "2"},
    "halo": {"fill": PAPER, "stroke": PAPER, "stroke-width": "3"},
    "hatch": {"stroke": GREY, "stroke-width": "1", "stroke-opacity": "0.35"},
    "event-line": {"stroke": GREY, "stroke-width": "1", "stroke-dasharray": "2 3", "fill": "none"},
    "rung": {"fill": "#e6e9ec"},
    "rung-on": {"fill": INK},
    "rung-open": {"fill": PAPER, "stroke": INK, "stroke-width": "1.5"},
    "rung-against": {"fill": VERMILLION},
    "pin": {"fill": INK},
    "pin-text": {"fill": PAPER, "font-size": "10", "font-weight": "700", "text-anchor": "middle"},
    "label": {"fill": "#4b5563", "font-size": "12"},
    "small": {"fill": "#4b5563", "font-size": "11"},
    "strong": {"fill": INK, "font-size": "13", "font-weight": "700"},
    "figure": {"fill": INK, "font-size": "20", "font-weight": "700"},
    "title": {"fill": INK, "font-size": "20", "font-weight": "700"},
    "card-title": {"fill": INK, "font-size": "44", "font-weight": "700"},
    "card-long": {"fill": INK, "font-size": "33", "font-weight": "700"},
    "card-figure": {"fill": INK, "font-size": "92", "font-weight": "700"},
    "card-text": {"fill": "#4b5563", "font-size": "28"},
    "card-small": {"fill": "#4b5563", "font-size": "22"},
    "end": {"text-anchor": "end"},
    "middle": {"text-anchor": "middle"},
}


def number(value: float) -> str:
    """At most one decimal, without a trailing zero: a tenth of a pixel is finer than any screen."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def attributes(pairs: dict[str, object]) -> str:
    return "".join(
        f' {name}="{escape(number(value) if isinstance(value, float) else str(value))}"'
        for name, value in pairs.items()
    )


@dataclass
class Drawing:
    """A drawing of `width` × `height` units; `name` makes its inner ids unique on a page."""

    width: float
    height: float
    name: str
    standalone: bool = False
    parts: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)

    def element(self, tag: str, look: str = "", text: str | None = None, tip: str = "", **pairs: Any) -> None:
        """Add one element. `look` is one class or several; `tip` becomes a <title> (the browser's
        tooltip).
        """
        self.parts.append(self.markup(tag, look, text, tip, **pairs))

    def markup(self, tag: str, look: str = "", text: str | None = None, tip: str = "", **pairs: Any) -> str:
        named = {
            name.rstrip("_").replace("_", "-"): value for name, value in pairs.items() if value is not None
        }
        if self.standalone:
            worn: dict[str, Any] = {}
            for name in look.split():
                worn.update(DRESS.get(name, {}))
            named = worn | named
        elif look:
            named = {"class": look} | named
        inside = (f"<title>{escape(tip)}</title>" if tip else "") + (escape(text) if text is not None else "")
        return f"<{tag}{attributes(named)}>{inside}</{tag}>" if inside else f"<{tag}{attributes(named)}/>"

    def text(self, x: float, y: float, words: str, look: str = "label") -> None:
        if self.standalone and not any(map(wide, words)):
            # In Chinese faces the curly quotes take a whole em, which tears Latin words apart.
            words = words.translate(STRAIGHT)
        self.element("text", look, words, x=float(x), y=float(y))

    def path(self, data: str, look: str, **pairs: Any) -> None:
        self.element("path", look, d=data, **pairs)

    def rule(self, x1: float, y1: float, x2: float, y2: float, look: str) -> None:
        self.path(f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", look)

    def box(self, x: float, y: float, width: float, height: float, look: str, **pairs: Any) -> None:
        size: dict[str, Any] = {"width": max(0.0, float(width)), "height": max(0.0, float(height))}
        self.element("rect", look, x=float(x), y=float(y), **size, **pairs)

    def shape(self, kind: str, x: float, y: float, size: float, look: str, tip: str = "") -> None:
        """A mark that reads without colour: `up` ▲, `down` ▼, `mixed` ◆, `ring` ○."""
        self.element("path", look, tip=tip, d=outline(kind, x, y, size))

    def hatch(self) -> str:
        """The id of a hatching pattern, defined on first use."""
        identity = f"{self.name}-hatch"
        pattern = (
            f'<pattern id="{identity}" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)">{self.markup("path", "hatch", d="M0 0V6")}</pattern>'
        )
        if pattern not in self.definitions:
            self.definitions.append(pattern)
        return identity

    def split_colour(self, zero: float) -> str:
        """The id of a paint that is blue above the height `zero` and vermillion below it, with a hard
        edge.
        """
        identity = f"{self.name}-split"
        edge = zero / self.height
        stops = (("up-stop", 0.0), ("up-stop", edge), ("down-stop", edge), ("down-stop", 1.0))
        inner = "".join(self.markup("stop", look, offset=f"{offset:.4f}") for look, offset in stops)
        self.definitions.append(
            f'<linearGradient id="{identity}" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" '
            f'y2="{number(self.height)}">{inner}</linearGradient>'
        )
        return identity

    def _font(self) -> str:
        """Chinese faces first where there is Chinese, so that a line does not mix two of them."""
        chinese = any(wide(letter) for part in self.parts for letter in part)
        return f"{HAN}, {LATIN}, sans-serif" if chinese else f"{LATIN}, {HAN}, sans-serif"

    def svg(
        self,
        title: str,
        look: str = "chart",
        *,
        stretch: bool = False,
        hidden: bool = False,
        links: bool = False,
    ) -> str:
        """The markup. `title` is the text alternative; `hidden` when the words beside it say the same.

        With `links` inside, the drawing is a named group: an image may not hold what can be clicked. Parts
        stay hidden from screen readers, which find the same links in the list beside the chart.
        """
        size = {"viewBox": f"0 0 {number(self.width)} {number(self.height)}"}
        head: dict[str, object] = {"xmlns": "http://www.w3.org/2000/svg"} if self.standalone else {}
        head |= size
        if self.standalone:
            head |= {"width": float(self.width), "height": float(self.height), "font-family": self._font()}
        else:
            head["class"] = look
        if stretch:
            head["preserveAspectRatio"] = "none"
        role = "group" if links else "img"
        head |= {"aria-hidden": "true"} if hidden else {"role": role, "aria-label": title}
        inner = f"<defs>{''.join(self.definitions)}</defs>" if self.definitions else ""
        named = f"<title>{escape(title)}</title>" if self.standalone else ""
        parts = "".join(self.parts)
        if links:
            parts = f'<g aria-hidden="true">{parts}</g>'
        return f"<svg{attributes(head)}>{named}{inner}{parts}</svg>"


def wide(letter: str) -> bool:
    """Whether a letter takes a whole em, as Chinese ones do."""
    return unicodedata.east_asian_width(letter) in "WF"


def measured(text: str, size: float) -> float:
    """About how wide `text` is: an em for East Asian characters, a little over half of one for the others."""
    return sum(size * (1 if wide(letter) else 0.55) for letter in text)


def wrapped(text: str, width: float, size: float) -> list[str]:
    """`text` in lines of at most about `width` units at font size `size`; wide characters may break
    anywhere.
    """
    rows, row, used = [], "", 0.0
    for word in _words(text):
        length = measured(word, size)
        if row and used + length > width:
            rows.append(row.rstrip())
            row, used = "", 0.0
            word = word.lstrip()
            length = measured(word, size)
        row += word
        used += length
    return [*rows, row.rstrip()] if row.strip() else rows


def _words(text: str) -> list[str]:
    parts: list[str] = []
    for letter in text:
        alone = letter == " " or wide(letter)
        if not parts or alone or wide(parts[-1][-1]):
            parts.append(letter)
        else:
            parts[-1] += letter
    return parts


def outline(kind: str, x: float, y: float, size: float) -> str:
    """Path data of a mark centred on (x, y)."""
    half = size / 2
    corners: tuple[tuple[float, float], ...]
    if kind == "up":
        corners = ((x, y - half), (x + half, y + half), (x - half, y + half))
    elif kind == "down":
        corners = ((x, y + half), (x - half, y - half), (x + half, y - half))
    elif kind == "mixed":
        corners = ((x, y - half), (x + half, y), (x, y + half), (x - half, y))
    else:
        arc = f"a{number(half)} {number(half)} 0 1 0"
        return f"M{number(x - half)} {number(y)}{arc} {number(size)} 0{arc} {number(-size)} 0z"
    return polyline(corners) + "z"


def polyline(points: Iterable[Sequence[float]]) -> str:
    """Path data through `points`, written as relative steps in the fewest signs (a third of absolute ones)."""
    data: list[str] = []
    at_x = at_y = 0
    for x, y in points:
        tenth_x, tenth_y = round(x * 10), round(y * 10)
        if not data:
            data.append(f"M{number(tenth_x / 10)} {number(tenth_y / 10)}")
        else:
            data.append(_step(_short(tenth_x - at_x), _short(tenth_y - at_y)))
        at_x, at_y = tenth_x, tenth_y
    return "".join(data)


def _short(tenths: int) -> str:
    """`5` as `.5`."""
    return number(tenths / 10).replace("0.", ".") if abs(tenths) < 10 else number(tenths / 10)


def _step(x: str, y: str) -> str:
    if y == "0":
        return "" if x == "0" else f"h{x}"
    if x == "0":
        return f"v{y}"
    parted = y.startswith("-") or (y.startswith(".") and "." in x)
    return f"l{x}{'' if parted else ' '}{y}"


def thinned(points: Sequence[tuple[float, float]], tolerance: float = 0.15) -> list[tuple[float, float]]:
    """The points a reader can tell apart (Douglas and Peucker, iterative); ends and corners stay."""
    if len(points) < 3:
        return list(points)
    keep = {0, len(points) - 1}
    todo = [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        (x1, y1), (x2, y2) = points[first], points[last]
        worst, where = 0.0, None
        for index in range(first + 1, last):
            x, y = points[index]
            on_chord = y1 + (y2 - y1) * (x - x1) / (x2 - x1) if x2 != x1 else y1
            if abs(y - on_chord) > worst:
                worst, where = abs(y - on_chord), index
        if where is not None and worst > tolerance:
            keep.add(where)
            todo += [(first, where), (where, last)]
    return [points[index] for index in sorted(keep)]


def share(value: float, low: float, high: float) -> float:
    """Where `value` lies between `low` and `high`, 0 … 1, clamped."""
    return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.0


def days(first: datetime.date, last: datetime.date) -> int:
    return (last - first).days


def direction(value: float) -> str:
    """`up`, `down` or `even`: the class that colours a signed figure (as rounded for the reader)."""
    return "up" if round(value) > 0 else "down" if round(value) < 0 else "even"

"""A report's figures, dressed for a template: words, marks and charts beside the numbers. Computes nothing
new.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from scorecard import acts, history, sentences, vocabulary
from scorecard.acts import Act, Code
from scorecard.charts import bars, lines
from scorecard.charts.drawing import direction
from scorecard.history import Change
from scorecard.method.readings import Banded, Measure, Pulse, word
from tracker.codebook import current

PULSE_MARKS = {"up": "↗", "down": "↘", "even": "→"}


def drawn(svg: str) -> SafeString:
    """A chart for a template. `scorecard.charts` escapes every text that it is given."""
    return mark_safe(svg)  # noqa: S308  # nosec B308


def look(label: str) -> str:
    """The class that colours a label: its first word, with what it leans to."""
    return label.replace(" ", "-") if label.startswith("leaning") else label.split()[0]


def balance(
    name: str, reading: Banded, *, width: float = 240, height: float = 28, was: float | None = None
) -> dict[str, Any]:
    """One score with its band, label and bar; `was`: the score that a tick on the bar remembers."""
    score, low, high, label = reading["score"], reading["low"], reading["high"], word(reading)
    title = sentences.score_alternative(name, score, low, high, label)
    return {
        "name": name,
        "score": sentences.signed(score),
        "band": sentences.band(low, high),
        "label": vocabulary.label(label),
        "look": look(label),
        "mark": vocabulary.LABEL_MARKS[label],
        "direction": direction(score),
        "bar": drawn(bars.score_bar(score, low, high, label, title, width=width, height=height, was=was)),
    }


def shares(reading: Measure) -> dict[str, Any]:
    three = (reading["undermining_share"], reading["open_share"], reading["advancing_share"])
    figures = [round(value) for value in three]
    title = sentences.shares_alternative(*three)
    return {"shares": drawn(bars.shares_bar(*three, title)), "share_figures": figures, "shares_title": title}


def pulse(reading: Pulse) -> dict[str, Any]:
    """The pulse as an arrow with its own label."""
    return {
        "pulse": sentences.signed(reading["score"]),
        "pulse_mark": PULSE_MARKS[direction(reading["score"])],
        "pulse_label": vocabulary.label(word(reading)),
        "pulse_band": sentences.band(reading["low"], reading["high"]),
    }


def part(name: str, points: float) -> dict[str, Any]:
    """One act's effect on one score."""
    rounded = round(points, 1)
    kind = "up" if rounded > 0 else "down" if rounded < 0 else "even"
    mark = {"up": "▲", "down": "▼", "even": "·"}[kind]
    return {"name": name, "points": sentences.tenths(points), "look": kind, "mark": mark}


def listed(
    told: Iterable[Act], query: str, *, recommendation: str = "", pins: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """The acts for `acts.html`, in their order; with `recommendation`, each with its code for that one alone."""
    return [
        {
            "act": act,
            "href": act.address + query,
            "pin": (pins or {}).get(act.id),
            "codes": act.about(recommendation),
            "effects": [effect(code) for code in act.about(recommendation)],
        }
        for act in told
    ]


def effect(code: Code) -> dict[str, Any]:
    """What an act does to the balance of a code's recommendation."""
    return part(code.name, code.points or 0.0)


def change(change: Change, query: str, asks: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """One version of the log as a row: when, what, in which words, why, and the event it is about."""
    record = change.version.record
    return {
        "day": sentences.day(change.version.written.date()),
        "what": str(vocabulary.CHANGES[change.kind]),
        "kind": change.kind,
        "details": history.words(change.before, record, asks),
        "why": change.version.why,
        "why_language": acts.language(change.version.why),
        "who": change.version.who,
        "title": acts.title(record),
        "href": acts.address(record["id"]) + query,
    }


def run(first: datetime.date, reading: Mapping[str, Sequence[float]]) -> lines.Run:
    """A daily series for the charts: plain lists of floats from `first` on."""
    return lines.Run(first, list(reading["score"]), list(reading["low"]), list(reading["high"]))


def chart_words(title: str, run: lines.Run) -> lines.Words:
    """The words on a series chart."""
    return lines.Words(
        title=title,
        advances=gettext("above 0: in favour"),
        undermines=gettext("below 0: against"),
        zero=gettext("as on %(day)s") % {"day": sentences.short_day(current().start)},
        acts=gettext("Acts: height is\nthe kind of act"),
        end=sentences.signed(run.score[-1]),
        band=sentences.band(run.low[-1], run.high[-1]),
        on=sentences.short_day(run.last),
    )


def one_decimal(value: float) -> str:
    return number_format(round(value, 1), 1)


def quarter_ends(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """The last days of March, June, September and December between two days, both included."""
    found, day = [], first.replace(day=1)
    while day <= last:
        following = (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
        end = following - datetime.timedelta(days=1)
        if day.month % 3 == 0 and first <= end <= last:
            found.append(end)
        day = following
    return found


def month_ends(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """The last day of every month from `first` on, and `last` itself."""
    found, day = [], first.replace(day=1)
    while day <= last:
        following = (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
        found.append(min(last, following - datetime.timedelta(days=1)))
        day = following
    return found


def table(line: lines.Run) -> list[dict[str, str]]:
    """The twin of a line chart: month ends, newest first."""
    return [
        {
            "day": sentences.short_day(day),
            "score": sentences.signed(line.score[index]),
            "low": sentences.signed(line.low[index]),
            "high": sentences.signed(line.high[index]),
        }
        for day in reversed(month_ends(line.first, line.last))
        for index in [(day - line.first).days]
    ]

"""A report's figures, dressed for a template: words, marks and charts beside the numbers, and what a line over time
says of itself.

A line says where coding stops, which days are half seen, where the method changed, what was told earlier, and how much
a day's score still changes after the day: as known then beside as known now (METHOD.md, 14).

The law of the moves that carry a number and the title of an act: a step is what the line did, and an act is named
beside it only if it happened in those days and points the way that the line went; where none does, the heaviest act of
those days is named, and its own direction with it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from scorecard import acts, history, sentences, standings, vocabulary
from scorecard.acts import Act, Code
from scorecard.charts import direction, lines, pictures
from scorecard.charts.lines import Blind, Ghost, Run, Turn
from scorecard.history import Change
from scorecard.method import parameters
from scorecard.method.readings import Banded, Measure, Pulse, word
from scorecard.pages.reading import Reading
from tracker.codebook import current
from tracker.models import CoverageDay

PULSE_MARKS = {"up": "↗", "down": "↘", "even": "→"}
PROVISIONAL_DAYS = 30
WORTH_DRAWING = 0.5  # points
JOINED, APART = 7, 14  # days: steps of one sign are one move; a smaller move beside a larger one gives way
LEAST, MOST, RECENT = 5.0, 8, 183  # points; moves on one chart; days in which the largest move keeps a place


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
        "bar": drawn(pictures.score_bar(score, low, high, label, title, width=width, height=height, was=was)),
    }


def shares(reading: Measure) -> dict[str, Any]:
    three = (reading["undermining_share"], reading["open_share"], reading["advancing_share"])
    figures = [round(value) for value in three]
    title = sentences.shares_alternative(*three)
    return {
        "shares": drawn(pictures.shares_bar(*three, title)),
        "share_figures": figures,
        "shares_title": title,
    }


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


def mean_revision(
    then: Sequence[float], now: Sequence[float], first: datetime.date, opened: datetime.date
) -> tuple[float, int] | None:
    """Mean of |now - then| over the days since the record was opened that are old enough to be settled.

    Both series begin on `first`. None while there is no such day: days before the opening are a
    reconstruction and would count as never revised.
    """
    start = max(0, (opened - first).days)
    stop = len(now) - PROVISIONAL_DAYS
    if stop <= start:
        return None
    apart = [abs(now[place] - then[place]) for place in range(start, stop)]
    return sum(apart) / len(apart), len(apart)


def revision_sentence(revision: tuple[float, int] | None, opened: datetime.date | None) -> str:
    """What a reader must know about the newest days of a line."""
    text = gettext("The last 30 days are provisional: acts that are reported late still change them.")
    if opened is None:
        return text
    if revision is None:
        return (
            text
            + " "
            + gettext(
                "By how much cannot be told yet: the record was opened on %(day)s, and everything before "
                "that day is a reconstruction."
            )
            % {"day": sentences.day(opened)}
        )
    points, days = revision
    return (
        text
        + " "
        + gettext(
            "Over %(days)d days since the record was opened, a day's balance has moved by %(points)s points "
            "on average between what was known on the day and what is known now."
        )
        % {"days": days, "points": sentences.tenths(points).lstrip("+")}
    )


# With fewer feeds alive than this share a quiet day may only have been a blind one.
WELL_SEEN = 0.75


def blind(read: Reading) -> list[Blind]:
    """Stretches without coding, or with many feeds down."""
    day = datetime.timedelta(days=1)
    few = gettext("few feeds\nalive")
    found = [Blind(first, last + day, few) for first, last in stretches(degraded(read))]
    if (read.clock.as_of - read.coded_to).days < 2:
        return found
    if read.stopped:  # the axis ends there too
        return found
    partly = any(event.start > read.coded_to for event in read.known.events)
    words = gettext("coded in part\nsince %(day)s") if partly else gettext("no coding\nsince %(day)s")
    named = words % {"day": sentences.short_day(read.coded_to)}
    return [*found, Blind(read.coded_to, read.clock.as_of, named)]


def degraded(read: Reading) -> list[datetime.date]:
    """Coded days on which many feeds were down, in the order of time."""
    rows = CoverageDay.objects.filter(
        day__gte=current().start, day__lte=read.coded_to, feeds_total__gt=0
    ).order_by("day")
    counted = rows.values_list("day", "feeds_alive", "feeds_total")
    return [day for day, alive, total in counted if alive < WELL_SEEN * total]


def stretches(days: Iterable[datetime.date]) -> Iterator[tuple[datetime.date, datetime.date]]:
    """First and last day of each unbroken run."""
    run: tuple[datetime.date, datetime.date] | None = None
    for day in days:
        if run is not None and (day - run[1]).days > 1:
            yield run
            run = None
        run = (day if run is None else run[0], day)
    if run is not None:
        yield run


def turns(read: Reading) -> list[Turn]:
    """The days, up to that of the page, on which a version of the method after the first was adopted."""
    _first, *later = parameters.in_service()
    days = standings.adopted()
    return [
        Turn(days[method.version], gettext("Method %(version)s") % {"version": method.version})
        for method in later
        if days[method.version] <= read.clock.as_of
    ]


def ghosts(read: Reading, slug: str) -> list[Ghost]:
    """The same line by every other method, and as each day was known on that day where that differs."""
    now, clock = read.run(slug).score, read.clock
    found = []
    for method in parameters.in_service():
        if method.version != read.method:
            other = standings.series(
                "balance", as_of=read.read_on, known_at=clock.known_at, version=method.version
            )
            words = gettext("by method %(version)s") % {"version": method.version}
            found.append(Ghost(other["recommendations"][slug]["score"], words))
    known_then = as_told_then(read)[slug]["score"]
    if max(abs(one - other) for one, other in zip(known_then, now, strict=True)) >= WORTH_DRAWING:
        found.append(Ghost(known_then, gettext("as known then")))
    return found


def settled(read: Reading, slug: str) -> str:
    """The sentence on the provisional days of a recommendation's line."""
    opened = read.opened
    if opened is None:
        return revision_sentence(None, None)
    revision = mean_revision(as_told_then(read)[slug]["score"], read.run(slug).score, current().start, opened)
    return revision_sentence(revision, opened)


def as_told_then(read: Reading, actor: str | None = None) -> dict[str, dict[str, list[float]]]:
    """recommendation → its daily balance, each day as it was known on that day."""
    clock = read.clock
    found = standings.series(
        "balance", actor, as_of=clock.as_of, known_at=clock.known_at, then=True, version=read.method
    )
    return found["recommendations"]


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


def largest_steps(run: Run) -> list[Step]:
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


def numbered_moves(read: Reading, slug: str) -> list[Note]:
    """The moves of a recommendation's line, numbered, each with the act behind it; a move of days in which no act
    happened, when one ended or woke, has none and no number."""
    touching = [
        (read.start(record), item["direction"], item["strength"], record)
        for record in read.counted
        for item in record["assessments"]
        if item["rec"] == slug
    ]
    found: list[Note] = []
    for step in largest_steps(read.run(slug)):
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

"""What moved the balances between two days, in sentences: the way from one to the other in its three exact parts, the
acts behind each, and how the words changed.

The law: every sentence is computed from the waterfall of the method (`scorecard.method.change`), whose parts add up
to the change before rounding; nothing is said of days that nobody has coded.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from scorecard import sentences, standings, vocabulary
from scorecard.acts import Act
from scorecard.method.parameters import method_of
from scorecard.method.readings import Balance, StepAct, Waterfall, word
from scorecard.pages.reading import Reading
from tracker.codebook import current

Day = datetime.date
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Mover:
    """One act and the points by which it moved a balance; `by` is the act that ended it, if it moved it by ending."""

    act: Act
    points: float
    by: Act | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one balance between two days."""

    slug: str
    before: Balance  # the balance on the first day, with its label
    after: Balance
    new: float
    ended: float
    faded: float
    new_acts: tuple[Mover, ...]
    ended_acts: tuple[Mover, ...]

    @property
    def points(self) -> float:
        return float(self.after["score"] - self.before["score"])

    @property
    def counts(self) -> bool:
        """Whether the move is large enough for a word, as the method has it (`change_points`)."""
        return abs(self.points) >= method_of(None).parameters.change_points

    @property
    def look(self) -> str:
        return "even" if not self.counts else "up" if self.points > 0 else "down"

    def words(self) -> str:
        """`From contested to advancing.` or `Still undermined.`"""
        before, after = self.before["label"], self.after["label"]
        if before == after:
            return gettext("Still: %(label)s.") % {"label": vocabulary.label(after)}
        told = {"before": vocabulary.label(before), "after": vocabulary.label(after)}
        return gettext("From “%(before)s” to “%(after)s”.") % told

    def sentence(self) -> str:
        """From where to where, and by what: each part with one decimal, as they add up."""
        told = {"from": sentences.tenths(self.before["score"]), "to": sentences.tenths(self.after["score"])}
        if told["from"] == told["to"]:
            level = gettext("At %(to)s on both days") % told
        elif self.points > 0:
            level = gettext("Up from %(from)s to %(to)s") % told
        else:
            level = gettext("Down from %(from)s to %(to)s") % told
        return gettext("%(level)s: %(parts)s.") % {
            "level": level,
            "parts": sentences.enumerated(self._parts()),
        }

    def _parts(self) -> list[str]:
        found = []
        count = len(self.new_acts)
        if count or abs(self.new) >= 0.05:
            found.append(
                ngettext("%(count)d new act %(points)s", "%(count)d new acts %(points)s", count)
                % {"count": count, "points": sentences.tenths(self.new)}
            )
        count = len(self.ended_acts)
        if count or abs(self.ended) >= 0.05:
            found.append(
                ngettext("%(count)d that ended %(points)s", "%(count)d that ended %(points)s", count)
                % {"count": count, "points": sentences.tenths(self.ended)}
            )
        return [*found, gettext("fading %(points)s") % {"points": sentences.tenths(self.faded)}]

    def heaviest(self, most: int = 2) -> list[tuple[str, str, list[Mover]]]:
        """(what they are, their look, the acts): the new acts that did most in the direction of all new ones, the
        heaviest the other way, and the heaviest that ended."""
        way = 1 if self.new >= 0 else -1
        along = [mover for mover in self.new_acts if mover.points * way > 0][:most]
        against = [mover for mover in self.new_acts if mover.points * way < 0][:1]
        names = {1: gettext("New, raising it"), -1: gettext("New, lowering it")}
        looks = {1: "up", -1: "down"}
        found = [(names[way], looks[way], along), (names[-way], looks[-way], against)]
        ended = [mover for mover in self.ended_acts if abs(mover.points) >= 0.05][:1]
        if ended:
            raised = ended[0].points > 0
            name = gettext("Ended, which raised it") if raised else gettext("Ended, which lowered it")
            found.append((name, looks[1 if raised else -1], ended))
        return [part for part in found if part[2]]


@dataclass(frozen=True, slots=True)
class Moves:
    """The moves of all balances between two days, the largest first."""

    earlier: Day
    later: Day
    found: Sequence[Move]
    last_coded: bool  # whether the second day is the last coded one, and not today

    def title(self, period: str = "") -> str:
        """The finding: which balances rose and fell by enough for a word."""
        rose = [vocabulary.short_name(move.slug) for move in self.found if move.look == "up"]
        fell = [vocabulary.short_name(move.slug) for move in self.found if move.look == "down"]
        told = {"span": self.span(period), "rose": sentences.listed(rose), "fell": sentences.listed(fell)}
        if rose and fell:
            return gettext("%(span)s: %(rose)s rose; %(fell)s fell") % told
        if rose:
            return gettext("%(span)s: %(rose)s rose; nothing fell by as much") % told
        if fell:
            return gettext("%(span)s: %(fell)s fell; nothing rose by as much") % told
        told["points"] = f"{method_of(None).parameters.change_points:g}"
        return gettext("%(span)s: no balance moved by %(points)s points or more") % told

    def span(self, period: str = "") -> str:
        """The time between the days, as a heading begins with it."""
        told = {"earlier": sentences.day(self.earlier), "later": sentences.day(self.later)}
        if self.last_coded:
            return {
                "month": gettext("In the month to %(later)s, the last coded day"),
                "quarter": gettext("In the quarter to %(later)s, the last coded day"),
                "year": gettext("In the year to %(later)s, the last coded day"),
            }.get(period, gettext("From %(earlier)s to %(later)s, the last coded day")) % told
        return {
            "month": gettext("In the month to %(later)s"),
            "quarter": gettext("In the quarter to %(later)s"),
            "year": gettext("In the year to %(later)s"),
        }.get(period, gettext("From %(earlier)s to %(later)s")) % told


def before(day: Day, period: str) -> Day:
    """The same day of the month one month, quarter or year earlier, no earlier than the record begins."""
    months = day.year * 12 + day.month - 1 - MONTHS[period]
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return max(current().start, Day(year, month + 1, min(day.day, last)))


def between(read: Reading, earlier: Day, later: Day) -> Moves:
    """The moves of all balances from the end of one day to the end of the other, both as known on the page's day."""
    known, version = read.clock.known_at, read.clock.method
    ways = standings.waterfall((earlier, known), (later, known), version=version)
    reports = [standings.report(day, known, version=version)["recommendations"] for day in (earlier, later)]
    found = [
        _move(read, slug, ways[slug], *(report[slug]["balance"] for report in reports)) for slug in read.slugs
    ]
    found.sort(key=lambda move: -abs(move.points))
    return Moves(earlier, later, found, read.stopped == later)


def _move(read: Reading, slug: str, way: Waterfall, before: Balance, after: Balance) -> Move:
    steps = {step["step"]: step for step in way["steps"]}
    earlier: Balance = {**before, "label": read.agreement.hide(word(before), slug)}
    later: Balance = {**after, "label": read.agreement.hide(word(after), slug)}
    return Move(
        slug,
        earlier,
        later,
        new=steps["new"]["points"],
        ended=steps["ended"]["points"],
        # What the method or the record changed is none of the world's: both days are read by one method, as known
        # on one day, so these two steps are nothing.
        faded=steps["faded"]["points"],
        new_acts=_movers(read, steps["new"]["acts"], "new"),
        ended_acts=_movers(read, steps["ended"]["acts"], "ended"),
    )


def _movers(read: Reading, told: Sequence[StepAct], why: str) -> tuple[Mover, ...]:
    found = []
    for entry in told:
        act = entry["id"] if entry["why"] == why else None
        record = read.record(act) if act else None
        if act and record is not None:
            ender = read.ender(act) if why == "ended" else None
            found.append(Mover(read.act(record), entry["points"], read.act(ender) if ender else None))
    return tuple(found)

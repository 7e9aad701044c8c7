"""What changed between two days, and what comes next: the last coded month, quarter or year, or any two days that the
reader names; and what `scorecard.ahead` reads off the acts, as a page and as a calendar that others subscribe to.

The way from one day to the other is told in its three exact parts, with the acts behind each, and how the words
changed. The law: every sentence is computed from the waterfall of the method (`scorecard.method.report`), whose parts
add up to the change before rounding; nothing is said of days that nobody has coded.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from scorecard import ahead, conditional, querystring, sentences, standings, vocabulary
from scorecard.acts import Act
from scorecard.charts import pictures
from scorecard.method.parameters import method_of
from scorecard.method.readings import Balance, StepAct, Waterfall, word
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.reading import Reading
from tracker.codebook import current

DEFAULT = "quarter"
Day = datetime.date
MONTHS = {"month": 1, "quarter": 3, "year": 12}
CALENDAR = "text/calendar; charset=utf-8"


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


def start_of(day: Day, period: str) -> Day:
    """The same day of the month one month, quarter or year earlier, no earlier than the record begins."""
    months = day.year * 12 + day.month - 1 - MONTHS[period]
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return max(current().start, Day(year, month + 1, min(day.day, last)))


def moves_between(read: Reading, earlier: Day, later: Day) -> Moves:
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
        new_acts=_movers_of(read, steps["new"]["acts"], "new"),
        ended_acts=_movers_of(read, steps["ended"]["acts"], "ended"),
    )


def _movers_of(read: Reading, told: Sequence[StepAct], why: str) -> tuple[Mover, ...]:
    found = []
    for entry in told:
        act = entry["id"] if entry["why"] == why else None
        record = read.record(act) if act else None
        if act and record is not None:
            ender = read.ender(act) if why == "ended" else None
            found.append(Mover(read.act(record), entry["points"], read.act(ender) if ender else None))
    return tuple(found)


@conditional.asked_with(*conditional.NAMES, "period", "earlier", "later")
def changed(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    period, earlier, later = days(request.GET, read)
    found = moves_between(read, earlier, later)
    title = found.title(period)
    page = frame.Page(
        key="changed",
        title=title,
        description=gettext(
            "Each balance on two days, and the way between them in three parts: new acts, acts that ended, fading."
        ),
        current="changed",
        card=reverse("pages:card", args=["overview"]),
        feeds=((gettext("All changes"), frame.stem("all")),),
        kept=read.clock.pairs(),
        asked=named(period, earlier, later),
    )
    _cited, citation = frame.citation(page, read.clock, request.path)
    query = read.clock.query()
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "periods": _periods(read, period),
        "earlier": earlier.isoformat(),
        "later": later.isoformat(),
        "least": current().start.isoformat(),
        "most": read.read_on.isoformat(),
        "kept": read.clock.pairs(),
        "days": (sentences.day(earlier), sentences.day(later)),
        "axis": figures.drawn(pictures.axis(width=320, pad=20)),
        "moves": told(read, found, query),
        "api": _api(read, earlier, later),
        "citation": citation,
    }
    return render(request, "pages/changed.html", context)


def named(period: str, earlier: datetime.date, later: datetime.date) -> dict[str, str]:
    """What an address must say of the two days; nothing of the period that is shown where none is asked for."""
    if period:
        return {} if period == DEFAULT else {"period": period}
    return {"earlier": earlier.isoformat(), "later": later.isoformat()}


def days(asked: Mapping[str, str], read: Reading) -> tuple[str, datetime.date, datetime.date]:
    """The period and its two days; a period ends with the day that the page is read on."""
    earlier, later = (querystring.day_of(asked, name, read.clock.as_of) for name in ("earlier", "later"))
    period = asked.get("period", "")
    if earlier is None and later is None:
        period = period if period in MONTHS else DEFAULT
        return period, start_of(read.read_on, period), read.read_on
    later = min(later or read.read_on, read.read_on)
    earlier = earlier or start_of(later, DEFAULT)
    if earlier > later:
        raise querystring.BadDate(
            gettext("The first day, %(earlier)s, must not come after the second, %(later)s.")
            % {"earlier": earlier, "later": later}
        )
    return "", earlier, later


def _periods(read: Reading, period: str) -> list[dict[str, Any]]:
    names = {
        "month": gettext("Last coded month"),
        "quarter": gettext("Last coded quarter"),
        "year": gettext("Last coded year"),
    }
    return [
        {"name": name, "href": read.clock.query(period=key), "current": key == period}
        for key, name in names.items()
    ]


def _api(read: Reading, earlier: datetime.date, later: datetime.date) -> str:
    asked = {"earlier": earlier.isoformat(), "later": later.isoformat()}
    if read.clock.known_at:
        known = read.clock.known_at.isoformat()
        asked |= {"earlier_known_at": known, "later_known_at": known}
    return f"{reverse('api:waterfall')}?{urlencode(asked)}"


def told(read: Reading, found: Moves, query: str, most: int = 2) -> list[dict[str, Any]]:
    """Each move for a template."""
    return [_told(read, found, move, query, most) for move in found.found]


def _told(read: Reading, found: Moves, move: Move, query: str, most: int) -> dict[str, Any]:
    before, after = move.before, move.after
    name = vocabulary.short_name(move.slug)
    title = gettext("%(name)s: %(before)s on %(earlier)s, %(after)s on %(later)s") % {
        "name": name,
        "before": sentences.signed(before["score"]),
        "after": sentences.signed(after["score"]),
        "earlier": sentences.day(found.earlier),
        "later": sentences.day(found.later),
    }
    return {
        "name": name,
        "full_name": read.name(move.slug),
        "href": reverse("pages:recommendation", args=[move.slug]) + query,
        "points": sentences.tenths(move.points),
        "look": move.look,
        "words": move.words(),
        "sentence": move.sentence(),
        "bar": figures.drawn(
            pictures.move_bar(before["score"], after["score"], after["low"], after["high"], title)
        ),
        "from": sentences.tenths(before["score"]),
        "to": sentences.tenths(after["score"]),
        "new": sentences.tenths(move.new),
        "ended": sentences.tenths(move.ended),
        "faded": sentences.tenths(move.faded),
        "acts": [
            {"name": part, "look": look, "acts": _movers(movers, query)}
            for part, look, movers in move.heaviest(most)
        ],
    }


def _movers(movers: Sequence[Mover], query: str) -> list[dict[str, Any]]:
    return [
        {
            "act": mover.act,
            "href": mover.act.address + query,
            "points": sentences.tenths(mover.points),
            "by": mover.by,
            "by_href": mover.by.address + query if mover.by else "",
        }
        for mover in movers
    ]


@conditional.page
def coming(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    found, query = read.upcoming, read.clock.query()
    page = frame.Page(
        key="next",
        title=found.title(),
        description=gettext(
            "Terms that end, days that acts name and proposals pending, read off acts on record."
        ),
        current="next",
        card=reverse("pages:card", args=["overview"]),
        feeds=((gettext("What comes next"), frame.feed_of("feed_of_next")),),
        followed=[("calendar", "1")],
    )
    _cited, citation = frame.citation(page, read.clock, request.path)
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": found.title(),
        "day": sentences.day(found.read_on),
        "stopped": bool(read.stopped),
        "terms": terms(found, query),
        "dues": [_act(due.act, query) | {"when": due.when, "what": due.what} for due in found.dues],
        "stages": [
            {
                "name": name,
                "count": len(items),
                "items": [_act(item.act, query) | {"old": item.old} for item in items],
            }
            for name, items in found.stages()
        ],
        "pending": len(found.pending),
        "calendar": reverse("pages:calendar") + query,
        "webcal": frame.absolute(reverse("pages:calendar"))
        .replace("https://", "webcal://")
        .replace("http://", "webcal://"),
        "citation": citation,
    }
    return render(request, "pages/next.html", context)


def terms(found: ahead.Upcoming, query: str) -> list[dict[str, Any]]:
    """Terms that have ended since the last coded day, and terms still to end, each under its heading."""
    parts = (
        (gettext("Run out since the last coded day"), found.passed()),
        (gettext("Terms still to end"), found.to_end()),
    )
    return [
        {"name": name, "terms": [_term(term, query) for term in listed]} for name, listed in parts if listed
    ]


def _term(term: ahead.ToldTerm, query: str) -> dict[str, Any]:
    wakes = [{"title": act.title, "when": act.when, "href": act.address + query} for act in term.wakes]
    return _act(term.act, query) | {"day": sentences.day(term.day), "outcome": term.outcome, "wakes": wakes}


def _act(act: Act, query: str) -> dict[str, Any]:
    names = [code.name for code in act.codes]
    return {"act": act, "href": act.address + query, "about": sentences.enumerated(names)}


@conditional.asked_with("as_of", "known_at", "method", "rev")
def coming_as_calendar(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    name = gettext("%(site)s: what comes next") % {"site": prose.title()}
    stamp = datetime.datetime.combine(read.read_on, datetime.time())
    body = ahead.as_calendar(read.upcoming, name, frame.absolute("").rstrip("/"), stamp)
    return HttpResponse(body, content_type=CALENDAR)

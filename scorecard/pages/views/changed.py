"""What changed between two days: the last coded month, quarter or year, or any two days that the reader names."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from scorecard import clock as clocks
from scorecard import conditional, sentences, vocabulary
from scorecard.charts import bars
from scorecard.pages import figures, frame, moves, reading
from scorecard.pages.moves import Move, Mover, Moves
from scorecard.pages.reading import Reading
from tracker.codebook import current

DEFAULT = "quarter"


@conditional.asked_with(*conditional.NAMES, "period", "earlier", "later")
def changed(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    period, earlier, later = days(request.GET, read)
    found = moves.between(read, earlier, later)
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
        "axis": figures.drawn(bars.axis(width=320, pad=20)),
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
    earlier, later = (clocks.day_of(asked, name, read.clock.as_of) for name in ("earlier", "later"))
    period = asked.get("period", "")
    if earlier is None and later is None:
        period = period if period in moves.MONTHS else DEFAULT
        return period, moves.before(read.read_on, period), read.read_on
    later = min(later or read.read_on, read.read_on)
    earlier = earlier or moves.before(later, DEFAULT)
    if earlier > later:
        raise clocks.BadDate(
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
            bars.move_bar(before["score"], after["score"], after["low"], after["high"], title)
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

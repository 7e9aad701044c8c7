"""What comes next (`scorecard.ahead`) in the reader's words: as a page, and as a calendar that other programs subscribe
to.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext

from scorecard import ahead, conditional, sentences, vocabulary
from scorecard.acts import Act
from scorecard.pages import frame, prose, reading
from scorecard.pages.reading import Reading

CALENDAR = "text/calendar; charset=utf-8"
Day = datetime.date


@conditional.page
def coming(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    found, query = upcoming(read), read.clock.query()
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


def terms(found: Upcoming, query: str) -> list[dict[str, Any]]:
    """Terms that have ended since the last coded day, and terms still to end, each under its heading."""
    parts = (
        (gettext("Run out since the last coded day"), found.passed()),
        (gettext("Terms still to end"), found.to_end()),
    )
    return [
        {"name": name, "terms": [_term(term, query) for term in listed]} for name, listed in parts if listed
    ]


def _term(term: Term, query: str) -> dict[str, Any]:
    wakes = [{"title": act.title, "when": act.when, "href": act.address + query} for act in term.wakes]
    return _act(term.act, query) | {"day": sentences.day(term.day), "outcome": term.outcome, "wakes": wakes}


def _act(act: Act, query: str) -> dict[str, Any]:
    names = [code.name for code in act.codes]
    return {"act": act, "href": act.address + query, "about": sentences.enumerated(names)}


@conditional.asked_with("as_of", "known_at", "method", "rev")
def calendar(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    name = gettext("%(site)s: what comes next") % {"site": prose.title()}
    stamp = datetime.datetime.combine(read.read_on, datetime.time())
    body = as_calendar(upcoming(read), name, frame.absolute("").rstrip("/"), stamp)
    return HttpResponse(body, content_type=CALENDAR)


@dataclass(frozen=True, slots=True)
class Term:
    """An act whose own term ends: `day` is the first on which it no longer counts; `wakes` are the acts that count
    again from then on, unless it is prolonged."""

    day: Day
    act: Act
    wakes: tuple[Act, ...]

    @property
    def outcome(self) -> str:
        if self.wakes:
            return gettext("Unless it is prolonged, what it put to sleep counts again:")
        return gettext("Unless it is prolonged, it no longer counts from that day.")


@dataclass(frozen=True, slots=True)
class Due:
    """A day that an act names, no finer than the act does, and what is due then."""

    day: Day  # the first day of the time named
    named: str  # as the record has it
    act: Act
    when: str
    what: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A proposal that nothing on record has answered: its stage, and its age in days on the day of the reading."""

    act: Act
    stage: str
    age: int

    @property
    def old(self) -> str:
        return ngettext("%(days)d day old", "%(days)d days old", self.age) % {"days": self.age}


@dataclass(frozen=True, slots=True)
class Upcoming:
    """All of it on one day: `read_on` is the day of the reading, `today` the day that the page is asked for."""

    read_on: Day
    today: Day
    terms: Sequence[Term]
    dues: Sequence[Due]
    pending: Sequence[Pending]

    def passed(self) -> list[Term]:
        """Terms that have ended since the day of the reading."""
        return [term for term in self.terms if term.day <= self.today]

    def to_end(self) -> list[Term]:
        return [term for term in self.terms if term.day > self.today]

    def title(self) -> str:
        """The finding: how many terms have ended since, and how many are still to."""
        passed, ahead = self.passed(), self.to_end()
        told = {"day": sentences.day(self.read_on)}
        later = ngettext(
            "%(count)d more term is still to end", "%(count)d more terms are still to end", len(ahead)
        ) % {"count": len(ahead)}
        if passed:
            since = ngettext(
                "The term of %(count)d act has ended since %(day)s, the last coded day",
                "The terms of %(count)d acts have ended since %(day)s, the last coded day",
                len(passed),
            ) % (told | {"count": len(passed)})
            return pgettext("joint of clauses", "; ").join([since, later])
        if ahead:
            return ngettext(
                "The term of %(count)d act on record is still to end",
                "The terms of %(count)d acts on record are still to end",
                len(ahead),
            ) % {"count": len(ahead)}
        return gettext("No act on record names the end of its term")

    def stages(self) -> list[tuple[str, list[Pending]]]:
        """The pending proposals by stage, in the record's order of stages, the oldest first."""
        return [
            (str(name), found)
            for stage, name in vocabulary.STAGES.items()
            if (found := [item for item in self.pending if item.stage == stage])
        ]


def upcoming(read: Reading) -> Upcoming:
    """What the acts say that count on the day on which a page is read."""
    found = ahead.read(read.known, read.read_on)
    return Upcoming(
        read.read_on,
        read.clock.as_of,
        [
            Term(term.day, read.act(term.record), tuple(read.act(each) for each in term.wakes))
            for term in found.terms
        ],
        [Due(due.day, due.named, read.act(due.record), due.when, due.what) for due in found.dues],
        [Pending(read.act(item.record), item.stage, item.age) for item in found.pending],
    )


def as_calendar(found: Upcoming, name: str, site: str, stamp: datetime.datetime) -> str:
    """The terms and the days as a calendar of all-day events (RFC 5545); `site` is where acts have their pages."""
    host = site.partition("//")[2].split("/")[0]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{host}//scorecard//EN", "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]  # fmt: skip
    for term in found.terms:
        what = gettext("Term ends: %(title)s") % {"title": term.act.title}
        more = " ".join([term.outcome, *(act.title for act in term.wakes)])
        lines += _entry(f"term-{term.act.id}@{host}", term.day, what, more, site + term.act.address, stamp)
    for due in found.dues:
        what = gettext("Due: %(what)s") % {"what": due.what or due.act.title}
        if len(due.named) < 10:
            what = gettext("%(what)s (some time in %(when)s)") % {"what": what, "when": due.when}
        lines += _entry(
            f"due-{due.act.id}@{host}", due.day, what, due.act.headline, site + due.act.address, stamp
        )
    return "".join(_folded(line) for line in (*lines, "END:VCALENDAR"))


def _entry(uid: str, day: Day, summary: str, more: str, address: str, stamp: datetime.datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + datetime.timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(more)}",
        f"URL:{address}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """At most 75 bytes a line, and no letter cut in two."""
    parts, part, size = [], "", 0
    for letter in line:
        wide = len(letter.encode())
        if size + wide > 74:
            parts.append(part)
            part, size = "", 1
        part, size = part + letter, size + wide
    return "\r\n ".join([*parts, part]) + "\r\n"

"""One page to carry away, of all recommendations or of one: the same parts as on the pages, dressed for paper."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from scorecard import conditional, sentences
from scorecard.charts import bars
from scorecard.pages import figures, frame, moves, prose, reading, upcoming
from scorecard.pages.reading import Reading
from scorecard.pages.views import ahead, changed, overview

ACTS = 4  # on either side, on the brief of one


@conditional.page
def brief(request: HttpRequest, slug: str = "") -> HttpResponse:
    read = reading.open_(request)
    if slug and slug not in read.slugs:
        raise Http404
    query = read.clock.query()
    headline = read.finding(slug) if slug else read.headline()
    page = frame.Page(
        key=f"brief-{slug}" if slug else "brief",
        title=headline,
        description=gettext("What is found, on one page to print."),
        card=reverse("pages:card", args=[slug or "overview"]),
    )
    cited, citation = frame.citation(page, read.clock, request.path)
    found = moves.between(read, moves.before(read.read_on, changed.DEFAULT), read.read_on)
    rows = overview.rows(read, query)
    ends = [term for term in upcoming.of(read).terms if not slug or _about(term.act, slug)]
    context: dict[str, Any] = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline,
        "notice": read.notice(),
        "lede": prose.page("lede"),
        "kicker": gettext("Brief of %(day)s · method %(version)s")
        % {"day": sentences.day(read.clock.today), "version": read.method},
        "rows": [row for row in rows if not slug or row["slug"] == slug],
        "axis": figures.drawn(bars.axis()),
        "span": found.span(changed.DEFAULT),
        "moves": [
            move
            for move in changed.told(read, found, query, most=1)
            if not slug or move["href"].startswith(reverse("pages:recommendation", args=[slug]))
        ],
        "terms": [
            {"day": sentences.short_day(term.day), "title": term.act.title, "href": term.act.address + query}
            for term in ends[:8]
        ],
        "key": frame.key(),
        "cited": cited.text(),
        "citation": citation,
    }
    if slug:
        context |= _of_one(read, slug, query)
    return render(request, "pages/brief.html", context)


def _about(act: Any, slug: str) -> bool:
    return bool(act.about(slug))


def _of_one(read: Reading, slug: str, query: str) -> dict[str, Any]:
    """What the brief of one says more: the claim, the heaviest acts on both sides, the asks."""
    effects = read.effects_on(slug)
    sides = []
    for direction, name, look in ((-1, gettext("Against"), "down"), (1, gettext("In favour"), "up")):
        ids = {record["id"] for record in read.counted if _points(record, slug) == direction}
        listed = sorted((each for each in effects if each in ids), key=lambda each: -abs(effects[each]))[
            :ACTS
        ]
        told = [read.act(record) for each in listed if (record := read.record(each))]
        sides.append({"name": name, "look": look, "acts": figures.listed(told, query, recommendation=slug)})
    asks = ahead.rows(read, (slug,))[0]["asks"]
    return {
        "one": True,
        "name": read.name(slug),
        "summary": read.text(slug, "summary"),
        "sides": sides,
        "asks": asks,
    }


def _points(record: Any, slug: str) -> int | None:
    return next((item["direction"] for item in record["assessments"] if item["rec"] == slug), None)

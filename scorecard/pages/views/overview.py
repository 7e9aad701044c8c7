"""The front page: one sentence, the recommendations as rows, what moved, the lines, the coverage; and the brief, the
same parts on one page to carry away, of all recommendations or of one.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from scorecard import catalogue, conditional, footing, reliability, sentences, standings, vocabulary
from scorecard.charts import pictures
from scorecard.charts.lines import Blind
from scorecard.method.parameters import method_of
from scorecard.method.readings import Balance, Banded, Delivery, whole, word
from scorecard.pages import coverage, figures, frame, prose, reading
from scorecard.pages.reading import Reading
from scorecard.pages.views import ahead, changed
from tracker.codebook import current
from tracker.record import Record

YEAR = 365  # days
ACTS = 4  # on either side, on the brief of one


@conditional.page
def overview(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    query = read.clock.query()
    headline = sentences.headline(map(read.label, read.slugs), read.stopped)
    page = frame.Page(
        key="overview",
        title=headline,
        description=gettext(
            "%(capital)s recommendations for %(subject)s, followed act by act: where each stands, how sure we "
            "are, and why."
        )
        % prose.instance(),
        current="overview",
        card=reverse("pages:card", args=["overview"]),
        feeds=((gettext("All changes"), frame.stem("all")),),
        structured=_dataset(read),
    )
    _cited, citation = frame.citation(page, read.clock, request.path)
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline.rstrip(".。"),
        "asof": read.notice(),
        "shaky": _shaky(read),
        "lede": prose.page("lede"),
        "axis": figures.drawn(pictures.axis()),
        "rows": rows(read, query),
        "year": sentences.day(year) if (year := _year_before(read)) else "",
        "links": {
            name: reverse(f"pages:{name}") + query
            for name in ("changed", "next", "asks", "actors", "brief", "events")
        },
        "key": frame.key(),
        "agreement": read.agreement.notes(read.slugs),
        "multiples": _multiples(read, query),
        "quarters": _quarters(read),
        "overall": _overall(read),
        "coverage": coverage.facts(read),
        "moved": _moved(read, query),
        "terms": ahead.terms(ahead.upcoming(read), query),
        "downloads": frame.downloads("all", query),
        "citation": citation,
        "embed": frame.embed_code("all"),
    }
    return render(request, "pages/overview.html", context)


def rows(read: Reading, query: str) -> list[dict[str, Any]]:
    """The recommendations as the first table has them: word, balance, change over a year, delivery, last act."""
    before = None
    if year := _year_before(read):
        before = standings.report(year, read.clock.known_at, version=read.clock.method)["recommendations"]
    return [_row(read, slug, query, before[slug]["balance"] if before else None) for slug in read.slugs]


def _year_before(read: Reading) -> datetime.date | None:
    """The day a year before the one that is read; None where the record had not begun."""
    year = read.read_on - datetime.timedelta(days=YEAR)
    return year if year >= current().start else None


def _shaky(read: Reading) -> str:
    """Whose word is not firm; empty where all are."""
    found = [slug for slug in read.slugs if not read.firm(slug)]
    return reliability.shaky(found).strip() if found else ""


def _row(read: Reading, slug: str, query: str, before: Balance | None) -> dict[str, Any]:
    name, report = read.name(slug), read.report["recommendations"][slug]
    was = before["score"] if before else None
    since = read.since(slug)
    return figures.balance(name, report["balance"], width=200, height=24, was=was) | {
        "slug": slug,
        "number": current()[slug].number,
        "short": vocabulary.short_name(slug),
        "href": reverse("pages:recommendation", args=[slug]) + query,
        "anchor": frame.anchor(word(report["balance"])),
        "since": gettext("since %(day)s") % {"day": sentences.month(since)} if since else "",
        "doubt": read.doubt(slug),
        "year": _year(read, slug, report["balance"], before),
        "delivery": _delivery(whole(report)),
        "last": _last(read, slug, query),
    }


def _year(read: Reading, slug: str, now: Balance, before: Balance | None) -> dict[str, str]:
    """The change over a year and the word of a year before."""
    if before is None:
        return {"points": "–", "look": "even", "word": ""}
    points, was = now["score"] - before["score"], read.agreement.hide(word(before), slug)
    slight = abs(points) < method_of(read.clock.method).parameters.change_points
    same = was == now["label"]
    return {
        "points": sentences.signed(points),
        "look": "even" if slight else "up" if points > 0 else "down",
        "word": gettext("same word")
        if same
        else gettext("was “%(label)s”") % {"label": vocabulary.label(was)},
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    if delivery["value"] is None:
        rated = gettext("%(rated)d of %(of)d asks rated") % {"rated": delivery["rated"], "of": delivery["of"]}
        return {"value": "–", "word": rated, "meter": ""}
    value = round(delivery["value"])
    return {
        "value": str(value),
        "word": vocabulary.delivery(delivery["label"]),
        "meter": figures.drawn(pictures.meter(delivery["value"])),
    }


def _last(read: Reading, slug: str, query: str) -> dict[str, Any] | None:
    """The newest act on record that touches a recommendation, as far as days are coded."""
    for record in reversed(read.counted):
        for item in record["assessments"]:
            if item["rec"] == slug:
                act = read.act(record)
                return {
                    "act": act,
                    "href": act.address + query,
                    "when": _lately(read, record, act.when),
                    "look": {1: "up", -1: "down"}.get(item["direction"], "even"),
                    "mark": vocabulary.DIRECTION_MARKS[item["direction"]],
                }
    return None


def _lately(read: Reading, record: Record, when: str) -> str:
    """A day without its year where the page says the year."""
    if record["date_precision"] != "day" or read.start(record).year != read.read_on.year:
        return when
    return date_format(read.start(record), pgettext("format of a day without its year", "j M"))


def _multiples(read: Reading, query: str) -> list[dict[str, Any]]:
    gaps = figures.blind(read)
    return [_multiple(read, slug, query, gaps) for slug in read.slugs]


def _multiple(read: Reading, slug: str, query: str, gaps: Sequence[Blind]) -> dict[str, Any]:
    run, name = read.run(slug), read.name(slug)
    title = sentences.series_alternative(name, run.first, run.last, run.score)
    chart = pictures.multiple(run, title, f"m-{slug}", sentences.tick, coded_to=read.coded_to, blind=gaps)
    balance = read.report["recommendations"][slug]["balance"]
    caption = (
        f"{sentences.signed(balance['score'])} ({sentences.band(balance['low'], balance['high'])}), "
        f"{vocabulary.label(balance['label'])}"
    )
    return {
        "href": reverse("pages:recommendation", args=[slug]) + query,
        "name": name,
        "short": vocabulary.short_name(slug),
        "chart": figures.drawn(chart),
        "caption": caption,
    }


def _quarters(read: Reading) -> list[dict[str, Any]]:
    """The lines as a table: the last day of each quarter and the day of the page."""
    runs = [read.run(slug) for slug in read.slugs]
    first, last = runs[0].first, runs[0].last
    days = [day for day in figures.quarter_ends(first, last) if day < last] + [last]
    return [
        {
            "day": sentences.short_day(day),
            "values": [sentences.signed(run.score[(day - first).days]) for run in runs],
        }
        for day in days
    ]


def _overall(read: Reading) -> dict[str, Any]:
    overall = read.report["overall"]
    label = "advancing" if overall["low"] > 0 else "undermined" if overall["high"] < 0 else "unclear"
    banded: Banded = {
        "score": overall["score"],
        "low": overall["low"],
        "high": overall["high"],
        "label": label,
    }
    words = {
        "count": prose.count(len(read.slugs)),
        "score": sentences.signed(overall["score"]),
        "band": sentences.band(overall["low"], overall["high"]),
    }
    sentence = gettext("The plain mean of the %(count)s balances is %(score)s (%(band)s).") % words
    if read.stopped:
        sentence = gettext(
            "On %(day)s, the last coded day, the plain mean of the %(count)s balances is %(score)s (%(band)s)."
        ) % (words | {"day": sentences.day(read.stopped)})
    name = gettext("All %(count)s") % {"count": prose.count(len(read.slugs))}
    return figures.balance(name, banded) | {"sentence": sentence}


def _moved(read: Reading, query: str) -> dict[str, Any]:
    """What changed in the last coded quarter, in sentences."""
    found = changed.moves_between(read, changed.start_of(read.read_on, changed.DEFAULT), read.read_on)
    return {"title": found.title(changed.DEFAULT), "moves": changed.told(read, found, query, most=1)}


def _dataset(read: Reading) -> dict[str, Any]:
    """The whole set as search engines read it, in the reader's language where there is a choice."""
    pin = footing.pin(read.clock.as_of, read.clock.known_at)
    described = catalogue.schema_org(pin.sequence if pin else None)
    figures = [each for each in described["distribution"] if each["name"] == "figures"]
    series = [
        {
            "@type": "DataDownload",
            "encodingFormat": kind,
            "contentUrl": frame.absolute(reverse("pages:take", args=["all", ending])),
        }
        for ending, kind in (("csv", "text/csv"), ("json", "application/json"), ("zip", "application/zip"))
    ]
    return described | {
        "name": prose.title(),
        "description": gettext(
            "Events, codes and daily scores of %(count)s recommendations for %(subject)s since %(day)s."
        )
        % prose.instance(),
        "inLanguage": list(frame.TAGS.values()),
        "temporalCoverage": f"{current().start.isoformat()}/{read.read_on.isoformat()}",
        "distribution": [*series, *figures],
    }


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
    found = changed.moves_between(read, changed.start_of(read.read_on, changed.DEFAULT), read.read_on)
    listed = rows(read, query)
    ends = [term for term in ahead.upcoming(read).terms if not slug or _about(term.act, slug)]
    context: dict[str, Any] = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline,
        "notice": read.notice(),
        "lede": prose.page("lede"),
        "kicker": gettext("Brief of %(day)s · method %(version)s")
        % {"day": sentences.day(read.clock.today), "version": read.method},
        "rows": [row for row in listed if not slug or row["slug"] == slug],
        "axis": figures.drawn(pictures.axis()),
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

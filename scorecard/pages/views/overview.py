"""The front page: one sentence, the recommendations as rows, what moved, the lines, and what the record covers and what
it does not: coded to which day, how many events and sources, what waits, which statements were taken back.

"No event" and "we did not look" must never look alike, so these facts stand on the front page.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext, pgettext

from scorecard import (
    catalogue,
    conditional,
    footing,
    querystring,
    reliability,
    sentences,
    standings,
    vocabulary,
)
from scorecard.charts import pictures
from scorecard.charts.lines import Blind
from scorecard.method.parameters import method_of
from scorecard.method.readings import Balance, Banded, Delivery, whole, word
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.reading import Reading
from scorecard.pages.views import timeline
from tracker.codebook import current
from tracker.codebook.schema import THIRD, UNKNOWN
from tracker.models import CoverageDay
from tracker.record import Record

YEAR = 365  # days


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
        "coverage": facts(read),
        "moved": _moved(read, query),
        "terms": timeline.terms(read.upcoming, query),
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
    found = timeline.moves_between(read, timeline.start_of(read.read_on, timeline.DEFAULT), read.read_on)
    return {"title": found.title(timeline.DEFAULT), "moves": timeline.told(read, found, query, most=1)}


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


def facts(read: Reading) -> list[tuple[str, str]]:
    """Name and value of each fact about what a page rests on, for a definition list."""
    records, coded_to, as_of = read.counted, read.coded_to, read.clock.as_of
    week = CoverageDay.objects.filter(day__lte=as_of, day__gt=as_of - datetime.timedelta(days=7))
    seen = week.order_by("-day").first()  # the newest day on which we looked
    sources = [source for record in records for source in record["sources"]]
    taken_back = statements_taken_back(read.clock.known_at)
    found = [
        (gettext("Coded to"), _coded(coded_to, as_of)),
        *[(gettext("Of that statement"), said) for said in taken_back[-3:]],
        (gettext("On record"), sentences.coverage(coded_to if records else None, len(records), len(sources))),
    ]
    if sources:
        found.append((gettext("Languages of the sources"), _languages(sources)))
        if current().outlets:
            found.append((gettext("Sides of the sources"), _sides(sources)))
    found += _looked(seen)
    if records:
        sure = Counter(record["certainty"] for record in records)
        found.append((gettext("Not confirmed"), _unsure(sure, len(records))))
        found.append((gettext("Reviewed by analysts"), reviewed_share(read)))
    return found


def reviewed_share(read: Reading) -> str:
    """How many events a person has confirmed or coded, and how much of the weight of the balances that is."""
    ids = reliability.confirmed_ids(read.records, read.clock.known_at)
    whole, confirmed = reliability.weighed(read.report, ids)
    words = {
        "count": number_format(len(ids)),
        "events": number_format(len(read.records)),
        "share": sentences.percent(confirmed / whole) if whole else "–",
    }
    if not ids:
        return gettext("none of %(events)s events yet; language models compiled and coded the record") % words
    return (
        gettext("%(count)s of %(events)s events, which carry %(share)s of the weight of the balances") % words
    )


def _looked(seen: CoverageDay | None) -> list[tuple[str, str]]:
    """Feeds alive and what waits for an analyst."""
    if seen is None or not seen.feeds_total:
        return [(gettext("Feeds"), gettext("none polled by this copy in the week before"))]
    alive = gettext("%(alive)d of %(total)d at the worst moment of %(day)s") % {
        "alive": seen.feeds_alive,
        "total": seen.feeds_total,
        "day": sentences.day(seen.day),
    }
    if not seen.waiting:
        waits = gettext("nothing")
    else:
        waits = ngettext("%(count)d proposal", "%(count)d proposals", seen.waiting) % {"count": seen.waiting}
        if seen.oldest_unreviewed:
            waits += gettext(", the oldest since %(day)s") % {"day": sentences.day(seen.oldest_unreviewed)}
    return [(gettext("Feeds alive"), alive), (gettext("Waiting for an analyst"), waits)]


def _coded(coded_to: datetime.date, as_of: datetime.date) -> str:
    behind = (as_of - coded_to).days
    if behind <= 0:
        return sentences.day(coded_to)
    words = ngettext("%(day)s, %(behind)s day ago", "%(day)s, %(behind)s days ago", behind)
    return words % {"day": sentences.day(coded_to), "behind": number_format(behind)}


def _languages(sources: Sequence[Mapping[str, Any]]) -> str:
    counted = Counter(source["lang"].split("-")[0] for source in sources)
    offered = [language for language in querystring.LANGUAGES if language != "other"]
    named = [(querystring.filter_word("language", language), counted[language]) for language in offered]
    return _shares(
        [*named, (gettext("others"), len(sources) - sum(number for _name, number in named))], sources
    )


def _sides(sources: Sequence[Mapping[str, Any]]) -> str:
    book = current()
    counted = Counter(book.side_of(source["url"]) for source in sources)
    shown = [slug for slug in book.actor_slugs if counted[slug] or slug in (book.compared or ())]
    named = [(vocabulary.actor(slug), counted[slug]) for slug in shown]
    ends = ((gettext("elsewhere"), counted[THIRD]), (gettext("not established"), counted[UNKNOWN]))
    return _shares([*named, *ends], sources)


def _shares(named: Sequence[tuple[str, int]], sources: Sequence[Any]) -> str:
    """Each name with its share of the sources."""
    return pgettext("joint of shares", ", ").join(
        [
            gettext("%(name)s %(share)s") % {"name": name, "share": sentences.percent(number / len(sources))}
            for name, number in named
        ]
    )


def _unsure(sure: Mapping[str, int], events: int) -> str:
    return gettext("%(reported)d reported by one outlet, %(rumoured)d rumoured, of %(events)d") % {
        "reported": sure.get("reported", 0),
        "rumoured": sure.get("rumoured", 0),
        "events": events,
    }


def statements_taken_back(known_at: datetime.date | None) -> list[str]:
    """Which statements that coding is complete were taken back, or put back; empty while none was."""
    rows = footing.stated(known_at)
    found: list[str] = []
    back: dict[int | None, bool] = {}
    for place, row in enumerate(rows, start=1):
        back[place] = bool(row.withdraws) and not back[row.withdraws]
        if row.withdraws is None or row.recorded_at is None:
            continue
        first = row
        while first.withdraws:
            first = rows[first.withdraws - 1]
        words = {"day": sentences.day(first.day or row.recorded_at), "why": row.note}
        words["on"] = sentences.day(row.recorded_at)
        said = gettext("“Complete to %(day)s” was put back on %(on)s: %(why)s")
        if back[place]:
            said = gettext("“Complete to %(day)s” was taken back on %(on)s: %(why)s")
        found.append(said % words)
    return found

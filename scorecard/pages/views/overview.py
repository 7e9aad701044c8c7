"""The front page: one sentence, the recommendations as rows, what moved, the lines, the coverage."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from scorecard import acts, catalogue, conditional, sentences, vocabulary
from scorecard.charts import bars, lines
from scorecard.charts.canvas import Blind
from scorecard.pages import coverage, figures, frame, horizons, prose, reading
from scorecard.pages.reading import Reading
from tracker.codebook import current

MOVED_DAYS = 90


@conditional.page
def overview(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    query = read.clock.query()
    headline = read.headline()
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
        "headline": headline,
        "beside": bool(current().beside),
        "axis": figures.drawn(bars.axis()),
        "rows": [_row(read, slug, query) for slug in read.slugs],
        "actors_address": reverse("pages:actors") + query,
        "key": frame.key(),
        "agreement": read.agreement.notes(read.slugs),
        "multiples": _multiples(read, query),
        "quarters": _quarters(read),
        "overall": _overall(read),
        "coverage": coverage.facts(read),
        "run_out": figures.listed(map(read.act, read.run_out()), query),
        "downloads": frame.downloads("all", query),
        "citation": citation,
        "embed": frame.embed_code("all"),
    } | _moved(read, query)
    return render(request, "pages/overview.html", context)


def _row(read: Reading, slug: str, query: str) -> dict[str, Any]:
    name, report = read.name(slug), read.report["recommendations"][slug]
    row = figures.balance(name, report["balance"]) | figures.shares(report["balance"])
    row |= figures.pulse(report["pulse"])
    run = read.run(slug)
    since = read.since(slug)
    alternative = sentences.series_alternative(name, run.first, run.last, run.score)
    return row | {
        "slug": slug,
        "number": current()[slug].number,
        "short": vocabulary.short_name(slug),
        "glance": figures.glance(name, report["balance"]),
        "last": _last(read, slug),
        "doubt": read.doubt(slug),
        "href": reverse("pages:recommendation", args=[slug]) + query,
        "since": gettext("since %(day)s") % {"day": sentences.month(since)} if since else "",
        "spark": figures.drawn(lines.sparkline(run, alternative, coded_to=read.coded_to)),
        "actors": [_actor(read, slug, actor) for actor in current().beside],
    }


def _actor(read: Reading, slug: str, actor: str) -> dict[str, Any]:
    name = vocabulary.short_actor(actor)
    return figures.balance(name, read.by_actor(actor, slug), width=120, height=16)


def _last(read: Reading, slug: str) -> str:
    """When the newest act on record that touches a recommendation was."""
    for record in reversed(read.counted):
        if any(item["rec"] == slug for item in record["assessments"]):
            return gettext("last act %(day)s") % {"day": acts.when(record)}
    return ""


def _multiples(read: Reading, query: str) -> list[dict[str, Any]]:
    gaps = horizons.blind(read)
    return [_multiple(read, slug, query, gaps) for slug in read.slugs]


def _multiple(read: Reading, slug: str, query: str, gaps: Sequence[Blind]) -> dict[str, Any]:
    run, name = read.run(slug), read.name(slug)
    title = sentences.series_alternative(name, run.first, run.last, run.score)
    chart = lines.multiple(
        run, title, f"m-{slug}", sentences.tick, coded_to=read.coded_to, blind=gaps, until=read.clock.as_of
    )
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
    return figures.balance(name, overall | {"label": label}) | {"sentence": sentence}


def _moved(read: Reading, query: str) -> dict[str, Any]:
    """The acts of the 90 days before with the largest effects; where there is none, the last ones coded."""
    start = read.read_on - datetime.timedelta(days=MOVED_DAYS)
    effects = read.effects()
    recent = [record for record in read.counted if read.start(record) > start]
    recent.sort(key=lambda record: -sum(abs(value) for value in effects.get(record["id"], {}).values()))
    deck = _moved_deck(read, len(recent))
    title = _moved_title(read, bool(recent))
    if not recent:
        recent = sorted(read.counted, key=lambda record: (read.start(record), record["id"]), reverse=True)
    shown = figures.listed(map(read.act, recent[:6]), query)
    return {"moved_title": title, "moved_deck": deck, "acts": shown}


def _moved_title(read: Reading, any_act: bool) -> str:
    words = {"days": MOVED_DAYS}
    if read.stopped:
        words |= {"day": sentences.day(read.stopped)}
        if any_act:
            return gettext("What moved the scores in the %(days)d days to %(day)s") % words
        return gettext("No act in the %(days)d days to %(day)s; the latest on record") % words
    if any_act:
        return gettext("What moved the scores in the last %(days)d days") % words
    return gettext("No act in the last %(days)d days; the latest on record") % words


def _moved_deck(read: Reading, count: int) -> str:
    moving = [
        f"{vocabulary.short_name(slug)} {sentences.signed(change['to'] - change['from'])}"
        for slug in read.slugs
        if abs(
            (change := read.report["recommendations"][slug]["change"][str(MOVED_DAYS)])["to"] - change["from"]
        )
        >= 1
    ]
    counted = ngettext("%(count)d act.", "%(count)d acts.", count) % {"count": count}
    if not moving:
        return counted + gettext(" No score moved by a point or more.")
    if count:
        return counted + gettext(" The scores moved: %(moves)s.") % {"moves": sentences.enumerated(moving)}
    return counted + gettext(" What moved is fading alone: %(moves)s.") % {
        "moves": sentences.enumerated(moving)
    }


def _dataset(read: Reading) -> dict[str, Any]:
    """The whole set as search engines read it, in the reader's language where there is a choice."""
    described = catalogue.schema_org()
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
        "temporalCoverage": f"{current().start.isoformat()}/{read.clock.as_of.isoformat()}",
        "distribution": [*series, *figures],
    }

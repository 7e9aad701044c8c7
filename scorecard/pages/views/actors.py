"""Actors: the two compared side by side, every actor in one table, and a page for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from scorecard import conditional, querystring, sentences, vocabulary
from scorecard.charts import pictures
from scorecard.charts.drawing import direction
from scorecard.method.readings import Measure, word
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.reading import Reading
from tracker.codebook import current

DIRECTED = ("advancing", "undermined", "leaning advancing", "leaning undermined")


@conditional.page
def actors(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    query = read.clock.query()
    pair = current().compared or ()
    headline, description = _words(read, pair)
    page = frame.Page(
        key="actors",
        title=headline,
        description=description,
        current="actors",
        card=reverse("pages:card", args=["actors"]),
        feeds=tuple((vocabulary.actor(actor), frame.stem("actors", actor)) for actor in pair),
    )
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline,
        "axis": figures.drawn(pictures.axis()),
        "names": [vocabulary.actor(actor) for actor in pair],
        "beside": _beside(pair) if pair else "",
        "difference": _less(pair) if pair else "",
        "short_names": [vocabulary.short_name(slug) for slug in read.slugs],
        "rows": [_pair(read, slug, pair, query) for slug in read.slugs] if pair else [],
        "table": [_line(read, actor, query) for actor in current().actor_slugs],
    }
    return render(request, "pages/actors.html", context)


def _words(read: Reading, pair: Sequence[str]) -> tuple[str, str]:
    """Headline and description: of the two compared, or of all actors where no two are."""
    others = {"count": prose.count(len(current().actors) - len(pair))}
    if not pair:
        return (
            gettext("The acts of each actor, measured alike"),
            gettext("The same measure on the acts of each of %(count)s actors.") % others,
        )
    names = {"names": sentences.listed([vocabulary.actor(actor) for actor in pair])}
    labels = {actor: {slug: word(_balance(read, actor, slug)) for slug in read.slugs} for actor in pair}
    described = gettext("The acts of %(names)s, and of %(count)s other actors, side by side.")
    return sentences.pair_headline(labels, read.stopped), described % (names | others)


def _beside(pair: Sequence[str]) -> str:
    first, second = map(vocabulary.actor, pair)
    return gettext("%(first)s and %(second)s, side by side") % {"first": first, "second": second}


def _less(pair: Sequence[str]) -> str:
    """What the last column holds: the second actor's score less the first one's."""
    first, second = map(vocabulary.short_actor, pair)
    return gettext("%(second)s less %(first)s") % {"first": first, "second": second}


def _balance(read: Reading, actor: str, slug: str) -> Measure:
    return read.by_actor(actor, slug)


def _pair(read: Reading, slug: str, pair: Sequence[str], query: str) -> dict[str, Any]:
    cells = [
        figures.balance(vocabulary.actor(actor), _balance(read, actor, slug), height=24) for actor in pair
    ]
    first, second = (_balance(read, actor, slug)["score"] for actor in pair)
    return {
        "href": reverse("pages:recommendation", args=[slug]) + query,
        "name": read.name(slug),
        "cells": cells,
        "difference": sentences.signed(second - first),
    }


def _line(read: Reading, actor: str, query: str) -> dict[str, Any]:
    balances = [_balance(read, actor, slug) for slug in read.slugs]
    return {
        "href": reverse("pages:actor", args=[actor]) + query,
        "name": vocabulary.actor(actor),
        "acts": sum(actor in record["actors"] for record in read.counted),
        "values": [
            {
                "name": vocabulary.short_name(slug),
                "text": sentences.signed(balance["score"]),
                "look": direction(balance["score"]) if balance["label"] in DIRECTED else "even",
            }
            for slug, balance in zip(read.slugs, balances, strict=True)
        ],
    }


@conditional.page
def actor(request: HttpRequest, actor: str) -> HttpResponse:
    if actor not in current().actor_slugs:
        raise Http404
    read = reading.open_(request)
    query, name = read.clock.query(), vocabulary.actor(actor)
    labels = [word(_balance(read, actor, slug)) for slug in read.slugs]
    headline = gettext("%(name)s: %(stand)s") % {
        "name": name,
        "stand": sentences.headline(labels, read.stopped),
    }
    page = frame.Page(
        key=f"actor-{actor}",
        title=headline,
        description=gettext("The %(count)s recommendations measured on the acts of one actor: %(name)s.")
        % {"name": name, "count": prose.count(len(read.slugs))},
        current="actors",
        card=reverse("pages:card", args=[f"actor-{actor}"]),
        feeds=((name, frame.stem("actors", actor)),),
        followed=[("actors", actor)],
    )
    _cited, citation = frame.citation(page, read.clock, request.path)
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline,
        "up": {"href": reverse("pages:actors") + query, "name": gettext("Actors")},
        "deck": gettext(
            "The same measure on the acts that name this actor alone. A joint act counts in full for each "
            "party."
        ),
        "axis": figures.drawn(pictures.axis()),
        "rows": [_row(read, actor, slug, query) for slug in read.slugs],
        "citation": citation,
    } | _events(request, read, actor, query)
    return render(request, "pages/actor.html", context)


def _row(read: Reading, actor: str, slug: str, query: str) -> dict[str, Any]:
    balance, name = _balance(read, actor, slug), read.name(slug)
    run = read.run(slug, actor)
    alternative = sentences.series_alternative(name, run.first, run.last, run.score)
    return (
        figures.balance(name, balance)
        | figures.shares(balance)
        | {
            "href": reverse("pages:recommendation", args=[slug]) + query,
            "spark": figures.drawn(pictures.sparkline(run, alternative, coded_to=read.coded_to)),
            "n": balance["n"],
        }
    )


def _events(request: HttpRequest, read: Reading, actor: str, query: str) -> dict[str, Any]:
    chosen, error = querystring.asked(request.GET)
    found = [record for record in read.found(chosen.search) if actor in record["actors"]]
    return {
        "events_title": gettext("Its acts, newest first"),
        "filters": querystring.filter_form(
            chosen, request.path + "#events", read.clock.pairs(), len(found), error
        ),
        "events": figures.listed(map(read.act, querystring.cut(found, chosen)), query),
        "pager": querystring.page_links(chosen, len(found), request.path, read.clock.query),
    }

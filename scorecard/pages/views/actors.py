"""Actors and what is asked of them: the two compared side by side, every actor in one table, a page for each; and how
far each ask has got with whom.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from scorecard import conditional, footing, querystring, sentences, vocabulary
from scorecard.charts import direction, pictures
from scorecard.method import weighing
from scorecard.method.delivery import acts_behind
from scorecard.method.parameters import method_of
from scorecard.method.readings import AskReading, Measure, whole, word
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


@conditional.page
def asks(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    found = ask_rows(read, read.slugs)
    title = _asks_title(read, [ask for row in found for ask in row["asks"]])
    page = frame.Page(
        key="asks",
        title=title,
        description=gettext("How far each party went on each ask, with the act that reached the step."),
        current="asks",
        card=reverse("pages:card", args=["overview"]),
    )
    _cited, citation = frame.citation(page, read.clock, request.path)
    steps = [
        (str(vocabulary.STRENGTHS[step]), f"{100 * weight:g}")
        for step, weight in enumerate(method_of(read.clock.method).parameters.weight, start=1)
    ]
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "steps": steps,
        "parties": [vocabulary.actor(actor) for actor in current().compared or ()],
        "rows": found,
        "citation": citation,
    }
    return render(request, "pages/asks.html", context)


def _asks_title(read: Reading, asks: Sequence[Mapping[str, Any]]) -> str:
    """How many asks are in place, part of the way, at zero and without an act."""
    values = [ask["figure"] for ask in asks]
    rated = [value for value in values if value is not None]
    counts = (
        (sum(value >= 80 for value in rated), gettext("%(count)s in place")),
        (sum(0 < value < 80 for value in rated), gettext("%(count)s part of the way")),
        (sum(value == 0 for value in rated), gettext("%(count)s at zero")),
        (len(values) - len(rated), gettext("%(count)s without an act")),
    )
    parts = [words % {"count": vocabulary.count_word(count)} for count, words in counts if count]
    told = {"of": len(values), "parts": sentences.listed(parts), "day": sentences.day(read.read_on)}
    if read.stopped:
        return gettext("On %(day)s, the last coded day, of the %(of)d asks: %(parts)s") % told
    return gettext("Of the %(of)d asks: %(parts)s") % told


def ask_rows(read: Reading, slugs: Sequence[str]) -> list[dict[str, Any]]:
    """The asks of each recommendation, with how far each party went."""
    known = None if read.clock.known_at is None else read.clock.known_at.toordinal()
    book = weighing.ledger(footing.log(), known, method_of(read.clock.method).parameters)
    behind = acts_behind(book, read.read_on.toordinal(), book.seen_by(None))
    query, found = read.clock.query(), []
    for slug in slugs:
        delivery = whole(read.report["recommendations"][slug])
        asks = [_ask(read, slug, ask, behind.get((slug, ask["ask"]), []), query) for ask in delivery["asks"]]
        value = "" if delivery["value"] is None else f"{round(delivery['value'])}"
        found.append(
            {
                "name": read.name(slug),
                "href": reverse("pages:recommendation", args=[slug]) + query,
                "value": value,
                "label": vocabulary.delivery(delivery["label"]),
                "asks": asks,
            }
        )
    return found


def _ask(
    read: Reading, slug: str, ask: AskReading, behind: Sequence[Mapping[str, Any]], query: str
) -> dict[str, Any]:
    compared = current().compared or ()
    others = [actor for actor in ask["actors"] if actor not in compared]
    # The farthest of the others, or none who has done anything.
    farthest = max(
        others, key=lambda actor: (ask["actors"][actor]["rung"], ask["actors"][actor]["value"]), default=None
    )
    name, description = read.ask(slug, ask["ask"])
    columns = [
        _party(read, ask, actor, behind, query) | {"head": vocabulary.actor(actor)} for actor in compared
    ]
    head = {"head": gettext("Farthest of the others")}
    columns.append(_party(read, ask, farthest, behind, query, named=True) | head)
    return {
        "name": name,
        "description": description,
        "mode": vocabulary.MODES[ask["mode"]],
        "figure": ask["value"] if ask["rated"] else None,
        "value": "–" if ask["value"] is None or not ask["rated"] else f"{round(ask['value'])}",
        "by_hand": bool(ask["by_hand"]),
        "parties": columns,
    }


def _party(
    read: Reading,
    ask: AskReading,
    actor: str | None,
    behind: Sequence[Mapping[str, Any]],
    query: str,
    named: bool = False,
) -> dict[str, Any]:
    """How far a party has come with an ask, the act that reached the step, and the heaviest act against where the
    acts against weigh as much or more. Without an entry the ask is not asked of that party."""
    entry = ask["actors"].get(actor) if actor else None
    if entry is None or (named and not entry["rung"] and not entry["down"]):
        return {"asked": False}
    mine = [act for act in behind if actor in act["actors"]]
    reached = max(
        (act for act in mine if act["direction"] == 1 and act["strength"] == entry["rung"]),
        key=lambda act: (act["up"], act["id"]),
        default=None,
    )
    against = max(
        (act for act in mine if act["down"]), key=lambda act: (act["down"], act["id"]), default=None
    )
    title = gettext("step reached: %(rung)s") % {"rung": vocabulary.rung(entry["rung"])}
    return {
        "asked": True,
        "name": vocabulary.short_actor(actor) if named and actor else "",
        "rung": vocabulary.rung(entry["rung"]),
        "steps": figures.drawn(pictures.steps(entry["rung"], title, opposed=entry["opposed"])),
        "reached": _link(read, reached, query),
        "against": _link(read, against, query) if entry["opposed"] else None,
    }


def _link(read: Reading, act: Mapping[str, Any] | None, query: str) -> dict[str, Any] | None:
    record = read.record(act["id"]) if act else None
    if record is None:
        return None
    told = read.act(record)
    return {"act": told, "href": told.address + query, "year": told.date[:4]}


def settings_of_ask(slug: str, ask: str, known_at: datetime.date | None, shown: bool) -> list[str]:
    """How an ask was set by hand and what became of that, one sentence for each time; empty where the setting that is
    `shown` beside it is all there is."""
    found: list[str] = []
    back: dict[int | None, bool] = {}  # whether a line takes back, or puts back
    for place, line in enumerate(footing.asked(known_at), start=1):
        turned = line.get("withdraws")
        back[place] = bool(turned) and not back[turned]
        if (line["rec"], line["ask"]) == (slug, ask):
            found.append(_turned(line, back[place]) if turned else _set(line))
    return [] if shown and len(found) == 1 else found


def _set(line: Mapping[str, Any]) -> str:
    words = _parts(line) | {"rung": vocabulary.rung(line["rung"]), "from": _day(line["from"])}
    if not line["to"]:
        return gettext("Set by hand to “%(rung)s” from %(from)s on; %(who)s on %(day)s: %(why)s") % words
    words["to"] = _day(line["to"])
    return (
        gettext("Set by hand to “%(rung)s” from %(from)s until before %(to)s; %(who)s on %(day)s: %(why)s")
        % words
    )


def _turned(line: Mapping[str, Any], back: bool) -> str:
    if back:
        return gettext("Taken back; %(who)s on %(day)s: %(why)s") % _parts(line)
    return gettext("Put back; %(who)s on %(day)s: %(why)s") % _parts(line)


def _parts(line: Mapping[str, Any]) -> dict[str, str]:
    return {"who": line["name"], "day": _day(line["recorded_at"]), "why": line["reason"]}


def _day(iso: str) -> str:
    return sentences.day(datetime.date.fromisoformat(iso))

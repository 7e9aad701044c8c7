"""A recommendation: its readings, line, largest acts, change, actors, asks, what-ifs and all its events; and the brief,
what is found of all recommendations or of one on a page to carry away.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from scorecard import conditional, querystring, reliability, sentences, vocabulary
from scorecard.charts import lines, pictures
from scorecard.charts.lines import WIDE
from scorecard.method.readings import ActorReading, AskReading, Change, Delivery, Readings, whole
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.reading import Reading
from scorecard.pages.views import actors, overview, timeline
from tracker.codebook import current

LARGEST = 5
CHANGES = ("30", "90", "365")
ACTS = 4  # on either side, on the brief of one


@conditional.page
def recommendation(request: HttpRequest, slug: str) -> HttpResponse:
    read = reading.open_(request)
    if slug not in read.slugs:
        raise Http404
    query, report = read.clock.query(), read.report["recommendations"][slug]
    name, since = read.name(slug), read.since(slug)
    headline = read.finding(slug)
    page = frame.Page(
        key=slug,
        title=headline,
        description=read.text(slug, "summary"),
        current="overview",
        card=reverse("pages:card", args=[slug]),
        feeds=((vocabulary.short_name(slug), frame.stem("recommendations", slug)),),
        followed=[("recommendations", slug)],
    )
    _cited, citation = frame.citation(page, read.clock, request.path)
    pins = pinned(read, slug)
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline,
        "kicker": gettext("Recommendation %(number)d of %(count)d")
        % {"number": current()[slug].number, "count": len(current())},
        "source": prose.source(),
        "recommendation": {"name": name}
        | {part: read.text(slug, part) for part in ("summary", "advances", "undermines")},
        "since": gettext("since %(day)s") % {"day": sentences.day(since)} if since else "",
        "chart": chart(read, slug, pins, query),
        "largest": _largest(read, slug, pins, query),
        "actors": [_actor(read, slug, actor, query) for actor in current().beside],
        "moved": sentences.moved(report["change"]["90"], 90, read.stopped),
        "changes": [_change(period, report["change"][period]) for period in CHANGES],
        "next_law": sentences.next_law(
            report["balance"],
            read.report["parameters"]["weight"][3],
            read.report["parameters"]["k"],
            read.stopped,
        ),
        "run_out": _run_out(read, slug, query),
        "largest_title": _largest_title(read),
        "citation": citation,
        "embed": frame.embed_code(slug),
    }
    context |= _readings(read, slug, report) | _delivery(read, slug, whole(report))
    context |= _robust(read, slug) | _events(request, read, slug, query)
    return render(request, "pages/recommendation.html", context)


@conditional.page
def short(request: HttpRequest, name: str) -> HttpResponse:
    """`/r/3`, `/r/SLUG`: the short addresses of a recommendation."""
    response = redirect("pages:recommendation", slug=slug_of(name), permanent=True)
    if request.META["QUERY_STRING"]:
        response["Location"] += "?" + request.META["QUERY_STRING"]
    return response


def slug_of(name: str) -> str:
    """A recommendation's slug from its slug or its number; 404 where there is none."""
    book = current()
    if name in book:
        return name
    try:
        return book.numbered(int(name)).slug
    except (ValueError, LookupError):
        raise Http404 from None


def strongest(read: Reading, slug: str, sign: int) -> list[str]:
    """The ids of the acts that weigh most today on one side, the heaviest first."""
    effects = {event_id: points * sign for event_id, points in read.effects_on(slug).items()}
    ranked = sorted(effects, key=lambda event_id: (-effects[event_id], event_id))
    return [event_id for event_id in ranked[:LARGEST] if round(effects[event_id], 1) > 0]


def pinned(read: Reading, slug: str) -> dict[str, int]:
    """The acts behind the largest moves of the line: event id -> number on the chart."""
    return {note.act.id: note.number for note in figures.numbered_moves(read, slug)}


def chart(read: Reading, slug: str, pins: Mapping[str, int], query: str) -> dict[str, Any]:
    run, name = read.run(slug), read.name(slug)
    title = sentences.series_alternative(name, run.first, run.last, run.score)
    words = figures.chart_words(title, run)
    marks = chart_acts(read, slug, pins, query)
    # A phone shows no tooltip, and the list below has every link: the narrow chart carries neither.
    bare = [dataclasses.replace(mark, title="", href="") for mark in marks]
    shared: dict[str, Any] = {
        "coded_to": read.coded_to,
        "blind": figures.blind(read),
        "turns": figures.turns(read),
        "ghosts": figures.ghosts(read, slug),
    }
    return {
        "title": sentences.chart_title(slug, run.score, run.first),
        "subtitle": gettext(
            "Balance from −100 to +100 with its 80 %% band. Zero: as it stood on %(day)s. Below: the acts, up in "
            "favour, down against, by kind of act."
        )
        % {"day": prose.started()},
        "source": read.source_line(),
        "note": figures.settled(read, slug),
        "moves": [
            {"number": note.number, "words": note.words(), "act": note.act, "href": note.act.address + query}
            for note in figures.numbered_moves(read, slug)
        ],
        "wide": figures.drawn(
            lines.series(run, marks, words, sentences.tick, **shared).svg(title, links=True)
        ),
        "narrow": figures.drawn(
            lines.series(run, bare, words, sentences.tick, frame=lines.NARROW, name="narrow", **shared).svg(
                title
            )
        ),
        "figures": reverse("pages:take", args=[slug, "json"]) + query,
        "left": WIDE.left,
        "inside": WIDE.width - WIDE.left - WIDE.right,
        "top": WIDE.top,
        "tall": WIDE.plot + WIDE.rug + 22,
        "words": gettext("{day}: {score} ({low} to {high}). Click to read the page as of this day."),
        "downloads": frame.downloads(slug, query),
        "table": figures.table(run),
    }


def chart_acts(read: Reading, slug: str, pins: Mapping[str, int], query: str) -> list[lines.Act]:
    found = []
    for record in read.counted:
        for item in record["assessments"]:
            if item["rec"] == slug:
                act = read.act(record)
                tip = " · ".join((act.headline, *(code.words for code in act.about(slug))))
                found.append(
                    lines.Act(
                        read.start(record),
                        item["direction"],
                        item["strength"],
                        tip,
                        act.address + query,
                        pins.get(record["id"]),
                        act.title if record["id"] in pins else "",
                    )
                )
    return found


def _readings(read: Reading, slug: str, report: Readings) -> dict[str, Any]:
    balance = report["balance"]
    rests = ngettext("rests on %(count)d act", "rests on %(count)d acts", balance["n"]) % {
        "count": balance["n"]
    }
    if balance["fragile"]:
        rests += gettext("; the label would change without one of them")
    else:
        rests += gettext("; no single act decides the label")
    return {
        "balance": figures.balance(read.name(slug), balance),
        "shares": figures.shares(balance),
        "pulse": figures.pulse(report["pulse"]),
        "rests_on": rests,
        "agreement": read.agreement.note(slug),
        "doubt": read.doubt(slug),
        "sign": reliability.same_sign(read.spread, slug),
    }


def _largest(read: Reading, slug: str, pins: Mapping[str, int], query: str) -> list[dict[str, Any]]:
    """The heaviest acts against and for, side by side."""
    # Not inside the braces of an f-string, where words to translate are not found.
    against, favour = gettext("Against"), gettext("In favour")
    sides = ((-1, "down", f"▼ {against}"), (1, "up", f"▲ {favour}"))
    by_id = {record["id"]: record for record in read.records}
    return [
        {
            "name": name,
            "look": look,
            "acts": figures.listed(
                [read.act(by_id[event_id]) for event_id in strongest(read, slug, sign)],
                query,
                recommendation=slug,
                pins=pins,
            ),
        }
        for sign, look, name in sides
    ]


def _largest_title(read: Reading) -> str:
    if read.stopped:
        return gettext("The acts that weighed most on %(day)s") % {"day": sentences.day(read.stopped)}
    return gettext("The acts that weigh most today")


def _run_out(read: Reading, slug: str, query: str) -> list[dict[str, Any]]:
    """The acts for or against it that have run out by their own terms since the last coded day, each with that day."""
    found = [
        record for record in read.run_out() if any(item["rec"] == slug for item in record["assessments"])
    ]
    days = [sentences.day(datetime.date.fromisoformat(record["until"])) for record in found]
    rows = figures.listed(map(read.act, found), query, recommendation=slug)
    return [row | {"day": day} for row, day in zip(rows, days, strict=True)]


def _actor(read: Reading, slug: str, actor: str, query: str) -> dict[str, Any]:
    balance = read.by_actor(actor, slug)
    return figures.balance(vocabulary.actor(actor), balance) | {
        "href": reverse("pages:actor", args=[actor]) + query
    }


def _change(period: str, change: Change) -> dict[str, str]:
    return {
        "period": gettext("%(days)s days") % {"days": period},
        "from": sentences.signed(change["from"]),
        "to": sentences.signed(change["to"]),
        "new": sentences.tenths(change["new"]),
        "ended": sentences.tenths(change["ended"]),
        "faded": sentences.tenths(change["faded"]),
        "acts": figures.one_decimal(change["acts"]),
        "word": sentences.change_word(change),
    }


def _delivery(read: Reading, slug: str, delivery: Delivery) -> dict[str, Any]:
    value = "–" if delivery["value"] is None else f"{round(delivery['value'])} / 100"
    note = gettext("%(rated)d of %(of)d asks rated") % {"rated": delivery["rated"], "of": delivery["of"]}
    return {
        "delivery": {"value": value, "label": vocabulary.delivery(delivery["label"]), "note": note},
        "asks": [_ask(read, slug, ask) for ask in delivery["asks"]],
    }


def _ask(read: Reading, slug: str, ask: AskReading) -> dict[str, Any]:
    name, description = read.ask(slug, ask["ask"])
    rated = ask["rated"]
    value, rung = gettext("not yet rated"), gettext("no act tagged so far")
    if rated and ask["value"] is not None and ask["rung"] is not None:
        value = gettext("%(value)s of 100") % {"value": figures.one_decimal(ask["value"])}
        rung = vocabulary.rung(ask["rung"])
    title = gettext("%(name)s: %(value)s, step reached: %(rung)s") % {
        "name": name,
        "value": value,
        "rung": rung,
    }
    opposed = rated and all(
        entry["opposed"] for entry in ask["actors"].values() if entry["rung"] or entry["down"]
    )
    return {
        "name": name,
        "description": description,
        "value": value,
        "rung": rung,
        "mode": vocabulary.MODES[ask["mode"]],
        "actors": [
            _ask_of(actor, entry) for actor, entry in ask["actors"].items() if entry["up"] or entry["down"]
        ],
        "by_hand": _by_hand(ask),
        "history": actors.settings_of_ask(slug, ask["ask"], read.clock.known_at, bool(ask["by_hand"])),
        "ladder": figures.drawn(pictures.ladder(ask["rung"] or 0, title, opposed=opposed, rated=rated)),
    }


def _ask_of(actor: str, entry: ActorReading) -> dict[str, Any]:
    """How far one actor has come with an ask, and whether its acts against weigh as much."""
    return {
        "name": vocabulary.actor(actor),
        "value": figures.one_decimal(entry["value"]),
        "rung": vocabulary.rung(entry["rung"]),
        "opposed": entry["opposed"],
    }


def _by_hand(ask: AskReading) -> str:
    """An ask set by an analyst says so, with the reason and what the rule would give."""
    if not ask["by_hand"]:
        return ""
    rule = ask["rule"]["value"]
    words = {
        "reason": ask["by_hand"]["reason"],
        "rule": gettext("not rated") if rule is None else figures.one_decimal(rule),
    }
    return gettext("Set by hand: %(reason)s (by the rule: %(rule)s)") % words


def _robust(read: Reading, slug: str) -> dict[str, Any]:
    return {
        "robust": reliability.robustness(read.spread, slug),
        "what_ifs": reliability.what_ifs(read.spread, slug),
    }


def _events(request: HttpRequest, read: Reading, slug: str, query: str) -> dict[str, Any]:
    chosen, error = querystring.asked(request.GET, only=slug)
    found = read.found(chosen.search)
    name = vocabulary.short_name(slug)
    return {
        "events_title": gettext("All acts that touch “%(name)s”") % {"name": name},
        "filters": querystring.filter_form(
            chosen, request.path + "#events", read.clock.pairs(), len(found), error
        ),
        "events": figures.listed(map(read.act, querystring.cut(found, chosen)), query, recommendation=slug),
        "pager": querystring.page_links(chosen, len(found), request.path, read.clock.query),
        "language": get_language(),
        # Whoever filters or turns pages is at the list.
        "events_open": any(name not in ("as_of", "known_at", "method", "rev") for name in request.GET),
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
    found = timeline.moves_between(read, timeline.start_of(read.read_on, timeline.DEFAULT), read.read_on)
    listed = overview.rows(read, query)
    ends = [term for term in read.upcoming.terms if not slug or _about(term.act, slug)]
    context: dict[str, Any] = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline,
        "notice": read.notice(),
        "lede": prose.page("lede"),
        "kicker": gettext("Brief of %(day)s · method %(version)s")
        % {"day": sentences.day(read.clock.today), "version": read.method},
        "rows": [row for row in listed if not slug or row["slug"] == slug],
        "axis": figures.drawn(pictures.axis()),
        "span": found.span(timeline.DEFAULT),
        "moves": [
            move
            for move in timeline.told(read, found, query, most=1)
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
    asks = actors.ask_rows(read, (slug,))[0]["asks"]
    return {
        "one": True,
        "name": read.name(slug),
        "summary": read.text(slug, "summary"),
        "sides": sides,
        "asks": asks,
    }


def _points(record: Any, slug: str) -> int | None:
    return next((item["direction"] for item in record["assessments"] if item["rec"] == slug), None)

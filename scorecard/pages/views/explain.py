"""The pages that explain: method, data, about, changes.

The versions of the method side by side: what each is, and what the change from one did to every score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from scorecard import conditional, querystring, reliability, sentences, standings, vocabulary
from scorecard.history import Known
from scorecard.method import parameters
from scorecard.method.readings import Report
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.reading import Reading
from tracker import record
from tracker.codebook import current


def parameter_rows() -> list[dict[str, str]]:
    """Every parameter of the method with its value and the reason for it."""
    return [
        {
            "name": str(vocabulary.NAMES[item["name"]]),
            "value": _value(item["value"]),
            "reason": str(vocabulary.REASONS[item["name"]]),
        }
        for item in parameters.describe()["parameters"]
    ]


def _value(value: Any) -> str:
    """One number or several, without needless decimals; a rule is on or off."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    several = value if isinstance(value, list) else [value]
    return " · ".join(f"{number:g}" for number in several)


def sliders() -> list[dict[str, str]]:
    """The reader's own weights: name in the address, words, bounds, step and the official value."""
    official = parameters.method_of(None).parameters
    bounds = (
        ("contrast", gettext("Strong acts against weak ones (0: every kind weighs 1)"), 0, 2, 0.05, 1),
        ("fading", gettext("Half-lives, times"), 0.25, 4, 0.05, 1),
        ("k", gettext("k, what we do not know, in full acts"), 0.5, 8, 0.1, official.k),
        ("cap", gettext("Cap on talk, in full acts"), 0, 5, 0.1, official.talk_cap),
        ("reported", gettext("Weight of reported acts"), 0, 1, 0.05, 0.75),
        ("rumoured", gettext("Weight of rumoured acts"), 0, 1, 0.05, 0.25),
        ("netting", gettext("Reversals netted (1) or credited in full (0)"), 0, 1, 0.05, 1),
    )
    return [
        {
            "name": name,
            "words": words,
            "low": f"{low:g}",
            "high": f"{high:g}",
            "step": f"{step:g}",
            "value": f"{value:g}",
        }
        for name, words, low, high, step, value in bounds
    ]


def columns() -> list[tuple[str, str]]:
    """The data dictionary of the files, in the order of their columns."""
    return [
        ("recommendation", gettext("slug of the recommendation")),
        ("date", gettext("calendar day, UTC, end of day (YYYY-MM-DD)")),
        (
            "score",
            gettext("balance, −100 to +100; 0 is where the recommendation stood on %(day)s")
            % {"day": prose.started()},
        ),
        ("low", gettext("lower end of the 80 % band")),
        ("high", gettext("upper end of the 80 % band")),
        (
            "then",
            gettext("the score as it was known on that day; a reconstruction before the record was opened"),
        ),
        (
            "coded",
            gettext(
                "1 if the day is within the coded period; 0 after it, where the score only fades (method 1.0 alone)"
            ),
        ),
        ("actor", gettext("whose acts are counted: all for those of everybody, or the slug of an actor")),
        ("reading", gettext("which reading: balance")),
        ("word", gettext("what the method calls it; empty on days after the last coded one")),
        ("method", gettext("version of the method")),
        ("vintage", gettext("the day of knowledge that the score rests on")),
    ]


def services() -> list[dict[str, str]]:
    """What else can be taken: address, name, and what it is."""
    listed = (
        (
            reverse("api:export", args=["record", "jsonl"]),
            gettext("The whole record"),
            gettext("Every version of every event in the order of the log, one line of JSON each."),
        ),
        (
            reverse("api:export", args=["events", "csv"]),
            gettext("Events as a table"),
            gettext("The present state of every event as CSV."),
        ),
        (
            reverse("api:exports"),
            gettext("All downloads"),
            gettext("Every table as JSON Lines, CSV, Parquet and Excel, with the meaning of each column."),
        ),
        (
            reverse("pages:editions"),
            gettext("Editions"),
            gettext("Frozen and signed copies of the record and its scores, for a citation that must last."),
        ),
        (
            reverse("api-docs"),
            gettext("API"),
            gettext(
                "Every figure on these pages, as JSON, for any day as known on any day; no key needed to "
                "read."
            ),
        ),
        (
            reverse("api:schema"),
            gettext("OpenAPI"),
            gettext("The description from which a client can be generated."),
        ),
        (
            reverse("keys:ask"),
            gettext("A key by mail"),
            gettext("For programs that read often; reading needs none."),
        ),
        (
            reverse("alerts:subscribe"),
            gettext("By mail"),
            gettext("Changes of meaning at once, daily or weekly; one click ends it."),
        ),
        (
            reverse("disputes:all"),
            gettext("Disputes"),
            gettext("Every code that a reader disputed, and what became of it."),
        ),
    )
    return [{"href": href, "name": name, "words": words} for href, name, words in listed]


def listed() -> list[dict[str, Any]]:
    """Every version, the newest first, with the parameters in which it departs from the current one."""
    now, days = parameters.method_of(None).parameters.as_dict(), standings.adopted()
    return [
        {
            "version": method.version,
            "adopted": sentences.day(days[method.version]),
            "summary": gettext(method.summary) if method.summary else "",
            "current": method.version == parameters.CURRENT,
            "differs": [
                f"{name} = {value}"
                for name, value in method.parameters.as_dict().items()
                if now.get(name) != value
            ],
        }
        for method in reversed(parameters.in_service())
    ]


def compared(read: Reading) -> list[dict[str, Any]]:
    """For every version but the current one: each score by it, by the current one, and the difference."""
    return [
        {"version": method.version, "rows": [_version_row(read, slug, method.version) for slug in read.slugs]}
        for method in reversed(parameters.in_service())
        if method.version != read.method
    ]


def _version_row(read: Reading, slug: str, version: str) -> dict[str, str]:
    other = standings.report(read.read_on, read.clock.known_at, version=version)
    before, now = (report["recommendations"][slug]["balance"]["score"] for report in (other, read.report))
    return {
        "name": vocabulary.short_name(slug),
        "before": sentences.signed(before),
        "now": sentences.signed(now),
        "difference": sentences.tenths(now - before),
    }


def _page(key: str, title: str, description: str) -> frame.Page:
    return frame.Page(
        key=key,
        title=title,
        description=description,
        current=key,
        card=reverse("pages:card", args=["overview"]),
    )


# The script keeps the sliders in the address.
@conditional.asked_with(
    *conditional.NAMES, "contrast", "fading", "k", "cap", "reported", "rumoured", "netting"
)
def method(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    query = read.clock.query()
    title = gettext("How the scores are made, and how far to trust them")
    page = _page(
        "method", title, gettext("The formulas in plain words, every parameter with its reason, and limits.")
    )
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "key": frame.key(),
        "parameters": parameter_rows(),
        "acts_address": reverse("pages:method_acts") + query,
        "sliders": sliders(),
        "rows": [_row(read, slug, query) for slug in read.slugs],
        "short_names": [vocabulary.short_name(slug) for slug in read.slugs],
        "draws": _draws(read.spread, read.slugs),
        "draws_deck": gettext(
            "A thousand draws in which every weight, half-life and constant moves within stated bounds, "
            "all at once. If the sign holds in nearly all of them, the direction does not rest on our "
            "choices."
        ),
        "what_ifs": _what_if_table(read.spread, read.slugs),
        "agreement": reliability.agreement_shown(read.agreement),
        "zero": prose.page("method"),
        "limits": prose.page("limits"),
        "rules": prose.rules(),
        "codebook_address": reverse("pages:codebook"),
        "versions": gettext(
            "Method %(method)s, codebook %(codebook)s. Every published figure is stamped with both. A new "
            "version will stand beside the old one, and the change it makes to each score will be shown "
            "apart."
        )
        % {"method": parameters.CURRENT, "codebook": current().version},
        "methods": listed(),
        "compared": compared(read),
    }
    return render(request, "pages/method.html", context)


def _row(read: Reading, slug: str, query: str) -> dict[str, Any]:
    balance = read.report["recommendations"][slug]["balance"]
    return {
        "slug": slug,
        "name": read.name(slug),
        "href": reverse("pages:recommendation", args=[slug]) + query,
        "score": sentences.signed(balance["score"]),
        "exact": repr(balance["score"]),
    }


@conditional.page
def method_acts(request: HttpRequest) -> HttpResponse:
    """The acts as bare numbers, for the sliders."""
    read = reading.open_(request)
    return JsonResponse(_bare_acts(read.known, read.report))


@conditional.page
def data(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    query, title = read.clock.query(), gettext("Take the data")
    page = _page(
        "data", title, gettext("Series, charts, events, editions, API, feeds and embeds, free to use.")
    )
    every = gettext("All %(count)s") % {"count": prose.count(len(read.slugs))}
    listed = [("all", every), *((slug, vocabulary.short_name(slug)) for slug in read.slugs)]
    _cited, citation = frame.citation(page, read.clock, request.path)
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "files": [{"name": name, "links": frame.downloads(key, query)} for key, name in listed],
        "dictionary": columns(),
        "services": services(),
        "embeds": frame.embeds(read.slugs[0]),
        "listener": frame.listener(),
        "feeds": [
            {
                "name": name,
                "links": [
                    {"href": f"{stem}.atom", "name": "Atom"},
                    {"href": f"{stem}.json", "name": "JSON Feed"},
                ],
            }
            for name, stem in frame.feeds()
        ],
        "citation": citation,
    }
    return render(request, "pages/data.html", context)


@conditional.page
def about(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    title = gettext("About this scorecard")
    page = _page("about", title, gettext("What it is for, who codes, corrections, contact, funding."))
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "lede": prose.page("lede"),
        "about": prose.page("about"),
        "source": prose.source(),
        "operator": prose.operator(),
        "kept": prose.kept(),
    }
    return render(request, "pages/about.html", context)


@conditional.page
def changes(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    title = gettext("What was added, recoded and retracted")
    page = frame.Page(
        key="changes",
        title=title,
        description=gettext("Every change to the record, newest first."),
        current="changes",
        card=reverse("pages:card", args=["overview"]),
        feeds=((gettext("All changes"), frame.stem("all")),),
    )
    try:
        chosen = querystring.filters_of({"page": request.GET.get("page", "1")})
    except querystring.BadFilter:
        chosen = querystring.filters_of({})
    found = read.changes()
    query = read.clock.query()
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "changes": [figures.change(change, query, read.asks) for change in querystring.cut(found, chosen)],
        "pager": querystring.page_links(chosen, len(found), request.path, read.clock.query),
    }
    return render(request, "pages/changes.html", context)


def _what_if_table(report: Report, slugs: Sequence[str]) -> list[dict[str, Any]]:
    """The named what-ifs for all recommendations."""
    return [
        {
            "name": reliability.what_if_words(item),
            "values": [
                (vocabulary.short_name(slug), sentences.signed(item["recommendations"][slug]["score"]))
                for slug in slugs
            ],
        }
        for item in report["what_ifs"]
    ]


def _draws(report: Report, slugs: Sequence[str]) -> list[dict[str, str]]:
    """Quantiles of the draws and agreement in sign, a row for each recommendation."""
    rows = []
    for slug in slugs:
        spread = report["recommendations"][slug]["balance"]["sensitivity"]
        figures = {name: sentences.signed(spread[name]) for name in ("score", "p10", "p50", "p90")}
        same = {"same": spread["same_sign"], "same_word": spread["same_word"] or 0.0}
        figures |= {name: sentences.percent(share) for name, share in same.items()}
        rows.append(figures | {"name": vocabulary.short_name(slug)})
    return rows


def _bare_acts(known: Known, report: Report) -> dict[str, Any]:
    """All acts up to the day as numbers, in the order (day, id): what the sliders work on.

    `start` and `day` are ordinals; `counts` whether the act is live on the day; `undoes` holds places in the list;
    `certainty` is a place in the codebook's list, `reach` the factor of its reach; an assessment is [place of the
    recommendation, direction, strength].
    """
    day = record.day(report["read_on"], "read_on")
    events = [event for event in known.events if event.start <= day]
    place = {event.id: number for number, event in enumerate(events)}
    reach = dict(zip(record.REACHES, report["parameters"].get("reach", (1.0, 1.0)), strict=True))
    return {
        "day": day.toordinal(),
        "recommendations": list(current().slugs),
        "parameters": report["parameters"],
        "events": [
            {
                "start": event.start.toordinal(),
                "counts": event.counts_on(day),
                "certainty": record.CERTAINTIES.index(event.record["certainty"]),
                "reach": reach[event.record.get("reach", "wide")],
                "undoes": [place[earlier] for earlier in event.undoes],
                "assessments": [
                    [current()[item["rec"]].number - 1, item["direction"], item["strength"]]
                    for item in event.record["assessments"]
                ],
            }
            for event in events
        ],
    }

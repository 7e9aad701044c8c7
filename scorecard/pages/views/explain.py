"""The pages that explain: method, data, about, changes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from scorecard import sentences, vocabulary
from scorecard.method import parameters
from scorecard.pages import acts, agreement, filters, frame, names, prose, reading, robustness, versions
from scorecard.pages.published import published
from scorecard.pages.reading import Reading
from tracker import codebook


def _page(key: str, title: str, description: str) -> frame.Page:
    return frame.Page(
        key=key,
        title=title,
        description=description,
        current=key,
        card=reverse("pages:card", args=["overview"]),
    )


@published
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
        "key": names.key(),
        "parameters": prose.parameters(),
        "acts_address": reverse("pages:method_acts") + query,
        "sliders": prose.sliders(),
        "rows": [_row(read, slug, query) for slug in read.slugs],
        "short_names": [vocabulary.short_name(slug) for slug in read.slugs],
        "draws": robustness.draws(read.spread, read.slugs),
        "draws_deck": gettext(
            "A thousand draws in which every weight, half-life and constant moves within stated bounds, "
            "all at once. If the sign holds in nearly all of them, the direction does not rest on our "
            "choices."
        ),
        "what_ifs": robustness.what_if_table(read.spread, read.slugs),
        "agreement": agreement.shown(read.agreement),
        "limits": prose.limits(),
        "versions": gettext(
            "Method %(method)s, codebook %(codebook)s. Every published figure is stamped with both. A new "
            "version will stand beside the old one, and the change it makes to each score will be shown "
            "apart."
        )
        % {"method": parameters.CURRENT, "codebook": codebook.VERSION},
        "methods": versions.listed(),
        "compared": versions.compared(read),
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


@published
def method_acts(request: HttpRequest) -> HttpResponse:
    """The acts as bare numbers, for the sliders."""
    read = reading.open_(request)
    return JsonResponse(robustness.bare_acts(read.known, read.report))


@published
def data(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    query, title = read.clock.query(), gettext("Take the data")
    page = _page(
        "data", title, gettext("Series, charts, events, editions, API, feeds and embeds, free to use.")
    )
    listed = [("all", gettext("All seven")), *((slug, vocabulary.short_name(slug)) for slug in read.slugs)]
    _cited, citation = frame.citation(page, read.clock, request.path)
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "files": [{"name": name, "links": names.downloads(key, query)} for key, name in listed],
        "dictionary": prose.columns(),
        "services": prose.services(),
        "embeds": names.embeds("trust"),
        "feeds": [
            {
                "name": name,
                "links": [
                    {"href": f"{stem}.atom", "name": "Atom"},
                    {"href": f"{stem}.json", "name": "JSON Feed"},
                ],
            }
            for name, stem in names.feeds()
        ],
        "citation": citation,
    }
    return render(request, "pages/data.html", context)


@published
def about(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    title = gettext("About this scorecard")
    page = _page("about", title, gettext("What it is for, who codes, corrections, contact, funding."))
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "lede": prose.lede(),
        "sections": prose.about(),
        "oped": frame.OPED,
    }
    return render(request, "pages/about.html", context)


@published
def changes(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    title = gettext("What was added, recoded and retracted")
    page = frame.Page(
        key="changes",
        title=title,
        description=gettext("Every change to the record, newest first."),
        current="changes",
        card=reverse("pages:card", args=["overview"]),
        feeds=((gettext("All changes"), names.stem("all")),),
    )
    try:
        chosen = filters.read({"page": request.GET.get("page", "1")})
    except filters.BadFilter:
        chosen = filters.read({})
    found = read.changes()
    query = read.clock.query()
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "changes": [acts.change(change, query) for change in filters.cut(found, chosen)],
        "pager": filters.pages(chosen, len(found), request.path, read.clock.query),
    }
    return render(request, "pages/changes.html", context)

"""The public codebook: how a news item becomes evidence. Everything on the page comes from the instance's folder."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from scorecard import conditional, vocabulary
from scorecard.pages import frame, prose, reading
from tracker.codebook import current
from tracker.codebook.schema import Term
from tracker.wording import words_of


@conditional.page
def codebook(request: HttpRequest) -> HttpResponse:
    read, book = reading.open_(request), current()
    title = gettext("The codebook: how a news item becomes evidence")
    page = frame.Page(
        key="codebook",
        title=title,
        description=gettext(
            "Every rule and hard case by which events are coded, each with a permanent address."
        ),
        current="method",
        card=reverse("pages:card", args=["overview"]),
    )
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "version": gettext(
            "Version %(version)s. Every assessment is stamped with the version that it was made by."
        )
        % {"version": book.version},
        "recommendations": [_recommendation(read, slug) for slug in book.slugs],
        "terms": _terms(),
        "rules": prose.anchored(book.prose("codebook", get_language()) or "", "case"),
        "earlier": [each.version for each in book.earlier],
        "machine": reverse("api:codebook"),
    }
    return render(request, "pages/codebook.html", context)


def _recommendation(read: reading.Reading, slug: str) -> dict[str, Any]:
    one = current()[slug]
    return {
        "anchor": f"recommendation-{slug}",
        "number": one.number,
        "name": read.name(slug),
        "href": reverse("pages:recommendation", args=[slug]),
        "advances": read.text(slug, "advances"),
        "undermines": read.text(slug, "undermines"),
        "asks": [
            {
                "anchor": f"ask-{slug}-{ask.slug}",
                "slug": ask.slug,
                "name": words_of(ask.name),
                "description": words_of(ask.description),
                "mode": vocabulary.MODES[ask.mode],
            }
            for ask in one.asks
            if ask.retired is None
        ],
    }


def _terms() -> list[dict[str, Any]]:
    """The lists of words that a code is made of: name, and each word with its meaning."""
    book = current()
    lists = (
        ("strength", gettext("Strength"), {str(number): term for number, term in book.strengths.items()}),
        ("certainty", gettext("Certainty"), book.certainties),
        ("reach", gettext("Reach"), book.reach),
        ("source-kind", gettext("Kinds of sources"), book.source_kinds),
    )
    found = [
        {
            "anchor": anchor,
            "name": name,
            "words": [_word(anchor, slug, term) for slug, term in terms.items()],
        }
        for anchor, name, terms in lists
    ]
    actors = [
        {"anchor": f"actor-{slug}", "slug": slug, "name": vocabulary.actor(slug), "meaning": ""}
        for slug in book.actor_slugs
    ]
    return [*found, {"anchor": "actors", "name": gettext("Actors"), "words": actors}]


def _word(anchor: str, slug: str, term: Term) -> dict[str, str]:
    return {
        "anchor": f"{anchor}-{slug}",
        "slug": slug,
        "name": words_of(term.name),
        "meaning": words_of(term.help),
    }

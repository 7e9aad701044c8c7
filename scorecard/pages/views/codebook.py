"""The public codebook: how a news item becomes evidence; and the glossary, every word that a page uses in a sense of
its own, with its meaning, each at an address. Everything on the codebook's page comes from the instance's folder.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext

from scorecard import conditional, vocabulary
from scorecard.method.parameters import method_of
from scorecard.pages import frame, prose, reading
from tracker.codebook import current
from tracker.codebook.schema import Term
from tracker.wording import words_of

Word = dict[str, str]


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


@conditional.page
def glossary(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    title = gettext("Glossary")
    page = frame.Page(
        key="glossary",
        title=title,
        description=gettext("Every word that these pages use in a sense of their own."),
        current="method",
        card=reverse("pages:card", args=["overview"]),
    )
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "groups": [
            (gettext("Readings"), _readings()),
            (gettext("Words of a verdict"), _labels()),
            (pgettext("menu", "Acts"), _acts()),
            (gettext("Kinds of act, from words to operation"), _kinds()),
            (gettext("Certainty, reach and sources"), _evidence()),
            (gettext("Record and time"), _record()),
        ],
    }
    return render(request, "pages/glossary.html", context)


def _explained(anchor: str, word: str, meaning: str) -> Word:
    return {"anchor": anchor, "word": word, "meaning": meaning}


def _readings() -> list[Word]:
    rules = method_of(None).parameters
    return [
        _explained(
            "w-balance",
            gettext("Balance"),
            gettext(
                "The acts that stand on a day, those for a recommendation less those against it, weighed by kind, "
                "certainty, reach and age, from −100 to +100. Zero is where it stood on %(day)s."
            )
            % {"day": prose.started()},
        ),
        _explained(
            "w-band",
            gettext("80 % band"),
            gettext(
                "How far a balance could shift if the record held other acts of the same kind. It is not a forecast, "
                "and it holds no error of coding that all acts share."
            ),
        ),
        _explained(
            "w-pulse",
            gettext("Pulse"),
            gettext(
                "Which way recent acts pointed: every act as it happened, half as much after %(days)s days, whether "
                "it still stands or not."
            )
            % {"days": f"{rules.pulse_half_life:g}"},
        ),
        _explained(
            "w-delivery",
            gettext("Delivery"),
            gettext(
                "How far the asks of a recommendation got, from 0 (nothing) to 100 (all in operation and unopposed). "
                "It has no figure while one of its asks has no act on record."
            ),
        ),
        _explained(
            "w-year",
            gettext("Year"),
            gettext("The change of a balance over 365 days. A change below %(points)s points has no colour.")
            % {"points": f"{rules.change_points:g}"},
        ),
        _explained(
            "w-parts",
            gettext("New acts, ended acts, fading"),
            gettext(
                "The three parts of a change between two days. They add up to it exactly, before rounding."
            ),
        ),
    ]


def _labels() -> list[Word]:
    return [_explained(anchor, f"{mark} {word}", meaning) for anchor, mark, word, meaning in frame.key()]


def _acts() -> list[Word]:
    asks = gettext(
        "What a recommendation asks for, one by one; some of both parties together, some of each, some of anyone."
    )
    return [
        _explained(
            "w-act",
            gettext("Act"),
            gettext(
                "What a government, a body or a firm did, on one date, coded once however often it was"
                " reported."
            ),
        ),
        _explained("w-ask", gettext("Ask"), asks),
        _explained(
            "w-stands",
            gettext("An act that stands"),
            gettext(
                "It has begun, nothing on record has ended it, its own term is not over, and it does "
                "not sleep."
            ),
        ),
        _explained(
            "w-sleeps",
            gettext("An act that sleeps"),
            gettext(
                "Another act has suspended it for a time; it counts again when that time is over, "
                "unless it is prolonged."
            ),
        ),
        _explained(
            "w-fading",
            gettext("Fading"),
            gettext(
                "An act weighs less as it ages, by a half-life of its kind. Fading is arithmetic, not news."
            ),
        ),
        _explained(
            "w-effect", gettext("Effect of an act"), gettext("What the balance would lose without it.")
        ),
    ]


def _kinds() -> list[Word]:
    terms = current().strengths
    return [
        _explained(
            f"w-kind-{step}", f"{step} {words_of(term.name)}", words_of(term.help) if term.help else ""
        )
        for step, term in terms.items()
    ]


def _evidence() -> list[Word]:
    book = current()
    return [
        _explained(f"w-{slug}", words_of(term.name), words_of(term.help) if term.help else "")
        for terms in (book.certainties, book.reach, book.source_kinds)
        for slug, term in terms.items()
        if term.help
    ]


def _record() -> list[Word]:
    return [
        _explained(
            "w-coded",
            gettext("Last coded day"),
            gettext(
                "The day up to which acts were looked for and coded. No figure speaks of a day after it."
            ),
        ),
        _explained(
            "w-clocks",
            gettext("As of, known on"),
            gettext(
                "Two clocks: what had happened by a day, and what was on record by a day. Both can be "
                "asked for."
            ),
        ),
        _explained(
            "w-revision",
            gettext("Revision"),
            gettext(
                "A numbered line of the record. Lines are added and never changed; a correction is a new one."
            ),
        ),
        _explained(
            "w-firm",
            gettext("Not firm"),
            gettext("The word would be another one under other reasonable weights."),
        ),
        _explained(
            "w-delivery-words",
            gettext("Words of delivery"),
            ", ".join(map(str, vocabulary.DELIVERY.values())),
        ),
    ]

"""The glossary: every word that a page uses in a sense of its own, with its meaning, each at an address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, pgettext

from scorecard import conditional, vocabulary
from scorecard.method.parameters import method_of
from scorecard.pages import frame, prose, reading
from tracker.codebook import current
from tracker.wording import words_of

Word = dict[str, str]


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


def _word(anchor: str, word: str, meaning: str) -> Word:
    return {"anchor": anchor, "word": word, "meaning": meaning}


def _readings() -> list[Word]:
    rules = method_of(None).parameters
    return [
        _word(
            "w-balance",
            gettext("Balance"),
            gettext(
                "The acts that stand on a day, those for a recommendation less those against it, weighed by kind, "
                "certainty, reach and age, from −100 to +100. Zero is where it stood on %(day)s."
            )
            % {"day": prose.started()},
        ),
        _word(
            "w-band",
            gettext("80 % band"),
            gettext(
                "How far a balance could shift if the record held other acts of the same kind. It is not a forecast, "
                "and it holds no error of coding that all acts share."
            ),
        ),
        _word(
            "w-pulse",
            gettext("Pulse"),
            gettext(
                "Which way recent acts pointed: every act as it happened, half as much after %(days)s days, whether "
                "it still stands or not."
            )
            % {"days": f"{rules.pulse_half_life:g}"},
        ),
        _word(
            "w-delivery",
            gettext("Delivery"),
            gettext(
                "How far the asks of a recommendation got, from 0 (nothing) to 100 (all in operation and unopposed). "
                "It has no figure while one of its asks has no act on record."
            ),
        ),
        _word(
            "w-year",
            gettext("Year"),
            gettext("The change of a balance over 365 days. A change below %(points)s points has no colour.")
            % {"points": f"{rules.change_points:g}"},
        ),
        _word(
            "w-parts",
            gettext("New acts, ended acts, fading"),
            gettext(
                "The three parts of a change between two days. They add up to it exactly, before rounding."
            ),
        ),
    ]


def _labels() -> list[Word]:
    return [_word(anchor, f"{mark} {word}", meaning) for anchor, mark, word, meaning in frame.key()]


def _acts() -> list[Word]:
    asks = gettext(
        "What a recommendation asks for, one by one; some of both parties together, some of each, some of anyone."
    )
    return [
        _word(
            "w-act",
            gettext("Act"),
            gettext(
                "What a government, a body or a firm did, on one date, coded once however often it was"
                " reported."
            ),
        ),
        _word("w-ask", gettext("Ask"), asks),
        _word(
            "w-stands",
            gettext("An act that stands"),
            gettext(
                "It has begun, nothing on record has ended it, its own term is not over, and it does "
                "not sleep."
            ),
        ),
        _word(
            "w-sleeps",
            gettext("An act that sleeps"),
            gettext(
                "Another act has suspended it for a time; it counts again when that time is over, "
                "unless it is prolonged."
            ),
        ),
        _word(
            "w-fading",
            gettext("Fading"),
            gettext(
                "An act weighs less as it ages, by a half-life of its kind. Fading is arithmetic, not news."
            ),
        ),
        _word("w-effect", gettext("Effect of an act"), gettext("What the balance would lose without it.")),
    ]


def _kinds() -> list[Word]:
    terms = current().strengths
    return [
        _word(f"w-kind-{step}", f"{step} {words_of(term.name)}", words_of(term.help) if term.help else "")
        for step, term in terms.items()
    ]


def _evidence() -> list[Word]:
    book = current()
    return [
        _word(f"w-{slug}", words_of(term.name), words_of(term.help) if term.help else "")
        for terms in (book.certainties, book.reach, book.source_kinds)
        for slug, term in terms.items()
        if term.help
    ]


def _record() -> list[Word]:
    return [
        _word(
            "w-coded",
            gettext("Last coded day"),
            gettext(
                "The day up to which acts were looked for and coded. No figure speaks of a day after it."
            ),
        ),
        _word(
            "w-clocks",
            gettext("As of, known on"),
            gettext(
                "Two clocks: what had happened by a day, and what was on record by a day. Both can be "
                "asked for."
            ),
        ),
        _word(
            "w-revision",
            gettext("Revision"),
            gettext(
                "A numbered line of the record. Lines are added and never changed; a correction is a new one."
            ),
        ),
        _word(
            "w-firm",
            gettext("Not firm"),
            gettext("The word would be another one under other reasonable weights."),
        ),
        _word(
            "w-delivery-words",
            gettext("Words of delivery"),
            ", ".join(map(str, vocabulary.DELIVERY.values())),
        ),
    ]

"""Figures for any day, as known on any day: the same `standings` that the pages print; the recommendations and their
asks, and what comes next.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound

from scorecard import ahead, footing, standings, vocabulary
from scorecard.api import parameters
from scorecard.api.parameters import ACTOR, AS_OF, BEYOND, KNOWN_AT, METHOD, RECOMMENDATION, REV, THEN
from scorecard.api.problems import Invalid
from scorecard.api.serializers import record as record_shapes
from scorecard.api.serializers import scores as shapes
from scorecard.api.views import Reading, public, reads
from scorecard.history import Known, Version
from scorecard.method.parameters import method_of
from tracker import log
from tracker.codebook import Codebook, Recommendation, current

SENSITIVITY = parameters.flag(
    "sensitivity", "Add the thousand draws and the named what-ifs: how far the figures rest on choices."
)
READING = parameters.choice("reading", ("balance", "pulse"), "Which reading.", default="balance")
STRONGEST = parameters.number("limit", "Only so many, the strongest. Default: all.", least=1, most=10_000)
SLUG = OpenApiParameter(
    "slug", {"type": "string", "enum": [*current().slugs]}, OpenApiParameter.PATH,
    description="Its short name in the codebook.",
)  # fmt: skip


def clock(asked: dict[str, Any]) -> dict[str, Any]:
    """What every answer says about its figures."""
    stamp = standings.stamp(day(asked), asked["known_at"], asked["method"], asked["beyond"])
    return {**stamp, **rev(day(asked), asked["known_at"]), "actor": asked.get("actor")}


def rev(as_of: datetime.date, known_at: datetime.date | None) -> dict[str, Any]:
    """The state of the record on which an answer rests, as `rev` takes it."""
    pin = footing.pin(as_of, known_at)
    return {"rev": str(pin) if pin else None}


def worded(said: Mapping[str, Any]) -> bool:
    """Whether figures may be said in words: not on a day after the last coded one, from method 1.1 on."""
    stops = standings.method.method_of(said["method"]).parameters.stops_at_coded_day
    return not stops or said["coded_to"] is None or said["read_on"] <= said["coded_to"]


def day(asked: dict[str, Any]) -> datetime.date:
    return asked["as_of"] or timezone.now().date()


def known(slug: str, book: Codebook) -> str:
    """The slug, or 404; also for a recommendation that came into the codebook after the day of knowledge."""
    if slug not in book:
        raise NotFound(f"{slug[:60]!r} is not one of {', '.join(book.slugs)}.")
    return slug


def _chosen(recommendation: str | None, known_at: datetime.date | None) -> tuple[str, ...]:
    """The slugs that an answer is about: the one asked for, or all."""
    book = footing.book(known_at)
    return (known(recommendation, book),) if recommendation else book.slugs


@reads(operation_id="scores", responses=shapes.Scores, tags=["Figures"])
class Scores(Reading):
    """All readings of every recommendation on one day."""

    parameters = (AS_OF, KNOWN_AT, REV, ACTOR, METHOD, BEYOND, SENSITIVITY)

    def answer(self, asked, **place):
        report = standings.report(
            day(asked),
            asked["known_at"],
            asked["actor"],
            sensitivity=asked["sensitivity"],
            version=asked["method"],
            acts=False,
            beyond=asked["beyond"],
        )
        return {**report, **clock(asked)}


@reads(operation_id="score", parameters=[SLUG], responses=shapes.Score, tags=["Figures"])
class Score(Reading):
    """All readings of one recommendation on one day."""

    parameters = (AS_OF, KNOWN_AT, REV, ACTOR, METHOD, BEYOND)

    def answer(self, asked, slug):
        report = standings.report(
            day(asked),
            asked["known_at"],
            asked["actor"],
            version=asked["method"],
            acts=False,
            beyond=asked["beyond"],
        )
        found = report["recommendations"][known(slug, footing.book(asked["known_at"]))]
        return {**clock(asked), "recommendation": slug, "readings": found}


@reads(operation_id="contributions", parameters=[SLUG], responses=shapes.Contributions, tags=["Figures"])
class Contributions(Reading):
    """The acts behind one balance, the strongest effect first: `points` add up to the score, `advancing` to A,
    `undermining` to U. `total` counts them all, also with a `limit`."""

    parameters = (AS_OF, KNOWN_AT, REV, ACTOR, METHOD, BEYOND, STRONGEST)

    def answer(self, asked, slug):
        report = standings.report(
            day(asked), asked["known_at"], asked["actor"], version=asked["method"], beyond=asked["beyond"]
        )
        balance = report["recommendations"][known(slug, footing.book(asked["known_at"]))]["balance"]
        return {
            **clock(asked),
            "recommendation": slug,
            **{name: balance[name] for name in ("score", "A", "U")},
            "total": len(balance["acts"]),
            "results": balance["acts"][: asked["limit"]],
        }


@reads(operation_id="views", responses=shapes.Views, tags=["Figures"])
class Views(Reading):
    """The balances of every actor's acts side by side."""

    parameters = (AS_OF, KNOWN_AT, REV, METHOD, BEYOND)

    def answer(self, asked, **place):
        found = standings.views(
            day(asked), asked["known_at"], version=asked["method"], beyond=asked["beyond"]
        )
        said = clock(asked)
        names = ("score", "low", "high", "label", "n")
        slim = {
            actor: {
                slug: {name: entry[name] for name in names} | ({} if worded(said) else {"label": None})
                for slug, entry in entries.items()
            }
            for actor, entries in found.items()
        }
        return {
            **{name: value for name, value in said.items() if name != "actor"},
            "total": slim.pop(None),
            "actors": slim,
        }


@reads(operation_id="series", responses=shapes.Series, tags=["Figures"])
class Series(Reading):
    """The daily series from the start of the record on. `null`: no figure on that day."""

    parameters = (
        READING,
        AS_OF,
        KNOWN_AT,
        REV,
        ACTOR,
        RECOMMENDATION,
        METHOD,
        BEYOND,
        THEN,
        parameters.day("first", "Leave out days before this one."),
        parameters.number(
            "every", "Only each n-th day, counted back from the last.", least=1, most=366, default=1
        ),
    )

    def answer(self, asked, **place):
        found = standings.series(
            asked["reading"],
            asked["actor"],
            as_of=day(asked),
            known_at=asked["known_at"],
            then=asked["then"],
            version=asked["method"],
            beyond=asked["beyond"],
        )
        days = found["days"]
        first = asked["first"].isoformat() if asked["first"] else ""
        places = [place for place in range(len(days) - 1, -1, -asked["every"]) if days[place] >= first][::-1]
        slugs = _chosen(asked["recommendation"], asked["known_at"])
        return {
            **clock(asked),
            "reading": asked["reading"],
            "days": [days[place] for place in places],
            "recommendations": {
                slug: {
                    name: [found["recommendations"][slug][name][place] for place in places]
                    for name in ("score", "low", "high", "A", "U", "n", "label")
                }
                for slug in slugs
            },
        }


@reads(operation_id="waterfall", responses=shapes.Waterfall, tags=["Figures"])
class Waterfall(Reading):
    """Which acts moved the scores between two answers: the world changed, we recoded, or the method did."""

    parameters = (
        parameters.day("earlier", "The first day. Default: 90 days before the second.", example="2025-10-01"),
        parameters.day("earlier_known_at", "As known on that day; default: all we know."),
        parameters.day("later", "The second day. Default: today."),
        parameters.day("later_known_at", "As known on that day; default: all we know."),
        REV,
        ACTOR,
        RECOMMENDATION,
        METHOD,
    )

    def answer(self, asked, **place):
        later = asked["later"] or timezone.now().date()
        earlier = asked["earlier"] or max(current().start, later - datetime.timedelta(90))
        if later < earlier:
            # Well-formed both, but the way between them does not exist.
            raise NotFound(f"later: {later} comes before earlier, {earlier}.")
        pairs = ((earlier, asked["earlier_known_at"]), (later, asked["later_known_at"]))
        version = asked["method"]
        found = standings.waterfall(*pairs, asked["actor"], version=version)
        slugs = _chosen(asked["recommendation"], asked["later_known_at"])
        return {
            "method": standings.method.method_of(version).version,
            **rev(*pairs[1]),
            "earlier": _pair(pairs[0], version),
            "later": _pair(pairs[1], version),
            "actor": asked["actor"],
            "recommendations": {slug: found[slug] for slug in slugs},
        }


def _pair(pair: tuple[datetime.date, datetime.date | None], version: str | None) -> dict[str, Any]:
    return {name: value for name, value in standings.stamp(*pair, version).items() if name != "method"}


__all__ = ["Contributions", "Invalid", "Score", "Scores", "Series", "Views", "Waterfall"]


@reads(operation_id="recommendations", responses=record_shapes.Recommendations, tags=["Record"])
class Recommendations(Reading):
    """The recommendations, what advances and undermines each, and what each asks for."""

    def answer(self, asked, **place):
        book = log.codebook_on(None)
        found = [_recommendation(one, book) for one in book]
        return {"total": len(found), "results": found}


@reads(
    operation_id="recommendation",
    parameters=[SLUG],
    responses=record_shapes.RecommendationShape,
    tags=["Record"],
)
class OneRecommendation(Reading):
    """One recommendation."""

    def answer(self, asked, slug):
        book = log.codebook_on(None)
        return _recommendation(book[known(slug, book)], book)


def _recommendation(one: Recommendation, book: Codebook) -> dict[str, Any]:
    return {
        **vocabulary.recommendation_for_programs(one, book),
        "asks": vocabulary.asks_for_programs(one, book),
        "page": public(f"/recommendations/{one.slug}/"),
    }


@reads(operation_id="next", responses=shapes.Ahead, tags=["Record"])
class Next(Reading):
    """What comes next: terms that end, days that acts name, proposals that are pending.

    Read off acts that count on `read_on`; nothing is foreseen. An entry leaves once an act on record answers it.
    """

    parameters = (AS_OF, KNOWN_AT, REV, METHOD)

    def answer(self, asked, **place):
        today, known_at, method = day(asked), asked["known_at"], asked["method"]
        read_on = standings.read_on(today, known_at, method)
        versions = [Version(*line) for line in footing.bodies()]
        found = ahead.read(Known(footing.log(), versions, known_at, method), read_on)
        return {
            "method": method_of(method).version,
            "as_of": today.isoformat(),
            "known_at": known_at.isoformat() if known_at else None,
            "read_on": read_on.isoformat(),
            **rev(today, known_at),
            "calendar": public("/next/calendar.ics"),
            "terms": [
                {
                    **_act_ahead(term.record),
                    "day": term.day.isoformat(),
                    "passed": term.day <= today,
                    "wakes": [each["id"] for each in term.wakes],
                }
                for term in found.terms
            ],
            "dues": [
                {
                    **_act_ahead(due.record),
                    "due": due.named,
                    "what": due.record.get("due_what") or "",
                    "what_zh": due.record.get("due_what_zh") or "",
                }
                for due in found.dues
            ],
            "pending": [
                {
                    **_act_ahead(item.record),
                    "stage": item.stage,
                    "since": item.since.isoformat(),
                    "days": item.age,
                }
                for item in found.pending
            ],
        }


def _act_ahead(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": line["id"],
        "title": line["title"],
        "title_zh": line["title_zh"],
        "recommendations": [item["rec"] for item in line["assessments"]],
        "page": public(f"/events/{line['id']}/"),
    }

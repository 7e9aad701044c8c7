"""What explains the figures: start, method, codebook, cues, coverage, agreement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min
from django.urls import reverse

from scorecard import method, standings
from scorecard.api import parameters
from scorecard.api.serializers import record as shapes
from scorecard.api.views.base import Reading, moment, public, reads
from tracker import agreement, record
from tracker.codebook import current
from tracker.models import (
    Article,
    Coding,
    Completeness,
    CoverageDay,
    Cue,
    Event,
    Head,
    TaggerVersion,
)

DAYS = parameters.number("days", "How many of the latest days.", least=1, most=400, default=90)
ADDRESSES = (
    *(
        "recommendations",
        "scores",
        "views",
        "series",
        "waterfall",
        "events",
        "articles",
        "sources",
        "changes",
        "next",
    ),
    *("method", "codebook", "cues", "coverage", "agreement", "exports", "editions", "heads"),
    *("disputes", "schema"),
)


@reads(operation_id="start", responses=shapes.Start, tags=["About"])
class Start(Reading):
    """Where everything is."""

    def answer(self, asked, **place):
        head = Head.objects.filter(id=1).first() or Head()
        coded = standings.coded_to()
        return {
            "title": str(current().title),
            "method": method.CURRENT,
            "codebook": current().version,
            "sequence": head.sequence,
            "digest": head.digest,
            "coded_to": coded.isoformat() if coded else None,
            "licence": current().licence.name,
            "documentation": public(reverse("api-docs")),
            "addresses": {name: public(reverse(f"api:{name}")) for name in ADDRESSES},
        }


@reads(operation_id="method", responses=shapes.MethodShape, tags=["About"])
class Method(Reading):
    """Every parameter with its reason, the versions of the method, and the named what-ifs."""

    def answer(self, asked, **place):
        found, days = method.describe(standings.book()), standings.adopted()
        for version in found["versions"]:
            day = days.get(version["version"])
            version["adopted"] = day.isoformat() if day else None
        return found


@reads(operation_id="codebook", responses=shapes.Codebook, tags=["About"])
class Codebook(Reading):
    """The codebook's vocabulary."""

    def version(self):
        return settings.RELEASE

    def answer(self, asked, **place):
        return {
            "version": current().version,
            "start": current().start.isoformat(),
            "asks": {slug: current().ask_slugs(slug) for slug in current().slugs},
            "actors": current().actor_slugs,
            "certainties": record.CERTAINTIES,
            "precisions": record.PRECISIONS,
            "directions": {"1": "advances", "-1": "undermines", "0": "mixed"},
            "strengths": {str(number): word for number, word in record.STRENGTHS.items()},
        }


@reads(operation_id="cues", responses=shapes.Cues, tags=["About"])
class Cues(Reading):
    """The words by which articles are recognised, as the tagger uses them."""

    parameters = (parameters.words("kind", "Only this kind: act, object, side or rule."),)

    def version(self):
        state = Cue.objects.aggregate(count=Count("id"), at=Max("changed_at"))
        return f"cues:{state['count']}:{state['at']}:{self._serving()}"

    def answer(self, asked, **place):
        cues = Cue.objects.filter(active=True)
        if asked["kind"]:
            cues = cues.filter(kind=asked["kind"])
        found = [{"kind": cue.kind, "key": cue.key, "body": cue.body} for cue in cues]
        return {"total": len(found), "model": self._serving(), "results": found}

    def _serving(self) -> str | None:
        return (
            TaggerVersion.objects.exclude(serving_since=None)
            .order_by("-serving_since")
            .values_list("name", flat=True)
            .first()
        )


@reads(operation_id="coverage", responses=shapes.CoverageShape, tags=["About"])
class Coverage(Reading):
    """What we looked at: to which day coding is complete, which feeds were alive, what waits."""

    parameters = (DAYS,)

    def version(self):
        waiting = Event.objects.open().aggregate(count=Count("pk"), oldest=Min("proposed_at"))
        newest = Article.objects.order_by("-id").values_list("id", flat=True).first()
        day = CoverageDay.objects.order_by("-day").values_list("day", "articles", "feeds_alive").first()
        return f"{standings.head()}:{waiting}:{newest}:{day}"

    def answer(self, asked, **place):
        coded = standings.coded_to()
        waiting = Event.objects.open().aggregate(count=Count("pk"), oldest=Min("proposed_at"))
        counted = dict(
            Event.objects.accepted().order_by().values_list("certainty").annotate(count=Count("pk"))
        )
        names = ("day", "feeds_total", "feeds_alive", "articles", "oldest_unreviewed", "waiting")
        return {
            "coded_to": coded.isoformat() if coded else None,
            "events": sum(counted.values()),
            "certainty": {name: counted.get(name, 0) for name in record.CERTAINTIES},
            "articles": Article.objects.count(),
            "waiting": waiting["count"],
            "oldest_waiting": moment(waiting["oldest"]),
            "statements": [_dated(row) for row in _statements()],
            "days": [_dated(row) for row in CoverageDay.objects.values(*names)[: asked["days"]]],
        }


def _statements() -> Iterator[dict[str, Any]]:
    """Every statement that coding is complete, and whether it was taken back since."""
    standing = set(Completeness.objects.standing())
    for row in Completeness.objects.statements():
        last = None if row in standing else row.later()[-1]
        yield {
            "day": row.day,
            "recorded_at": row.recorded_at,
            "note": row.note,
            "withdrawn_at": last and last.recorded_at,
            "withdrawn_because": last.note if last else "",
        }


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


@reads(operation_id="agreement", responses=shapes.AgreementShape, tags=["About"])
class Agreement(Reading):
    """How far two coders agree who did not see each other's codes; `measured` is false before any did."""

    def version(self):
        state = Coding.objects.aggregate(count=Count("id"), at=Max("done_at"))
        return f"{standings.head()}:{state['count']}:{state['at']}"

    def answer(self, asked, **place):
        found = agreement.by_kind()
        people = found[agreement.PEOPLE]["results"]
        return {
            "measured": any(each["n"] for each in people),
            "results": people,
            "thresholds": method.describe()["agreement"],
            "least_units": agreement.LEAST_UNITS,
            "kinds": [{"kind": kind, **found[kind]} for kind in agreement.KINDS],
        }

"""What explains the figures and what they rest on: start, method, codebook, cues, coverage, agreement; what was read
and who is cited; the heads of the log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied

from scorecard import conditional, editions, footing, method, standings
from scorecard.api import parameters
from scorecard.api.problems import Branched, Invalid
from scorecard.api.serializers import record as shapes
from scorecard.api.serializers.writing import CountersignatureInput
from scorecard.api.views import (
    CURSOR,
    LIMIT,
    Listing,
    Order,
    Reading,
    View,
    checked,
    created,
    moment,
    public,
    reads,
)
from scorecard.api.views.exports import AsAddressed
from tracker import agreement, log, record
from tracker.codebook import current
from tracker.codebook.schema import UNKNOWN
from tracker.models import (
    Article,
    Coding,
    Completeness,
    CoverageDay,
    Cue,
    Event,
    Head,
    Report,
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
FIELDS_OF_ARTICLE = (*shapes.ArticleShape().fields,)
LANGUAGES = ("en", "zh", "zh-Hans", "zh-Hant")


@reads(operation_id="start", responses=shapes.Start, tags=["About"])
class Start(Reading):
    """Where everything is."""

    def answer(self, asked, **place):
        head = Head.objects.filter(id=1).first() or Head()
        coded = footing.coded_to()
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
        found, days = method.describe(footing.book()), standings.adopted()
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
        return f"{footing.head()}:{waiting}:{newest}:{day}"

    def answer(self, asked, **place):
        coded = footing.coded_to()
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
        return f"{footing.head()}:{state['count']}:{state['at']}"

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


@reads(operation_id="articles", responses=shapes.Articles, tags=["Record"])
class Articles(Listing):
    """The articles kept, newest first: metadata only, for the words belong to their publishers."""

    keys = int
    orders = {"-id": Order("pk", down=True), "id": Order("pk", down=False)}
    parameters = (
        parameters.words("q", "Every one of these words in the title.", example="chip"),
        parameters.identifier("event", "Reports of this event."),
        parameters.words("publisher", "The publisher, exactly."),
        parameters.choice("language", LANGUAGES, "Language; `zh` means both scripts."),
        parameters.choice("order", tuple(orders), "By the order in which they came in.", default="-id"),
        parameters.fields(FIELDS_OF_ARTICLE),
        LIMIT,
        CURSOR,
    )

    def version(self):
        report = Report.objects.order_by("-id").values_list("id", flat=True).first()
        return f"{footing.head()}:{report}:{Article.objects.state()}"

    def rows(self, asked, **place):
        rows = Article.objects.only(
            "id", "url", "title", "publisher", "language", "published_at", "first_seen_at"
        ).prefetch_related("reports__event")
        if asked["event"]:
            public_event = Report.objects.filter(
                article=OuterRef("pk"), event=asked["event"], event__status__in=Event.ON_RECORD
            )
            rows = rows.filter(Exists(public_event))
        if asked["publisher"]:
            rows = rows.filter(publisher=asked["publisher"])
        if asked["language"]:
            rows = rows.filter(language__startswith=asked["language"])
        for word in (asked["q"] or "").split():
            rows = rows.filter(title__icontains=word)
        return rows

    def item(self, row):
        return article(row)


def article(row: Article) -> dict[str, Any]:
    on_record = sorted(each.event_id for each in row.reports.all() if each.event.status in Event.ON_RECORD)
    return {
        "id": row.id,
        "url": row.url,
        "title": row.title,
        "publisher": row.publisher,
        "language": row.language,
        "published_at": moment(row.published_at),
        "first_seen_at": moment(row.first_seen_at),
        "events": on_record,
    }


@reads(operation_id="sources", responses=shapes.Sources, tags=["Record"])
class Sources(Reading):
    """Who is cited: every host in the sources of the events on record, its side, and how often."""

    def answer(self, asked, **place):
        hosts: dict[str, dict[str, Any]] = defaultdict(
            lambda: {"names": Counter(), "languages": set(), "events": set(), "reports": 0, "url": ""}
        )
        cited = Event.objects.accepted().values_list("id", "sources")
        for event_id, sources in cited.iterator(2000):
            for source in sources:
                host = urlsplit(source["url"]).hostname or ""
                held = hosts[host.removeprefix("www.")]
                held["names"][source["publisher"]] += 1
                held["languages"].add(source["lang"])
                held["events"].add(event_id)
                held["reports"] += 1
                held["url"] = source["url"]
        found = [_source(host, held) for host, held in hosts.items()]
        found.sort(key=lambda each: (-each["reports"], each["host"]))
        return {"total": len(found), "results": found}


def _source(host: str, held: dict[str, Any]) -> dict[str, Any]:
    return {
        "host": host,
        "publisher": held["names"].most_common(1)[0][0],
        "side": current().side_of(held["url"]) or UNKNOWN,
        "languages": sorted(held["languages"] - {""}),
        "reports": held["reports"],
        "events": len(held["events"]),
    }


@reads(operation_id="heads", responses=shapes.LogHeads, tags=["About"])
class Heads(Reading):
    """The head of the log at the end of each of the latest days on which it grew, with who countersigned it: keep one,
    and nobody can rewrite what came before it without your seeing it."""

    parameters = (DAYS,)

    def answer(self, asked, **place):
        heads = log.heads(asked["days"])
        signed = editions.countersignatures(sequence for _day, sequence, _digest in heads)
        found = [
            {
                "day": day.isoformat(),
                "sequence": sequence,
                "digest": digest,
                "countersignatures": signed[sequence],
            }
            for day, sequence, digest in heads
        ]
        return {"total": len(found), "results": found}

    @extend_schema(
        operation_id="countersign",
        summary="Countersign a head of the log",
        request=CountersignatureInput,
        responses={
            201: shapes.CountersignatureShape,
            200: OpenApiResponse(shapes.CountersignatureShape, description="It was here already."),
        },
        tags=["Mirror"],
    )
    def post(self, request):
        """For those who mirror the log: state that on a day you saw it end with this revision, signed with a key that
        the operator trusts. No other key is needed. `mirror.py` does it. A head that this log has not is a 409, and
        the operator is told."""
        self.asked_nothing()
        try:
            row, is_new = editions.take_countersignature(checked(CountersignatureInput, request))
        except editions.UnknownKey as wrong:
            raise PermissionDenied(str(wrong)) from None
        except editions.Unsigned as wrong:
            name, _colon, reason = str(wrong).partition(": ")
            raise Invalid([{"name": name, "reason": reason}]) from None
        except editions.Parted as wrong:
            raise Branched(str(wrong)) from None
        return created(editions.published(row), status=201 if is_new else 200)


class Mirror(View):
    """`mirror.py`: mirrors the log, checks it and countersigns its head, with Python and openssl."""

    content_negotiation_class = AsAddressed

    @extend_schema(
        operation_id="mirror",
        responses={(200, "text/x-python"): OpenApiResponse(OpenApiTypes.STR, description="The program.")},
        tags=["Mirror"],
    )
    def get(self, request: Any) -> HttpResponse:
        self.asked()
        return conditional.answer(
            request, "mirror", editions.mirror, media_type="text/x-python; charset=utf-8"
        )

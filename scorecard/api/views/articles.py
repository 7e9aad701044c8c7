"""What was read and who is cited: articles (metadata only) and sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Exists, OuterRef

from scorecard import standings
from scorecard.api import paging, parameters
from scorecard.api.serializers import record as shapes
from scorecard.api.views.base import Listing, Reading, moment, reads
from tracker.codebook import current
from tracker.codebook.schema import UNKNOWN
from tracker.models import Article, Event, Report

FIELDS = (*shapes.ArticleShape().fields,)
LANGUAGES = ("en", "zh", "zh-Hans", "zh-Hant")


@reads(operation_id="articles", responses=shapes.Articles, tags=["Record"])
class Articles(Listing):
    """The articles kept, newest first: metadata only, for the words belong to their publishers."""

    keys = int
    orders = {"-id": paging.Order("pk", down=True), "id": paging.Order("pk", down=False)}
    parameters = (
        parameters.words("q", "Every one of these words in the title.", example="chip"),
        parameters.identifier("event", "Reports of this event."),
        parameters.words("publisher", "The publisher, exactly."),
        parameters.choice("language", LANGUAGES, "Language; `zh` means both scripts."),
        parameters.choice("order", tuple(orders), "By the order in which they came in.", default="-id"),
        parameters.fields(FIELDS),
        paging.LIMIT,
        paging.CURSOR,
    )

    def version(self):
        report = Report.objects.order_by("-id").values_list("id", flat=True).first()
        return f"{standings.head()}:{report}:{Article.objects.state()}"

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

"""What the rest of the service asks of feeds, by settings and knowing none: vital signs, and what each one brought.

Vital signs are each one indexed look-up (`tracker.monitoring` gathers them by name); what is forgotten, and what the
record is told about our sight of the world, stand with them. By what a feed brought the admin narrows its lists
(BROUGHT_BY), and its months stand beside the statement that coding is complete (COMPLETENESS_SUPPORT).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.db.models import Count, DurationField, Max, Min, Q, Value
from django.db.models.functions import Now, TruncMonth
from django.utils.translation import gettext_lazy as _

from feeds.models import Delivery, Feed, Poll
from tracker import monitoring
from tracker.models import Article, Event
from tracker.monitoring import Vital, seconds_between

MONTHS = 12


def of_feeds() -> Iterator[Vital]:
    for state, count in Feed.objects.order_by("state").values_list("state").annotate(Count("id")):
        yield Vital("feeds", count, _("feeds"), labels={"state": state})
    yield Vital("feeds_due", Feed.objects.due().count(), _("feeds are due now"))
    yield Vital("feeds_leased", Feed.objects.leased().count(), _("feeds are being polled now"))
    row = Feed.objects.filter(next_poll_at__isnull=False).aggregate(next=Min("next_poll_at"), now=Min(Now()))
    yield Vital(
        "feed_most_overdue_seconds",
        seconds_between(row["next"], row["now"]) if row["next"] else 0,
        _("seconds that the most overdue feed has waited"),
        limit=1800,
        remedy=_("Is beat running, and a worker for the queue “polling”? Start another worker."),
        decides=True,
    )
    last = Feed.objects.aggregate(last=Max("last_polled_at"), now=Max(Now()))
    if last["last"]:
        yield Vital(
            "last_poll_age_seconds",
            seconds_between(last["last"], last["now"]),
            _("seconds since a poll last came to an end"),
        )


POLLS_KEPT = datetime.timedelta(days=90)
REPORTED_EVERY = 600  # seconds


def forget_polls() -> int:
    """Delete polls older than three months; deliveries and articles stay for ever."""
    horizon = Now() - Value(POLLS_KEPT, output_field=DurationField())
    return Poll.objects.filter(at__lt=horizon).delete()[0]


def report_coverage() -> None:
    """Tell the record, at most every ten minutes, how many feeds are alive."""
    # Feeds that nobody tried yet say nothing about our sight.
    tried = Feed.objects.filter(paused=False).exclude(state=Feed.State.NEW)
    if not tried.exists() or not cache.add("feeds-coverage", True, REPORTED_EVERY):
        return
    monitoring.note_feeds(feeds_alive=tried.alive().count(), feeds_total=tried.count())


def feeds() -> list[tuple[str, str]]:
    """Every feed by its name: `[(key, name)]`."""
    return sorted(((str(feed.pk), str(feed)) for feed in Feed.objects.all()), key=lambda one: one[1].lower())


def articles(key: str) -> Any:
    """The articles that a feed delivered, as a subquery of their keys."""
    return Delivery.objects.filter(feed_id=int(key)).order_by().values("article")


def by_month(today: datetime.date) -> dict[str, Any]:
    """`{"months": [first days], "feeds": [{"name", "cells": [(articles, waiting)]}], "total": [(articles, waiting)]}`
    for the months up to `today`. An article waits while it is not filed, or its event not decided."""
    months = _months(today)
    first = datetime.datetime.combine(months[0], datetime.time(), datetime.UTC)
    waits = Q(article__state__in=Article.WAITING) | Q(article__reports__event__status__in=Event.OPEN)
    counted = (
        Delivery.objects.filter(article__published_at__gte=first)
        .annotate(month=TruncMonth("article__published_at", tzinfo=datetime.UTC))
        .values("feed", "month")
        .annotate(
            articles=Count("article", distinct=True), waiting=Count("article", distinct=True, filter=waits)
        )
        .order_by()
    )
    found = {
        (row["feed"], row["month"].date()): (row["articles"], row["waiting"]) for row in counted.iterator()
    }
    feeds = [
        {"name": str(feed), "cells": [found.get((feed.pk, month), (0, 0)) for month in months]}
        for feed in Feed.objects.order_by("title", "url")
    ]
    total = [
        tuple(sum(feed["cells"][place][part] for feed in feeds) for part in (0, 1))
        for place in range(len(months))
    ]
    return {"months": months, "feeds": feeds, "total": total}


def _months(today: datetime.date) -> list[datetime.date]:
    """The first days of the last months, this one too, in the order of time."""
    number = today.year * 12 + today.month - 1
    return [datetime.date(place // 12, place % 12 + 1, 1) for place in range(number - MONTHS + 1, number + 1)]

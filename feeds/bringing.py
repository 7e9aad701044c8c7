"""Which feed brought what and when, for those who know articles and events but no feeds.

The admin narrows its lists by it (the setting BROUGHT_BY) and shows each feed's months beside the statement that
coding is complete (COMPLETENESS_SUPPORT).
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth

from feeds.models import Delivery, Feed
from tracker.models import Article, Event

MONTHS = 12


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

"""What we looked at, day by day, so that "nothing happened" and "we were blind" never look alike.

The law: a day's row keeps the worst that was seen of it. Readers' caches turn over only when something that a
page shows has changed.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from tracker import log
from tracker.models import Article, CoverageDay, Event


def report(*, feeds_alive: int, feeds_total: int) -> None:
    """Note how many feeds answer just now; the day keeps its lowest share."""
    day = timezone.now().date()
    row = CoverageDay.objects.filter(day=day).first()
    if row is None or _share(feeds_alive, feeds_total) <= _share(row.feeds_alive, row.feeds_total):
        _note(day, feeds_alive=feeds_alive, feeds_total=feeds_total)


def note_queue() -> None:
    """Note what waits for an analyst, and how many articles have been kept today."""
    day = timezone.now().date()
    waiting = Event.objects.waiting()
    oldest = waiting.order_by("proposed_at").values_list("proposed_at", flat=True).first()
    start = datetime.datetime.combine(day, datetime.time.min, datetime.UTC)
    _note(
        day,
        waiting=waiting.count(),
        oldest_unreviewed=oldest.date() if oldest else None,
        articles=Article.objects.filter(first_seen_at__gte=start).count(),
    )


def _note(day: datetime.date, **values: Any) -> None:
    with transaction.atomic():
        row, new = CoverageDay.objects.get_or_create(day=day, defaults=values)
        if not new and any(getattr(row, name) != value for name, value in values.items()):
            CoverageDay.objects.filter(day=day).update(**values)
        elif not new:
            return
        shown = {"feeds_alive", "feeds_total", "oldest_unreviewed"}
        if new or any(getattr(row, name) != value for name, value in values.items() if name in shown):
            log.turn()


def _share(alive: int, total: int) -> float:
    return alive / total if total else 1.0

"""What is forgotten, and what the record is told about our sight of the world."""

from datetime import timedelta

from django.core.cache import cache
from django.db.models import DurationField, Max, Value
from django.db.models.functions import Now

from feeds.models import Feed, Poll
from tracker import coverage
from tracker.models import Article

POLLS_KEPT = timedelta(days=90)
REPORTED_EVERY = 600  # seconds


def forget_polls() -> int:
    """Delete polls older than three months; deliveries and articles stay for ever."""
    horizon = Now() - Value(POLLS_KEPT, output_field=DurationField())
    return Poll.objects.filter(at__lt=horizon).delete()[0]


def report_coverage() -> None:
    """Tell the record, at most every ten minutes, how many feeds are alive and how fresh our articles are."""
    # Feeds that nobody tried yet say nothing about our sight.
    tried = Feed.objects.filter(paused=False).exclude(state=Feed.State.NEW)
    if not tried.exists() or not cache.add("feeds-coverage", True, REPORTED_EVERY):
        return
    coverage.report(
        feeds_alive=tried.alive().count(),
        feeds_total=tried.count(),
        newest_article=Article.objects.aggregate(newest=Max("first_seen_at"))["newest"],
    )

"""The vital signs of polling. Each is one indexed look-up; `tracker.monitoring` gathers them by name.

What is forgotten, and what the record is told about our sight of the world.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, DurationField, Max, Min, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from feeds.models import Feed, Poll
from tracker import monitoring
from tracker.monitoring import Vital, seconds_between


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


POLLS_KEPT = timedelta(days=90)
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

"""Which feed is due, and who holds it.

The law: a feed is claimed by one conditional update against the database's clock, and whoever finishes must
still hold its token; a lost message costs one lease, never an article. `attempts` rises before a feed is
called, so one that kills its workers is polled alone from the second time on and quarantined after the third.
A host is in one worker's hands at a time.
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DurationField, F, Value
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from feeds import health
from feeds.http import fetch_many
from feeds.models import Feed, Poll
from tracker import sql
from tracker.models import Article

BATCH = 25  # feeds in one message
PER_HOST = 10  # feeds of one host in one claim; the next ones follow when these are done
WINDOW = 4  # times as many due rows are looked at as may be claimed
ATTEMPTS = 3  # without an end: quarantine
BACKLOG = 5000  # articles waiting to be filed: polling slows down


@dataclass(frozen=True, slots=True)
class Batch:
    token: str
    feeds: tuple[int, ...]


def in_seconds(seconds: float) -> object:
    """A moment that many seconds from now, by the database's clock."""
    return Now() + Value(timedelta(seconds=seconds), output_field=DurationField())


def claim() -> list[Batch]:
    """Claim due feeds, as many as there are free slots, in batches for `polling.poll_batch`."""
    quarantine()
    slots = free_slots()
    if slots <= 0:
        return []
    token = secrets.token_hex(16)
    with transaction.atomic():
        held = Feed.objects.leased().exclude(host="").values_list("host", flat=True)
        due = Feed.objects.due().order_by("next_poll_at")
        if busy := {host for host in held if fetch_many.wants_courtesy(host)}:
            due = due.exclude(host__in=busy)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        rows = polite(due.values_list("pk", "host", "attempts")[: slots * WINDOW], slots)
        chosen = Feed.objects.filter(pk__in=[pk for pk, _host, _tries in rows])
        take(chosen.due(), token)
        taken = set(chosen.filter(lease_token=token).values_list("pk", flat=True))
    return batches([row for row in rows if row[0] in taken], token)


def take(feeds, token: str) -> int:
    """The one update by which feeds are claimed."""
    end = in_seconds(settings.FEEDS_LEASE)
    return feeds.update(lease_token=token, leased_until=end, next_poll_at=end)


def take_now(feeds) -> str:
    """Claim these feeds whether due or not, save those somebody holds; returns the token."""
    token = secrets.token_hex(16)
    with transaction.atomic():
        held = Feed.objects.leased().values("pk")
        take(feeds.filter(paused=False).exclude(pk__in=held), token)
    return token


def polite(rows: Iterable[tuple[int, str, int]], slots: int) -> list[tuple[int, str, int]]:
    """The first rows (feed, host, attempts), few enough of each host."""
    chosen: list[tuple[int, str, int]] = []
    of_host: Counter[str] = Counter()
    for row in rows:
        if len(chosen) == slots:
            break
        if fetch_many.wants_courtesy(row[1]):
            of_host[row[1]] += 1
            if of_host[row[1]] > PER_HOST:
                continue
        chosen.append(row)
    return chosen


def batches(rows: list[tuple[int, str, int]], token: str) -> list[Batch]:
    """Feeds of one host in one batch; a feed that did not come to an end before, alone."""
    calm = [pk for pk, _host, tries in sorted(rows, key=lambda row: row[1]) if not tries]
    alone = [pk for pk, _host, tries in rows if tries]
    together = [tuple(calm[start : start + BATCH]) for start in range(0, len(calm), BATCH)]
    return [Batch(token, feeds) for feeds in (*together, *((pk,) for pk in alone))]


def free_slots() -> int:
    """How many feeds may be claimed now: few while many articles wait to be filed."""
    slots = settings.FEEDS_IN_FLIGHT - Feed.objects.leased().count()
    waiting = Article.objects.filter(state=Article.State.NEW)[: BACKLOG + 1].count()
    return min(slots, BATCH // 5) if waiting > BACKLOG else slots


def begin(batch: Batch) -> list[Feed]:
    """The feeds of a batch that its token still holds, their lease fresh and their attempt counted."""
    end = in_seconds(settings.FEEDS_LEASE)
    held = Feed.objects.leased().filter(pk__in=batch.feeds, lease_token=batch.token)
    held.update(leased_until=end, next_poll_at=end, attempts=F("attempts") + 1)
    return list(Feed.objects.filter(pk__in=batch.feeds, lease_token=batch.token))


def settle(feed_id: int, token: str, *, wait: float | None, **changes) -> bool:
    """Write what a poll came to and give the feed back; False, and nothing written, when the lease was lost.

    `wait`: seconds to the next poll, None for never.
    """
    following = None if wait is None else sql.Later(wait)
    changes |= {"lease_token": "", "leased_until": None, "attempts": 0, "next_poll_at": following}
    return bool(sql.update(Feed, changes, id=feed_id, lease_token=token))


def give_back(feed_ids: Iterable[int], token: str) -> int:
    """Return feeds that were not called in the end; they are due at once, and it is no fault of theirs."""
    return Feed.objects.filter(pk__in=list(feed_ids), lease_token=token).update(
        lease_token="", leased_until=None, attempts=F("attempts") - 1, next_poll_at=Now()
    )


def quarantine() -> int:
    """Set feeds aside whose polls do not come to an end, longer each time, a day at most."""
    text = _("Polls of this feed do not come to an end; it is tried again later, alone.")
    stuck = Feed.objects.due().filter(attempts__gte=ATTEMPTS, leased_until__isnull=False)
    count = 0
    for feed in stuck[:100]:
        wait = min(health.DAY, settings.FEEDS_LEASE * ATTEMPTS * 2 ** min(10, feed.attempts - ATTEMPTS))
        with transaction.atomic():
            count += (
                Feed.objects.due()
                .filter(pk=feed.pk, lease_token=feed.lease_token)
                .update(
                    lease_token="",
                    leased_until=None,
                    next_poll_at=in_seconds(wait),
                    state=Feed.State.RED,
                    trouble="crashed",
                    trouble_text=text,
                    failing_since=feed.failing_since or Now(),
                )
            )
            Poll.objects.create(feed=feed, outcome=Poll.Outcome.FAILED, trouble="crashed", text=text)
    return count

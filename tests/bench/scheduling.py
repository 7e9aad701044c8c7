"""One look for what is due among a hundred thousand feeds beside one among a thousand, in CPU seconds.

Twenty thousand by default; BENCH_FEEDS sets another number. Each time as many feeds are due. Asked for: at most
twice as long, as no look reads the whole table.
"""

import os
import statistics
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import django

from tests.bench import cpu
from tests.bench.polling import environment, migrated

FEW, MANY = 1_000, int(os.environ.get("BENCH_FEEDS", "20000"))
DUE, LOOKS = 200, 9
ALLOWED = 2.0


def grow(size: int) -> None:
    from django.utils import timezone

    from feeds.models import Feed

    later, have = timezone.now() + timedelta(days=1), Feed.objects.count()
    made = (
        Feed(url=f"https://h{n}.example/{n}", host=f"h{n}.example", next_poll_at=later)
        for n in range(have, size)
    )
    Feed.objects.bulk_create(made, batch_size=2_000)


def look() -> float:
    """CPU seconds of one claim of all that is due."""
    from django.utils import timezone

    from feeds import scheduling
    from feeds.models import Feed

    keys = list(Feed.objects.order_by("?").values_list("pk", flat=True)[:DUE])
    Feed.objects.filter(pk__in=keys).poll_soon()
    seconds, batches = cpu.measured(scheduling.claim)
    assert sum(len(batch.feeds) for batch in batches) == DUE
    later = timezone.now() + timedelta(days=1)
    Feed.objects.filter(pk__in=keys).update(lease_token="", leased_until=None, next_poll_at=later)
    return seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.environ.update(environment(migrated(Path(name))))
        django.setup()
        seconds = {}
        for size in (FEW, MANY):
            grow(size)
            look()
            seconds[size] = statistics.median(look() for _ in range(LOOKS))
            print(f"scheduling  {size:7,} feeds, {DUE} due: claimed in {1000 * seconds[size]:.1f} ms CPU")
    ratio = seconds[MANY] / seconds[FEW]
    print(f"            {ratio:.2f} times as long; asked for at most {ALLOWED:.0f}")
    if ratio > ALLOWED:
        sys.exit("below what is asked for")


if __name__ == "__main__":
    main()

"""100,000 feeds and 10,000,000 articles, cut down: what grows with the record, and what it takes on the disk.

On a PostgreSQL of its own, filled to a quarter, a half and the whole of BENCH_SCALE articles (100,000), a fiftieth
as many feeds. At each size the questions that every minute asks are timed, and the exponent of their growth is
printed: 0 is no growth, 1 is growth with the size. Asked for: exponents below 0.5, and no more bytes on the disk
for ten million articles than docs/operators.md says.
"""

import math
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

import django

from tests.servers import postgres

SIZE = int(os.environ.get("BENCH_SCALE", "100000"))
SIZES = (SIZE // 4, SIZE // 2, SIZE)
WHOLE = 10_000_000
PAPER = 30e9  # bytes: docs/operators.md, "More machines"
STEEPEST = 0.5
ROUNDS = 7
NOISE = 0.005  # seconds: what takes less at every size does not grow
ARTICLES = """
INSERT INTO tracker_article ({columns})
SELECT {values} FROM tracker_article, generate_series(%s, %s) AS n WHERE id = %s
"""
OURS = {
    "url": "'https://desk' || n %% 1000 || '.example/2026/11/the-ministry-publishes-rules-' || n",
    "url_key": "md5(n::text) || md5((-n)::text)",
    "title": "'The ministry publishes rules on licences for advanced chips, number ' || n",
    "title_key": "md5('t' || n) || md5('u' || n)",
    "summary": "(SELECT string_agg(md5((n * 20 + k)::text), ' ') FROM generate_series(1, 12) AS k)",
    "first_seen_at": "now() - n * interval '1 minute'",
}
DELIVERIES = """
INSERT INTO feeds_delivery ({columns})
SELECT {values} FROM tracker_article, feeds_delivery AS d
WHERE d.id = %s AND tracker_article.id > (SELECT max(article_id) FROM feeds_delivery)
"""
DELIVERED = {
    "feed_id": "(SELECT min(id) FROM feeds_feed) + tracker_article.id %% (SELECT count(*) FROM feeds_feed)",
    "article_id": "tracker_article.id",
    "guid": "tracker_article.url",
    "guid_key": "md5(tracker_article.url)",
}


def grow(size: int) -> None:
    """Fill up to so many articles and feeds, by one statement each."""
    from django.db import connection
    from django.utils import timezone

    from feeds.models import Delivery, Feed
    from tracker.models import Article

    feeds, later = Feed.objects.count(), timezone.now() + timedelta(days=1)
    Feed.objects.bulk_create(
        (
            Feed(url=f"https://h{n}.example/{n}", host=f"h{n}.example", next_poll_at=later)
            for n in range(feeds, size // 50)
        ),
        batch_size=2000,
    )
    first = Article.objects.order_by("id").first()
    if first is None:
        first = Article.objects.create(
            url="https://a.example/", url_key="0" * 64, title="x", state="background"
        )
        Delivery.objects.create(feed=Feed.objects.first(), article=first, guid="x", guid_key="x" * 32)
    copy(Article, OURS, ARTICLES, (Article.objects.count(), size - 1, first.pk))
    copy(Delivery, DELIVERED, DELIVERIES, (Delivery.objects.order_by("id").first().pk,))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def copy(model, ours: dict[str, str], statement: str, given: tuple) -> None:
    """Rows like the first one but for some columns."""
    from django.db import connection

    table = "d" if model._meta.db_table == "feeds_delivery" else model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields if field.column != "id"]
    values = [ours.get(column, f"{table}.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(columns=", ".join(columns), values=", ".join(values)), given)


def questions() -> dict[str, object]:
    """What workers and watchers ask all the time, each as a function to be timed."""
    from django.db import transaction

    from feeds import scheduling, storing
    from feeds.models import Feed
    from feeds.parsing import Entry
    from tracker.models import Article
    from tracker.operations import health

    feed, now = Feed.objects.order_by("id").first(), datetime(2026, 11, 24, tzinfo=UTC)
    known = [row.guid for row in feed.deliveries.order_by("-id")[:20]]
    again = [Entry(identity=guid, link=guid, title="Known", published=now) for guid in known]
    new = [
        Entry(identity=f"new{n}", link=f"https://new.example/{n}", title=f"New {n}", published=now)
        for n in range(20)
    ]

    def inside(work):
        """In a transaction that is taken back, so that every round finds the same."""

        def run():
            with transaction.atomic():
                work()
                transaction.set_rollback(True)

        return run

    def due():
        Feed.objects.filter(pk__lte=feed.pk + 199).update(next_poll_at="2026-01-01T00:00:00Z")
        assert sum(len(batch.feeds) for batch in scheduling.claim()) == 200

    return {
        "claim 200 due feeds": inside(due),
        "keep 20 new entries": inside(lambda: storing.keep(feed, new, now=now)),
        "pass over 20 known ones": inside(lambda: storing.keep(feed, again, now=now)),
        "look for articles to file": lambda: list(Article.objects.to_file()[:100]),
        "all vital signs": health.vitals,
    }


def timed(work) -> float:
    """The quickest of some rounds, in seconds by the clock, as most of the work is the server's: what disturbs a
    round only makes it slower."""
    took = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took)


def exponent(seconds: list[float]) -> float:
    """The slope of the times over the sizes, both as logarithms."""
    if max(seconds) < NOISE:
        return 0.0
    xs, ys = [math.log(size) for size in SIZES], [math.log(value) for value in seconds]
    return statistics.linear_regression(xs, ys).slope


def bytes_of_articles() -> float:
    """What one article takes with its delivery, its title and summary, and all indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (pg_total_relation_size('tracker_article') + pg_total_relation_size('feeds_delivery'))"
            " / (SELECT count(*) FROM tracker_article)::float"
        )
        return cursor.fetchone()[0]


def measure() -> bool:
    took: dict[str, list[float]] = {}
    for size in SIZES:
        grow(size)
        for name, work in questions().items():
            took.setdefault(name, []).append(timed(work))
    each, well = bytes_of_articles(), True
    print(f"articles {', '.join(f'{size:,}' for size in SIZES)}; feeds a fiftieth of each; milliseconds:")
    for name, seconds in took.items():
        steep = exponent(seconds)
        well &= steep < STEEPEST
        told = "  ".join(f"{1000 * value:8.2f}" for value in seconds)
        print(f"  {name:28}{told}   exponent {steep:5.2f}")
    print(f"{each:,.0f} bytes an article with its delivery: {each * WHOLE / 1e9:.0f} GB for {WHOLE:,}")
    return well and each * WHOLE <= PAPER


def main() -> None:
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATABASE_URL": server.url,
            "DATA_FOLDER": folder,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "REDIS_URL": "",
        }
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        well = measure()
        connection.close()
    if not well:
        sys.exit("steeper, or larger, than what is asked for")


if __name__ == "__main__":
    main()

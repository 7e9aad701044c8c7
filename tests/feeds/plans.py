"""How the database goes about what the schedule asks it each minute, by its own account."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feeds import scheduling
from feeds.models import Feed

ROWS = 4_000
WHOLE_TABLE = ("SCAN feeds_feed", "Seq Scan on feeds_feed")


def scans():
    """Statements of one claim among many feeds, with their plans, that read the table of feeds from end to end."""
    later = timezone.now() + timedelta(hours=1)
    made = (
        Feed(url=f"https://h{n}.example/{n}", host=f"h{n}.example", next_poll_at=later) for n in range(ROWS)
    )
    Feed.objects.bulk_create(made, batch_size=2_000)
    Feed.objects.filter(pk__in=list(Feed.objects.values_list("pk", flat=True)[::50])).poll_soon()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            claimed = scheduling.claim()
        assert sum(len(batch.feeds) for batch in claimed) > 50
        return [found for query in asked if (found := _scan(cursor, query["sql"]))]


def _scan(cursor, sql):
    if not sql.startswith(("SELECT", "UPDATE")) or "feeds_feed" not in sql:
        return ""
    how = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    cursor.execute(f"{how} {sql}")
    plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    indexed = plan.replace("SCAN feeds_feed USING", "index on feeds_feed")
    return f"{sql}\n{plan}" if any(words in indexed for words in WHOLE_TABLE) else ""

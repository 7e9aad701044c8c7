"""The operators' script for many millions of articles, on a real PostgreSQL: nothing of the service notices."""

import datetime
import os

import psycopg
import pytest

from tests.feeds.publisher import Publisher, feed_of
from tests.service import ROOT, Service

pytestmark = [pytest.mark.slow, pytest.mark.servers]

SCRIPT = ROOT / "docs/operations/articles-by-month.sql"
POLLED = """
from django.db import transaction
from feeds import polling, scheduling
from feeds.models import Delivery, Feed
from tracker import filing, log
from tracker.models import Article, Report
Feed.objects.exclude(url=ADDRESS).delete()
Feed.objects.get_or_create(url=ADDRESS)
Feed.objects.update(etag="", body_digest="")
Feed.objects.poll_soon()
for batch in scheduling.claim():
    list(polling.poll_batch(batch))
filing.file_waiting()
mine = Article.objects.filter(url__contains="desk.example")
answer = {
    "articles": sorted(mine.values_list("id", "url")),
    "deliveries": Delivery.objects.filter(article__in=mine).count(),
    "waiting": mine.filter(state="new").count(),
    "seeded": Article.objects.exclude(pk__in=mine).count(),
    "reports": Report.objects.count(),
    "revisions": log.verify(),
}
"""


@pytest.fixture
def service(tmp_path, postgres_server):
    with (
        Service(tmp_path, PATH=f"{postgres_server.bin}:{os.environ['PATH']}")
        .with_tagger()
        .filled(postgres_server) as service
    ):
        yield service


@pytest.fixture
def sql(service):
    with psycopg.connect(service.environment["DATABASE_URL"], autocommit=True) as connection:
        yield lambda statement: connection.execute(statement)


def partitioned(service):
    with psycopg.connect(service.environment["DATABASE_URL"]) as connection:
        connection.execute(SCRIPT.read_text())


def test_articles_are_kept_found_and_filed_as_before(service, sql):
    with Publisher() as publisher:
        publisher.pages["/feed"] = feed_of("one", "two", "three")
        code = POLLED.replace("ADDRESS", repr(publisher.url("/feed")))
        before = service.ask(code)
        partitioned(service)
        assert service.ask(code) == before
        publisher.pages["/feed"] = feed_of("one", "two", "three", "four")
        after = service.ask(code)
    assert after["articles"][:3] == before["articles"]
    assert [address for _id, address in after["articles"]][3:] == ["https://desk.example/four"]
    assert (after["deliveries"], after["waiting"]) == (4, 0)
    same = ("seeded", "revisions")
    assert [after[name] for name in same] == [before[name] for name in same]
    month = f"tracker_article_{datetime.datetime.now(datetime.UTC):%Y_%m}"
    assert sql(f"SELECT count(*) FROM {month} WHERE url LIKE '%desk.example%'").fetchone() == (4,)
    service.manage("migrate", "--check")


def test_a_key_is_there_once_and_what_refers_to_an_article_keeps_it(service, sql):
    partitioned(service)
    copied = (
        "INSERT INTO tracker_article ({0}) SELECT {0} FROM tracker_article LIMIT 1 ON CONFLICT DO NOTHING"
    )
    columns = sql(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_name = 'tracker_article' AND column_name NOT IN ('id', 'first_seen_at')"
    ).fetchone()[0]
    assert sql(copied.format(columns)).rowcount == 0
    article = sql("SELECT article_id FROM tracker_report LIMIT 1").fetchone()[0]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        sql(f"DELETE FROM tracker_article WHERE id = {article}")
    with pytest.raises(psycopg.errors.RaiseException, match="never change"):
        sql(
            f"UPDATE tracker_article SET first_seen_at = first_seen_at - interval '2 years' WHERE id = {article}"
        )
    assert (
        service.ask(
            "from tracker.models import Article\n"
            f"Article.objects.filter(pk={article}).delete()\n"
            f"answer = Article.objects.filter(pk={article}).count()"
        )
        == 0
    )
    assert sql(f"SELECT count(*) FROM tracker_article_key WHERE id = {article}").fetchone() == (0,)


def test_a_backup_of_it_is_restored_whole(service, postgres_server, tmp_path):
    partitioned(service)
    service.manage("backup", str(tmp_path / "kept.tar"))
    count = "from tracker.models import Article\nanswer = Article.objects.count()"
    empty = postgres_server.create(f"empty_{service.port}", template="template0")
    (tmp_path / "elsewhere").mkdir()
    with Service(tmp_path / "elsewhere", database_url=empty, PATH=service.environment["PATH"]) as other:
        other.manage("restore", str(tmp_path / "kept.tar"))
        assert other.ask(count) == service.ask(count)
        with psycopg.connect(empty) as connection:
            kinds = connection.execute(
                "SELECT relkind FROM pg_class WHERE relname = 'tracker_article'"
            ).fetchall()
    assert kinds == [("p",)]

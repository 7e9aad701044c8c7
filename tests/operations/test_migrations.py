"""Migrations: complete, from an early release with its data while others read and write, and never waiting long."""

import sqlite3
import threading
import time

import psycopg
import pytest

from tests.service import Service

pytestmark = pytest.mark.slow
# An early release, whose tables today's models do not know: its own, as its migrations describe them, do.
EARLY = (
    ("tracker", "0003_leases_and_heartbeats"),
    ("feeds", "0001_feeds_and_deliveries"),
    ("scorecard", "0001_initial"),
)
FILL = f"""
import datetime
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
early = MigrationExecutor(connection).loader.project_state({EARLY!r}).apps
def rows(app, name, number, **fields):
    model = early.get_model(app, name)
    made = [model(**{{key: value(n) for key, value in fields.items()}}) for n in range(number)]
    return model.objects.bulk_create(made, batch_size=1000)
day = datetime.date(2025, 6, 1)
rows("tracker", "Event", 300, id=lambda n: f"act-{{n}}", title=lambda n: f"Act {{n}}", date=lambda n: day,
     status=lambda n: "proposed" if n % 3 else "accepted")
rows("tracker", "Article", 3000, url=lambda n: f"https://a.example/{{n}}", url_key=lambda n: str(n),
     title=lambda n: "标题")
rows("tracker", "Decision", 300, event_id=lambda n: f"act-{{n}}", action=lambda n: "propose")
rows("feeds", "Feed", 50, url=lambda n: f"https://a.example/feed/{{n}}")
answer = 0
"""
SEARCHED = """
from tracker.models import Event
from tracker.search import EventQuery
found = lambda text: Event.objects.filter(EventQuery.read(text, desk=True).condition()).count()
answer = [found("act"), found('"ACT 7"'), found("status:accepted")]
"""
COUNTS = {"tracker_event": 300, "tracker_article": 3000, "tracker_decision": 300, "feeds_feed": 50}
READING = (
    "SELECT count(*), max(title) FROM tracker_article",
    "SELECT * FROM tracker_event",
    "SELECT * FROM feeds_feed",
)
WRITING = (
    "UPDATE feeds_feed SET etag = 'x' WHERE id % 7 = 0",
    "UPDATE tracker_article SET text = 'x' WHERE id % 99 = 0",
)
APPEND_ONLY = ("tracker_revision", "tracker_decision", "tracker_asksetting", "tracker_completeness",
    "tracker_codebookversion",
)  # fmt: skip


def test_no_model_was_changed_without_a_migration(tmp_path):
    with Service(tmp_path) as service:
        assert "No changes detected" in service.manage("makemigrations", "--check", "--dry-run")


@pytest.mark.servers
def test_an_early_release_is_brought_up_to_date_while_others_read_and_write(tmp_path, postgres_server):
    url = postgres_server.create("migrations")
    with Service(tmp_path, database_url=f"{url}?options=-c%20lock_timeout%3D5000") as service:
        for app, name in EARLY:
            service.manage("migrate", app, name, "-v0")
        service.ask(FILL)
        waits, done = [], threading.Event()
        others = [
            threading.Thread(target=go_on, args=(url, words, waits, done)) for words in (READING, WRITING)
        ]
        for other in others:
            other.start()
        service.manage("migrate", "-v0")
        done.set()
        for other in others:
            other.join()
        assert len(waits) > 20
        assert max(waits) < 5, "somebody waited for a migration"
        assert counts(url) == COUNTS
        assert service.ask(SEARCHED) == [300, 1, 100]
        assert "No migrations to apply" in service.manage("migrate")


def go_on(url, statements, waits, done):
    """Short transactions, one after the other, as readers and workers have them; how long each took."""
    while not done.is_set():
        started = time.monotonic()
        with psycopg.connect(url) as connection:
            for statement in statements:
                connection.execute(statement)
        waits.append(time.monotonic() - started)
        time.sleep(0.02)


def counts(url):
    with psycopg.connect(url) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTS}


def test_what_is_searched_is_written_anew_and_may_be_begun_again_after_a_stop(tmp_path):
    """The database of the release before, on SQLite: its triggers stay, and its own way of writing an event too."""
    with Service(tmp_path) as service:
        for app, name in EARLY:
            service.manage("migrate", app, name, "-v0")
        service.ask(FILL)
        service.manage("migrate", "tracker", "0011_event_codes", "-v0")
        with sqlite3.connect(tmp_path / "service.sqlite3") as database:
            database.execute("UPDATE tracker_event SET folded = 'old', codes = ''")
            names = [
                row[1] for row in database.execute("PRAGMA table_info(tracker_event)") if row[1] != "codes"
            ]
            columns, copied = (
                ", ".join(names),
                ", ".join("'act-new'" if name == "id" else name for name in names),
            )
            database.execute(
                f"INSERT INTO tracker_event ({columns}) SELECT {copied} FROM tracker_event WHERE id = 'act-7'"
            )
            with pytest.raises(sqlite3.IntegrityError, match="cannot move"):
                database.execute("UPDATE tracker_event SET status = 'disputed' WHERE id = 'act-7'")
            database.execute("DELETE FROM django_migrations WHERE name = '0011_event_codes'")
        service.manage("migrate", "-v0")
        assert service.ask(SEARCHED) == [301, 2, 100]


@pytest.mark.servers
def test_there_is_a_way_back_and_forth_again(tmp_path, postgres_server):
    with Service(tmp_path).filled(postgres_server, seeds=False) as service:
        url = service.environment["DATABASE_URL"]
        service.manage("migrate", "tracker", "zero", "-v0")
        with pytest.raises(psycopg.errors.UndefinedTable):
            counts(url)
        service.manage("migrate", "-v0")
    assert set(counts(url).values()) == {0}


@pytest.mark.servers
def test_postgresql_neither_changes_nor_empties_what_is_append_only(tmp_path, postgres_server):
    with Service(tmp_path).filled(postgres_server) as service:
        url = service.environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        for table in APPEND_ONLY:
            with pytest.raises(psycopg.IntegrityError, match="append-only"):
                connection.execute(f"TRUNCATE {table} CASCADE")
        for statement in ("UPDATE tracker_revision SET why = 'x'", "DELETE FROM tracker_revision"):
            with pytest.raises(psycopg.IntegrityError, match="append-only"):
                connection.execute(statement)


@pytest.mark.servers
def test_a_lock_that_somebody_holds_stops_the_migration_not_the_service(tmp_path, postgres_server):
    url = postgres_server.create("locked")
    with Service(tmp_path, database_url=f"{url}?options=-c%20lock_timeout%3D300") as service:
        service.manage("migrate", "tracker", "0001", "-v0")
        with psycopg.connect(url) as holder:
            holder.execute("LOCK TABLE tracker_event IN ACCESS SHARE MODE")
            done = service.said_by("manage.py", "migrate", "-v0", check=False)
            assert done.returncode == 1
            assert "lock timeout" in done.stderr
        service.manage("migrate", "-v0")


def test_two_who_migrate_sqlite_at_once_both_come_to_an_end(tmp_path):
    with Service(tmp_path) as service:
        both = [service.fork("manage.py", "migrate", "-v0", log=f"migrate-{number}") for number in range(2)]
        codes = [process.wait(120) for process in both]
        assert 0 in codes, service.logs()
        assert "No migrations to apply" in service.manage("migrate")

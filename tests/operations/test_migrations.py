"""Migrations: complete, from nothing and while others read, on both databases, and not waiting for ever."""

import threading
import time

import psycopg
import pytest

from tests.service import Service

pytestmark = [pytest.mark.slow]
READING = "SELECT count(*) FROM django_migrations"


def test_no_model_was_changed_without_a_migration(tmp_path):
    with Service(tmp_path) as service:
        assert "No changes detected" in service.manage("makemigrations", "--check", "--dry-run")


@pytest.mark.servers
def test_they_run_on_postgresql_while_readers_read_and_do_not_wait_for_locks(tmp_path, postgres_server):
    url = postgres_server.create("migrations")
    with Service(tmp_path, database_url=f"{url}?options=-c%20lock_timeout%3D5000") as service:
        service.manage("migrate", "tracker", "0001", "-v0")
        reads, done = [], threading.Event()
        reader = threading.Thread(target=read_on, args=(url, reads, done))
        reader.start()
        service.manage("migrate", "-v0")
        done.set()
        reader.join()
        assert len(reads) > 5
        assert max(reads) < 5, "a reader waited for a migration"
        # Once more is nothing at all, and the way back exists.
        assert "No migrations to apply" in service.manage("migrate")
        service.manage("migrate", "tracker", "zero", "-v0")
        service.manage("migrate", "-v0")


def read_on(url, reads, done):
    """Short reads, one after the other; how long each took."""
    while not done.is_set():
        started = time.monotonic()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(READING)
            connection.execute("SELECT count(*) FROM tracker_article")
        reads.append(time.monotonic() - started)
        time.sleep(0.02)


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
        both = [service.start("manage.py", "migrate", "-v0", log=f"migrate-{number}") for number in range(2)]
        codes = [process.wait(120) for process in both]
        assert 0 in codes, service.logs()
        assert "No migrations to apply" in service.manage("migrate")

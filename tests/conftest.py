"""What all tests share: no other host is ever called, and the small fixed cast."""

import io
import os
import pickle
import socket
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from django.utils import translation

from tests.once import once, suite_folder
from tests.servers import *  # noqa: F403  the fixtures postgres_url and redis_url
from tracker import filing
from tracker.models import Revision

_connect = socket.socket.connect


def _connect_here_only(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(
        ("127.", "::1", "localhost")
    ):
        raise OSError(f"tests call no other host, not even {address[0]}")
    return _connect(self, address)


def pytest_configure():
    """Before the suite's other processes are started, so that all of them share one folder."""
    suite_folder()


def pytest_collection_modifyitems(items):
    """Files with slow tests first, so that no process of the suite is left with one at the end; but last of all what
    measures speed and wants the machine for itself."""

    def turn(item):
        return 2 if item.path in alone else 0 if item.path in slow else 1

    slow = {item.path for item in items if any(map(item.get_closest_marker, ("slow", "browser")))}
    alone = {item.path for item in items if item.get_closest_marker("alone")}
    items.sort(key=turn)


@pytest.fixture(autouse=True, scope="session")
def no_other_host():
    """Sockets to anywhere but this machine are refused."""
    socket.socket.connect = _connect_here_only
    yield
    socket.socket.connect = _connect


@pytest.fixture(scope="module")
def filled_again(django_db_setup, django_db_blocker):
    """For a file with `transactional_db`, which empties all tables at its end: what migrations put into them comes
    back with the file's end.
    """
    with django_db_blocker.unblock():
        kept = connection.creation.serialize_db_to_string()
    yield
    with django_db_blocker.unblock():
        ContentType.objects.all().delete()  # emptying made them anew, and permissions with them
        connection.creation.deserialize_db_from_string(kept)


@pytest.fixture(autouse=True)
def one_language():
    """The language of a page that one test read must not be that of another test."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch):
    """What one test kept, or its publishers brought, must not answer another."""
    cache.clear()
    monkeypatch.setattr(filing, "HABITS", filing.Habits())


@pytest.fixture
def seeded(db, first_record):
    """The first record, copied row by row."""
    if not Revision.objects.exists():
        _fill(first_record)


@pytest.fixture(scope="module")
def seeded_once(first_record, django_db_blocker):
    """The first record under every test of a module (`usefixtures`); what one test changes is taken back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        _fill(first_record)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def both_releases(db, whole_record):
    """The record with all its releases, as `manage.py seed` leaves it."""
    _fill(whole_record)


@pytest.fixture(scope="session")
def first_record(django_db_setup, django_db_blocker):
    """Tables and their rows of the first release alone, which one process of the suite seeds for all."""
    without = [each for each in settings.SEEDERS if each != "tracker.importing.seed_releases"]
    return _kept("first-record.pickle", django_db_blocker, without)


@pytest.fixture(scope="session")
def whole_record(django_db_setup, django_db_blocker):
    """The same after the whole of `manage.py seed`."""
    return _kept("whole-record.pickle", django_db_blocker, settings.SEEDERS)


def _kept(name, blocker, seeders):
    def seed(path):
        with blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
            with override_settings(SEEDERS=seeders):
                call_command("seed", verbosity=0, stdout=io.StringIO())
            path.write_bytes(pickle.dumps(list(_filled_tables(cursor))))
            transaction.set_rollback(True)

    return pickle.loads(once(name, seed).read_bytes())


def _fill(record):
    with connection.cursor() as cursor:
        for table, rows in record:
            marks = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {connection.ops.quote_name(table)} VALUES ({marks})", rows)


def _filled_tables(cursor):
    """Name and rows of each table that seeding filled. Foreign keys are checked when a test ends, so any order does."""
    for table in connection.introspection.table_names(cursor):
        if table.startswith(("tracker_", "feeds_", "scorecard_")):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if rows := cursor.fetchall():
                yield table, rows


@pytest.fixture
def analyst(django_user_model):
    return django_user_model.objects.create_superuser("ada", password="correct horse battery")


@pytest.fixture(scope="session")
def feed_corpus():
    """The folder of recorded real feeds; in CI it must be there."""
    folder = os.environ.get("FEED_CORPUS")
    if not folder:
        pytest.skip("FEED_CORPUS names no folder of recorded feeds")
    path = Path(folder)
    assert (path / "manifest.csv").exists(), f"FEED_CORPUS={folder} holds no manifest.csv"
    return path

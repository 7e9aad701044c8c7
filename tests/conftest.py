"""What all tests share: no other host is ever called, and the small fixed cast."""

import io
import os
import socket
from pathlib import Path

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection

from tests.servers import *  # noqa: F403  the fixtures postgres_url and redis_url

_connect = socket.socket.connect


def _connect_here_only(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(
        ("127.", "::1", "localhost")
    ):
        raise OSError(f"tests call no other host, not even {address[0]}")
    return _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def no_other_host():
    """Sockets to anywhere but this machine are refused."""
    socket.socket.connect = _connect_here_only
    yield
    socket.socket.connect = _connect


@pytest.fixture(autouse=True)
def empty_cache():
    """What one test kept must not answer another."""
    cache.clear()


@pytest.fixture
def seeded(db):
    """The first record. Seeded for real once in each process, copied row by row after that."""
    if not _SEEDED:
        call_command("seed", verbosity=0, stdout=io.StringIO())
        _SEEDED.extend((model, list(model.objects.all())) for model in _seeded_models())
        return
    for model, rows in _SEEDED:
        model.objects.bulk_create(rows, batch_size=500)
    reset = connection.ops.sequence_reset_sql(no_style(), [model for model, _rows in _SEEDED])
    with connection.cursor() as cursor:
        for statement in reset:
            cursor.execute(statement)


_SEEDED = []


def _seeded_models():
    """The tables that seeding fills, each after those it points to."""
    models = [*apps.get_app_config("tracker").get_models(), *apps.get_app_config("feeds").get_models()]
    filled = [model for model in models if model.objects.exists()]
    ordered = []
    while filled:
        ready = [
            model
            for model in filled
            if not {field.related_model for field in model._meta.concrete_fields if field.is_relation}
            & (set(filled) - {model})
        ]
        ordered += ready
        filled = [model for model in filled if model not in ready]
    return ordered


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

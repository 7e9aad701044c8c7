"""The seeded service in a process of its own, at a clock that stands still."""

import contextlib
import io
import logging
import os
import tempfile
import warnings

import time_machine

SEEDED = "2026-07-08T09:00:00+00:00"  # the day after the last act
READ = "2026-07-12T12:00:00+00:00"
ENVIRONMENT = {
    "API_RATE_ANONYMOUS": "10000000",
    "DEBUG": "0",
    "DJANGO_SETTINGS_MODULE": "tests.settings",
    "REDIS_URL": "",
    "RELEASE": "golden",
    "SIGNING_KEY": "07" * 32,
    "SITE_URL": "http://testserver",
}


@contextlib.contextmanager
def seeded():
    """Inside it Django serves a new seeded database. Only for a process that has no Django yet."""
    import django  # after the environment is set

    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        places = {"DATABASE_URL": f"sqlite:///{folder}/golden.sqlite3", "DATA_FOLDER": f"{folder}/data"}
        os.environ.update(ENVIRONMENT | places)
        os.environ.pop("SECRET_KEY", None)
        with time_machine.travel(SEEDED, tick=False):
            django.setup()
            logging.disable(logging.INFO)  # a line for each request
            warnings.filterwarnings(
                "ignore", "No directory at"
            )  # static files are collected where a service starts
            manage("migrate", "-v0")
            manage("seed", "-v0")
        with time_machine.travel(READ, tick=False):
            yield


def manage(*words):
    """What a command of manage.py writes."""
    from django.core.management import call_command

    said = io.StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def answer(client, address):
    """Status and bytes of an address."""
    response = client.get(address)
    return response, b"".join(response.streaming_content) if response.streaming else response.content


def reader():
    """A client that has never been here."""
    from django.test import Client

    return Client()

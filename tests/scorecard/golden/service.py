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
    "SECOND_FACTOR": "0",
    "RELEASE": "golden",
    "SIGNING_KEY": "07" * 32,
    "SITE_URL": "http://testserver",
}


@contextlib.contextmanager
def seeded():
    """Inside it Django serves a new seeded database. Only for a process that has no Django yet."""
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        with opened(f"sqlite:///{folder}/golden.sqlite3", f"{folder}/data", SEEDED):
            manage("migrate", "-v0")
            manage("seed", "-v0")
        with at(READ):
            yield


@contextlib.contextmanager
def opened(database_url, data_folder, moment=READ):
    """Inside it Django serves what is there, at a moment. Only for a process that has no Django yet."""
    import django  # after the environment is set

    os.environ.update(ENVIRONMENT, DATABASE_URL=database_url, DATA_FOLDER=str(data_folder))
    os.environ.pop("SECRET_KEY", None)
    with at(moment):
        django.setup()
        logging.disable(logging.INFO)  # a line for each request
        warnings.filterwarnings(
            "ignore", "No directory at"
        )  # static files are collected where a service starts
        yield


def at(moment):
    return time_machine.travel(moment, tick=False)


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

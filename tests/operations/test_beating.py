"""Beat: a sign of life, a clock that somebody sets, a database that is gone, two beats by accident, and its broker."""

import datetime
import os
import subprocess
import sys

import pytest
import time_machine
from celery import Celery, schedules
from django.db import OperationalError

from feeds import scheduling
from feeds.models import Feed
from tests.service import ROOT
from tracker import celery
from tracker.models import Heartbeat

NOON = datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def sent():
    return []


@pytest.fixture
def scheduler(sent):
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {"look": {"task": "look", "schedule": schedules.schedule(60)}}
    scheduler = celery.Scheduler(app)
    scheduler.apply_entry = lambda entry, producer=None: sent.append(entry.name)
    return scheduler


@pytest.mark.django_db
def test_each_tick_leaves_a_sign_of_life_but_not_more_often_than_needed(scheduler):
    for _tick in range(5):
        scheduler.tick()
    assert Heartbeat.objects.get(name="beat").count == 1


@pytest.mark.django_db
@pytest.mark.parametrize("step", [-86_400, -3600, 3600, 86_400])
def test_a_clock_that_is_set_stops_nothing(scheduler, sent, monkeypatch, step):
    """The machine's own clock runs on by two minutes, while the wall clock jumps."""
    ticks = {"own": 1000.0}
    monkeypatch.setattr(celery.time, "monotonic", lambda: ticks["own"])
    with time_machine.travel(NOON, tick=False) as clock:
        scheduler._offset = celery.time.time() - celery.time.monotonic()
        scheduler.tick()
        clock.shift(step)
        for _second in range(130):
            scheduler.tick()
            clock.shift(1)
            ticks["own"] += 1
    assert 2 <= len(sent) <= 5


@pytest.mark.django_db
def test_the_schedule_without_this_would_have_stopped_for_a_day(sent, scheduler, monkeypatch):
    """The trap itself: Celery's own scheduler waits until the wall clock is back where it was."""
    with time_machine.travel(NOON, tick=False) as clock:
        monkeypatch.setattr(scheduler, "_notice_a_set_clock", lambda: None)
        scheduler.tick()
        clock.shift(61)
        scheduler.tick()
        before = len(sent)
        clock.shift(-86_400)
        for _second in range(300):
            scheduler.tick()
            clock.shift(1)
    assert len(sent) == before


def test_a_database_that_is_gone_does_not_stop_the_beat(scheduler, sent, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(celery, "close_old_connections", gone)
    with time_machine.travel(NOON, tick=False) as clock:
        scheduler.tick()
        clock.shift(25)
        scheduler.tick()
        clock.shift(25)
        scheduler.tick()
        clock.shift(25)
        scheduler.tick()
        scheduler.tick()
    assert sent == ["look"]


@pytest.mark.django_db
def test_two_beats_claim_each_feed_once():
    Feed.objects.create(url="https://news.example/feed")
    claims = [scheduling.claim(), scheduling.claim()]
    assert [len(batches) for batches in claims] == [1, 0]


def test_a_command_sends_its_nudges_to_the_broker_of_the_settings():
    """Celery's own app would look for another broker on this machine for seconds, and find none."""
    ran = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "shell",
            "-v0",
            "-c",
            "import celery; print(celery.current_app.conf.broker_url)",
        ],
        cwd=ROOT,
        env=os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "redis://127.0.0.1:1/0"

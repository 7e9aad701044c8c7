"""Celery: its queues, what beat nudges and how, and the count of what was done.

The work itself is rows in the database (docs/architecture.md). The law: nothing here is needed for correctness. Two
beats by accident send every nudge twice, which is harmless, as a claim is one conditional update in the database; a
beat that dies loses nothing, as the schedule holds only nudges.

Every task is counted by its outcome, with the seconds it took, so that metrics need no other store.
"""

import logging
import os
import time

from celery import Celery, Task, beat
from celery.schedules import crontab
from django.conf import settings
from django.db import DatabaseError, close_old_connections

STEP = 30.0  # seconds by which the clock may run against the machine's own before it counts as set
BEAT = 10.0  # seconds between signs of life

log = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

EVERY = {"schedule": float(settings.BEAT_EVERY), "options": {"expires": max(30, settings.BEAT_EVERY - 5)}}

app = Celery("tracker", log="tracker.operations.logs:CeleryLogging", task_cls="tracker.celery:CountedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["feeds", "tracker", "scorecard"])
app.conf.beat_schedule = {
    "poll feeds that are due": {"task": "feeds.tasks.dispatch"} | EVERY,
    "file articles left over": {"task": "tracker.tasks.file_articles"} | EVERY,
    "fetch full texts": {"task": "feeds.tasks.fetch_texts", "schedule": 300.0, "options": {"expires": 290}},
    "ask hubs": {"task": "feeds.tasks.ask_hubs", "schedule": 300.0, "options": {"expires": 290}},
    "tidy polls": {"task": "feeds.tasks.tidy", "schedule": crontab(hour=3, minute=10)},
    "forget old texts": {"task": "tracker.tasks.forget_texts", "schedule": crontab(hour=3, minute=30)},
    "verify the record": {"task": "tracker.tasks.verify_record", "schedule": crontab(minute=50)},
    "forget mails and addresses": {"task": "scorecard.tasks.forget", "schedule": crontab(minute=40)},
    "forget sessions": {"task": "tracker.tasks.forget_sessions", "schedule": crontab(hour=3, minute=50)},
    "regroup recent reports": {"task": "tracker.tasks.regroup", "schedule": crontab(hour=2, minute=20)},
    "retrain the tagger": {"task": "tracker.tasks.retrain", "schedule": crontab(hour=2, minute=50)},
    "call webhooks": {"task": "scorecard.tasks.send_webhooks", "schedule": 30.0, "options": {"expires": 25}},
    "send mails": {"task": "scorecard.tasks.send_mails", "schedule": 60.0, "options": {"expires": 55}},
    "make the edition of the day": {"task": "scorecard.tasks.make_edition", "schedule": crontab(minute=25)},
}
if settings.ARCHIVER_URL:
    app.conf.beat_schedule["ask the archiver"] = {"task": "feeds.tasks.ask_archiver"} | EVERY
if settings.SECOND_OPINION_URL and settings.SECOND_OPINION_MODEL:
    app.conf.beat_schedule["ask for second opinions"] = {"task": "tracker.tasks.consult"} | EVERY


class Scheduler(beat.Scheduler):
    """Beat's, which leaves a sign of life while it can send, and does not stop when somebody sets the clock.

    In memory: the default's file breaks on a hard kill, and then polling stops silently.
    """

    max_interval = BEAT

    def __init__(self, *args, **kwargs):
        self._offset = time.time() - time.monotonic()
        self._touched = float("-inf")
        self._sends = True
        super().__init__(*args, **kwargs)

    def tick(self, *args, **kwargs):
        self._notice_a_set_clock()
        wait = super().tick(*args, **kwargs)
        # A beat whose messages nobody takes is as good as dead, and must look it.
        if self._sends:
            self._touch()
        return wait

    def apply_async(self, *args, **kwargs):
        self._sends = False
        sent = super().apply_async(*args, **kwargs)
        self._sends = True
        return sent

    def _notice_a_set_clock(self):
        offset = time.time() - time.monotonic()
        step, self._offset = offset - self._offset, offset
        if abs(step) > STEP:
            log.warning("the clock was set by %+.0f seconds; the schedule starts anew", step)
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
            self._heap = None

    def _touch(self):
        if time.monotonic() - self._touched < BEAT:
            return
        self._touched = time.monotonic()
        try:
            close_old_connections()
            sign_of_life("beat")
        except DatabaseError as error:
            log.warning("no sign of life could be left: %s", error)


class CountedTask(Task):
    """The base of all tasks of this service."""

    abstract = True

    def before_start(self, task_id, args, kwargs):
        self.request.began = time.monotonic()

    def after_return(self, status, retval, task_id, args, kwargs, einfo):
        seconds = time.monotonic() - getattr(self.request, "began", time.monotonic())
        try:
            sign_of_life(f"{self.name} {status.lower()}", seconds=seconds)
        except DatabaseError as error:
            log.warning("%s could not be counted: %s", self.name, error)


def sign_of_life(name, **more):
    """Note a sign of life."""
    from tracker.models import Heartbeat  # this module is read before there are any models

    Heartbeat.objects.touch(name, **more)

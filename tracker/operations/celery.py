"""Beat's scheduler: it leaves a sign of life while it can send, and does not stop when somebody sets the clock.

The law: nothing here is needed for correctness. Two beats by accident send every nudge twice, which is
harmless, as a claim is one conditional update in the database; a beat that dies loses nothing, as the
schedule holds only nudges.

Every task is counted by its outcome, with the seconds it took, so that metrics need no other store.
"""

import logging
import time

from celery import Task, beat
from django.db import DatabaseError, close_old_connections

from tracker.models import Heartbeat

STEP = 30.0  # seconds by which the clock may run against the machine's own before it counts as set
BEAT = 10.0  # seconds between signs of life

log = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):
    """In memory: the default's file breaks on a hard kill, and then polling stops silently."""

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
            Heartbeat.objects.touch("beat")
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
            Heartbeat.objects.touch(f"{self.name} {status.lower()}", seconds=seconds)
        except DatabaseError as error:
            log.warning("%s could not be counted: %s", self.name, error)

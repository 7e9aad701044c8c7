"""Every task is counted by its outcome, with the seconds it took, so that metrics need no other store."""

import logging
import time

from celery import Task
from django.db import DatabaseError

from tracker.models import Heartbeat

log = logging.getLogger(__name__)


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

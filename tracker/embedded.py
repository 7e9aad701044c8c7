"""Worker and schedule as threads of the web process, for one machine without Redis.

The database holds the work, so the in-memory broker may lose every message when the process dies: the next
tick finds what was left.
"""

import logging
import threading

from celery import beat
from celery.worker import WorkController
from django.conf import settings

from tracker.celery import app

log = logging.getLogger(__name__)


def start() -> None:
    """Start both threads; they end with the process."""
    app.finalize()
    app.set_current()
    app.set_default()
    worker = WorkController(
        app=app,
        hostname="embedded@localhost",
        concurrency=settings.WORKER_CONCURRENCY,
        pool="threads",
        pool_cls="threads",
        queues=",".join(settings.QUEUES),
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        loglevel="WARNING",
    )
    threading.Thread(target=worker.start, name="celery-worker", daemon=True).start()
    beat.EmbeddedService(app, thread=True, scheduler_cls=settings.CELERY_BEAT_SCHEDULER).start()
    log.info("worker and schedule run inside this process")

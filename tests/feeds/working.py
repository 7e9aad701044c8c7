"""A worker to be killed: `python -m tests.feeds.working`, in a fork of a process that has everything imported.

With REDIS_URL it is Celery's prefork pool, without it the embedded threads; both have their schedule inside.
"""

import os
import time

import django


def main():
    """Never returns."""
    django.setup()
    from celery import beat
    from django.conf import settings

    from feeds import tasks
    from tracker import gunicorn
    from tracker.celery import app

    settings.QUEUES = ("polling",)  # filing has kills of its own
    # Not more often: nudges that come faster than they are taken would bury the polls behind them.
    app.conf.beat_schedule = {"dispatch": {"task": "feeds.tasks.dispatch", "schedule": 1.0}}
    tasks.dispatch.delay()  # what the schedule does within a second
    if settings.EMBEDDED:
        gunicorn.start()
        time.sleep(3600)
    beat.EmbeddedService(app, thread=True, scheduler_cls="celery.beat.Scheduler").start()
    quiet = ("--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "ERROR")
    app.worker_main(["worker", "--pool", "prefork", "-c", "2", "-Q", "polling", *quiet])
    os._exit(0)


if __name__ == "__main__":
    main()

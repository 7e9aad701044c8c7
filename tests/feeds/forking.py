"""Workers to be killed: a process that has everything imported forks a fresh one for each line it reads.

`python -m tests.feeds.forking` writes the worker's process id, which leads a group of its own. With REDIS_URL
it is Celery's prefork pool, without it the embedded threads; both have their schedule inside.
"""

import os
import sys
import time

import django


def main():
    django.setup()
    from django.conf import settings

    from tracker import languages
    from tracker.celery import app

    settings.QUEUES = ("polling",)  # filing has kills of its own
    languages.language_of("Bonjour les amis")  # its model is loaded once, here
    # Not more often: nudges that come faster than they are taken would bury the polls behind them.
    app.conf.beat_schedule = {"dispatch": {"task": "feeds.tasks.dispatch", "schedule": 1.0}}
    app.loader.import_default_modules()
    app.finalize()
    for _line in sys.stdin:
        worker = os.fork()
        if not worker:
            os.setsid()
            os.dup2(2, 1)  # standard output tells process ids and nothing else
            work(app)
        print(worker, flush=True)


def work(app):
    """Never returns."""
    from celery import beat
    from django.conf import settings

    from tracker import embedded

    if settings.EMBEDDED:
        embedded.start()
        time.sleep(3600)
    beat.EmbeddedService(app, thread=True, scheduler_cls="celery.beat.Scheduler").start()
    quiet = ("--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "ERROR")
    app.worker_main(["worker", "--pool", "prefork", "-c", "2", "-Q", "polling", *quiet])
    os._exit(0)


if __name__ == "__main__":
    main()

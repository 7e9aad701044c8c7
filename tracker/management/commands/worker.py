"""`manage.py worker`: a Celery worker for every queue and beat beside it, until one ends or somebody says stop."""

import contextlib
import signal
import subprocess  # nosec B404
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "tracker")


class Command(BaseCommand):
    help = "Run a worker and beat on this machine, beside a web process. Needs REDIS_URL."

    def handle(self, *args, **options):
        if settings.EMBEDDED:
            raise CommandError(
                "REDIS_URL: missing. Without it the web process does the work itself: make run."
            )
        concurrency = str(settings.WORKER_CONCURRENCY)
        worker = (*CELERY, "worker", "-Q", ",".join(settings.QUEUES), "-c", concurrency, "-n", "worker@%h")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        both = [subprocess.Popen(command) for command in (worker, (*CELERY, "beat", "--pidfile="))]  # noqa: S603  # nosec B603
        with contextlib.suppress(KeyboardInterrupt):
            both[0].wait()
        for process in both:
            process.terminate()
        for process in both:
            process.wait()

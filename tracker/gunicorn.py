"""gunicorn's settings: `gunicorn -c python:tracker.gunicorn tracker.wsgi`.

One process with threads by default; WEB_PROCESSES makes more. Without REDIS_URL the one process also runs
worker and schedule (tracker/gunicorn.py).

Worker and schedule as threads of the web process, for one machine without Redis.

The database holds the work, so the in-memory broker may lose every message when the process dies: the next
tick finds what was left.
"""

import logging
import os
import tempfile
import threading

import django
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


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

# Only this machine's own, unless told: whoever reaches this port directly is not held by the proxy in front of it.
bind = f"{settings.HOST}:{settings.PORT}"
worker_class = "tracker.operations.web_worker.PatientWorker"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
worker_connections = 1000
timeout = 60  # a process that does not come back within it is replaced
graceful_timeout = 25  # requests under way at a stop are finished; docker-compose.yml waits for 30
keepalive = 5
max_requests = 0 if settings.EMBEDDED else 20_000  # then a process is replaced, one after the other
max_requests_jitter = 2000
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
# In memory, so that a slow disk does not make a process look dead.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  # nosec B108
control_socket_disable = True
accesslog = None  # tracker.operations.logs.RequestLog writes it, without readers' addresses
logconfig_dict = settings.LOGGING
loglevel = settings.LOG_LEVEL.lower()
proc_name = "tracker"
# Whom to believe about https: the proxies in front of us, whose number TRUSTED_PROXIES gives.
forwarded_allow_ips = "*" if settings.TRUSTED_PROXIES else "127.0.0.1"
# Of https, and by one header only. gunicorn would also take SCRIPT_NAME and PATH_INFO from them, which proxies pass on
# as any caller wrote them: another page under this one's address, and kept there for all.
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
forwarder_headers = ""

if workers > 1:  # before anybody imports prometheus_client, which looks at it only then
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="metrics-"))


def post_worker_init(worker):
    if settings.EMBEDDED:
        django.setup()

        start()


def child_exit(server, worker):
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)

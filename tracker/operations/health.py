"""Whether the service is alive, ready and well: for probes, for Prometheus, and in words for whoever is called at
night.

    /health/live    this process answers; asks nothing of anybody else
    /health/ready   database, broker, migrations, beat and polling; 503 with a name when one is not well
    /metrics        Prometheus; needs `Authorization: Bearer METRICS_TOKEN`

They are answered before Django looks at the host's name, as probes call an address, not a name. The operator's page
says the same in words, with the remedy beside it, and opens for whoever may look at the signs of life. Metrics are
what pages cost, counted in this process, and the vital signs, read from the database. With several web processes under
one server the pages' figures are shared through PROMETHEUS_MULTIPROC_DIR, which `tracker.gunicorn` sets.

The law: a check says what is wrong and never more than that: no address, no name, no password. It only reads.
"""

import contextlib
import datetime
import hmac
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    Info,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from redis import RedisError
from redis.exceptions import OutOfMemoryError

from tracker import log as record_log
from tracker import monitoring
from tracker.codebook import current
from tracker.models import Head, Heartbeat
from tracker.monitoring import Vital
from tracker.operations import backends, logs

CHECKS = ("database", "broker", "migrations", "codebook", "clock", "beat", "workers", "polling")
BEAT_LATE = datetime.timedelta(minutes=2)
WORKERS_LATE = datetime.timedelta(minutes=5)
FULL = 0.9  # of the broker's memory: time to look before nothing more goes in
CLOCKS_APART = 60  # seconds

EVERY_MINUTE = "feeds.tasks.dispatch"

log = logging.getLogger(__name__)
CONTENT_TYPE = CONTENT_TYPE_LATEST
PREFIX = "tracker_"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

requests = Histogram(
    f"{PREFIX}request_seconds",
    "Seconds to answer a request.",
    ("view", "method", "status"),
    buckets=BUCKETS,
)

FRESH = 5.0  # seconds for which an answer about readiness is given again, so that nobody can wear us out

NOT_SIGNS = {"tasks_total", "task_seconds_total"}  # shown as the table of tasks


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    well: bool
    words: str


def findings() -> list[Finding]:
    """Every check's finding; without a database the others that need one are not asked."""
    found = [database(), broker()]
    if found[0].well:
        found += [_careful(check) for check in (migrations, codebook, clock, beat, workers, polling)]
    return found


def database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.error("the database does not answer: %s", error)
        return Finding("database", False, _("does not answer"))
    return Finding("database", True, _("answers"))


def broker() -> Finding:
    if settings.EMBEDDED:
        return Finding("broker", True, _("inside this process"))
    try:
        backends.try_broker()
        fill = backends.broker_fill()
    except OutOfMemoryError as error:
        log.error("the broker takes nothing more: %s", error)
        return Finding("broker", False, _("is full: nothing can be sent; give it memory, or empty it"))
    except RedisError as error:
        log.error("the broker does not answer: %s", error)
        return Finding("broker", False, _("does not answer"))
    if fill is not None and fill > FULL:
        words = _("takes messages, but its memory is %(percent)d%% full")
        return Finding("broker", False, words % {"percent": 100 * fill})
    return Finding("broker", True, _("takes messages"))


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        return Finding(
            "migrations", False, _("%(number)d wait: run manage.py migrate") % {"number": len(waiting)}
        )
    return Finding("migrations", True, _("all applied"))


def codebook() -> Finding:
    """Whoever reads another codebook than the one in force reads on, but must not be sent anybody who writes."""
    if trouble := record_log.codebook_trouble():
        return Finding("codebook", False, trouble)
    return Finding("codebook", True, _("version %(version)s") % {"version": current().version})


def clock() -> Finding:
    """Leases go by the database's clock, but the day on which a decision is recorded by this machine's."""
    told = Head.objects.values_list(Now(), flat=True).first()
    apart = (timezone.now() - told).total_seconds() if told else 0.0
    if abs(apart) > CLOCKS_APART:
        words = _("%(seconds)+d seconds off the database's: set this machine's clock")
        return Finding("clock", False, words % {"seconds": apart})
    return Finding("clock", True, _("agrees with the database's"))


def beat() -> Finding:
    row = Heartbeat.objects.filter(name="beat").annotate(now=Now()).values_list("at", "now").first()
    if row is None:
        return Finding("beat", False, _("has never been seen: start it"))
    seconds = (row[1] - row[0]).total_seconds()
    if seconds > BEAT_LATE.total_seconds():
        return Finding(
            "beat", False, _("was last seen %(seconds)d seconds ago: start it") % {"seconds": seconds}
        )
    return Finding("beat", True, _("seen %(seconds)d seconds ago") % {"seconds": max(0, seconds)})


def workers() -> Finding:
    """Whether what beat sends is done by anybody: it asks for due feeds every minute."""
    ended = Heartbeat.objects.filter(name__startswith=f"{EVERY_MINUTE} ").annotate(now=Now()).order_by("-at")
    row = ended.values_list("at", "now").first()
    if row is None:
        return Finding("workers", True, _("have ended no task yet"))
    seconds = (row[1] - row[0]).total_seconds()
    if seconds > WORKERS_LATE.total_seconds() + 2 * settings.BEAT_EVERY:
        words = _("have ended no task for %(seconds)d seconds: start them")
        return Finding("workers", False, words % {"seconds": seconds})
    return Finding("workers", True, _("at work"))


def polling() -> Finding:
    """The vital signs that say by themselves whether we may be called ready."""
    late = [sign for sign in vitals() if sign.decides and sign.is_bad]
    if late:
        said = (f"{sign.value:.0f} {sign.words}" for sign in late)
        return Finding("polling", False, "; ".join(said))
    return Finding("polling", True, _("in time"))


def _careful(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except DatabaseError as error:
        log.error("%s could not be checked: %s", check.__name__, error)
        return Finding(check.__name__, False, _("could not be checked"))


def vitals() -> list[Vital]:
    """Every vital sign; `settings.VITALS` names the functions that know them, so that each app can add its own."""
    return [sign for path in settings.VITALS for sign in import_string(path)()]


def queues() -> Iterator[Vital]:
    """Messages in the broker. They are nudges: a long queue means slow workers, never lost work."""
    if settings.EMBEDDED:
        return
    with contextlib.suppress(RedisError):
        for queue, length in backends.queue_lengths(settings.QUEUES).items():
            yield Vital(
                "queue_messages",
                length,
                gettext_lazy("messages in the queue"),
                limit=1000,
                remedy=gettext_lazy("Start another worker for this queue."),
                labels={"queue": queue},
            )


def timed(get_response, request):
    """Answer a request and count it under its view, so that hostile addresses add no series."""
    started = time.perf_counter()
    response = get_response(request)
    view = logs.view_of(request) or "none"
    method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
    requests.labels(view, method, f"{response.status_code // 100}xx").observe(time.perf_counter() - started)
    return response


def metrics_text() -> bytes:
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    signs = CollectorRegistry()
    signs.register(Signs())
    Info(f"{PREFIX}release", "The release that runs.", registry=signs).info({"release": settings.RELEASE})
    return generate_latest(registry) + generate_latest(signs)


class Signs:
    """The vital signs as Prometheus collects them."""

    def collect(self):
        families = defaultdict(list)
        up = GaugeMetricFamily(
            f"{PREFIX}database_up", "Whether the database answers; without it other signs are missing."
        )
        try:
            for sign in vitals():
                families[sign.name].append(sign)
            up.add_metric([], 1)
        except DatabaseError as error:
            log.error("the vital signs cannot be read: %s", error)
            families.clear()
            up.add_metric([], 0)
        yield up
        for name, signs in families.items():
            kind = CounterMetricFamily if signs[0].rises else GaugeMetricFamily
            labels = list(signs[0].labels)
            family = kind(PREFIX + name, str(signs[0].words), labels=labels)
            for sign in signs:
                family.add_metric([sign.labels[label] for label in labels], sign.value)
            yield family


class Probes:
    def __init__(self, get_response):
        self.get_response = get_response
        self.answers = {"/health/live": live, "/health/ready": Ready(), "/metrics": metrics_page}

    def __call__(self, request):
        answer = self.answers.get(request.path)
        if answer is None:
            return timed(self.get_response, request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = answer(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Frame-Options"] = settings.X_FRAME_OPTIONS
        return response


def live(request):
    return JsonResponse({"status": "alive", "release": settings.RELEASE})


class Ready:
    """The last answer, or a new one when that is no longer fresh."""

    def __init__(self):
        self.lock = threading.Lock()
        self.at = float("-inf")
        self.findings = []

    def __call__(self, request):
        with self.lock:
            if time.monotonic() - self.at > FRESH:
                self.findings = findings()
                self.at = time.monotonic()
            found = self.findings
        well = all(finding.well for finding in found)
        body = {"status": "ready" if well else "not ready"}
        body["checks"] = {finding.name: finding.words for finding in found}
        return JsonResponse(body, status=200 if well else 503)


def metrics_page(request):
    if not settings.METRICS_TOKEN:
        return HttpResponse("Set METRICS_TOKEN to open this page.\n", status=404, content_type="text/plain")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not hmac.compare_digest(given, settings.METRICS_TOKEN.encode()):
        return HttpResponse(
            "Needs Authorization: Bearer and the METRICS_TOKEN.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    return HttpResponse(metrics_text(), content_type=CONTENT_TYPE)


@never_cache
@staff_member_required(login_url="admin:login")
@permission_required("tracker.view_heartbeat", raise_exception=True)
@require_GET
def operator_page(request):
    found = findings()
    signs = vitals() if found[0].well else []
    context = {
        **admin.site.each_context(request),
        "title": _("Operations"),
        "findings": found,
        "troubles": monitoring.bad(signs),
        "signs": [sign for sign in signs if sign.name not in NOT_SIGNS],
        "tasks": task_rows(),
    }
    return render(request, "operations/page.html", context)


def task_rows():
    """One row for each task: when it last succeeded and failed, how often, how long it takes."""
    rows = defaultdict(dict)
    for beat in Heartbeat.objects.filter(name__contains=" "):
        name, _space, outcome = beat.name.partition(" ")
        rows[name][outcome] = beat
    return [
        {
            "name": name,
            "succeeded": outcomes.get("success"),
            "failed": outcomes.get("failure"),
            "seconds": _mean(outcomes.get("success")),
        }
        for name, outcomes in sorted(rows.items())
    ]


def _mean(beat):
    return beat.seconds / beat.count if beat and beat.count else None

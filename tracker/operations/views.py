"""What machines ask: is it alive, is it ready, how is it doing.

    /health/live    this process answers; asks nothing of anybody else
    /health/ready   database, broker, migrations, beat and polling; 503 with a name when one is not well
    /metrics        Prometheus; needs `Authorization: Bearer METRICS_TOKEN`

They are answered before Django looks at the host's name, as probes call an address, not a name.

Prometheus: what pages cost, counted in this process, and the vital signs, read from the database.

With several web processes under one server the pages' figures are shared through PROMETHEUS_MULTIPROC_DIR,
which `tracker.gunicorn` sets.

The operator's page: what /health/ready, /metrics and the last tasks say, in words, with the remedy beside it.

The law: it only reads, and it opens for whoever may look at the signs of life.
"""

import hmac
import logging
import os
import threading
import time
from collections import defaultdict

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
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

from tracker import monitoring
from tracker.models import Heartbeat
from tracker.operations import health, logs

CONTENT_TYPE = CONTENT_TYPE_LATEST
PREFIX = "tracker_"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

requests = Histogram(
    f"{PREFIX}request_seconds",
    "Seconds to answer a request.",
    ("view", "method", "status"),
    buckets=BUCKETS,
)


def timed(get_response, request):
    """Answer a request and count it under its view, so that hostile addresses add no series."""
    started = time.perf_counter()
    response = get_response(request)
    view = logs.view_of(request) or "none"
    method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
    requests.labels(view, method, f"{response.status_code // 100}xx").observe(time.perf_counter() - started)
    return response


def text() -> bytes:
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
            for sign in health.vitals():
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


FRESH = 5.0  # seconds for which an answer about readiness is given again, so that nobody can wear us out

log = logging.getLogger(__name__)


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
                self.findings = health.findings()
                self.at = time.monotonic()
            findings = self.findings
        well = all(finding.well for finding in findings)
        body = {"status": "ready" if well else "not ready"}
        body["checks"] = {finding.name: finding.words for finding in findings}
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
    return HttpResponse(text(), content_type=CONTENT_TYPE)


NOT_SIGNS = {"tasks_total", "task_seconds_total"}  # shown as the table of tasks


@never_cache
@staff_member_required(login_url="admin:login")
@permission_required("tracker.view_heartbeat", raise_exception=True)
@require_GET
def operations(request):
    findings = health.findings()
    signs = health.vitals() if findings[0].well else []
    context = {
        **admin.site.each_context(request),
        "title": _("Operations"),
        "findings": findings,
        "troubles": monitoring.bad(signs),
        "signs": [sign for sign in signs if sign.name not in NOT_SIGNS],
        "tasks": tasks(),
    }
    return render(request, "operations/page.html", context)


def tasks():
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

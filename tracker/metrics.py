"""Prometheus: what pages cost, counted in this process, and the vital signs, read from the database.

With several web processes under one server the pages' figures are shared through PROMETHEUS_MULTIPROC_DIR,
which `tracker.serving` sets.
"""

import os
import time
from collections import defaultdict

from django.conf import settings
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

from tracker import vitals

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
    view = request.resolver_match.view_name if request.resolver_match else "none"
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
        for sign in vitals.gather():
            families[sign.name].append(sign)
        for name, signs in families.items():
            kind = CounterMetricFamily if signs[0].rises else GaugeMetricFamily
            labels = list(signs[0].labels)
            family = kind(PREFIX + name, str(signs[0].words), labels=labels)
            for sign in signs:
                family.add_metric([sign.labels[label] for label in labels], sign.value)
            yield family

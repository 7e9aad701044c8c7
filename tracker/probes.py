"""What machines ask: is it alive, is it ready, how is it doing.

    /health/live    this process answers; asks nothing of anybody else
    /health/ready   database, broker, migrations, beat and polling; 503 with a name when one is not well
    /metrics        Prometheus; needs `Authorization: Bearer METRICS_TOKEN`

They are answered before Django looks at the host's name, as probes call an address, not a name.
"""

import hmac
import logging
import threading
import time

from django.conf import settings
from django.http import HttpResponse, JsonResponse

from tracker import metrics, readiness

FRESH = 5.0  # seconds for which an answer about readiness is given again, so that nobody can wear us out

log = logging.getLogger(__name__)


class Probes:
    def __init__(self, get_response):
        self.get_response = get_response
        self.answers = {"/health/live": live, "/health/ready": Ready(), "/metrics": metrics_page}

    def __call__(self, request):
        answer = self.answers.get(request.path)
        if answer is None:
            return metrics.timed(self.get_response, request)
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
                self.findings = readiness.findings()
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
    return HttpResponse(metrics.text(), content_type=metrics.CONTENT_TYPE)

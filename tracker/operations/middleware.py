"""Content-Security-Policy from `settings.SECURE_CSP`, read as Django 6 reads it, so that its own may come.

A database that does not answer is an honest 503 with the time to come back, not an error of ours.
"""

import logging

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _


class ContentSecurityPolicyMiddleware:
    """A view that sets its own policy (an embed) keeps it.

    "Not modified" carries no policy: a browser puts the headers of a 304 in place of those it holds, and the
    general policy would close an embed to its frame as soon as it is asked for again (RFC 9111, 3.2).
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {' '.join(values)}" for name, values in settings.SECURE_CSP.items())

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 304:
            response.headers.pop("X-Frame-Options", None)
            return response
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


AGAIN = 30  # seconds

log = logging.getLogger(__name__)


class Outage:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        log.error("the database failed: %s", exception)
        words = _("The database does not answer. Nothing is lost; please try again in a moment.")
        if request.path.startswith("/api/"):
            problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": words}
            response = JsonResponse(problem, status=503, content_type="application/problem+json")
        else:
            response = HttpResponse(f"{words}\n", status=503, content_type="text/plain; charset=utf-8")
        response.headers["Retry-After"] = str(AGAIN)
        response.headers["Cache-Control"] = "no-store"
        return response

"""What every request passes: security headers, one address for one page, an honest answer in an outage, and who calls.

Content-Security-Policy comes from `settings.SECURE_CSP`, read as Django 6 reads it, so that its own may come. What
others hang onto links (utm_*, fbclid …) leads to the address without it, and what can be no address or text at all (a
NUL) is refused before anybody asks a database about it. A database that does not answer is a 503 with the time to come
back, not an error of ours.

Who calls is the address written down by the outermost proxy that we trust. The law: what stands further left in
X-Forwarded-For was written by strangers and counts for nothing; with TRUSTED_PROXIES=0 the whole line does. Limits
hold for a network that one subscriber has: an IPv4 address, or the first 64 bits of an IPv6 one.
"""

import ipaddress
import logging
import re

from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext as _

from tracker import addresses

LONGEST_NUMBER = 18  # digits of a row's number; a database takes no more

AGAIN = 30  # seconds
NO_KEY = (ValueError, OverflowError, DataError)
NO_NUMBER = re.compile(r"Field '\w+' expected a number but got |int too large|out of range")

log = logging.getLogger(__name__)


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


class PlainAddresses:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        query = request.META.get("QUERY_STRING", "")
        # The queries of pages and of the API are read by rules that refuse it in better words.
        inside = f"/{settings.ADMIN_PATH}" in request.path
        if "\0" in request.path or (inside and "%00" in query):
            words = _("The address holds a character that no text may hold.")
            return refused(request, 400, "Bad Request", words)
        if inside and any(len(part) > LONGEST_NUMBER and part.isdigit() for part in request.path.split("/")):
            return refused(request, 404, "Not Found", _("Nothing stands at this address."))
        if query and request.method in ("GET", "HEAD") and not request.path.startswith("/api/"):
            plain = addresses.without_tracking(query)
            if plain != query and len(plain) < len(query.strip("&")):
                there = escape_leading_slashes(request.path) + (f"?{plain}" if plain else "")
                answer = HttpResponsePermanentRedirect(there)
                answer.headers["Cache-Control"] = "public, max-age=300"
                return answer
        return self.get_response(request)


def refused(request, status, title, words):
    """An answer that is not made by a view: a problem for programs, a page for people, a line of text for the rest.
    The page asks no database: it may be the one that failed."""
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": words}
        response = JsonResponse(problem, status=status, content_type="application/problem+json")
    elif "text/html" in request.headers.get("Accept", ""):
        response = HttpResponse(render_to_string(f"{status}.html", {"words": words}), status=status)
    else:
        response = HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


class Outage:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        # Django's admin asks the database for whatever a form or an address gives as a key.
        inside = request.path.startswith(f"/{settings.ADMIN_PATH}")
        if inside and isinstance(exception, NO_KEY) and NO_NUMBER.search(str(exception)):
            words = _("Something in it is not as it must be. Please begin again from a page of this site.")
            return refused(request, 400, "Bad Request", words)
        # The driver's own too: where a cursor breaks as it is closed, Django passes them on as they are.
        driver = connection.Database
        ours = (OperationalError, InterfaceError, driver.OperationalError, driver.InterfaceError)
        if not isinstance(exception, ours):
            return None
        log.error("the database failed: %s", exception)
        words = _("The database does not answer. Nothing is lost; please try again in a moment.")
        response = refused(request, 503, "Service Unavailable", words)
        response.headers["Retry-After"] = str(AGAIN)
        return response


def caller_address(request: HttpRequest) -> str:
    """The caller's network as an address; empty when nothing tells (a socket of this machine)."""
    nearest = request.META.get("REMOTE_ADDR") or ""
    hops = settings.TRUSTED_PROXIES
    written = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    # Fewer entries than proxies: the call went past them, and only the line itself can be believed.
    found = written[-hops] if hops and len(written) >= hops else nearest
    return _network(found) or _network(nearest)


def is_from_here(request: HttpRequest) -> bool:
    """Whether this machine itself calls: a check, a proxy that nobody told us of, a developer."""
    found = caller_address(request)
    return not found or ipaddress.ip_address(found).is_loopback


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    if found.is_loopback:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)

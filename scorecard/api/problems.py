"""Errors as problem+json (RFC 9457): what is wrong, where, and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.defaults import server_error
from rest_framework import exceptions
from rest_framework.views import set_rollback

MEDIA_TYPE = "application/problem+json"
# code → status and what it means; `type` of a problem leads to these words.
KINDS: dict[str, tuple[int, str]] = {
    "invalid": (400, "A parameter or field means nothing, or is unknown. `errors` names each with its reason and what "
        "is allowed; mend them all and send it again."),
    "parse_error": (400, "The body is no JSON."),
    "not_authenticated": (401, "The key is missing. Send it as `Authorization: Bearer sck_…`."),
    "authentication_failed": (401, "The key is unknown, revoked or expired. Its account or the operator makes a new "
        "one."),
    "permission_denied": (403, "The key lacks the scope, or its account the role, for this."),
    "not_found": (404, "Nothing stands at this address, for this day, or behind this cursor."),
    "method_not_allowed": (405, "This address does not know the method; `Allow` lists those that it knows."),
    "not_acceptable": (406, "Only JSON is spoken here."),
    "refused": (409, "Well understood, and a rule of the record stands against it: somebody was quicker, or the event "
        "is in another state. Look at it again before you repeat it."),
    "branched": (409, "Your mirror holds revisions that are not in this log: the server was set back. Go back to the "
        "last revision whose digest is still in the log, or begin again."),
    "in_progress": (409, "A request with this `Idempotency-Key` is being answered just now. Wait a moment and send it "
        "again."),
    "unsupported_media_type": (415, "The body must be `application/json`."),
    "not_a_record": (422, "Well-formed JSON that the codebook does not allow. `errors` names every fault with its "
        "place."),
    "key_reused": (422, "This `Idempotency-Key` was sent before with another request. Use a new key for a new deed."),
    "throttled": (429, "Too many requests in this minute. `Retry-After` says when to go on; send `If-None-Match`: "
        "an answer of 304 costs nothing."),
    "not_written": (501, "This server does not write files of this format; take another."),
}  # fmt: skip


def kind(code: str) -> str:
    """The address that explains a kind of problem."""
    return f"{settings.SITE_URL.rstrip('/')}/api/problems/#{code}"


@require_safe
def explained(request: HttpRequest) -> HttpResponse:
    """The page that explains every kind of problem."""
    kinds = [
        {"code": code, "status": status, "title": HTTPStatus(status).phrase, "meaning": meaning}
        for code, (status, meaning) in KINDS.items()
    ]
    answer = render(request, "api/problems.html", {"kinds": kinds})
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


class Refused(exceptions.APIException):
    """Well understood and not allowed: a rule of the record stands against it."""

    status_code = 409
    default_code = "refused"


class Branched(Refused):
    """A mirror holds revisions that are not in this log."""

    default_code = "branched"


class InProgress(Refused):
    """The same request is being answered just now."""

    default_code = "in_progress"


class NotARecord(exceptions.APIException):
    """Well-formed JSON that the codebook does not allow; `errors` names every fault with its place."""

    status_code = 422
    default_code = "not_a_record"

    def __init__(self, detail: str, errors: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(detail)
        self.errors = [*errors]


class KeyReused(NotARecord):
    """An `Idempotency-Key` that was sent before with another request."""

    default_code = "key_reused"


class NotWritten(exceptions.APIException):
    """A format whose library is not installed on this server."""

    status_code = 501
    default_code = "not_written"


class NoSuchDay(exceptions.NotFound):
    """A day of the calendar for which there are no figures."""


class Invalid(exceptions.APIException):
    """Values of the query or the body that mean nothing; `errors` names each with its reason."""

    status_code = 400
    default_code = "invalid"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{error['name']}: {error['reason']}" for error in errors))
        self.errors = errors


def document(
    status: int, detail: str, *, code: str = "", errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The body of a problem."""
    found: dict[str, Any] = {
        "type": kind(code) if code in KINDS else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if code:
        found["code"] = code
    if errors:
        found["errors"] = errors
    return found


def response(status: int, detail: str, **more: Any) -> HttpResponse:
    # What is refused may be quoted, and may be what no text may hold.
    body = json.dumps(document(status, detail, **more), ensure_ascii=False).encode("utf-8", "replace")
    answer = HttpResponse(body, status=status, content_type=MEDIA_TYPE)
    answer.headers["Cache-Control"] = "no-cache" if status < 500 else "no-store"
    return answer


def handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Django REST framework's exception handler. What is no error of the caller stays an error (500)."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(str(error) or "Nothing stands at this address.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    errors = error.errors if isinstance(error, Invalid | NotARecord) else fields(error.detail)
    codes = error.get_codes()
    answer = response(
        error.status_code,
        _sentence(error, errors),
        code=codes if isinstance(codes, str) else "invalid",
        errors=errors,
    )
    if challenge := getattr(error, "auth_header", None):
        answer.headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        answer.headers["Retry-After"] = str(int(wait))
    return answer


def _sentence(error: exceptions.APIException, errors: list[dict[str, str]]) -> str:
    if errors and not isinstance(error, NotARecord):
        return "; ".join(f"{each['name']}: {each['reason']}" for each in errors)
    return str(error.detail)


def fields(detail: Any, path: str = "") -> list[dict[str, str]]:
    """The errors of a serializer as a flat list."""
    if isinstance(detail, dict):
        return [
            found
            for name, part in detail.items()
            for found in fields(part, f"{path}.{name}" if path else str(name))
        ]
    if isinstance(detail, list):
        return [found for part in detail for found in fields(part, path or "body")]
    return [{"name": path, "reason": str(detail)}] if path else []


@csrf_exempt
def nothing_here(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """The answer of every address under /api/ that leads nowhere; one that only lacks its last slash leads there."""
    path, reading = request.path, request.method in ("GET", "HEAD")
    if reading and not path.endswith("/") and resolve(f"{path}/").func is not nothing_here:
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{path}/{'?' if query else ''}{query}")
    words = f"Nothing stands at {request.path[:200]}. The list of addresses is at /api/v1/."
    return response(404, words, code="not_found")


def broken(request: HttpRequest) -> HttpResponse:
    """The answer when we failed: a problem for programs, a page for people. No word of what went wrong."""
    if request.path.startswith("/api/"):
        return response(500, "We failed to answer. It has been noted; please try again later.")
    return server_error(request)

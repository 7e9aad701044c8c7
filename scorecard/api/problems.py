"""Errors as problem+json (RFC 9457): what is wrong, where, and what is allowed."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import server_error
from rest_framework import exceptions
from rest_framework.views import set_rollback

MEDIA_TYPE = "application/problem+json"


class Refused(exceptions.APIException):
    """Well understood and not allowed: a rule of the record stands against it."""

    status_code = 409
    default_code = "refused"


class NotARecord(exceptions.APIException):
    """Well-formed JSON that the codebook does not allow."""

    status_code = 422
    default_code = "not_a_record"


class NotWritten(exceptions.APIException):
    """A format whose library is not installed on this server."""

    status_code = 501
    default_code = "not_written"

    def __init__(self, ending: str) -> None:
        super().__init__(
            f"This server does not write .{ending} files: its operator has not installed what that needs "
            "(see requirements/). Take .csv or .jsonl."
        )


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
        "type": "about:blank",
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
    body = json.dumps(document(status, detail, **more), ensure_ascii=False)
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
    errors = error.errors if isinstance(error, Invalid) else _fields(error.detail)
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
    if errors:
        return "; ".join(f"{each['name']}: {each['reason']}" for each in errors)
    return str(error.detail)


def _fields(detail: Any, path: str = "") -> list[dict[str, str]]:
    """The errors of a serializer as a flat list."""
    if isinstance(detail, dict):
        return [
            found
            for name, part in detail.items()
            for found in _fields(part, f"{path}.{name}" if path else str(name))
        ]
    if isinstance(detail, list):
        return [found for part in detail for found in _fields(part, path or "body")]
    return [{"name": path, "reason": str(detail)}] if path else []


@csrf_exempt
def nothing_here(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """The answer of every address under /api/ that leads nowhere; one that only lacks its last slash leads there."""
    path, reading = request.path, request.method in ("GET", "HEAD")
    if reading and not path.endswith("/") and resolve(f"{path}/").func is not nothing_here:
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{path}/{'?' if query else ''}{query}")
    return response(404, f"Nothing stands at {request.path[:200]}. The list of addresses is at /api/v1/.")


def broken(request: HttpRequest) -> HttpResponse:
    """The answer when we failed: a problem for programs, a page for people. No word of what went wrong."""
    if request.path.startswith("/api/"):
        return response(500, "We failed to answer. It has been noted; please try again later.")
    return server_error(request)

"""Pages that answer from cache until the record moves: ETag from the log's head, 304, no cookie, safe
methods only.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.utils.translation import get_language

from scorecard import standings

View = Callable[..., HttpResponse]


def published(view: View) -> View:
    """Wrap a view whose answer depends on nothing but address, language, day and the log's head."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        tag = etag(request)
        if tag in request.headers.get("If-None-Match", ""):
            return _dressed(HttpResponse(status=304), tag)
        kept = cache.get(f"page:{tag}")
        if kept is None:
            made = view(request, *args, **kwargs)
            if made.status_code != 200:
                made.headers.setdefault("Cache-Control", "no-cache")
                return made
            kept = (bytes(made.content), made.headers["Content-Type"], _own_headers(made))
            cache.set(f"page:{tag}", kept, 3600)
        body, content_type, headers = kept
        return _dressed(HttpResponse(body, content_type=content_type, headers=headers), tag)

    return answer


def etag(request: HttpRequest) -> str:
    """A strong tag of everything the answer depends on."""
    parts = (
        standings.head(),
        timezone.now().date().isoformat(),
        get_language() or "",
        settings.RELEASE,
        request.get_full_path(),
    )
    return '"' + hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32] + '"'


def _own_headers(response: HttpResponse) -> dict[str, str]:
    own = ("Content-Disposition", "Content-Security-Policy", "X-Robots-Tag", "Access-Control-Allow-Origin")
    return {name: response.headers[name] for name in own if name in response.headers}


def _dressed(response: HttpResponse, tag: str) -> HttpResponse:
    if "frame-ancestors *" in response.headers.get("Content-Security-Policy", ""):
        response.xframe_options_exempt = True
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "public, max-age=60, stale-while-revalidate=600"
    return response

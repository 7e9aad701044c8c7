"""Pages that answer from cache until the record moves: ETag from the log's head, 304, no cookie, no writing.
Pages about a past day of knowledge have an ETag of what they show, which the record's moving leaves alone.

The body is kept compressed as well as plain, so that a warm page costs one look-up and no work.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language, gettext

from scorecard import standings, validators
from scorecard.pages import clock

View = Callable[..., HttpResponse]
KEPT = ("Content-Disposition", "Content-Security-Policy", "X-Robots-Tag", "Access-Control-Allow-Origin")
KEPT_SECONDS = 3600
WORTH_COMPRESSING = 500
COMPRESSED = ("image/png", "application/zip")


def published(view: View) -> View:
    """Wrap a view whose answer depends on nothing but address, language, day and the log's head."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        with standings.held():
            tag, past = etag(request), validators.of_the_past(request.GET)
            if not past and _holds(request, tag):
                return _dressed(HttpResponse(status=304), tag)
            kept = cache.get(f"page:{tag}")
            if kept is None:
                made = _made(view, request, *args, **kwargs)
                if made.status_code != 200:
                    made.headers.setdefault("Cache-Control", "no-cache")
                    return made
                kept = _kept(made)
                cache.set(f"page:{tag}", kept, KEPT_SECONDS)
            if past:
                tag = validators.tag_of(kept[0])
                if _holds(request, tag):
                    return _dressed(HttpResponse(status=304), tag)
            return _dressed(_response(request, *kept), tag)

    return answer


def _made(view: View, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except clock.BadDate as problem:
        return _refused(request, str(problem))


def etag(request: HttpRequest) -> str:
    """A tag of everything the answer depends on."""
    parts = (
        standings.head(),
        timezone.now().date().isoformat(),
        get_language() or "",
        settings.RELEASE,
        request.get_full_path(),
    )
    digest = hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", "backslashreplace")).hexdigest()
    return f'"{digest[:32]}"'


def _holds(request: HttpRequest, tag: str) -> bool:
    """Whether the reader already has this version; a tag weakened by a compressing proxy counts too."""
    sent = request.headers.get("If-None-Match")
    return sent is not None and tag in {held.removeprefix("W/") for held in parse_etags(sent)}


def _kept(made: HttpResponse) -> tuple[bytes, bytes | None, str, dict[str, str]]:
    body, kind = bytes(made.content), made.headers["Content-Type"]
    worth = len(body) >= WORTH_COMPRESSING and kind not in COMPRESSED
    headers = {name: made.headers[name] for name in KEPT if name in made.headers}
    return body, gzip.compress(body, 6, mtime=0) if worth else None, kind, headers


def _response(
    request: HttpRequest, body: bytes, packed: bytes | None, kind: str, headers: dict[str, str]
) -> HttpResponse:
    if packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        return HttpResponse(packed, content_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return HttpResponse(body, content_type=kind, headers=headers)


def _dressed(response: HttpResponse, tag: str) -> HttpResponse:
    if "frame-ancestors *" in response.headers.get("Content-Security-Policy", ""):
        response.xframe_options_exempt = True
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "public, max-age=60, stale-while-revalidate=600"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    """A date that cannot be answered: 400, in words, with the way back."""
    context = {"title": gettext("That day cannot be shown"), "words": words, "back": request.path}
    response = render(request, "pages/refused.html", context, status=400)
    response.headers["Cache-Control"] = "no-cache"
    return response

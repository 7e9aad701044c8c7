"""Pages that answer from cache until the record moves: ETag from the log's head, 304, no cookie, no writing.
Pages about a past day of knowledge have an ETag of what they show, which the record's moving leaves alone.

The body is kept compressed as well as plain, so that a warm page costs one look-up and no work.

Answers that are kept until what they rest on moves: ETag, Last-Modified, 304, gzip.

The law: an answer depends on its address, on the caller's day and on `version()` of its view, on nothing
else; so the same tag always means the same bytes. An answer about a past day of knowledge has a tag of those
bytes, and no date, as the record may move without moving it.

Validators of answers about a past day of knowledge. They are made of what is shown, so that the record may move
as it will: as long as the same bytes are shown the reader's copy holds, and never a moment longer.
"""

from __future__ import annotations

import datetime
import functools
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date, parse_etags, parse_http_date_safe
from django.utils.translation import get_language, gettext

from scorecard import clock, standings

NAMES = ("known_at", "later_known_at")


def of_the_past(query: Mapping[str, str], today: datetime.date | None = None) -> bool:
    """Whether an address asks for what was known on a day that is over."""
    now = (today or timezone.now().date()).isoformat()
    return any(len(query.get(name, "")) == len(now) and query[name] < now for name in NAMES)


def tag_of(body: bytes) -> str:
    """The entity tag of these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


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
            tag, past = etag(request), of_the_past(request.GET)
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
                tag = tag_of(kept[0])
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


API_KEPT_SECONDS = 900

WORTH_KEEPING = 200_000
JSON = "application/json"


def answered(
    request: HttpRequest, version: str, make: Callable[[], Any], media_type: str = JSON
) -> HttpResponse:
    """The answer to a GET, from the cache where it stands; `make` gives a value for JSON, or bytes."""
    etag, past = tag(request, version), of_the_past(request.GET)
    kept = cache.get(f"api:{etag}")
    seen = None if past else kept[0] if kept else _first_seen(version)
    if not past and holds(request, etag, seen):
        return dressed(HttpResponse(status=304), etag, seen)
    if kept is None:
        made = make()
        if isinstance(made, HttpResponse):
            return made
        kept = seen, gzip.compress(written(made), 5, mtime=0)
        if len(kept[1]) <= WORTH_KEEPING:
            cache.set(f"api:{etag}", kept, API_KEPT_SECONDS)
    if past:
        etag = tag_of(kept[1])
        if holds(request, etag):
            return dressed(HttpResponse(status=304), etag)
    return dressed(_api_response(request, kept[1], media_type), etag, seen)


def written(made: Any) -> bytes:
    """JSON without spaces; bytes as they are."""
    if isinstance(made, bytes):
        return made
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def tag(request: HttpRequest, version: str) -> str:
    parts = (version, timezone.now().date().isoformat(), settings.RELEASE, request.get_full_path())
    return f'"{digest(chr(10).join(parts))}"'


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _first_seen(version: str) -> int:
    """When this state of things was first seen, or midnight, since figures fade by the day: Last-Modified."""
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    seen = cache.get_or_set(f"seen:{digest(version)}", now.timestamp(), 7 * 24 * 3600)
    return int(max(seen, midnight.timestamp()))


def holds(request: HttpRequest, etag: str, seen: int | None = None) -> bool:
    """Whether the caller already has this state."""
    sent = request.headers.get("If-None-Match")
    if sent is not None:
        return sent.strip() == "*" or etag in {held.removeprefix("W/") for held in parse_etags(sent)}
    since = request.headers.get("If-Modified-Since")
    date = parse_http_date_safe(since) if since else None
    return date is not None and seen is not None and date >= seen


def _api_response(request: HttpRequest, packed: bytes, media_type: str) -> HttpResponse:
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(packed) >= WORTH_COMPRESSING // 2:
        return HttpResponse(packed, content_type=media_type, headers={"Content-Encoding": "gzip"})
    return HttpResponse(gzip.decompress(packed), content_type=media_type)


def dressed(response: HttpResponse, etag: str, seen: int | None = None) -> HttpResponse:
    response.headers["ETag"] = etag
    # Two states within one second would share a date: it is only told once the second is over.
    if seen is not None and seen < int(datetime.datetime.now(datetime.UTC).timestamp()):
        response.headers["Last-Modified"] = http_date(seen)
    response.headers["Cache-Control"] = "public, max-age=60, stale-while-revalidate=600"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response

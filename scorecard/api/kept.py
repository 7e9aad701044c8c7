"""Answers that are kept until what they rest on moves: ETag, Last-Modified, 304, gzip.

The law: an answer depends on its address, on the caller's day and on `version()` of its view, on nothing
else; so the same tag always means the same bytes. An answer about a past day of knowledge has a tag of those
bytes, and no date, as the record may move without moving it.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from scorecard import validators

KEPT_SECONDS = 900
WORTH_COMPRESSING = 500
WORTH_KEEPING = 200_000
JSON = "application/json"


def answered(
    request: HttpRequest, version: str, make: Callable[[], Any], media_type: str = JSON
) -> HttpResponse:
    """The answer to a GET, from the cache where it stands; `make` gives a value for JSON, or bytes."""
    etag, past = tag(request, version), validators.of_the_past(request.GET)
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
            cache.set(f"api:{etag}", kept, KEPT_SECONDS)
    if past:
        etag = validators.tag_of(kept[1])
        if holds(request, etag):
            return dressed(HttpResponse(status=304), etag)
    return dressed(_response(request, kept[1], media_type), etag, seen)


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


def _response(request: HttpRequest, packed: bytes, media_type: str) -> HttpResponse:
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

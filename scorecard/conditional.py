"""Answers to conditional requests: ETag, Last-Modified, 304, gzip, what is kept and for how long. Said once, for
pages, API and downloads.

The law: an answer depends on its path and query, the language, the caller's day, the release, the codebook and the
`version` of what it rests on, and its tag is their digest; so the same tag always means the same bytes. About a past
day of knowledge the tag is that of the bytes shown, and no date is told: the record may move without moving them.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date, parse_etags, parse_http_date_safe
from django.utils.translation import get_language, get_language_from_path, gettext
from django.views.defaults import page_not_found

from scorecard import footing, limits, querystring
from tracker import record
from tracker.operations import middleware

JSON = "application/json"
READING = ("GET", "HEAD")
KEPT_SECONDS = 3600
SEEN_SECONDS = 7 * 24 * 3600
WORTH_COMPRESSING = 500  # bytes
WORTH_KEEPING = 400_000  # bytes, as they are kept
COMPRESSED = ("image/png", "application/zip")
POLICY = "public, max-age=60, stale-while-revalidate=600"
FOREVER = "public, max-age=31536000, immutable"
MOVED = "public, max-age=300"
# All that the query of a page may hold: the day it is about, and the filters of lists.
NAMES = frozenset(
    (
        *("as_of", "known_at", "method", "rev", "q", "from", "to", "page", "recommendation", "direction"),
        *("strength", "actor", "certainty", "language", "since", "earlier", "later", "period"),
    )
)
PAST = ("known_at", "later_known_at")
Response = TypeVar("Response", bound=HttpResponseBase)


class _Kept(NamedTuple):
    """A body as it lies in the cache, with the headers that its view gave it."""

    body: bytes
    packed: bool
    headers: dict[str, str]
    tag: str
    seen: int | None  # when this state of things was first seen


def answer(
    request: HttpRequest,
    version: str,
    make: Callable[[], Any],
    *,
    past: bool = False,
    media_type: str = JSON,
) -> HttpResponse:
    """The answer to a GET or HEAD. `make` gives a response, or the body: bytes and text of `media_type`, or any
    other value, which is written as JSON. It is called only when no kept answer will do.
    """
    if request.method not in READING:
        return _refused(HttpResponseNotAllowed(READING))
    tag = _tag(request, version, get_language() or "")
    if (found := _from_kept(request, tag, past)) is None:
        made = _response(make(), media_type)
        if made.status_code != 200:
            return _refused(made)
        kept = _packed(made, digest(made.content) if past else tag, None if past else _first_seen(version))
        if len(kept.body) <= WORTH_KEEPING:
            # A plain tuple: the next release may read what this one kept.
            cache.set(f"answer:{tag}", tuple(kept), KEPT_SECONDS)
        found = _given(request, kept)
    found.kept_as = tag  # type: ignore[attr-defined]
    return found


def _from_kept(request: HttpRequest, tag: str, past: bool) -> HttpResponse | None:
    """What is kept under this tag as this caller gets it, if it is."""
    if not past and (held := _held(request, tag)):
        return unchanged(held)
    found = cache.get(f"answer:{tag}")
    return None if found is None else _given(request, _Kept(*found))


def _given(request: HttpRequest, kept: _Kept) -> HttpResponse:
    packed = kept.packed and accepts_gzip(request) and "Range" not in request.headers
    # An asterisk and a date are asked here and not above: what does not exist is 404 to them too.
    if holds(request, kept.tag, kept.seen):
        return unchanged(_held(request, kept.tag) or quoted(kept.tag, packed))
    return dressed(_unpacked(kept, packed), quoted(kept.tag, packed), kept.seen)


class KeptAnswers:
    """Middleware: what is kept is given to readers without a session before anything looks for one.

    The headers that sessions, languages and views put around an answer are kept beside it, for each of its forms
    (plain, compressed, unchanged), so that it is to the last header what the whole way gives; a test compares them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        tag = self._tag(request)
        if tag and (found := self._answered(request, tag)):
            return found
        response = self.get_response(request)
        if tag and getattr(response, "kept_as", "") == tag:
            worn = {name: value for name, value in response.headers.items() if name not in UNDRESSED}
            cache.set(_dress(tag, response), (worn, request.resolver_match.view_name), KEPT_SECONDS)  # type: ignore[union-attr]
        return response

    def _tag(self, request: HttpRequest) -> str:
        """The tag of the answer to a request that may be answered here, else "". `DisallowedHost` as further in."""
        request.get_host()
        if (
            request.method not in READING
            or settings.SESSION_COOKIE_NAME in request.COOKIES
            or not request.headers.keys().isdisjoint(ASKED_OF_VIEWS)
            or "rev=" in request.META.get("QUERY_STRING", "")
            or request.path_info.startswith(f"/{settings.ADMIN_PATH}")
            or not _is_taken(request)
        ):
            return ""
        language = get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        try:
            return _tag(request, footing.head(), language)
        except (OperationalError, InterfaceError):
            return ""  # said in words further in

    def _answered(self, request: HttpRequest, tag: str) -> HttpResponse | None:
        found = _from_kept(request, tag, of_the_past(request.GET))
        if found is None or (dress := cache.get(_dress(tag, found))) is None:
            return None
        worn, view = dress
        if "RateLimit" in worn:
            allowance = limits.count(
                limits.PerMinute.name, middleware.caller_address(request), settings.API_RATE_ANONYMOUS
            )
            over = allowance.used > allowance.limit
            if found.status_code == 304 or over:
                allowance = limits.give_back(allowance)
            if over:
                return None  # refused in words, and counted, further in
            worn |= allowance.headers()
        for name, value in worn.items():
            found.headers[name] = value
        found.headers["Content-Length"] = str(len(found.content))
        request.answered_as = view  # type: ignore[attr-defined]
        return found


def _is_taken(request: HttpRequest) -> bool:
    """Whether the caller takes the kind of answer that stands there: of the API JSON alone, as its views ask; a page is
    what its address says."""
    if not request.path_info.startswith("/api/"):
        return True
    kinds = (kind.partition(";")[0].strip() for kind in request.headers.get("Accept", "*/*").split(","))
    return not {"*/*", "application/*", JSON}.isdisjoint(kinds)


def _dress(tag: str, response: HttpResponseBase) -> str:
    form = "unchanged" if response.status_code == 304 else response.headers.get("Content-Encoding", "plain")
    return f"dress:{tag}:{form}"


# What an answer has of its own, or anew each time.
UNDRESSED = frozenset(
    ("Content-Encoding", "Content-Length", "ETag", "Last-Modified", "Content-Type", "Cache-Control")
)
ASKED_OF_VIEWS = ("Authorization", "Range", "If-Range")  # what only a view can judge


def in_turn(make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """An answer that holds a thread for as long as its reader takes, when there is a place for it."""
    try:
        give_back = limits.downloads.take()
    except limits.TooMany as problem:
        return later(problem)
    try:
        made = make()
    except BaseException:
        give_back()
        raise
    made._resource_closers.append(give_back)  # type: ignore[attr-defined]
    weakref.finalize(made, give_back)  # whoever forgets to close it
    return made


def frozen(request: HttpRequest, tag: str, make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The same for what never changes: the bytes behind `tag` may be kept for a year."""
    found = HttpResponse(status=304) if holds(request, tag) else in_turn(make)
    if found.status_code == 503:
        return _refused(found)
    found.headers["ETag"] = quoted(tag)
    found.headers["Cache-Control"] = FOREVER
    return found


def page(view: Callable[..., HttpResponse], allowed: Iterable[str] = NAMES) -> Callable[..., HttpResponse]:
    """Wrap the view of a public page: it answers from one state of the log, and until that moves. A date that
    cannot be answered is refused in words, with the way back; so is a parameter that is not among those allowed.
    """

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        def make() -> HttpResponse:
            try:
                check_names(request.GET, allowed)
                with limits.spend_page(request):
                    return view(request, *args, **kwargs)
            except querystring.BadDate as problem:
                return refusal(request, gettext("That day cannot be shown"), problem, 400)
            except UnknownName as problem:
                return refusal(request, gettext("That address cannot be read"), problem, 400)
            except limits.TooMany as problem:
                return _too_many(request, problem)
            except Http404 as problem:
                return page_not_found(request, problem)

        try:
            with footing.at_rev(request.GET.get("rev")):
                return answer(request, footing.head(), make, past=of_the_past(request.GET))
        except footing.BadPin as problem:
            return refusal(request, gettext("That day cannot be shown"), problem, 400)

    return wrapped


def unkept(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap the view of a form, which is made anew whoever asks: it counts as a page that is not kept."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            with limits.spend_page(request):
                return view(request, *args, **kwargs)
        except limits.TooMany as problem:
            return _too_many(request, problem)

    return wrapped


def _too_many(request: HttpRequest, problem: limits.TooMany) -> HttpResponse:
    return _later(refusal(request, gettext("Too many at once"), problem, problem.status), problem)


def asked_with(*allowed: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """The same for what programs read: an address takes these parameters and no other."""
    return functools.partial(page, allowed=allowed)


class UnknownName(ValueError):
    """A parameter that no page has; the message names it and those that there are."""


def check_names(query: Mapping[str, str], allowed: Iterable[str] = NAMES) -> None:
    """`UnknownName` for what the address does not look at: its answer would be taken for that to another
    question, and it would be one more address for the same page."""
    for name in query:
        if name not in allowed:
            raise UnknownName(
                gettext("%(name)s is not a parameter of this page; there are: %(allowed)s.")
                % {"name": name[:60], "allowed": ", ".join(sorted(allowed)) or gettext("none")}
            )


def canonical(path: str, query: str) -> str:
    """One spelling for all addresses that ask for the same: the pairs by name; of one name as they stand."""
    pairs = sorted((pair for pair in query.split("&") if pair), key=lambda pair: pair.partition("=")[0])
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def refusal(request: HttpRequest, title: str, problem: Exception, status: int) -> HttpResponse:
    """A question that cannot be answered, said in words, with the way back."""
    context = {"title": title, "words": str(problem), "back": request.path}
    return render(request, "pages/refused.html", context, status=status)


def later(problem: limits.TooMany) -> HttpResponse:
    """One line that says when to come back."""
    said = HttpResponse(f"{problem}\n", status=problem.status, content_type="text/plain; charset=utf-8")
    return _later(_refused(said), problem)


def _later(response: HttpResponse, problem: limits.TooMany) -> HttpResponse:
    response.headers["Retry-After"] = str(problem.seconds)
    return response


def of_the_past(query: Mapping[str, str], today: date | None = None) -> bool:
    """Whether an address asks for what was known on a day that is over."""
    now = (today or timezone.now().date()).isoformat()
    return any(len(query.get(name, "")) == len(now) and query[name] < now for name in PAST)


def written(value: Any) -> bytes:
    """A value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(content: str | bytes) -> str:
    """A short name for this content."""
    whole = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    return hashlib.sha256(whole).hexdigest()[:32]


def accepts_gzip(request: HttpRequest) -> bool:
    """Whether the caller wants gzip; `gzip;q=0` says that it does not."""
    offered: dict[str, bool] = {}
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _semicolon, weight = part.partition(";")
        offered[name.strip()] = weight.replace(" ", "").rstrip("0.") != "q="
    return offered.get("gzip", offered.get("*", False))


# Tags and dates


def _tag(request: HttpRequest, version: str, language: str) -> str:
    """A digest of everything that the answer depends on."""
    day = timezone.now().date().isoformat()
    address = canonical(request.path, request.META.get("QUERY_STRING", ""))
    return digest("\n".join((_state(version), day, language, address)))


def _state(version: str) -> str:
    return f"{settings.RELEASE}\n{record.VERSION}\n{version}"


def _first_seen(version: str) -> int:
    """When this state of things was first seen, or midnight, since figures fade by the day: Last-Modified."""
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    seen = (
        cache.get_or_set(f"seen:{digest(_state(version))}", now.timestamp(), SEEN_SECONDS) or now.timestamp()
    )
    return int(max(seen, midnight.timestamp()))


def quoted(tag: str, packed: bool = False) -> str:
    return f'"{tag}-gzip"' if packed else f'"{tag}"'


def _held(request: HttpRequest, tag: str) -> str:
    """The tag by which the caller already has this state, plain or compressed; a weakened one counts too."""
    sent = request.headers.get("If-None-Match", "")
    held = {each.removeprefix("W/") for each in parse_etags(sent)}
    return next((each for each in (quoted(tag), quoted(tag, True)) if each in held), "")


def holds(request: HttpRequest, tag: str, seen: int | None = None) -> bool:
    """Whether the caller has this state, by its tag, by any (`*`), or by its date where it sent no tags."""
    sent = request.headers.get("If-None-Match")
    if sent is not None:
        return sent.strip() == "*" or bool(_held(request, tag))
    since = request.headers.get("If-Modified-Since")
    moment = parse_http_date_safe(since) if since else None
    return moment is not None and seen is not None and moment >= seen


# Bodies and headers


def _response(made: Any, media_type: str) -> HttpResponse:
    if isinstance(made, HttpResponse):
        return made
    body = made if isinstance(made, bytes | str) else written(made)
    return HttpResponse(body, content_type=media_type)


def _packed(made: HttpResponse, tag: str, seen: int | None) -> _Kept:
    body, headers = bytes(made.content), dict(made.headers.items())
    if len(body) < WORTH_COMPRESSING or headers["Content-Type"] in COMPRESSED:
        return _Kept(body, False, headers, tag, seen)
    return _Kept(gzip.compress(body, 6, mtime=0), True, headers, tag, seen)


def _unpacked(kept: _Kept, packed: bool) -> HttpResponse:
    if packed:
        return HttpResponse(kept.body, headers=kept.headers | {"Content-Encoding": "gzip"})
    body = gzip.decompress(kept.body) if kept.packed else kept.body
    return HttpResponse(body, headers=kept.headers)


def dressed(response: Response, tag: str, seen: int | None = None) -> Response:
    # An answer that any site may frame has a policy that says so; the older header would take it back.
    if "frame-ancestors *" in response.headers.get("Content-Security-Policy", ""):
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = POLICY
    # Two states within one second would share a date: it is only told once the second is over.
    if seen is not None and seen < int(time.time()):
        response.headers["Last-Modified"] = http_date(seen)
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def unchanged(tag: str) -> HttpResponse:
    return dressed(HttpResponse(status=304), tag)


def _refused(made: Response) -> Response:
    made.headers.setdefault("Cache-Control", MOVED if made.status_code == 301 else "no-cache")
    return made

"""One call to somebody else's server: a document fetched, or a POST to an address that others asked for.

The law: fetching is conditional, bounded in time and size, and follows redirects by hand. Whatever a server does, the
call ends before its deadline with an `Answer` or one `FetchError` whose class decides the back-off and whose message
an editor can read beside the feed. A POST goes to the open internet only, follows no redirect, keeps nothing of the
answer but its status, and ends at its deadline too.

What a server's headers say about time and place is read purely.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
from django.conf import settings
from yarl import URL

from feeds.http import guard
from feeds.http.inflating import Inflater, TooLarge, UnknownEncoding

LONGEST_WAIT = 24 * 3600  # no header makes us wait longer than a day

WAITS = ("Retry-After", "X-Retry-After")
RESETS = (
    *("RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "X-RateLimit-Reset-After"),
    *("RateLimit-Reset-After", "X-RateLimit-Retry-After"),
)
REMAINING = ("RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining")
NUMBER = re.compile(r"([0-9]{1,15})(?:\.[0-9]{0,9})?\s*(?:s|secs?|seconds?)?", re.I)
LIMIT_LEFT = re.compile(r"\b(?:remaining|r)\s*=\s*(\d+)", re.I)
LIMIT_RESET = re.compile(r"\b(?:reset|t)\s*=\s*(\d{1,15})", re.I)
EPOCH, EPOCH_IN_MILLISECONDS = 10**9, 10**12  # a number of seconds so large is a moment
SAFE = "%/:=&?~#+!$,;'@()*[]|"


def asked_wait(given: Mapping[str, str], *, now: float, refused: bool) -> int | None:
    """Seconds to wait by whatever header says so, at most a day; None where none does.

    A limit's end counts when we were refused, or when nothing is left of the limit.
    """
    for name in WAITS:
        if (seconds := retry_after(given.get(name, ""), now=now)) is not None:
            return seconds
    limit = given.get("RateLimit", "")
    left = LIMIT_LEFT.search(limit)
    spent = any(re.fullmatch(r"0(\.0*)?", given.get(name, "").strip()) for name in REMAINING)
    if not (refused or spent or (left and int(left[1]) == 0)):
        return None
    if found := LIMIT_RESET.search(limit):
        return retry_after(found[1], now=now)
    resets = (retry_after(given.get(name, ""), now=now) for name in RESETS)
    return next((seconds for seconds in resets if seconds is not None), None)


def called_as(value: str) -> str:
    """The address of a redirect as browsers call it: spaces and foreign letters encoded, line breaks gone."""
    text = "".join(value.split("\n")).replace("\r", "").replace("\t", "").strip().replace("\\", "/")
    return quote(text.encode("utf-8", "surrogateescape"), safe=SAFE)


def retry_after(value: str, *, now: float) -> int | None:
    """Seconds to wait by a Retry-After header (a number or an HTTP date), at most a day; None without one."""
    seconds = _number_or_date(value, now)
    return None if seconds is None else max(0, min(LONGEST_WAIT, seconds))


def max_age(cache_control: str, expires: str, *, now: float) -> int | None:
    """Seconds an answer stays fresh by Cache-Control, else by Expires; None when neither says so."""
    directives = cache_control.lower()
    if re.search(r"\bno-(cache|store)\b", directives):
        return 0
    found = re.search(r'\bmax-age\s*=\s*"?(\d{1,10})', directives)
    if found:
        return min(LONGEST_WAIT, int(found.group(1)))
    seconds = _date(expires, now)
    return None if seconds is None else max(0, min(LONGEST_WAIT, seconds))


def _number_or_date(value: str, now: float) -> int | None:
    value = value.strip()
    if found := NUMBER.fullmatch(value):
        number = int(found[1])
        moment = number / 1000 if number > EPOCH_IN_MILLISECONDS else number
        return int(moment - now) if moment > EPOCH else number
    return _date(value, now)


def _date(value: str, now: float) -> int | None:
    try:
        moment = datetime.fromisoformat(value) if value[:4].isdecimal() else parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return int(moment.timestamp() - now)
    except (OverflowError, ValueError, OSError):
        return None


DEADLINE = 20.0  # seconds of wall clock over all redirects
CONNECT_DEADLINE = 10.0
MAXIMUM_SENT = 5_000_000  # bytes on the wire
MAXIMUM_BODY = 10_000_000  # bytes after decompression
REDIRECTS = 5
MOST_HEADERS = 50  # of an answer that are kept
MAXIMUM_COOKIE = 8_000  # characters of the cookies of one fetch
MOVED = frozenset({301, 302, 303, 307, 308})
MOVED_FOR_GOOD = frozenset({301, 308})
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, application/json;q=0.8, text/xml;q=0.8, */*;q=0.5"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What to fetch, and what we remember of the last time (validators exactly as given). Without `follow` a redirect
    is the answer itself: where it leads is what was asked."""

    url: str
    etag: str = ""
    last_modified: str = ""
    accept: str = ACCEPT
    follow: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is 200 or 304; `body` is decompressed and empty for 304. Of a redirect that was not to
    be followed `url` is where it leads, `status` its own, and nothing is read."""

    url: str
    status: int
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    max_age: int | None = None  # seconds the server asks us to keep the answer
    retry_after: int | None = None
    moved_to: str = ""  # where it lives now, when every redirect was a permanent one
    seconds: float = 0.0
    sent: int = 0  # bytes on the wire
    hops: tuple[tuple[int, str], ...] = field(default=())
    headers: tuple[tuple[str, str], ...] = ()  # as they came, cookies left out


class FetchError(Exception):
    """The document did not come. `kind` is one of `KINDS`; `retry_after` is in seconds, when asked for."""

    KINDS = (
        *("blocked", "dns", "connect", "tls", "timeout", "redirects", "http_4xx", "gone", "rate_limited"),
        *("http_5xx", "too_large", "protocol", "encoding"),
    )

    def __init__(self, kind: str, message: str, *, status: int | None = None, retry_after: int | None = None):
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after


def session(*, user_agent: str, allow_private: bool = False, limit: int = 16) -> aiohttp.ClientSession:
    """A client session for many documents: guarded, without cookies to keep, proxies or its own decompression."""
    return aiohttp.ClientSession(
        connector=guard.connector(allow_private=allow_private, limit=limit),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate, br, zstd"},
    )


async def fetch(
    client: aiohttp.ClientSession,
    ask: Ask,
    *,
    allow_private: bool = False,
    deadline: float = DEADLINE,
    maximum_sent: int = MAXIMUM_SENT,
    maximum_body: int = MAXIMUM_BODY,
) -> Answer:
    """Fetch one document within `deadline` seconds. Raises FetchError, and nothing else."""
    started = time.monotonic()
    limits = (maximum_sent, maximum_body)
    try:
        async with asyncio.timeout(deadline):
            return await _follow(client, ask, allow_private, limits, started)
    except (TimeoutError, aiohttp.ServerTimeoutError) as error:
        message = f"The server did not answer in full within {deadline:g} seconds."
        raise FetchError("timeout", message) from error
    except (aiohttp.ClientError, OSError, ValueError, TooLarge, UnknownEncoding) as error:
        raise _classified(error, ask.url) from error


async def _follow(client, ask: Ask, allow_private: bool, limits, started: float) -> Answer:
    url, hops = ask.url, []
    # Cookies live for this one fetch: a gate that sets one and sends back is passed, and nobody is followed.
    jar = aiohttp.CookieJar(unsafe=True)
    called: dict[str, str] = {}
    while True:
        guard.check_url(url, allow_private=allow_private)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_DEADLINE)
        called[url] = cookie = _cookie(jar, url)
        asked = _asked(ask) | ({"Cookie": cookie} if cookie else {})
        async with client.get(url, allow_redirects=False, headers=asked, timeout=timeout) as response:
            if response.status in MOVED and response.headers.get("Location"):
                hops.append((response.status, url))
                jar.update_cookies(response.cookies, response.url)
                url = _next_hop(url, response.headers["Location"], hops)
                if not ask.follow:
                    return Answer(url, response.status, seconds=time.monotonic() - started, hops=tuple(hops))
                if called.get(url) == _cookie(jar, url):
                    raise FetchError("redirects", f"The redirects go round in a circle at {url[:200]}")
                continue
            return await _answer(response, url, hops, limits, started)


def _asked(ask: Ask) -> dict[str, str]:
    # Validators belong to the address that gave them; a redirect within one fetch keeps them, as the
    # publisher sees the same reader.
    asked = {"Accept": ask.accept}
    if ask.etag:
        asked["If-None-Match"] = ask.etag
    if ask.last_modified:
        asked["If-Modified-Since"] = ask.last_modified
    return asked


def _cookie(jar: aiohttp.CookieJar, url: str) -> str:
    if not len(jar):
        return ""
    morsels = jar.filter_cookies(URL(url, encoded=True)).values()
    return "; ".join(f"{morsel.key}={morsel.value}" for morsel in morsels)[:MAXIMUM_COOKIE]


def _next_hop(url: str, location: str, hops: list[tuple[int, str]]) -> str:
    target = urljoin(url, called_as(location)).split("#")[0]
    if len(hops) > REDIRECTS:
        raise FetchError("redirects", f"More than {REDIRECTS} redirects, the last one to {target[:200]}")
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise FetchError("redirects", f"Redirected from https to an unprotected address: {target[:200]}")
    return target


async def _answer(response: aiohttp.ClientResponse, url: str, hops, limits, started: float) -> Answer:
    given = response.headers
    read = response.status in (200, 203, 206, 226, 304)
    wait = asked_wait(given, now=time.time(), refused=not read)
    if not read:
        raise _refused(response.status, wait)
    if response.status == 206:
        raise FetchError("protocol", "The server sent only a part of the document (206).", status=206)
    body, sent = b"", 0
    if response.status != 304:
        body, sent = await _read(response, *limits)
    permanent = bool(hops) and all(status in MOVED_FOR_GOOD for status, _ in hops)
    return Answer(
        url=url,
        status=304 if response.status == 304 else 200,
        body=body,
        content_type=given.get("Content-Type", "")[:200],
        # A validator too long to send back is no use; a cut one would never match.
        etag=given.get("ETag", "") if len(given.get("ETag", "")) <= 500 else "",
        last_modified=given.get("Last-Modified", "")[:100],
        max_age=max_age(given.get("Cache-Control", ""), given.get("Expires", ""), now=time.time()),
        retry_after=wait,
        moved_to=url if permanent else "",
        seconds=time.monotonic() - started,
        sent=sent,
        hops=tuple(hops),
        headers=tuple(_shown(given)),
    )


def _shown(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The headers that may be shown to an operator: a cookie is a key to somebody's door."""
    for name, value in itertools.islice(given.items(), MOST_HEADERS):
        if name.lower() != "set-cookie":
            yield name[:100], value[:500]


async def _read(response: aiohttp.ClientResponse, maximum_sent: int, maximum_body: int) -> tuple[bytes, int]:
    """The decompressed body and its bytes on the wire; stops at the limit, never beyond it."""
    if (response.content_length or 0) > maximum_sent:
        raise TooLarge(
            f"The server announces {response.content_length:,} bytes; the limit is {maximum_sent:,}."
        )
    inflater = Inflater(response.headers.get("Content-Encoding", ""), maximum_body)
    sent = 0
    async for chunk in response.content.iter_any():
        sent += len(chunk)
        if sent > maximum_sent:
            raise TooLarge(f"The document is larger than {maximum_sent:,} bytes.")
        inflater.feed(chunk)
    return inflater.finish(), sent


def _refused(status: int, wait: int | None) -> FetchError:
    if status == 410:
        return FetchError("gone", "The publisher says this feed is gone for good (410).", status=status)
    if status == 429:
        message = "The publisher asks us to call less often (429)."
        return FetchError("rate_limited", message, status=status, retry_after=wait)
    if status >= 500:
        message = f"The publisher's server is in trouble ({status})."
        return FetchError("http_5xx", message, status=status, retry_after=wait)
    words = {401: "wants a login", 403: "refuses us", 404: "has no document here", 451: "withholds it by law"}
    said = words.get(status, "answered with an unexpected status")
    return FetchError("http_4xx", f"The publisher {said} ({status}).", status=status, retry_after=wait)


def _classified(error: BaseException, url: str) -> FetchError:
    """The one place that turns the client library's errors into ours."""
    host = urlsplit(url).hostname if "//" in url else url
    refusal = guard.refusal_in(error)
    if refusal:
        return FetchError("blocked", str(refusal))
    if isinstance(error, TooLarge):
        return FetchError("too_large", str(error))
    if isinstance(error, UnknownEncoding):
        return FetchError("encoding", str(error))
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return FetchError("dns", guard.nowhere(host or "The address"))
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError | ssl.CertificateError):
        reason = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
        return FetchError("tls", f"The secure connection to {host} failed: {str(reason)[:200]}")
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return FetchError("connect", f"No connection to {host}: {getattr(error, 'os_error', error)!s:.200}")
    if isinstance(error, aiohttp.InvalidURL):
        return FetchError("blocked", f"The address cannot be called: {url[:200]}")
    if isinstance(error, OSError) and not isinstance(error, aiohttp.ClientError):
        return FetchError("connect", f"The connection to {host} broke: {str(error)[:200]}")
    said = str(getattr(error, "message", "") or error or type(error).__name__).partition("\n")[0].strip()
    return FetchError("protocol", f"The server's answer broke the rules of HTTP: {said[:200]}")


class SendError(OSError):
    """The call did not come about, or no answer came in time; the message says why."""


def check(url: str) -> None:
    """`SendError` when the form of the address forbids calling it. Its host is judged again at each call."""
    try:
        guard.check_url(url, allow_private=settings.FETCH_ALLOW_PRIVATE)
    except guard.GuardError as refusal:
        raise SendError(str(refusal)) from None


def post(url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> int:
    """The status of the answer. `SendError` after `deadline` seconds or when no answer came."""
    check(url)
    try:
        return asyncio.run(_post(url, headers, body, deadline))
    except TimeoutError:
        raise SendError(f"no answer within {deadline:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if guard.refusal_in(error) or isinstance(error, aiohttp.ClientConnectorDNSError):
            raise SendError(guard.nowhere(urlsplit(url).hostname or "The address")) from None
        raise SendError(str(error)[:300] or type(error).__name__) from None


async def _post(url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> int:
    async with (
        asyncio.timeout(deadline),
        aiohttp.ClientSession(
            connector=guard.connector(allow_private=settings.FETCH_ALLOW_PRIVATE),
            headers={"User-Agent": f"us-china-ai-scorecard-webhooks (+{settings.FETCH_CONTACT})"},
            auto_decompress=False,
        ) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status

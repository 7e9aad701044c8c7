"""HTTP for one document: conditional, bounded in time and size, redirects followed by hand.

The law: whatever a server does, the call ends before its deadline with an `Answer` or one `FetchError` whose
class decides the back-off and whose message an editor can read beside the feed.

What a server's headers say about time. Pure.

Compressed bodies, decompressed piece by piece under a hard limit, so that a bomb costs nothing. Pure.
"""

import asyncio
import re
import socket
import ssl
import time
import zlib
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
import brotli

from feeds.http import guard

LONGEST_WAIT = 24 * 3600  # no header makes us wait longer than a day


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
    if re.fullmatch(r"[0-9]{1,15}", value):
        return int(value)
    return _date(value, now)


def _date(value: str, now: float) -> int | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return int(moment.timestamp() - now)
    except (OverflowError, ValueError, OSError):
        return None


PIECE = 1 << 18


class TooLarge(ValueError):
    """The document outgrew a limit; the message names it."""


class UnknownEncoding(ValueError):
    """The body is compressed in a way we did not ask for, or is damaged."""


class Inflater:
    """Feed it chunks; `finish` returns the whole body. Never holds more than `maximum` plus one piece."""

    def __init__(self, encoding: str, maximum: int):
        self._encoding = encoding.lower().strip()
        self._maximum = maximum
        self._body = bytearray()
        self._machine: Any = None  # zlib's or brotli's, which share no type
        if self._encoding in ("", "identity", "none", "utf-8"):
            return
        if self._encoding in ("gzip", "x-gzip"):
            self._machine = zlib.decompressobj(31)
        elif self._encoding == "br":
            self._machine = brotli.Decompressor()
        elif self._encoding != "deflate":
            raise UnknownEncoding(f"The body is compressed as {encoding[:50]!r}, which we did not ask for.")

    def feed(self, chunk: bytes) -> None:
        try:
            self._inflate(chunk)
        except (zlib.error, brotli.error) as error:
            raise UnknownEncoding(f"The {self._encoding} compressed body is damaged.") from error

    def finish(self) -> bytes:
        whole = getattr(self._machine, "eof", True)
        if self._encoding == "br":
            whole = self._machine.is_finished()
        if self._machine is not None and not whole:
            raise UnknownEncoding(f"The {self._encoding} compressed body ends too early.")
        return bytes(self._body)

    def _inflate(self, chunk: bytes) -> None:
        if self._encoding == "deflate" and self._machine is None:
            # Servers disagree whether deflate has zlib's two header bytes.
            wrapped = len(chunk) > 1 and chunk[0] & 0x0F == 8 and int.from_bytes(chunk[:2], "big") % 31 == 0
            self._machine = zlib.decompressobj(15 if wrapped else -15)
        if self._machine is None:
            self._keep(chunk)
        elif self._encoding == "br":
            piece = self._machine.process(chunk, output_buffer_limit=PIECE)
            while piece or not self._machine.can_accept_more_data():
                self._keep(piece)
                piece = self._machine.process(b"", output_buffer_limit=PIECE)
        else:
            while chunk and not self._machine.eof:
                self._keep(self._machine.decompress(chunk, PIECE))
                chunk = self._machine.unconsumed_tail

    def _keep(self, piece: bytes) -> None:
        self._body += piece
        if len(self._body) > self._maximum:
            raise TooLarge(f"The document is larger than {self._maximum:,} bytes once decompressed.")


DEADLINE = 20.0  # seconds of wall clock over all redirects
CONNECT_DEADLINE = 10.0
MAXIMUM_SENT = 5_000_000  # bytes on the wire
MAXIMUM_BODY = 10_000_000  # bytes after decompression
REDIRECTS = 5
MOVED = frozenset({301, 302, 303, 307, 308})
MOVED_FOR_GOOD = frozenset({301, 308})
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, application/json;q=0.8, text/xml;q=0.8, */*;q=0.5"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What to fetch, and what we remember of the last time (validators exactly as given)."""

    url: str
    etag: str = ""
    last_modified: str = ""
    accept: str = ACCEPT


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is 200 or 304; `body` is decompressed and empty for 304."""

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
    """A client session for many documents: guarded, without cookies, proxies or its own decompression."""
    return aiohttp.ClientSession(
        connector=guard.connector(allow_private=allow_private, limit=limit),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate, br"},
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
    while True:
        guard.check_url(url, allow_private=allow_private)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_DEADLINE)
        asked = {"Accept": ask.accept}
        # Validators belong to the address that gave them; a redirect within one fetch keeps them, as the
        # publisher sees the same reader.
        if ask.etag:
            asked["If-None-Match"] = ask.etag
        if ask.last_modified:
            asked["If-Modified-Since"] = ask.last_modified
        async with client.get(url, allow_redirects=False, headers=asked, timeout=timeout) as response:
            if response.status in MOVED and response.headers.get("Location"):
                hops.append((response.status, url))
                url = _next_hop(url, response.headers["Location"], hops)
                continue
            return await _answer(response, url, hops, limits, started)


def _next_hop(url: str, location: str, hops: list[tuple[int, str]]) -> str:
    target = urljoin(url, location.strip()).split("#")[0]
    if len(hops) > REDIRECTS:
        raise FetchError("redirects", f"More than {REDIRECTS} redirects, the last one to {target[:200]}")
    if any(target == earlier for _, earlier in hops):
        raise FetchError("redirects", f"The redirects go round in a circle at {target[:200]}")
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise FetchError("redirects", f"Redirected from https to an unprotected address: {target[:200]}")
    return target


async def _answer(response: aiohttp.ClientResponse, url: str, hops, limits, started: float) -> Answer:
    given = response.headers
    wait = retry_after(given.get("Retry-After", ""), now=time.time())
    if response.status not in (200, 203, 206, 226, 304):
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
    )


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
        return FetchError(
            "dns", f"The name {host} could not be found. Is it spelt right, is there a network?"
        )
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

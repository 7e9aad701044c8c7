"""Whatever a server does, a call ends in time, within its memory, with the class of error that fits."""

import asyncio
import gzip
import resource
import time
import zlib

import brotli
import pytest
from backports import zstd

from feeds import parsing
from feeds.http import fetch, inflating
from tests.feeds.publisher import Publisher, answering, bomb, deflated, feed_of, raw, reset

pytestmark = pytest.mark.slow  # each server keeps its caller waiting
DEADLINE = 1.5
GOOD = feed_of("one", "two")
XML = {"Content-Type": "application/rss+xml"}
OK = b"HTTP/1.1 200 OK\r\n"
LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><rss><channel><title>&j;</title><item><title>&j;</title><link>https://a.example/1</link></item>"
    b"</channel></rss>"
)
OUTSIDE = (
    b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><title>&x;</title>'
    b"<item><title>T &x;</title><link>https://a.example/1</link></item></channel></rss>"
)


def to(place, status=302):
    return lambda handler: answering(status, b"", {"Location": place})(handler)


def cookie_gate(handler):
    passed = "seen=1" in handler.headers.get("Cookie", "")
    (
        answering(200, GOOD, XML)
        if passed
        else answering(302, b"", {"Location": "/cookie_check?u=/cookie_gate"})
    )(handler)


# path: (what the server does, the class of error, or how many entries come out)
BEHAVIOURS = {
    "honest": (GOOD, 2),
    "gzip": (answering(200, gzip.compress(GOOD), XML | {"Content-Encoding": "gzip"}), 2),
    "brotli": (answering(200, brotli.compress(GOOD), XML | {"Content-Encoding": "br"}), 2),
    "deflate": (answering(200, deflated(GOOD), XML | {"Content-Encoding": "deflate"}), 2),
    "bare_deflate": (answering(200, deflated(GOOD, wrapped=False), XML | {"Content-Encoding": "deflate"}), 2),
    "gzip_unasked_zstd": (answering(200, b"(\xb5/\xfd", {"Content-Encoding": "zstd"}), "encoding"),
    "zstd": (answering(200, zstd.compress(GOOD), XML | {"Content-Encoding": "zstd"}), 2),
    "gzip_that_is_none": (answering(200, GOOD, {"Content-Encoding": "gzip"}), 2),
    "brotli_that_is_none": (answering(200, GOOD, {"Content-Encoding": "br"}), 2),
    "unknown_encoding_that_is_none": (answering(200, GOOD, {"Content-Encoding": "aws-chunked"}), 2),
    "unknown_encoding": (answering(200, b"\x00\x01\x02" * 99, {"Content-Encoding": "lzma"}), "encoding"),
    "gzip_unsaid": (answering(200, gzip.compress(GOOD), XML), 2),
    "zstd_unsaid": (answering(200, zstd.compress(GOOD), XML), 2),
    "gzip_twice": (answering(200, gzip.compress(gzip.compress(GOOD)), {"Content-Encoding": "gzip"}), 2),
    "gzip_twice_said": (
        answering(200, gzip.compress(gzip.compress(GOOD)), {"Content-Encoding": "gzip, gzip"}),
        2,
    ),
    "gzip_said_to_be_deflate": (answering(200, gzip.compress(GOOD), {"Content-Encoding": "deflate"}), 2),
    "gzip_in_members": (
        answering(200, gzip.compress(GOOD[:90]) + gzip.compress(GOOD[90:]), {"Content-Encoding": "gzip"}),
        2,
    ),
    "zstd_bomb": (
        answering(200, zstd.compress(b"\0" * (50 << 20)), {"Content-Encoding": "zstd"}),
        "too_large",
    ),
    "gzip_bomb_unsaid": (answering(200, bomb(), XML), "too_large"),
    "cookie_gate": (cookie_gate, 2),
    "cookie_check": (
        answering(302, b"", {"Location": "/cookie_gate", "Set-Cookie": "seen=1; Path=/"}),
        2,
    ),
    "cookie_gate_for_ever": (
        lambda handler: answering(
            302, b"", {"Location": "/cookie_gate_for_ever", "Set-Cookie": f"n={time.time()}"}
        )(handler),
        "redirects",
    ),
    "redirect_with_spaces": (to("/with spaces?a=b c"), 2),
    "with%20spaces": (GOOD, 2),
    "redirect_in_chinese": (
        raw("HTTP/1.1 302 Found\r\nLocation: /新闻\r\nContent-Length: 0\r\n\r\n".encode()),
        2,
    ),
    "%E6%96%B0%E9%97%BB": (GOOD, 2),
    "gzip_cut_off": (answering(200, gzip.compress(GOOD)[:-20], {"Content-Encoding": "gzip"}), "encoding"),
    "gzip_bomb": (answering(200, bomb(), {"Content-Encoding": "gzip"}), "too_large"),
    "brotli_bomb": (
        answering(200, brotli.compress(b"\0" * (50 << 20), quality=1), {"Content-Encoding": "br"}),
        "too_large",
    ),
    "announced_too_large": (answering(200, b"x", length=10**12), "too_large"),
    "endless_body": (raw(OK + b"\r\n", b"x" * 65536, forever=True), "too_large"),
    "endless_chunks": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + b"x" * 0x4000 + b"\r\n", forever=True),
        "too_large",
    ),
    "slow_drip": (raw(OK + b"\r\n", b"x", pause=0.1, forever=True), "timeout"),
    "slow_headers": (raw(OK, b"X-A: b\r\n", pause=0.1, forever=True), "timeout"),
    "slow_status": (raw(b"H", b"T", pause=2.5), "timeout"),
    "hangs": (lambda handler: time.sleep(4), "timeout"),
    "huge_header": (raw(OK + b"X-A: " + b"y" * 100_000 + b"\r\n\r\n"), "protocol"),
    "many_headers": (raw(OK + b"X-A: y\r\n" * 50_000 + b"\r\n"), "protocol"),
    "not_http": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol"),
    "no_answer": (raw(b""), "protocol"),
    "reset": (reset, ("protocol", "connect")),
    "shorter_than_said": (answering(200, GOOD, XML, length=len(GOOD) + 500), "protocol"),
    "longer_than_said": (answering(200, GOOD, XML, length=len(GOOD) - 30), (2, "protocol")),
    "length_is_a_word": (raw(OK + b"Content-Length: many\r\n\r\n" + GOOD), "protocol"),
    "negative_length": (raw(OK + b"Content-Length: -5\r\n\r\n" + GOOD), "protocol"),
    "two_lengths": (
        raw(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + GOOD),
        "protocol",
    ),
    "bad_chunks": (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + GOOD), "protocol"),
    "redirect_loop": (to("/redirect_loop"), "redirects"),
    "redirect_ping": (to("/redirect_pong"), "redirects"),
    "redirect_pong": (to("/redirect_ping"), "redirects"),
    "redirect_file": (to("file:///etc/passwd"), "blocked"),
    "redirect_gopher": (to("gopher://127.0.0.1:6379/_INFO"), "blocked"),
    "redirect_login": (to("http://user:pw@127.0.0.1/"), "blocked"),
    "redirect_nowhere": (raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), "http_4xx"),
    "redirect_honest": (to("/honest", 301), 2),
    "status_304_with_body": (
        raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello"),
        (0, "protocol"),
    ),
    "status_206": (answering(206, GOOD), "protocol"),
    "status_401": (answering(401), "http_4xx"),
    "status_403": (answering(403), "http_4xx"),
    "status_404": (answering(404), "http_4xx"),
    "status_410": (answering(410), "gone"),
    "status_429": (answering(429), "rate_limited"),
    "status_429_waits": (answering(429, b"", {"Retry-After": "7200"}), "rate_limited"),
    "status_500": (answering(500), "http_5xx"),
    "status_503": (answering(503, b"", {"Retry-After": "60"}), "http_5xx"),
    "status_999": (raw(b"HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n"), ("http_5xx", "protocol")),
    "cookies": (answering(200, GOOD, XML | {"Set-Cookie": "track=1; Path=/"}), 2),
    "page_instead": (answering(200, b"<!doctype html><html><p>Sign in</p>", XML), "not_a_feed"),
    "empty": (answering(200, b""), "not_a_feed"),
    "nonsense": (answering(200, bytes(range(256)) * 40), "not_a_feed"),
    "json_no_feed": (answering(200, b'{"error": "no"}', {"Content-Type": "application/json"}), "not_a_feed"),
    "deep_json": (answering(200, b"{" + b'"a":[' * 50_000), "not_a_feed"),
    "wrong_charset": (answering(200, GOOD, {"Content-Type": "text/xml; charset=utf-16"}), 2),
    "unknown_charset": (answering(200, GOOD, {"Content-Type": "text/xml; charset=punycode"}), 2),
    "billion_laughs": (answering(200, LAUGHS, XML), (0, 1, "not_a_feed")),
    "outside_entity": (answering(200, OUTSIDE, XML), (0, 1, "not_a_feed")),
    "cut_in_the_middle": (answering(200, feed_of(*"abcdef")[:-150], XML), (4, 5, 6)),
    "many_entries": (answering(200, feed_of(*range(9000)), XML), 500),
    "million_entries": (answering(200, feed_of(*range(100_000)), XML), ("too_large", 500)),
}


@pytest.fixture(scope="module")
def publisher():
    with Publisher() as started:
        started.pages = {f"/{name}": page for name, (page, _) in BEHAVIOURS.items()}
        yield started


def outcome(url):
    """The class of error, or the number of entries."""

    async def call():
        async with fetch.session(user_agent="test", allow_private=True) as client:
            return await fetch.fetch(client, fetch.Ask(url), allow_private=True, deadline=DEADLINE)

    try:
        answer = asyncio.run(call())
        return len(parsing.parse(answer.body, content_type=answer.content_type).entries) if answer.body else 0
    except fetch.FetchError as error:
        return error.kind
    except parsing.NotAFeed:
        return "not_a_feed"


@pytest.mark.parametrize("name", [name for name in BEHAVIOURS if name != "empty"])
def test_every_behaviour_ends_in_the_right_class(publisher, name):
    expected = BEHAVIOURS[name][1]
    assert outcome(publisher.url(f"/{name}")) in (expected if isinstance(expected, tuple) else (expected,))


def test_all_of_them_together_need_little_memory(publisher):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def all_at_once():
        async with fetch.session(user_agent="test", allow_private=True) as client:
            calls = [
                fetch.fetch(
                    client, fetch.Ask(publisher.url(f"/{name}")), allow_private=True, deadline=DEADLINE
                )
                for name in ("gzip_bomb", "brotli_bomb", "endless_body", "slow_drip", "hangs", "honest")
            ]
            return await asyncio.gather(*calls, return_exceptions=True)

    *hostile, honest = asyncio.run(all_at_once())
    assert all(isinstance(result, fetch.FetchError) for result in hostile)
    assert honest.body == GOOD
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


def test_the_wait_a_server_asks_for_is_kept(publisher):
    async def call():
        async with fetch.session(user_agent="test", allow_private=True) as client:
            url = publisher.url("/status_429_waits")
            await fetch.fetch(client, fetch.Ask(url), allow_private=True)

    with pytest.raises(fetch.FetchError) as refused:
        asyncio.run(call())
    assert refused.value.retry_after == 7200


def test_cookies_are_not_sent_back_and_we_say_who_we_are(publisher):
    async def call():
        async with fetch.session(
            user_agent="policy-tracker/1 (+https://t.example)", allow_private=True
        ) as one:
            for _ in range(2):
                await fetch.fetch(one, fetch.Ask(publisher.url("/cookies")), allow_private=True)

    asyncio.run(call())
    sent = [headers for path, headers in publisher.requests if path == "/cookies"][-1]
    assert "Cookie" not in sent
    assert sent["User-Agent"].startswith("policy-tracker/1")


def test_a_permanent_redirect_names_the_new_address(publisher):
    async def call():
        async with fetch.session(user_agent="test", allow_private=True) as client:
            ask = fetch.Ask(publisher.url("/redirect_honest"))
            return await fetch.fetch(client, ask, allow_private=True)

    assert asyncio.run(call()).moved_to == publisher.url("/honest")


@pytest.mark.parametrize(
    ("given", "refused", "seconds"),
    [
        ({"Retry-After": "7200"}, True, 7200),
        ({"Retry-After": "120.5"}, True, 120),
        ({"Retry-After": "120 seconds"}, True, 120),
        ({"Retry-After": "Tue, 14 Nov 2023 23:13:20 GMT"}, True, 3600),
        ({"Retry-After": "2023-11-14T23:13:20Z"}, True, 3600),
        ({"Retry-After": "1700003600"}, True, 3600),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "7200"}, True, 7200),
        ({"X-RateLimit-Reset": "1700003600"}, True, 3600),
        ({"X-RateLimit-Reset": "1700003600000"}, True, 3600),
        ({"X-RateLimit-Remaining": "0.0", "X-RateLimit-Reset": "90.0"}, False, 90),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "90"}, False, None),
        ({"RateLimit": "limit=10, remaining=0, reset=50"}, False, 50),
        ({"RateLimit": '"default";r=0;t=50'}, False, 50),
        ({"RateLimit-Reset": "50"}, True, 50),
        ({"Retry-After": "999999999"}, True, fetch.LONGEST_WAIT),
        ({}, True, None),
    ],
)
def test_the_wait_is_found_in_every_header_that_names_one(given, refused, seconds):
    assert fetch.asked_wait(given, now=1_700_000_000, refused=refused) == seconds


@pytest.mark.parametrize("compress", [brotli.compress, zstd.compress, zlib.compress, gzip.compress])
def test_a_compressed_body_is_never_taken_for_text(compress):
    """A stream of brotli may begin with any byte, a bracket or an angle among them."""
    name = {brotli.compress: "br", zstd.compress: "zstd", zlib.compress: "deflate", gzip.compress: "gzip"}[
        compress
    ]
    for number in range(1, 20_000, 397):
        body = b"<rss>" + b"words " * number
        inflater = inflating.Inflater(name, 10**6)
        inflater.feed(compress(body))
        assert inflater.finish() == body, number


@pytest.mark.parametrize(
    "body", [b"<?xml version='1.0'?><rss/>", b'{"items": []}', b"\n\n<rss/>", b"\xef\xbb\xbf<rss/>"]
)
def test_text_that_is_called_compressed_is_text(body):
    inflater = inflating.Inflater("br", 10**6)
    inflater.feed(body)
    assert inflater.finish() == body

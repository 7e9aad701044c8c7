"""Forged requests, forged hosts, redirects elsewhere, split headers, oversized and broken input."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.security import addresses
from tracker.models import Decision, Event

pytestmark = pytest.mark.django_db

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example%2f..",
    "/%0d%0aLocation:%20https://evil.example",
    "\thttps://evil.example",
    "\x00https://evil.example",
    "https://evil.example\r\nX-Evil: 1",
    "ftp://evil.example/",
    "/\t/evil.example",
    "///\\;@evil.example",
)


@pytest.fixture
def known(seeded):
    return {"event_id": Event.objects.order_by("id").first().id}


@pytest.fixture
def inside(analyst, settings):
    settings.SECOND_FACTOR = False
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(analyst)
    return client


def test_no_address_inside_takes_a_post_without_the_token(inside, known):
    before = Decision.objects.count()
    taken = []
    for address in addresses.every(**known):
        if address.is_inside:
            answer = inside.post(address.path, {"deed": "accept", "event": known["event_id"]})
            if answer.status_code not in (403, 404, 405):
                taken.append((address.path, answer.status_code))
    # Django's own redirect of "…/1/" to "…/1/change/" does nothing.
    assert not [row for row in taken if row[1] != 302]
    assert Decision.objects.count() == before


def test_a_session_is_no_key_to_the_api(inside, known):
    """Cookies open nothing in the API, so no other site can use them there."""
    for address in addresses.every(**known):
        # Open to everybody as they are: two forms, and a countersignature, which proves itself.
        if address.is_api and not any(
            word in address.path for word in ("subscription", "dispute", "/heads/")
        ):
            cache.clear()  # the ration of requests has tests of its own
            for method in ("post", "put", "patch", "delete"):
                answer = getattr(inside, method)(address.path, data="{}", content_type="application/json")
                assert answer.status_code in (401, 403, 404, 405), (method, address.path, answer.status_code)


def test_nobody_is_sent_elsewhere_after_the_door(client, analyst, settings):
    for wanted in ELSEWHERE:
        settings.SECOND_FACTOR = False
        client.logout()
        form = {"username": "ada", "password": "correct horse battery", "next": wanted}
        answer = client.post(reverse("admin:login"), form)
        assert answer.status_code == 302, wanted
        assert stays_here(answer.headers["Location"]), wanted
        settings.SECOND_FACTOR = True
        answer = client.get(reverse("second-factor"), {"next": wanted})
        assert "evil.example" not in answer.headers.get("Location", ""), wanted


@pytest.mark.slow
def test_no_public_page_sends_a_reader_elsewhere(client, known):
    """All names at once, as a page that follows any of them is found out; the costly pages meet every fifth."""
    light = ("/events/", "/api/", "/r/1/", f"/events/{known['event_id']}/")
    for number, wanted in enumerate(ELSEWHERE):
        given = dict.fromkeys(("next", "url", "redirect", "return", "lang", "language"), wanted)
        for path in (*light, *(("/", "/recommendations/trust/") if number % 5 == 0 else ())):
            place = client.get(path, given).headers.get("Location", "")
            assert not place or stays_here(place), (path, place)


def stays_here(place):
    return place.startswith("/") and not place.startswith(("//", "/\\")) and not set("\r\n\t\0") & set(place)


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example/events", "/\\evil.example", "/events//evil.example"]
)
def test_a_strange_path_leads_nowhere_else(client, db, path):
    answer = client.generic("GET", path)
    assert not answer.headers.get("Location", "").startswith(("//", "http://evil", "https://evil"))


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver:80@evil.example", "", "a b"]
)
def test_a_forged_host_gets_no_page_and_no_link(client, db, host):
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


def test_a_forwarded_host_is_not_believed(client, known):
    for path in ("/", "/feeds/all.atom", "/api/v1/events/", "/sitemap.xml"):
        answer = client.get(
            path, headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        )
        assert b"evil.example" not in answer.content


def test_no_parameter_reaches_a_header_unbroken(client, known):
    words = "a\r\nX-Evil: 1\nSet-Cookie: evil=1%0d%0aX-Evil:%201"
    for address in addresses.every(**known):
        if address.is_inside:
            continue
        answer = client.get(
            address.path, {"q": words, "lang": words, "next": words, "cursor": words, "format": words}
        )
        assert answer.status_code != 500, address.path
        assert "X-Evil" not in answer.headers
        assert "evil" not in answer.cookies
        assert not any("\n" in value or "\r" in value for value in answer.headers.values())


NONSENSE = (
    "\x00", "\ud800", "%00", "'", "' OR 1=1 --", "0", "-1", "9" * 400, "1e999", "NaN", "null", "[]",
    "../../etc/passwd", "a" * 3000, "٣", "ﬀ", "\u202e", "2026-99-99", "0000-00-00", "true",
)  # fmt: skip


NAMES = (
    "q",
    "page",
    "cursor",
    "limit",
    "from",
    "to",
    "date",
    "as_of",
    "known_at",
    "view",
    "actor",
    "direction",
)


def test_no_nonsense_breaks_a_public_page(known):
    """Every address meets every word, each time under another name."""
    client = Client(raise_request_exception=False)
    for address in addresses.every(**known):
        for shift in range(0, len(NONSENSE), 5):
            words = (NONSENSE[shift:] + NONSENSE)[: len(NAMES)]
            given = {
                name: word.encode("utf-8", "surrogatepass") for name, word in zip(NAMES, words, strict=True)
            }
            if not address.is_inside:
                assert client.get(address.path, given).status_code < 500, (address.path, given)


def test_a_body_that_is_too_large_or_broken_is_refused_not_read(client, known):
    client = Client(raise_request_exception=False)
    for path in ("/api/v1/disputes/", "/api/v1/subscriptions/", "/api/v1/imports/"):
        for body in (
            b"{" * 100_000,
            b"[" * 50_000 + b"]" * 50_000,
            b"\xff\xfe",
            b'{"a":' + b"9" * 100_000 + b"}",
        ):
            answer = client.post(path, body, content_type="application/json")
            assert 400 <= answer.status_code < 500, path
        answer = client.post(path, b"x" * 5_100_000, content_type="application/json")
        assert 400 <= answer.status_code < 500


def test_methods_that_trace_or_connect_do_nothing(client, known):
    for method in ("TRACE", "CONNECT", "TRACK", "PROPFIND", "X" * 50):
        answer = client.generic(method, "/api/v1/events/", headers={"Cookie": "session=x"})
        assert answer.status_code in (400, 405), method

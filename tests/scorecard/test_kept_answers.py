"""What is kept is given before sessions are looked for, and is to the last header what the whole way gives."""

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from scorecard import limits
from tests.scorecard import cast
from tracker import log

# Every kind of answer by two ways; quick runs leave it to the whole suite.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]
ADDRESSES = (
    *(
        "/",
        "/zh-hans/",
        "/recommendations/trust/",
        "/events/?recommendation=trust",
        "/r/trust.svg",
        "/r/all.json",
    ),
    *("/feeds/all.atom", "/feeds/all.json", "/embed/trust/", "/next/calendar.ics", "/cards/overview.png"),
    *(
        "/?as_of=2025-06-01&known_at=2025-06-01",
        "/zh-hans/method/",
        "/api/v1/scores/",
        "/api/v1/events/?limit=5",
    ),
    "/api/v1/scores/?as_of=2025-06-01&known_at=2025-06-01",
)
PASSING = ("X-Request-ID", "RateLimit", "Date")


def told(answer):
    headers = {name: value for name, value in answer.headers.items() if name not in PASSING}
    if "Vary" in headers:
        headers["Vary"] = sorted(name.strip().lower() for name in headers["Vary"].split(","))
    return answer.status_code, headers, cast.content(answer)


def inside(address, **headers):
    """The whole way, through a handler without the short one."""
    without = [name for name in settings.MIDDLEWARE if name != "scorecard.conditional.KeptAnswers"]
    with override_settings(MIDDLEWARE=without):
        return Client().get(address, headers=headers)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_answer_is_the_same_by_the_short_way(client, seeded, address):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = client.get(address)
        assert first.status_code == 200, address
        clock.shift(5)  # a date is told once its second is over
        asked = [
            {"Accept-Encoding": "gzip"},
            {"If-None-Match": first.headers["ETag"]},
            {"If-None-Match": "*"},
        ]
        for headers in ({}, *asked):
            client.get(address, headers=headers)  # each form is dressed once
            long = inside(address, **headers)
            kept = client.get(address, headers=headers)
            for one, other in zip(told(kept), told(long), strict=True):
                assert one == other, (address, headers)
            assert kept.wsgi_request.answered_as, "it did not go the short way"
        head = client.head(address)
        assert (head.status_code, cast.content(head)) == (200, b"")


def test_it_ends_with_the_state_that_it_was_kept_of(client, seeded):
    client.get("/")
    before = client.get("/")
    assert before.wsgi_request.answered_as == "pages:overview"
    log.turn()
    after = client.get("/")
    assert not hasattr(after.wsgi_request, "answered_as")
    assert after.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize("address", ["/api/v1/scores/", "/events/?recommendation=trust"])
@pytest.mark.parametrize(
    "accept", ["text/html", "application/jsonx", "application/*", "application/json;q=0.5, x/y", "x/y", ""]
)
def test_whoever_takes_no_answer_of_this_kind_is_told_the_same_whether_it_is_kept(
    client, seeded, address, accept
):
    client.get(address)
    kept, long = client.get(address, headers={"Accept": accept}), inside(address, Accept=accept)
    assert (kept.status_code, kept.headers["Content-Type"]) == (
        long.status_code,
        long.headers["Content-Type"],
    )


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer sck_unknown"}, {"Range": "bytes=0-9"}, {"Accept": "application/xml"}],
)
def test_what_a_view_must_judge_goes_the_whole_way(client, seeded, headers):
    client.get("/api/v1/scores/")
    assert not hasattr(client.get("/api/v1/scores/", headers=headers).wsgi_request, "answered_as")


def test_the_short_way_counts_against_the_rate_and_a_304_does_not(client, seeded, settings):
    settings.API_RATE_ANONYMOUS = 5
    cache.clear()
    tag = client.get("/api/v1/scores/").headers["ETag"]
    left = [client.get("/api/v1/scores/").headers["RateLimit"].split(";")[1] for _turn in range(2)]
    assert left == ["r=3", "r=2"]
    for _turn in range(10):
        held = client.get("/api/v1/scores/", headers={"If-None-Match": tag})
        assert (held.status_code, held.headers["RateLimit"].split(";")[1]) == (304, "r=2")
    for _turn in range(2):
        assert client.get("/api/v1/scores/").status_code == 200
    assert client.get("/api/v1/scores/").status_code == 429
    assert limits.PerMinute.name in client.get("/api/v1/scores/").headers["RateLimit-Policy"]


def test_a_database_that_is_gone_is_said_by_those_who_know_how(client, seeded, monkeypatch):
    from django.db import OperationalError

    client.get("/")

    def gone():
        raise OperationalError("gone")

    monkeypatch.setattr(log, "place", gone)
    assert client.get("/").status_code == 503


def test_a_host_that_is_not_ours_is_refused_though_the_page_is_kept(client, seeded, settings):
    for _turn in range(2):
        assert client.get("/").status_code == 200
    settings.ALLOWED_HOSTS = ["scorecard.example"]
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400

"""Through a real proxy: who calls is who reached the proxy, whatever the caller writes."""

import http.client
import re
import urllib.parse

import pytest

from tests.operations import proxy
from tests.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.servers]
RIGHT, WRONG = "correct horse battery", "wrong horse"
STRANGER, COLLEAGUE = "127.0.0.2", "127.0.0.3"
MAKE = f"""
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("ada", password={RIGHT!r})
answer = 1
"""


@pytest.fixture(scope="module", params=["one process on SQLite", "two processes on PostgreSQL"])
def port(request, tmp_path_factory):
    """Of both forms: in the second, tries are counted in the database and pages by all processes together."""
    more, server = {}, None
    if "PostgreSQL" in request.param:
        server, redis = map(request.getfixturevalue, ("postgres_server", "redis_server"))
        broker, kept = (redis.url.removesuffix("/0") + f"/{number}" for number in (9, 10))
        more = {"redis_url": broker, "CACHE_URL": kept, "WEB_PROCESSES": "2"}
    folder = tmp_path_factory.mktemp("proxied")
    with Service(folder, TRUSTED_PROXIES="1", **more).filled(server) as service:
        service.ask(MAKE)
        service.start_web()
        with proxy.caddy(service) as port:
            yield port


def tries(port, address, password, **headers):
    """The status of one try to sign in, from an address of this machine."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(address, 0))
    line.request("GET", "/admin/login/", headers=headers)
    answer = line.getresponse()
    page, cookie = answer.read().decode(), answer.headers["Set-Cookie"].partition(";")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    form = urllib.parse.urlencode({"username": "ada", "password": password, "csrfmiddlewaretoken": token})
    form_type = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    line.request("POST", "/admin/login/", form, headers | form_type)
    answer = line.getresponse()
    answer.read()
    return answer.status


def test_a_stranger_locks_only_the_stranger_out(port):
    forged = [{"X-Forwarded-For": f"{COLLEAGUE}, 203.0.113.{number}"} for number in range(7)]
    statuses = [tries(port, STRANGER, WRONG, **headers) for headers in forged]
    assert statuses[:4] == [200] * 4
    assert statuses[-1] == 429
    assert tries(port, STRANGER, RIGHT) == 429
    assert tries(port, COLLEAGUE, RIGHT) == 302


def test_each_reader_has_an_allowance_of_their_own(port):
    def left(address):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(address, 0))
        line.request("GET", "/api/v1/recommendations/", headers={"X-Forwarded-For": "203.0.113.1"})
        answer = line.getresponse()
        answer.read()
        return int(re.search(r"r=(\d+)", answer.headers["RateLimit"])[1])

    first = [left(STRANGER) for _time in range(3)]
    assert first[0] > first[-1]
    assert left(COLLEAGUE) >= first[0]


@pytest.mark.parametrize(
    "name",
    [
        "SCRIPT_NAME",
        "PATH_INFO",
        "X-Forwarded-Host",
        "X-Forwarded-Ssl",
        "X-Forwarded-Prefix",
        "X-Original-URL",
    ],
)
def test_no_header_makes_another_page_of_an_address(port, name):
    """Nor one that is kept under it for the readers who come next."""
    path = f"/events/?q={name.lower().replace('_', '').replace('-', '')}"

    def asked(**headers):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(STRANGER, 0))
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read().decode()

    status, forged = asked(**{name: "/events"})
    assert status == 200
    assert asked() == (200, forged)
    assert "<h1" in forged
    assert 'href="/events/actors/' not in forged
    assert (
        f"{path.partition('=')[2]}" in forged
    )  # it is the list that was asked for, which shows what it looked for

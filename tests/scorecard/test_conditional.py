"""One set of rules for every conditional answer: tags, dates, 304, gzip, what is kept, what is never kept."""

import datetime
import gzip

import pytest
import time_machine
from django.core.cache import cache
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from scorecard import conditional
from tests import servers
from tests.scorecard import cast
from tracker import triage
from tracker.operations import backends

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
LONG = "seven acts of seven actors; " * 100
DOORS = (
    "/",
    "/zh-hans/recommendations/trust/",
    "/events/law/",
    "/r/trust.csv",
    "/feeds/all.atom",
    "/api/v1/scores/",
    "/api/v1/events/law/",
)


class Maker:
    """Makes a body and counts how often it had to."""

    def __init__(self, made=LONG):
        self.made, self.calls = made, 0

    def __call__(self):
        self.calls += 1
        return self.made


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def asked(make=None, *, method="get", version="1", path="/", past=False, **headers):
    request = getattr(RequestFactory(headers=headers), method)(path)
    return conditional.answer(request, version, make or Maker(), past=past)


def test_plain_and_compressed_bytes_have_tags_of_their_own_and_either_is_enough():
    plain, packed = asked(), asked(accept_encoding="gzip, br")
    assert gzip.decompress(packed.content) == plain.content == LONG.encode()
    assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    for sent in (plain.headers["ETag"], packed.headers["ETag"]):
        for accepted in ("", "gzip"):
            for held in (sent, f"W/{sent}", f'"other", {sent}', f'W/"a,b", W/{sent}'):
                unchanged = asked(if_none_match=held, accept_encoding=accepted)
                assert (unchanged.status_code, unchanged.content) == (304, b"")
                assert unchanged.headers["ETag"] == sent
    for held in ('"other"', "other", "", 'W/"', plain.headers["ETag"].strip('"')):
        assert asked(if_none_match=held).status_code == 200
    assert asked(if_none_match="*").status_code == 304


def test_a_304_says_how_long_it_holds_and_carries_nothing_else():
    unchanged = asked(if_none_match=asked().headers["ETag"])
    assert {name: unchanged.headers[name] for name in ("Cache-Control", "Vary")} == {
        "Cache-Control": "public, max-age=60, stale-while-revalidate=600",
        "Vary": "Accept-Encoding",
    }
    assert not {"Content-Security-Policy", "Last-Modified", "Content-Encoding"} & set(unchanged.headers)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("GZIP", True), ("gzip; q=1.0", True), ("", False),
        ("br", False), ("gzip;q=0", False), ("gzip; q=0.000, *", False), ("identity, *;q=0", False),
    ],
)  # fmt: skip
def test_only_who_asks_for_gzip_gets_it(accepted, packed):
    answer = asked(accept_encoding=accepted)
    assert ("Content-Encoding" in answer.headers) is packed
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "made",
    [
        "short",
        HttpResponse(b"\x89PNG" * 500, content_type="image/png"),
        HttpResponse(LONG, content_type="application/zip"),
    ],
)
def test_what_would_not_shrink_stays_as_it_is(made):
    answer = asked(Maker(made), accept_encoding="gzip")
    assert "Content-Encoding" not in answer.headers
    assert not answer.headers["ETag"].endswith('-gzip"')


def test_a_kept_answer_is_made_once_with_the_headers_of_its_view(noon):
    framed = HttpResponse(
        LONG, content_type="text/x", headers={"Content-Security-Policy": "frame-ancestors *"}
    )
    make = Maker(framed)
    first, again = asked(make), asked(make)
    assert make.calls == 1
    for answer in (first, again):
        assert answer.headers["Content-Type"] == "text/x"
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors *"
        assert answer.xframe_options_exempt
    noon.shift(3601)
    asked(make)
    assert make.calls == 2


def test_too_much_is_answered_and_not_kept():
    make = Maker(bytes(1 + conditional.WORTH_KEEPING))
    request = RequestFactory().get("/")
    big = HttpResponse(make.made, content_type="image/png")
    for _time in range(2):
        assert conditional.answer(request, "1", lambda: make() and big).content == make.made
    assert make.calls == 2


@pytest.mark.parametrize(
    "changed",
    [{"version": "2"}, {"path": "/?a=1"}, {"path": "/b"}, {"language": "zh-hans"}, {"days": 1}, {"release": "next"}],
)  # fmt: skip
def test_the_tag_moves_with_all_that_an_answer_depends_on(changed, noon, settings):
    held = asked().headers["ETag"]
    noon.shift(datetime.timedelta(days=changed.pop("days", 0)))
    settings.RELEASE = changed.pop("release", settings.RELEASE)
    with translation.override(changed.pop("language", "en")):
        answer = asked(if_none_match=held, **changed)
    assert (answer.status_code, answer.headers["ETag"] != held) == (200, True)


def test_a_date_is_told_once_its_second_is_over_and_then_holds(noon, settings):
    assert "Last-Modified" not in asked().headers
    noon.shift(2)
    told = asked().headers["Last-Modified"]
    assert told == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert asked(if_modified_since=told).status_code == 304
    assert asked(if_modified_since="Mon, 02 Mar 2026 11:59:59 GMT").status_code == 200
    assert asked(if_modified_since="yesterday").status_code == 200
    # Where tags are sent dates count for nothing; another state, day or release ends the date.
    assert asked(if_modified_since=told, if_none_match='"other"').status_code == 200
    assert asked(if_modified_since=told, version="2").status_code == 200
    before, settings.RELEASE = settings.RELEASE, "next"
    assert asked(if_modified_since=told).status_code == 200
    settings.RELEASE = before
    noon.shift(datetime.timedelta(days=1))
    assert asked(if_modified_since=told).status_code == 200


def test_of_the_past_the_tag_is_that_of_the_bytes():
    first = asked(past=True, version="1")
    assert "Last-Modified" not in first.headers
    again = asked(past=True, version="2", if_none_match=first.headers["ETag"])
    assert again.status_code == 304
    moved = asked(Maker(LONG + "!"), past=True, version="3", if_none_match=first.headers["ETag"])
    assert moved.status_code == 200
    assert asked(past=True, version="1", if_modified_since="Mon, 02 Mar 2037 12:00:00 GMT").status_code == 200


@pytest.mark.parametrize(
    ("status", "policy"),
    [(404, "no-cache"), (400, "no-cache"), (301, "public, max-age=300"), (302, "no-cache")],
)
def test_only_what_was_found_is_kept(status, policy):
    make = Maker(HttpResponse("no", status=status))
    for headers in ({}, {"if_none_match": "*"}, {"if_modified_since": "Mon, 02 Mar 2037 12:00:00 GMT"}):
        answer = asked(make, **headers)
        assert answer.status_code == status
        assert answer.headers["Cache-Control"] == policy
        assert "ETag" not in answer.headers
    assert make.calls == 3


@pytest.mark.parametrize(
    ("made", "body", "kind"),
    [
        ({"a": ["é", 1]}, '{"a":["é",1]}'.encode(), "application/json"),
        (b"\xff", b"\xff", "application/json"),
        ("plain", b"plain", "application/json"),
        (HttpResponse("x", content_type="text/x"), b"x", "text/x"),
    ],
)
def test_a_body_is_bytes_text_a_value_or_a_response(made, body, kind):
    answer = asked(Maker(made))
    assert (answer.content, answer.headers["Content-Type"]) == (body, kind)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_but_reading(method):
    make = Maker()
    answer = asked(make, method=method)
    assert (answer.status_code, answer.headers["Allow"], make.calls) == (405, "GET, HEAD", 0)


def test_what_another_release_kept_is_read():
    asked()
    (place,) = [key for key in cache._cache if ":answer:" in key]  # plain values outlive a renamed class
    assert type(cache.get(place.removeprefix(":1:"))) is tuple


def test_a_cache_that_is_gone_makes_it_slow_and_never_wrong(settings, noon):
    settings.CACHES = {
        "default": {
            "BACKEND": "tracker.operations.backends.ForgivingRedisCache",
            "LOCATION": f"redis://127.0.0.1:{servers.free_port()}/0",
        }
    }
    backends.ForgivingRedisCache._silent_until = 0.0
    make = Maker()
    first, again = asked(make), asked(make)
    assert first.content == again.content == LONG.encode()
    assert make.calls == 2
    assert asked(make, if_none_match=first.headers["ETag"]).status_code == 304
    noon.shift(5)
    assert "Last-Modified" not in asked(make).headers  # nobody remembers since when
    assert asked(make, if_modified_since="Mon, 02 Mar 2026 12:00:04 GMT").status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("recommendations")
class TestDoors:
    """The same rules at pages, files, feeds and API."""

    @pytest.fixture(autouse=True)
    def law(self):
        cast.put("law")

    @pytest.mark.parametrize("path", DOORS)
    def test_each_door_keeps_them(self, client, noon, path):
        noon.shift(2)
        client.get(path)
        noon.shift(2)
        plain, packed = client.get(path), client.get(path, headers={"accept-encoding": "gzip"})
        body = gzip.decompress(packed.content) if "Content-Encoding" in packed.headers else packed.content
        assert body == plain.content
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["ETag"] == plain.headers["ETag"]
        assert plain.headers["Cache-Control"] == packed.headers["Cache-Control"] == conditional.POLICY
        assert "Accept-Encoding" in plain.headers["Vary"]
        for answer in (plain, packed):
            for tag in (answer.headers["ETag"], f"W/{answer.headers['ETag']}", "*"):
                unchanged = client.get(path, headers={"if-none-match": tag})
                assert (unchanged.status_code, unchanged.content) == (304, b"")
                assert "Content-Security-Policy" not in unchanged.headers
        since = client.get(path, headers={"if-modified-since": plain.headers["Last-Modified"]})
        assert since.status_code == 304

    @pytest.mark.parametrize(
        "path", ["/events/nothing/", "/api/v1/events/nothing/", "/r/nothing.csv", "/?as_of=x"]
    )
    def test_what_does_not_exist_is_never_unchanged(self, client, path):
        for headers in ({"if-none-match": "*"}, {"if-modified-since": "Mon, 02 Mar 2037 12:00:00 GMT"}):
            answer = client.get(path, headers=headers)
            assert answer.status_code in (400, 404)
            assert answer.headers["Cache-Control"] == "no-cache"

    @pytest.mark.parametrize("path", ["/events/law/", "/api/v1/events/law/"])
    def test_where_a_merged_event_went_is_known_for_five_minutes(self, client, analyst, path):
        cast.put("same-law")
        triage.merge(["law"], "same-law", analyst, "the same act")
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (301, "public, max-age=300")

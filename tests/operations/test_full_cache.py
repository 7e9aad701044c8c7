"""Readers who ask for everything there is and is not: it stays within bounds, away from the broker."""

import socket
import time

import pytest
from django.core.cache import cache, caches
from django.db import connection
from django.test import Client

from scorecard import conditional, downloads, limits
from scorecard.pages.views import explain
from tests import servers
from tracker import addresses, celery
from tracker import settings as production
from tracker.models import Event
from tracker.operations import backends, health, middleware

MEGABYTE = 1_000_000


@pytest.fixture
def bounded():
    cache = backends.BoundedCache("of this test", {"OPTIONS": {"MAX_BYTES": MEGABYTE}})
    yield cache
    cache.clear()


def test_memory_has_a_budget_and_what_is_asked_for_stays(bounded):
    bounded.set("front", b"x" * 90_000)
    for number in range(200):
        bounded.set(f"junk{number}", b"x" * 90_000)
        assert bounded.get("front")
        assert bounded.size <= MEGABYTE
    assert bounded.get("junk199")
    assert bounded.get("junk0") is None
    bounded.set("huge", b"x" * 900_000)
    assert bounded.get("huge") is None
    bounded.clear()
    assert bounded.size == 0


def test_counts_and_deletions_do_not_wear_the_budget_down(bounded):
    for number in range(2000):
        bounded.set("a", b"x" * (number % 1000))
        bounded.add("n", 0)
        bounded.incr("n")
        if number % 7 == 0:
            bounded.delete("a")
    bounded.delete("a")
    bounded.delete("n")
    assert bounded.size == 0


def test_kept_pages_never_lie_in_the_broker():
    assert production.CACHES["default"]["LOCATION"] != production.REDIS_URL or not production.REDIS_URL
    assert production.CACHES["default"]["BACKEND"].endswith("BoundedCache")


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.usefixtures("seeded")
class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/", "/events/", "/recommendations/trust/", "/feeds/all.atom", "/r/trust.svg"]
    )
    def test_an_unknown_parameter_is_refused_and_nothing_is_kept(self, client, path):
        client.get("/method/")
        before = caches["default"].size
        for number in range(20):
            answer = client.get(f"{path}?junk={number}")
            assert answer.status_code == 400
            assert "no-cache" in answer.headers["Cache-Control"]
        assert "junk" in answer.content.decode()
        assert caches["default"].size <= before + 20_000

    @pytest.mark.parametrize("junk", ["fbclid=abc", "utm_source=x&utm_medium=y", "gclid=1", "mc_eid=2"])
    def test_what_others_hang_onto_a_link_leads_to_the_address_without_it(self, client, junk):
        answer = client.get(f"/events/?actor=us&{junk}")
        assert answer.status_code == 301
        assert answer.headers["Location"] == "/events/?actor=us"

    def test_the_way_there_never_leaves_the_site(self, rf):
        request = rf.get("/?fbclid=1")
        request.path = "//evil.example/"
        answer = middleware.PlainAddresses(None)(request)
        assert answer.headers["Location"] == "/%2Fevil.example/"

    def test_a_page_knows_the_names_of_its_own(self, client):
        for name in [slider["name"] for slider in explain.sliders()]:
            assert client.get(f"/method/?{name}=1").status_code == 200
            assert client.get(f"/events/?{name}=1").status_code == 400

    def test_the_order_of_parameters_makes_no_other_page(self, client):
        one = client.get("/events/?actor=us&direction=1")
        other = client.get("/events/?direction=1&actor=us")
        assert one.status_code == 200
        assert one.headers["ETag"] == other.headers["ETag"]

    def test_one_address_makes_us_make_only_so_many_pages(self, settings, monkeypatch):
        monkeypatch.setattr(limits, "COSTLY", 60.0)  # however slow this machine is, a page is one page
        settings.PAGE_RATE = 5
        reader = Client(REMOTE_ADDR="203.0.113.7")
        statuses = [reader.get(f"/events/?q=word{number}").status_code for number in range(8)]
        assert statuses == [200] * 5 + [429] * 3
        late = reader.get("/events/?q=word9")
        assert 0 < int(late.headers["Retry-After"]) <= 60
        assert reader.get("/events/?q=word1").status_code == 200  # what is kept costs nothing
        assert Client(REMOTE_ADDR="203.0.113.8").get("/events/?q=word9").status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            *(
                "/alerts/",
                "/alerts/off/x/",
                "/alerts/confirm/x/",
                "/keys/",
                "/keys/end/x/",
                "/keys/confirm/x/",
            ),
            *("/disputes/", "/disputes/D-0000-0000/", "/zh-hans/alerts/", "EVENT"),
        ],
    )
    def test_a_form_is_a_page_that_is_made_anew_each_time(self, settings, monkeypatch, path):
        monkeypatch.setattr(limits, "COSTLY", 60.0)
        settings.PAGE_RATE = 5
        path = path.replace("EVENT", f"/events/{Event.objects.accepted().first().pk}/challenge/")
        reader = Client(REMOTE_ADDR="203.0.113.7")
        statuses = [reader.get(path).status_code for _time in range(8)]
        assert statuses[5:] == [429] * 3
        assert set(statuses[:5]) <= {200, 404}
        assert reader.post(path, {"email": "a@b.c"}).status_code == (405 if "disputes" in path else 429)

    def test_what_takes_long_to_make_costs_more(self, settings, monkeypatch):
        monkeypatch.setattr(limits, "COSTLY", 0.005)  # however quick this machine is, a picture takes longer
        settings.PAGE_RATE = 20
        reader = Client(REMOTE_ADDR="203.0.113.7")
        made = 0
        while reader.get(f"/r/trust.png?as_of=2026-01-{made + 1:02}").status_code == 200:
            made += 1
        assert made < 10

    @pytest.mark.parametrize(
        "address",
        [
            "/api/v1/exports/figures.xlsx?actor=us&year=2026&as_of=2026-05-{:02}",
            "/r/all.csv?as_of=2026-05-{:02}",
            "/r/all.jsonl?as_of=2026-05-{:02}",
            "/api/v1/series/?as_of=2026-05-{:02}",
        ],
    )
    def test_so_do_files_and_the_api(self, settings, monkeypatch, address):
        """Sixty workbooks a minute are what the API's own ration allows: ten minutes of a processor."""
        monkeypatch.setattr(limits, "COSTLY", 0.002)
        settings.PAGE_RATE = 5
        reader = Client(REMOTE_ADDR="203.0.113.7")
        answers = [reader.get(address.format(day)) for day in range(1, 8)]
        made = [answer.status_code for answer in answers].count(200)
        assert 0 < made < 5
        assert answers[-1].status_code == 429
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
        assert reader.get(address.format(1)).status_code == 200  # what is kept costs nothing

    def test_the_time_that_a_database_takes_is_the_readers_too(self, rf, db):
        request = rf.get("/", REMOTE_ADDR="203.0.113.11")
        with limits.spend_page(request), connection.cursor() as cursor:
            connection.connection.create_function("wait", 1, time.sleep)
            cursor.execute("SELECT wait(0.25)")
        spent = limits.count("pages", "203.0.113.11", 100, by=0).used
        assert spent >= 3  # the page, and twice a tenth of a second

    def test_nothing_is_written_where_no_download_has_a_place(self, client, monkeypatch):
        monkeypatch.setattr(limits, "downloads", limits.Places(1))
        give_back = limits.downloads.take()
        before = len(list(downloads.folder().iterdir()))
        answer = client.get("/api/v1/exports/sources.csv?as_of=2026-04-04")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert len(list(downloads.folder().iterdir())) == before
        give_back()
        assert client.get("/api/v1/exports/sources.csv?as_of=2026-04-04").status_code == 200

    def test_downloads_hold_no_more_than_half_of_the_threads(self, client, monkeypatch):
        monkeypatch.setattr(limits, "downloads", limits.Places(1))
        first = client.get("/api/v1/exports/changes.jsonl")
        assert first.status_code == 200
        second = Client().get("/api/v1/exports/record.jsonl")
        assert (second.status_code, second.headers["Retry-After"]) == (503, "30")
        first.close()
        assert Client().get("/api/v1/exports/record.jsonl").status_code == 200


def test_pairs_of_one_name_keep_their_order():
    assert conditional.canonical("/", "b=2&a=1&b=1&&") == "/?a=1&b=2&b=1"
    assert conditional.canonical("/", "") == "/"
    assert addresses.without_tracking("a=%D6%D0&utm_x=1&&b") == "a=%D6%D0&b"


@pytest.fixture(scope="module")
def full():
    with servers.required(servers.redis()) as server:
        ask(server, "CONFIG SET maxmemory 3mb")
        answer = b""
        for number in range(4000):
            answer = ask(server, f"SET filler{number} {'x' * 4000}")
            if answer.startswith(b"-OOM"):
                break
        assert answer.startswith(b"-OOM")
        yield server


@pytest.mark.servers
@pytest.mark.slow
class TestRedisThatIsFull:
    def test_readiness_tells_it(self, full, settings):
        settings.EMBEDDED, settings.REDIS_URL = False, full.url
        finding = health.broker()
        assert not finding.well
        assert "is full" in finding.words

    def test_limits_hold_on(self, full, monkeypatch):
        monkeypatch.setattr(backends.ForgivingRedisCache, "_silent_until", 0.0)
        kept = backends.ForgivingRedisCache(full.url, {})
        monkeypatch.setattr(limits, "cache", kept)
        used = [limits.count("anonymous", "203.0.113.7", 3).used for _time in range(5)]
        assert used[-1] >= 4

    @pytest.mark.django_db
    def test_beat_looks_as_dead_as_it_is(self, full):
        from celery import Celery, schedules

        from tracker.models import Heartbeat

        app = Celery("test", broker=full.url, set_as_current=False)
        app.conf.task_publish_retry = False
        app.conf.beat_schedule = {"look": {"task": "look", "schedule": schedules.schedule(0.01)}}
        scheduler = celery.Scheduler(app)
        time.sleep(0.1)  # now it is due
        scheduler.tick()
        assert not Heartbeat.objects.filter(name="beat").exists()


def ask(server, words):
    with socket.create_connection(("127.0.0.1", server.port), 5) as line:
        line.sendall(words.encode() + b"\r\n")
        return line.recv(200)


def test_limits_hold_without_redis_too(monkeypatch):
    monkeypatch.setattr(backends.ForgivingRedisCache, "_silent_until", 0.0)
    gone = backends.ForgivingRedisCache(f"redis://127.0.0.1:{servers.free_port()}/0", {})
    monkeypatch.setattr(limits, "cache", gone)
    assert [limits.count("forms", "203.0.113.7", 3).used for _time in range(4)] == [1, 2, 3, 4]
    assert cache.get("anything") is None

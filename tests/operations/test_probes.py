"""Health, readiness and metrics: true words, no secrets, no way to wear the service out."""

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from redis import RedisError

from feeds.models import Feed
from tracker.codebook import current
from tracker.models import Article, Heartbeat
from tracker.operations import backends, health

pytestmark = pytest.mark.django_db
TOKEN = "a token for the tests"


@pytest.fixture
def client(settings):
    settings.EMBEDDED = True
    settings.METRICS_TOKEN = TOKEN
    return Client()


def test_live_asks_nothing_of_anybody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live", headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "alive"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_ready_once_beat_was_seen(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["beat"] == "has never been seen: start it"
    Heartbeat.objects.touch("beat")
    answer = Client().get("/health/ready")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["checks"] == {
        "database": "answers",
        "broker": "inside this process",
        "migrations": "all applied",
        "codebook": f"version {current().version}",
        "clock": "agrees with the database's",
        "beat": "seen 0 seconds ago",
        "workers": "have ended no task yet",
        "polling": "in time",
    }


def test_a_beat_that_stopped_is_named(client):
    Heartbeat.objects.touch("beat")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracker_heartbeat SET at = '2026-01-01 00:00:00+00:00'")
    assert not health.beat().well
    assert "seconds ago: start it" in health.beat().words


def test_an_overdue_feed_makes_it_unready(client):
    Feed.objects.create(url="https://news.example/feed", next_poll_at="2026-01-01T00:00:00Z")
    finding = health.polling()
    assert not finding.well
    assert finding.words.endswith("seconds that the most overdue feed has waited")


def test_a_database_that_is_gone_is_said_without_its_address(client, monkeypatch):
    def gone():
        raise DatabaseError("connection to server at db.internal, user tracker failed")

    monkeypatch.setattr(connection, "cursor", gone)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "does not answer"
    assert "internal" not in answer.content.decode()


def test_a_broker_that_is_gone_is_said(client, settings, monkeypatch):
    def gone():
        raise RedisError("connecting to redis.internal refused")

    settings.EMBEDDED = False
    monkeypatch.setattr(backends, "try_broker", gone)
    assert health.broker() == health.Finding("broker", False, "does not answer")


def test_asking_often_costs_one_look(client, monkeypatch):
    looks = []
    monkeypatch.setattr(health, "findings", lambda: looks.append(1) or [])
    for _time in range(50):
        client.get("/health/ready")
    assert len(looks) == 1


def test_metrics_are_closed_without_a_token_and_open_with_it(client, settings):
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}é"}).status_code == 401
    page = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert page.status_code == 200
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_metrics_hold_pages_tasks_and_vital_signs(client):
    Article.objects.create(url="https://a.example/1", url_key="1", title="One")
    Heartbeat.objects.touch("feeds.tasks.dispatch success", seconds=2.5)
    client.get("/robots.txt")
    client.get("/no/such/page/")
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    assert 'tracker_request_seconds_count{method="GET",status="2xx",view="robots"}' in text
    assert 'status="4xx",view="none"' in text
    assert "tracker_articles_waiting 1.0" in text
    assert 'tracker_tasks_total{outcome="success",task="feeds.tasks.dispatch"} 1.0' in text
    assert 'tracker_task_seconds_total{outcome="success",task="feeds.tasks.dispatch"} 2.5' in text
    assert "tracker_feeds_due 0.0" in text
    assert "no/such" not in text


def test_a_strange_method_opens_no_series(client):
    client.generic("BREW", "/robots.txt")
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    assert "BREW" not in text


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_probes_are_only_read(client, path, method):
    assert client.generic(method, path).status_code == 405


def test_every_vital_sign_is_a_bounded_look(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        signs = health.vitals()
    assert {sign.name for sign in signs} >= {"articles_waiting", "proposals_waiting", "feeds_due"}
    assert all(sign.remedy for sign in signs if sign.limit is not None)


def test_two_who_touch_the_same_sign_are_both_counted():
    for _time in range(3):
        Heartbeat.objects.touch("beat", seconds=1)
    row = Heartbeat.objects.get(name="beat")
    assert (row.count, row.seconds) == (3, 3.0)


def test_metrics_say_that_the_database_is_gone_instead_of_failing(client, monkeypatch):
    def gone():
        raise DatabaseError("gone")

    monkeypatch.setattr(health, "vitals", gone)
    page = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert page.status_code == 200
    assert "tracker_database_up 0.0" in page.content.decode()


def test_workers_that_end_no_task_are_named(client):
    Heartbeat.objects.touch("feeds.tasks.dispatch success")
    assert health.workers().well
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracker_heartbeat SET at = '2026-01-01 00:00:00+00:00'")
    assert not health.workers().well
    assert "have ended no task for" in health.workers().words

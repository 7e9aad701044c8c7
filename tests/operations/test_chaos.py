"""Fifty disasters to the whole service on real PostgreSQL and Redis; then all is as if none had been.

Every round something is killed the hard way or emptied: a worker, beat, the web process, Redis, PostgreSQL.
Nobody helps but a supervisor that starts again what died, as Docker and systemd do.
"""

import contextlib
import os
import random
import signal
import time

import psycopg
import pytest

from tests import servers
from tests.feeds.test_kills import FEEDS, Newsroom
from tests.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.servers]

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "50"))
VICTIMS = ("worker one", "beat", "redis", "worker two", "web", "queues", "postgres", "worker three")
CELERY = ("-m", "celery", "--quiet", "-A", "tracker")
WEB = ("-m", "gunicorn", "-c", "python:tracker.serving", "tracker.wsgi")
EVERYTHING = ("worker", "-Q", "polling,judging,sending,housekeeping", "-c", "1", "--without-mingle")
COMMANDS = {
    "worker one": (*CELERY, *EVERYTHING, "-n", "one@localhost"),
    "worker two": (*CELERY, *EVERYTHING, "-n", "two@localhost"),
    "worker three": (*CELERY, *EVERYTHING, "-n", "three@localhost"),
    "beat": (*CELERY, "beat", "--pidfile="),
    "web": WEB,
}


class Supervisor:
    """Starts what is down; kills when told to."""

    def __init__(self, service, postgres, redis):
        self.service, self.postgres, self.redis = service, postgres, redis
        self.running = {}

    def look_after(self):
        for name, command in COMMANDS.items():
            process = self.running.get(name)
            if process is None or process.poll() is not None:
                self.running[name] = self.service.start(*command, log=name.replace(" ", "-"))

    def strike(self, victim):
        if victim == "redis":
            self.redis.restart()
        elif victim == "queues":
            self.redis.empty()
        elif victim == "postgres":
            self.postgres.restart()
        elif victim in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running[victim].pid, signal.SIGKILL)
            self.running[victim].wait()

    def sql(self, statement):
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def make_due(self, condition="trouble = ''"):
        self.sql(f"UPDATE feeds_feed SET next_poll_at = now() WHERE lease_token = '' AND {condition}")

    def count(self, what):
        return self.sql(f"SELECT count(*) FROM {what}")[0][0]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """The newsroom and the supervisor after fifty disasters and a calm end."""
    newsroom = Newsroom()
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(servers.required(servers.postgres(durable=True)))
        redis = stack.enter_context(servers.required(servers.redis()))
        publisher = stack.enter_context(newsroom.publisher)
        folder = tmp_path_factory.mktemp("chaos")
        settings = {"FEEDS_LEASE": "4", "BEAT_EVERY": "1", "METRICS_TOKEN": "of the chaos test"}
        service = stack.enter_context(
            Service(folder, database_url=postgres.url, redis_url=redis.url, **settings)
        )
        prepare(service, publisher)
        supervisor = Supervisor(service, postgres, redis)
        struck = disasters(supervisor, newsroom)
        newsroom.frozen = True
        calm(supervisor)
        yield newsroom, supervisor, struck


def prepare(service, publisher):
    service.manage("migrate", "-v0")
    service.manage("seed", "-v0")
    service.ask("from feeds.models import Feed\nanswer = Feed.objects.all().delete()[0]")
    outlines = "".join(f'<outline text="{n}" xmlUrl="{publisher.url(f"/{n}")}"/>' for n in range(FEEDS))
    (service.folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    service.manage("feeds", "import", str(service.folder / "feeds.opml"))
    service.before = service.ask("from tracker import record\nanswer = [record.verify(), record.head()]")


def disasters(supervisor, newsroom):
    """Strikes one victim a round, in the midst of work where there is any; how often a feed was in hand."""
    in_hand = 0
    for number in range(ROUNDS):
        supervisor.look_after()
        supervisor.make_due()
        before, deadline = newsroom.calls, time.monotonic() + 10
        while newsroom.calls < before + 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(random.random() * 0.1)
        in_hand += bool(supervisor.count("feeds_feed WHERE lease_token <> ''"))
        supervisor.strike(VICTIMS[number % len(VICTIMS)])
    return in_hand


def calm(supervisor):
    """Nobody strikes any more: every feed is read once again, every article filed."""
    supervisor.look_after()
    supervisor.sql("UPDATE feeds_feed SET last_polled_at = NULL")
    deadline = time.monotonic() + 180
    waiting = "feeds_feed WHERE last_polled_at IS NULL OR lease_token <> ''"
    while supervisor.count(waiting) or supervisor.count("tracker_article WHERE state IN ('new', 'changed')"):
        assert time.monotonic() < deadline, f"it does not recover by itself\n{supervisor.service.logs()}"
        supervisor.look_after()
        with contextlib.suppress(psycopg.Error):
            supervisor.make_due("last_polled_at IS NULL")
        time.sleep(0.5)


def test_the_disasters_met_work_under_way(outcome):
    newsroom, _supervisor, in_hand = outcome
    assert newsroom.calls > ROUNDS
    assert in_hand > ROUNDS / 10, "hardly any strike met a poll under way: the test proves too little"


def test_nothing_published_is_lost_and_nothing_is_there_twice(outcome):
    newsroom, supervisor, _in_hand = outcome
    stored = [
        url for (url,) in supervisor.sql("SELECT url FROM tracker_article WHERE url LIKE '%desk.example%'")
    ]
    assert len(stored) == len(set(stored))
    assert set(stored) == newsroom.published()
    doubled = "SELECT 1 FROM feeds_delivery GROUP BY feed_id, guid HAVING count(*) > 1"
    assert supervisor.sql(doubled) == []


def test_every_article_was_filed_once(outcome):
    _newsroom, supervisor, _in_hand = outcome
    assert supervisor.count("tracker_article WHERE state IN ('new', 'changed', 'failed')") == 0
    assert (
        supervisor.sql("SELECT 1 FROM tracker_report GROUP BY article_id, event_id HAVING count(*) > 1") == []
    )


def test_the_record_is_as_it_was(outcome):
    _newsroom, supervisor, _in_hand = outcome
    service = supervisor.service
    after = service.ask("from tracker import record\nanswer = [record.verify(), record.head()]")
    assert after[0] == service.before[0]
    assert after[1].rsplit("-", 1)[0] == service.before[1].rsplit("-", 1)[0]


def test_it_calls_itself_ready_and_serves_readers(outcome):
    _newsroom, supervisor, _in_hand = outcome
    service = supervisor.service
    service.wait(lambda: service.json("/health/ready")["status"] == "ready", "ready after the storm")
    assert "<html" in service.get("/")
    page = service.get("/metrics", Authorization="Bearer of the chaos test")
    assert 'tracker_tasks_total{outcome="success",task="feeds.tasks.poll_feeds"}' in page

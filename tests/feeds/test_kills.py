"""Workers are killed at random points, thirty times: no article lost, none doubled, no feed stuck."""

import contextlib
import os
import random
import signal
import sqlite3
import threading
import time

import psycopg
import pytest

from tests.feeds.publisher import RSS, Publisher, reply
from tests.service import Service

ROUNDS = int(os.environ.get("KILL_ROUNDS", "30"))
FEEDS = 10
LEASE = 4  # seconds
PATIENCE = 20
IDLE = 0.3  # without a call: what is left waits for the next round
ITEM = "<item><title>What they want from the law, {key}</title><link>https://desk.example/{key}</link><guid>{key}</guid></item>"


class Newsroom:
    """Ten feeds on the loopback; every call finds one more item, which two neighbouring feeds list."""

    def __init__(self):
        self.publisher = Publisher()
        self.items = {number: [] for number in range(FEEDS)}
        self.calls, self.frozen, self.lock = 0, False, threading.Lock()
        for number in range(FEEDS):
            self.publisher.pages[f"/{number}"] = lambda handler, number=number: self.serve(handler, number)

    def serve(self, handler, number):
        with self.lock:
            self.calls += 1
            if not self.frozen:
                key = f"act-{self.calls}"
                self.items[number].append(key)
                self.items[(number + 1) % FEEDS].append(key)
            listed = list(reversed(self.items[number]))
        time.sleep(random.random() * 0.02)
        body = RSS.format(items="".join(ITEM.format(key=key) for key in listed)).encode()
        reply(handler, 200, body, {"Content-Type": "application/rss+xml"})

    def published(self):
        return {f"https://desk.example/{key}" for keys in self.items.values() for key in keys}


class Killing:
    """A service whose worker is started and killed again and again."""

    def __init__(self, service, sql):
        self.service, self.sql, self.worker = service, sql, None

    def start(self):
        log = self.service.folder / "worker.log"
        self.worker = self.service.forking().start("-m", "tests.feeds.working", log=log)

    def kill(self):
        if self.worker:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
        self.worker = None

    def make_due(self):
        """As if time had passed: every appointment has come, and every lease of the dead has ended."""
        self.sql("UPDATE feeds_feed SET next_poll_at = CURRENT_TIMESTAMP WHERE lease_token = ''")
        self.sql(
            "UPDATE feeds_feed SET next_poll_at = CURRENT_TIMESTAMP, leased_until = CURRENT_TIMESTAMP "
            "WHERE lease_token <> ''"
        )

    def count(self, condition):
        return self.sql(f"SELECT count(*) FROM feeds_feed WHERE {condition}")[0][0]

    def leased(self):
        return self.count("lease_token <> ''")


def killed_often(service, sql, between=lambda number: None):
    """Runs the rounds, then lets one worker finish; returns the newsroom and how often a lease was held."""
    newsroom, held = Newsroom(), 0
    with newsroom.publisher as publisher:
        outlines = "".join(f'<outline text="{n}" xmlUrl="{publisher.url(f"/{n}")}"/>' for n in range(FEEDS))
        (service.folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
        service.manage("feeds", "import", str(service.folder / "feeds.opml"))
        killing = Killing(service, sql)
        try:
            for number in range(ROUNDS):
                held += one_round(killing, newsroom)
                between(number)
            newsroom.frozen = True
            settle(killing, service)
        finally:
            killing.kill()
    return newsroom, held


def one_round(killing, newsroom):
    """Start, wait for some calls, kill; whether a feed was in somebody's hands at that moment."""
    killing.make_due()
    before, wanted = newsroom.calls, random.randint(1, FEEDS)
    called, latest = before, time.monotonic()
    killing.start()
    while newsroom.calls < before + wanted:
        if newsroom.calls > called:
            called, latest = newsroom.calls, time.monotonic()
        # The first call may take its time on a busy machine; those after it do not, or there are none.
        if time.monotonic() > latest + (IDLE if called > before else PATIENCE):
            break
        time.sleep(0.002)
    time.sleep(random.random() * 0.03)
    killing.kill()
    return bool(killing.leased())


def settle(killing, service):
    """Let a worker poll every feed to its end after the last kill."""
    killing.sql("UPDATE feeds_feed SET last_polled_at = NULL")
    killing.make_due()
    killing.start()
    deadline = time.monotonic() + 6 * PATIENCE
    while killing.count("last_polled_at IS NULL OR lease_token <> ''"):
        assert time.monotonic() < deadline, f"feeds are stuck\n{service.logs()}"
        time.sleep(0.1)
        # A feed that the last kill put into quarantine would wait for minutes.
        killing.sql(
            "UPDATE feeds_feed SET next_poll_at = CURRENT_TIMESTAMP "
            "WHERE lease_token = '' AND last_polled_at IS NULL"
        )


def assert_nothing_lost_nothing_doubled(newsroom, held, sql):
    stored = [url for (url,) in sql("SELECT url FROM tracker_article")]
    assert len(stored) == len(set(stored))
    assert set(stored) == newsroom.published()
    deliveries = sql("SELECT feed_id, guid, count(*) FROM feeds_delivery GROUP BY 1, 2")
    assert len(deliveries) == sum(len(set(keys)) for keys in newsroom.items.values())
    assert {count for *_, count in deliveries} == {1}
    assert sql("SELECT count(*) FROM tracker_articleversion") == [(0,)]
    assert sql("SELECT count(*) FROM feeds_feed WHERE state <> 'green'") == [(0,)]
    assert len(stored) > ROUNDS
    assert held > ROUNDS / 5, "hardly any kill met a poll under way: the test proves too little"


@pytest.mark.slow
def test_kills_of_the_embedded_worker_on_sqlite(tmp_path):
    def sql(statement):
        opened = contextlib.closing(sqlite3.connect(tmp_path / "service.sqlite3", timeout=20))
        with opened as connection, connection:
            return connection.execute(statement).fetchall()

    with Service(tmp_path, FEEDS_LEASE=str(LEASE)).filled(seeds=False) as service:
        assert_nothing_lost_nothing_doubled(*killed_often(service, sql), sql)


@pytest.mark.slow
@pytest.mark.servers
def test_kills_of_prefork_workers_on_postgresql_and_redis(tmp_path, postgres_server, redis_server):
    def sql(statement):
        with psycopg.connect(service.environment["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def disaster(number):
        if number % 10 == 4:
            redis_server.empty()

    service = Service(tmp_path, redis_url=redis_server.url, FEEDS_LEASE=str(LEASE))
    with service.filled(postgres_server, seeds=False):
        assert_nothing_lost_nothing_doubled(*killed_often(service, sql, disaster), sql)

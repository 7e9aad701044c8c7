"""Thirty disasters to the whole service on real PostgreSQL and Redis; then all is as if none had been.

Every strike something is killed the hard way, emptied, filled or cut off: a worker, one of two beats, the web process,
Redis, its queues, its memory, PostgreSQL, a network line, the publishers; once the database fails over to its standby
for good. Meanwhile feeds are polled, an analyst decides through the web, webhooks and mails go out, a reader reads, a
crawler takes what it can, clients hold half a request each. Nobody helps but a supervisor that starts what died.
"""

import contextlib
import os
import random
import time
from collections import Counter, defaultdict
from types import SimpleNamespace

import pytest

from tests.operations import storm
from tests.operations.line import Line
from tests.scorecard.alerts.postbox import Postbox
from tests.scorecard.alerts.receiver import Receiver
from tests.servers import postgres, required, standby
from tests.service import filled_database

pytestmark = [pytest.mark.slow, pytest.mark.servers]

STRIKES = int(os.environ.get("CHAOS_ROUNDS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.randrange(1_000_000)
READERS = 30


@pytest.fixture(scope="module")
def after(tmp_path_factory, redis_server):
    """Everybody who took part, after the disasters and a calm end."""
    print(f"CHAOS_SEED={SEED}")  # shown when a test fails
    newsroom = storm.Unsteady()
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(required(postgres()))
        primary.create("storm", template=filled_database(primary))
        # A commit that was answered is written, whatever is killed: as on a production server.
        primary.sql("ALTER DATABASE storm SET synchronous_commit = on", database="postgres")
        following = stack.enter_context(standby(primary))
        servers = {"postgres": primary, "redis": redis_server}
        lines = {name: stack.enter_context(Line(server.port)) for name, server in servers.items()}
        publisher = stack.enter_context(newsroom.publisher)
        receiver, postbox = stack.enter_context(Receiver()), stack.enter_context(Postbox(pause=0.02))
        service = stack.enter_context(
            storm.service(
                tmp_path_factory.mktemp("chaos"),
                database_url=f"postgres://tracker@127.0.0.1:{lines['postgres'].port}/storm",
                redis_url=f"redis://127.0.0.1:{lines['redis'].port}/7",
                EMAIL_URL=f"smtp://127.0.0.1:{postbox.port}",
                METRICS_TOKEN="of the chaos test",
            )
        )
        before = storm.prepare(service, publisher, receiver, acts=4 * STRIKES, readers=READERS)
        raging = storm.Storm(service, newsroom, servers, lines, following)
        raging.look_after()
        analyst = storm.Analyst(service, before["key"], before["proposals"])
        analyst.thread.start()
        readers = [
            kind(service, analyst.done)
            for kind in (storm.Reader, storm.Crawler, storm.Watcher, storm.Dawdlers)
        ]
        for each in readers:
            each.start()
        raging.rage(STRIKES, random.Random(SEED))
        analyst.done.set()
        for each in (analyst.thread, *readers):
            each.join()
        began = time.monotonic()
        raging.calm()
        found = SimpleNamespace(
            storm=raging,
            service=service,
            newsroom=newsroom,
            analyst=analyst,
            reader=readers[0],
            crawler=readers[1],
            watcher=readers[2],
            receiver=receiver,
            postbox=postbox,
            head=before["head"],
            calm=time.monotonic() - began,
        )
        print(told(found))
        yield found


def told(after):
    """The figures of the run, for docs/operators.md; `make chaos` shows them."""
    stored = [
        url for (url,) in after.storm.sql("SELECT url FROM tracker_article WHERE url LIKE '%desk.example%'")
    ]
    published, on_record = after.newsroom.published(), [event for (event,) in accepted(after)]
    hooks = {headers["webhook-id"] for headers, _body in after.receiver.calls}
    mails = Counter(after.postbox.taken)
    lines = [
        f"strikes: {STRIKES}, of which {after.storm.met} met polls under way (CHAOS_SEED={SEED})",
        f"items: {len(published)} published, {len(published - set(stored))} lost, "
        f"{len(stored) - len(set(stored))} stored twice",
        f"decisions: {after.analyst.asked} asked, {len(after.analyst.accepted)} answered as done, "
        f"{len(set(after.analyst.accepted) - set(on_record))} of these lost, "
        f"{len(on_record) - len(set(on_record))} on record twice",
        f"webhooks: {len(on_record)} changes, {len(hooks)} messages, {len(after.receiver.calls)} calls",
        f"mails: {len(mails)} readers, {sum(mails.values()) - len(mails)} got one twice",
    ]
    for name, who in (("reader", after.reader), ("crawler", after.crawler), ("watcher", after.watcher)):
        unanswered = sum(status == 0 for _began, _came, status in who.met)
        answers = ", ".join(f"{number} × {status}" for status, number in sorted(who.statuses.items()))
        lines.append(f"{name}: {answers}; nobody there {unanswered}; dishonest {len(who.faults)}")
    lines.append(
        "seconds from each strike to a page that was asked for after it, and what was answered before:"
    )
    for victim, times in sorted(storm.recovery(after.storm.struck, after.watcher.met).items()):
        before = Counter(status for _seconds, statuses in times for status in statuses)
        said = ", ".join(f"{number} × {status or 'nobody'}" for status, number in sorted(before.items()))
        lines.append(
            f"  {victim}: {', '.join(f'{seconds:.1f}' for seconds, _ in times)}; {said or 'nothing else'}"
        )
    lines.append(f"after the last strike all work was done in {after.calm:.0f} seconds, by nobody's hand")
    return "\n".join(lines)


def test_the_disasters_met_work_under_way(after):
    assert after.newsroom.calls > STRIKES
    assert len(after.analyst.accepted) > STRIKES / 5
    assert after.storm.met > STRIKES / 10, (
        "hardly any strike met a poll under way: the test proves too little"
    )


def test_nothing_published_is_lost_and_nothing_is_there_twice(after):
    found = after.storm.sql("SELECT url FROM tracker_article WHERE url LIKE '%desk.example%'")
    stored = [url for (url,) in found]
    assert len(stored) == len(set(stored))
    assert set(stored) == after.newsroom.published()
    doubled = "SELECT 1 FROM feeds_delivery GROUP BY feed_id, guid HAVING count(*) > 1"
    assert after.storm.sql(doubled) == []


def test_every_article_was_filed_once(after):
    assert after.storm.count("tracker_article WHERE state IN ('new', 'changed', 'failed')") == 0
    doubled = "SELECT 1 FROM tracker_report GROUP BY article_id, event_id HAVING count(*) > 1"
    assert after.storm.sql(doubled) == []


def accepted(after):
    return after.storm.sql(
        "SELECT id FROM tracker_event WHERE status = 'accepted' AND id LIKE '%of-the-storm%'"
    )


def test_what_the_analyst_was_told_is_accepted_is_on_record_once(after):
    on_record = {event for (event,) in accepted(after)}
    assert set(after.analyst.accepted) <= on_record
    for table, condition in (("tracker_decision", "AND action = 'accept'"), ("tracker_revision", "")):
        rows = after.storm.sql(
            f"SELECT event_id, count(*) FROM {table} WHERE event_id LIKE '%of-the-storm%' {condition} GROUP BY 1"
        )
        assert dict(rows) == dict.fromkeys(on_record, 1)


def test_the_log_is_whole_and_holds_what_was_accepted_and_no_more(after):
    count = after.service.ask("from tracker import log\nanswer = log.verify()")
    assert count == after.head + len(accepted(after))


def test_every_change_was_told_to_the_webhook_and_counted_once(after):
    """A receiver knows a message by its id: one id for each change, and the same words whenever it comes."""
    bodies = defaultdict(set)
    for headers, body in after.receiver.calls:
        bodies[headers["webhook-id"]].add(body)
    written = after.storm.sql("SELECT sequence, message FROM scorecard_delivery")
    assert sorted(sequence for sequence, _message in written) == list(
        range(after.head + 1, after.head + 1 + len(accepted(after)))
    )
    assert set(bodies) == {message for _sequence, message in written}
    assert all(len(each) == 1 for each in bodies.values())


def test_no_reader_got_a_mail_twice(after):
    came = Counter(after.postbox.taken)
    assert came
    assert max(came.values()) == 1
    sent = "SELECT s.email FROM scorecard_mail m JOIN scorecard_subscription s ON s.id = m.subscription_id"
    assert {email for (email,) in after.storm.sql(f"{sent} WHERE m.state = 'sent'")} <= set(came)
    assert after.storm.count("scorecard_mail WHERE state IN ('sent', 'unsure')") == READERS


def test_readers_were_answered_honestly(after):
    reader, crawler = after.reader, after.crawler
    assert (reader.faults, crawler.faults, after.watcher.faults) == ([], [], [])
    assert reader.statuses[200] > STRIKES / 2
    assert sorted(reader.waits)[len(reader.waits) // 2] < 3, "half of the answers took longer"
    assert crawler.statuses[429], crawler.statuses  # and its allowance ended


def test_it_calls_itself_ready_and_serves_readers(after):
    service = after.service
    service.wait(lambda: service.json("/health/ready")["status"] == "ready", "ready after the storm")
    assert "<html" in service.get("/")
    page = service.get("/metrics", Authorization="Bearer of the chaos test")
    assert 'tracker_tasks_total{outcome="success",task="feeds.tasks.poll_feeds"}' in page

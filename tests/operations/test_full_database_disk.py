"""The disk of PostgreSQL runs full under the whole service: writes are refused, then PostgreSQL itself gives up.

Once there is room again and the server is started, everything goes on where it was: what an analyst was told is
accepted is on record once, every published item is kept once, and the log is whole.
"""

import contextlib
import time
import urllib.error
from types import SimpleNamespace

import psycopg
import pytest

from tests import servers
from tests.operations import storm
from tests.operations.disk import small_disk
from tests.scorecard.alerts.receiver import Receiver
from tests.service import filled_database

pytestmark = [pytest.mark.slow, pytest.mark.servers]

MEGABYTES = 320
PATIENCE = 60  # seconds


@pytest.fixture(scope="module")
def after(tmp_path_factory, redis_server):
    newsroom = storm.Unsteady()
    with contextlib.ExitStack() as stack:
        disk = stack.enter_context(small_disk(MEGABYTES))
        folder = tmp_path_factory.mktemp("full")
        (disk.folder / "server.log").symlink_to(
            folder / "server.log"
        )  # what it says of the disk must not need it
        server = servers.Postgres(disk.folder, durable=True)
        stack.callback(server.kill)
        stack.enter_context(servers.required(contextlib.nullcontext(server)))
        server.start()
        server.create("storm", template=filled_database(server))
        publisher = stack.enter_context(newsroom.publisher)
        receiver = stack.enter_context(Receiver())
        service = stack.enter_context(
            storm.service(
                folder,
                database_url=server.address("storm"),
                redis_url=redis_server.url.replace("/0", "/8"),
            )
        )
        before = storm.prepare(service, publisher, receiver, acts=500, readers=0)
        raging = storm.Storm(service, newsroom, {"postgres": server, "redis": redis_server}, {})
        raging.look_after()
        analyst = storm.Analyst(service, before["key"], before["proposals"])
        analyst.thread.start()
        until(lambda: len(analyst.accepted) >= 3 and newsroom.calls >= storm.FEEDS, raging)
        disk.fill()
        refused = until(lambda: analyst.asked > len(analyst.accepted) + 3, raging)
        reading = service.get("/recommendations/trust/?as_of=2026-01-31")
        broken = until(lambda: gives_up(raging), raging)
        accepted, down = len(analyst.accepted), status(service, "/health/ready")
        disk.clear()
        server.restart()
        healed = until(lambda: len(analyst.accepted) > accepted + 3, raging)
        analyst.done.set()
        analyst.thread.join()
        raging.calm()
        yield SimpleNamespace(
            storm=raging,
            service=service,
            newsroom=newsroom,
            analyst=analyst,
            head=before["head"],
            reading=reading,
            down=down,
            stages=(refused, broken, healed),
            log=server.log(),
        )


def until(condition, raging):
    """Wait for a stage of the disaster; a supervisor starts again what died."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, raging.service.logs()
        raging.look_after()
        with contextlib.suppress(psycopg.Error):
            raging.make_due()
        time.sleep(0.2)
    return True


def gives_up(raging):
    """Use up what the server had set aside for its log of writes; whether it is gone."""
    with contextlib.suppress(psycopg.Error):
        raging.sql("SELECT pg_logical_emit_message(true, 'disk', 'full'), pg_switch_wal()")
    return raging.servers["postgres"].process.poll() is not None


def status(service, path):
    try:
        service.get(path)
    except urllib.error.HTTPError as answer:
        return answer.code
    return 200


def test_it_was_full_indeed(after):
    assert after.stages == (True, True, True)
    assert "No space left on device" in after.log
    assert "PANIC" in after.log
    assert after.down == 503


def test_readers_read_while_nothing_can_be_written(after):
    assert "<html" in after.reading


def test_what_the_analyst_was_told_is_accepted_is_on_record_once(after):
    rows = after.storm.sql(
        "SELECT id FROM tracker_event WHERE status = 'accepted' AND id LIKE '%of-the-storm%'"
    )
    on_record = {event for (event,) in rows}
    assert set(after.analyst.accepted) <= on_record
    count = after.service.ask("from tracker import log\nanswer = log.verify()")
    assert count == after.head + len(on_record)


def test_every_published_item_is_kept_once(after):
    found = after.storm.sql("SELECT url FROM tracker_article WHERE url LIKE '%desk.example%'")
    stored = [url for (url,) in found]
    assert len(stored) == len(set(stored))
    assert set(stored) == after.newsroom.published()
    assert after.storm.count("tracker_article WHERE state IN ('new', 'changed', 'failed')") == 0

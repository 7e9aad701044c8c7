"""A disk that is full: what was accepted stays whole, what was not is not there at all, and then it goes on."""

import pytest

from tests.feeds.publisher import Publisher, feed_of
from tests.service import Service

pytestmark = pytest.mark.slow

# The limit on a file's size stands for a full disk: SQLite is told the same by the system.
FULL = """
import pathlib, resource
from django.db import OperationalError
from django.test import Client
from feeds import polling, scheduling
from feeds.models import Feed
from tracker import text, triage
text.language_of("Bonjour les amis")  # unpacks its model into a file of its own
act = {"date": "2025-06-01", "title": "An act", "actors": ["us"], "summary": "Words. " * 300,
       "assessments": [{"rec": "trust", "direction": 1, "strength": 3}]}
Feed.objects.all().delete()
Feed.objects.create(url=ADDRESS)
(batch,) = scheduling.claim()
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
accepted, troubles = [], []
for number in range(500):
    try:
        triage.enter(act | {"id": f"full-{number}"}, who="seed")
        accepted.append(f"full-{number}")
    except OperationalError as error:
        troubles.append(str(error))
        break
try:
    list(polling.poll_batch(batch))
except OperationalError as error:
    troubles.append(str(error))
answer = {"accepted": accepted, "troubles": troubles, "reading": Client().get("/events/").status_code}
"""
AFTER = """
from django.db import connection
from feeds import polling, scheduling
from feeds.models import Feed
from tracker import log
from tracker.models import Article, Event
with connection.cursor() as cursor:
    cursor.execute("PRAGMA integrity_check")
    whole = cursor.fetchone()[0]
before = Article.objects.filter(url__contains="desk.example").count()
Feed.objects.update(leased_until="2026-01-01T00:00:00Z", next_poll_at="2026-01-01T00:00:00Z")  # a lease later
for batch in scheduling.claim():
    list(polling.poll_batch(batch))
answer = {
    "whole": whole,
    "revisions": log.verify(),
    "on_record": sorted(Event.objects.filter(id__startswith="full-").values_list("id", flat=True)),
    "articles": [before, Article.objects.filter(url__contains="desk.example").count()],
}
"""


def test_a_full_disk_loses_nothing_that_was_accepted_and_heals_by_itself(tmp_path):
    with Publisher() as publisher, Service(tmp_path).filled() as service:
        publisher.pages["/feed"] = feed_of("one", "two", "three")
        before = service.ask("from tracker import log\nanswer = log.verify()")
        full = service.ask(FULL.replace("ADDRESS", repr(publisher.url("/feed"))))
        after = service.ask(AFTER)
    assert full["accepted"]
    assert len(full["troubles"]) == 2, full
    assert full["reading"] == 200
    assert after["whole"] == "ok"
    assert after["on_record"] == sorted(full["accepted"])
    assert after["revisions"] == before + len(full["accepted"])
    assert after["articles"] == [0, 3]

"""Several analysts at once on a real PostgreSQL: every event is decided once, the log has no gap, nobody deadlocks."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service import Service

pytestmark = [pytest.mark.servers, pytest.mark.slow]

FILL = """
from tests.tracker.desk import proposals
from tracker.models import Recommendation
import datetime
from tracker import triage
for number, slug in enumerate(("trust", "governance"), 1):
    Recommendation.objects.create(slug=slug, number=number, name_en=slug)
proposals.people(ada="analyst", bob="reviewer", cem="reviewer")
answer = [triage.propose(title=f"Act number {n}", date=datetime.date(2026, 5, 4)).pk for n in range(24)]
"""
DECIDE = """
import random
from django.contrib.auth import get_user_model
from tracker import triage
by = get_user_model().objects.get(username={name!r})
events, answer = {events!r}, {{"done": [], "refused": 0, "broken": []}}
random.Random({name!r}).shuffle(events)
for event in events:
    try:
        triage.accept(event, by, assessments=[dict(rec="trust", direction=1, strength=2)], version=1)
        answer["done"].append(event)
    except triage.Refused:
        answer["refused"] += 1
pairs = list(zip(events[::2], events[1::2]))
for one, other in pairs[:6]:
    try:
        triage.merge([one], other, by, "the same act")
    except triage.Refused:
        answer["refused"] += 1
    except Exception as error:
        answer["broken"].append(repr(error))
"""
CHECK = """
from collections import Counter
from tracker import log
from tracker.models import Decision, Event
answer = {
    "log": log.verify(),
    "accepted": max(Counter(Decision.objects.filter(action="accept").values_list("event_id", flat=True)).values()),
    "undecided": Event.objects.exclude(status__in=("accepted", "merged")).count(),
}
"""


def test_three_analysts_decide_the_same_events_at_once(tmp_path, postgres_server):
    with Service(tmp_path, database_url=postgres_server.create("desk_at_once")) as service:
        service.manage("migrate", "-v0")
        events = service.ask(FILL)
        scripts = [DECIDE.format(name=name, events=events) for name in ("ada", "bob", "cem")]
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(service.ask, scripts))
        done = [event for answer in answers for event in answer["done"]]
        assert sorted(done) == sorted(events), json.dumps(answers)
        assert [answer["broken"] for answer in answers] == [[], [], []]
        found = service.ask(CHECK)
        assert found["accepted"] == 1
        assert found["undecided"] == 0
        assert found["log"] >= len(events)

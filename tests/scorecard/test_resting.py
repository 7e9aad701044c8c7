"""A figure that is kept is never stale: what is appended behind all that it rests on leaves its bytes alone."""

import datetime
import json
import random

import pytest

from scorecard import method
from scorecard.method.weighing import rests_on
from tests.scorecard.logs import FIRST, random_log
from tracker.codebook import current
from tracker.record import check

LAW = {"id": "law", "date": "2025-06-01", "assessments": [{"rec": "trust", "direction": 1, "strength": 4}]}


def day(number):
    return FIRST + datetime.timedelta(number)


def shown(log, as_of, known_at):
    """Every kind of figure of one pair of days, as bytes."""
    run = method.series(log, as_of=as_of, known=known_at)
    found = [
        method.report(log, as_of, known_at),
        run.advancing.tolist(),
        run.undermining.tolist(),
        method.waterfall(log, (current().start, known_at), (max(as_of, current().start), known_at)),
        list(method.views(log, as_of, known_at).values()),
    ]
    return json.dumps(found)


@pytest.mark.slow
def test_what_is_appended_behind_changes_no_byte():
    rng, warm, cold = random.Random(1), 0, 0
    for seed in range(30):
        records = [check(record) for record in random_log(seed, events=9, days=300)]
        cut = rng.randrange(3, len(records))
        before = method.EMPTY.extend(records[:cut])
        after = before.extend(records[cut:])
        for _pair in range(2):
            pair = day(rng.randrange(20, 400)), rng.choice((None, day(rng.randrange(20, 600))))
            same = shown(before, *pair) == shown(after, *pair)
            if rests_on(after, *pair) <= cut:
                warm += 1
                assert rests_on(before, *pair) == rests_on(after, *pair)
                assert same, (seed, pair)
            else:
                cold += not same
    assert min(warm, cold) > 8, "both must have been met"


def test_a_late_record_moves_a_past_day_as_known_now_and_not_as_known_then():
    late = {**LAW, "id": "late", "date": "2025-05-01", "recorded_at": "2025-09-10"}
    log, june = method.read([LAW, late]), datetime.date(2025, 6, 30)
    assert [rests_on(log, june, known) for known in (june, datetime.date(2025, 9, 9))] == [1, 1]
    assert [rests_on(log, june, known) for known in (datetime.date(2025, 9, 10), None)] == [2, 2]


def test_an_event_of_a_later_day_moves_only_later_days():
    later = {**LAW, "id": "later", "date": "2025-08-01", "recorded_at": "2025-08-01"}
    log = method.read([LAW, later])
    assert [rests_on(log, datetime.date(2025, month, 1), None) for month in (5, 6, 7, 8)] == [0, 1, 1, 2]


def test_a_law_redated_to_a_later_day_moves_the_day_it_left():
    moved = {**LAW, "date": "2025-12-01", "recorded_at": "2025-12-02"}
    log = method.read([LAW, moved])
    assert rests_on(log, datetime.date(2025, 7, 1), None) == 2
    assert rests_on(log, datetime.date(2025, 7, 1), datetime.date(2025, 12, 1)) == 1


def test_an_event_that_a_link_named_before_it_was_known_moves_what_is_said_of_the_link():
    link = {**LAW, "supersedes": ["bill"]}
    bill = {**LAW, "id": "bill", "date": "2025-09-01", "recorded_at": "2025-09-01"}
    log, july = method.read([link, bill]), datetime.date(2025, 7, 1)
    assert rests_on(log, july, None) == 2
    assert method.report(log.take(log.event == 0), july) != method.report(log, july)


def test_nothing_rests_on_an_empty_log():
    assert rests_on(method.EMPTY, current().start, None) == 0

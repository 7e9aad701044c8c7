"""The order of the queue: chance of acceptance, then what it would move, then freshness."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from tracker.triage import proposing

DAY = datetime.date(2026, 11, 1)
LAW = [{"probability": 0.9, "strength": 4}]
SPEECH = [{"probability": 0.9, "strength": 1}]


def test_a_likelier_act_stands_first_however_old_and_small():
    old = proposing.priority_of(0.6, [], 1, DAY - datetime.timedelta(days=600))
    assert old > proposing.priority_of(0.1, LAW * 3, 20, DAY)


def test_of_the_same_chance_what_moves_more_stands_first():
    assert proposing.priority_of(0.5, LAW, 1, DAY) > proposing.priority_of(0.5, SPEECH, 1, DAY)
    assert proposing.priority_of(0.5, LAW, 4, DAY) > proposing.priority_of(0.5, LAW, 1, DAY)
    assert proposing.priority_of(0.5, LAW, 1, DAY - datetime.timedelta(days=90)) > proposing.priority_of(
        0.5, SPEECH, 1, DAY
    )


def test_of_the_same_worth_the_fresher_stands_first_and_what_is_undated_two_weeks_lower():
    dated = proposing.priority_of(0.5, LAW, 1, DAY)
    undated = proposing.priority_of(0.5, LAW, 1, DAY, dated=False)
    assert dated > undated == proposing.priority_of(0.5, LAW, 1, DAY - datetime.timedelta(days=14))


@given(st.floats(0, 1), st.integers(0, 50), st.dates(datetime.date(2025, 1, 21), datetime.date(2045, 1, 1)))
def test_neither_worth_nor_age_ever_outweighs_a_step_of_chance(chance, outlets, day):
    low, high = (proposing.priority_of(chance, labels, outlets, day) for labels in ([], LAW * 3))
    later = proposing.priority_of(chance, LAW * 3, 50, datetime.date(2045, 1, 1))
    assert low <= high <= later < low + 1

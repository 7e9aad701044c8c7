"""What a publisher usually brings moves the odds of its items a little, and never decides."""

import pytest

from tracker.filing import Habits
from tracker.tagging import Suggestion


def told(relevance, publisher):
    return Suggestion(relevance, (), (), "reported", True, "m", publisher)


def test_the_same_words_count_for_more_from_whoever_is_often_to_the_point():
    habits = Habits()
    habits.weighed([told(0.4, "Laboratory"), told(0.001, "Everything")] * 40)
    (laboratory, everything) = habits.weighed([told(0.1, "Laboratory"), told(0.1, "Everything")])
    assert 0.15 < laboratory.relevance < 0.4
    assert everything.relevance < 0.1


def test_a_stranger_moves_hardly_and_no_publisher_not_at_all():
    habits = Habits()
    stranger, nobody = habits.weighed([told(0.1, "New"), told(0.1, "")])
    assert stranger.relevance == pytest.approx(0.1, abs=0.01)
    assert nobody.relevance == 0.1


def test_ordinary_news_stays_ordinary_wherever_it_stands():
    habits = Habits()
    habits.weighed([told(0.9, "Laboratory")] * 200)
    assert habits.weighed([told(0.001, "Laboratory")])[0].relevance < 0.02


def test_what_people_keep_dismissing_sinks_and_what_they_code_rises():
    habits = Habits()
    habits.learn({"Wire": (9, 1), "Blog": (1, 19), "Once": (0, 1)})
    wire, blog, once, new = habits.weighed([told(0.3, name) for name in ("Wire", "Blog", "Once", "New")])
    assert wire.relevance > new.relevance > once.relevance > blog.relevance
    assert once.relevance == pytest.approx(new.relevance, abs=0.03)
    assert blog.relevance > 0.05


def test_before_people_have_decided_both_ways_nobody_differs():
    habits = Habits()
    habits.learn({"Wire": (9, 0)})
    wire, new = habits.weighed([told(0.3, "Wire"), told(0.3, "New")])
    assert wire.relevance == new.relevance

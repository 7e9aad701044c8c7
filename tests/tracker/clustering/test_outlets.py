"""Ten copies of one wire story are one voice."""

import pytest

from tracker import clustering
from tracker.clustering import Report

WIRE = "US revokes Nvidia licences to export H20 chips to China, sources say"


def report(key, title=WIRE, publisher="", summary="", url=""):
    return Report(key, title, summary, publisher=publisher, url=url)


def test_ten_copies_of_a_wire_story_are_one_voice():
    reports = [report(n, f"{WIRE}{' - Paper ' + str(n) if n % 2 else ''}", f"Paper {n}") for n in range(10)]
    assert clustering.outlets(reports) == 1


def test_two_reporters_of_one_act_are_two_voices():
    reports = [
        report(1, publisher="The Example"),
        report(2, "Nvidia loses its China licences for the H20", publisher="Daily Sample"),
    ]
    assert clustering.outlets(reports) == 2


def test_one_outlet_twice_is_one_voice():
    reports = [
        report(1, "Nvidia loses its China licences", url="https://www.example.com/a"),
        report(2, "What the loss of licences means", url="https://m.example.com/b"),
    ]
    assert clustering.outlets(reports) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"publisher": "Example (Reuters)"}, {"publisher": "Reuters"}),
        ({"publisher": "Sample via Bloomberg"}, {"publisher": "彭博社"}),
        (
            {"publisher": "A", "summary": "BEIJING, July 26 (Xinhua) -- China proposed"},
            {"publisher": "新华网"},
        ),
        ({"publisher": "B", "summary": "新华社北京7月26日电 记者从会上获悉"}, {"publisher": "Xinhua"}),
    ],
)
def test_who_credits_the_same_agency_is_one_voice(one, other):
    first = report(1, "Licences gone, says ministry", **one)
    second = report(2, "Ein ganz anderer Titel über dasselbe", **other)
    assert clustering.outlets([first, second]) == 1


def test_the_same_summary_under_other_titles_is_a_copy():
    text = "The Commerce Department withdrew all licences for the chip on Monday, three people with knowledge said."
    reports = [
        report(1, "Licences gone", "A", text),
        report(2, "Nvidia hit again", "B", text + " More follows."),
    ]
    assert clustering.outlets(reports) == 1


def test_generic_titles_prove_nothing():
    assert clustering.outlets([report(1, "AI digest", "A"), report(2, "AI digest", "B")]) == 2


def test_another_number_is_another_text():
    titles = ("US and China extend tariff truce for 90 days", "US and China extend tariff truce for 180 days")
    assert clustering.outlets([report(n, title, f"P{n}") for n, title in enumerate(titles)]) == 2


def test_no_reports_no_voices():
    assert clustering.outlets([]) == 0

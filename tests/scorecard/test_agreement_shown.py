"""Agreement of coders beside the scores: said below 0.80, labels withheld below 0.667, nothing too soon."""

import datetime

import pytest

from scorecard import reliability, sentences, standings
from scorecard.pages import figures
from scorecard.reliability import Agreement
from tests.scorecard import told
from tracker.models import Event

START = datetime.date(2025, 1, 21)


def agreed(alpha, n=40, slug="trust", kind="people"):
    one = {"field": "direction", "recommendation": slug, "alpha": alpha, "low": alpha, "high": alpha, "n": n}
    return {kind: {"events": n, "results": [one, {**one, "field": "strength", "alpha": 0.99}]}}


@pytest.mark.parametrize("kind", ["people", "record", "machines"])
@pytest.mark.parametrize(
    ("alpha", "noted", "withheld"),
    [(0.9, False, False), (0.8, False, False), (0.79, True, False), (0.667, True, False), (0.66, True, True)],
)
def test_the_limits_of_the_method_decide_what_is_said(alpha, noted, withheld, kind):
    found = Agreement(agreed(alpha, kind=kind), events=288)
    assert ("α" in found.note("trust")) is noted
    assert found.withheld("trust") is withheld
    assert "α" not in found.note("misuse")


def test_words_are_coded_once_until_thirty_events_were_coded_twice_by_people():
    few = Agreement(agreed(0.2, n=28), events=288)
    assert not few.withheld("trust")
    assert few.note("trust") == "Coded once: people have coded 28 of 288 events a second time, blind."
    assert Agreement(agreed(0.99, n=30), events=288).note("trust") == ""
    machines = Agreement(agreed(0.99, n=146, kind="machines"), events=288)
    assert machines.notes(["trust"]).startswith("Coded once: people have coded none of 288")


def test_an_alpha_that_is_not_defined_or_rests_on_a_handful_says_nothing():
    assert (
        Agreement({"people": {"events": 40, "results": agreed(None)["people"]["results"][:1]}}, 100).alpha(
            "trust"
        )
        is None
    )
    assert Agreement(agreed(0.1, n=29), events=100).alpha("trust") is None


def test_a_withheld_label_leaves_the_figures_and_names_the_rest():
    entry = {
        "balance": {"score": -50.0, "label": "undermined", "since": "2025-02-01"},
        "pulse": {"label": "x"},
    }
    report = {"recommendations": {"trust": entry, "misuse": entry}, "overall": {}}
    hidden = reliability.with_labels_hidden(report, Agreement(agreed(0.5), events=288))
    assert hidden["recommendations"]["trust"]["balance"] == {
        "score": -50.0,
        "label": "withheld",
        "since": None,
    }
    assert hidden["recommendations"]["misuse"]["balance"]["label"] == "undermined"
    assert report["recommendations"]["trust"]["balance"]["label"] == "undermined"
    labels = ["withheld", "undermined"]
    assert sentences.headline(labels) == (
        "Of the two recommendations, one is undermined and one has no label yet."
    )


@pytest.mark.django_db
def test_the_pages_withhold_the_label_and_say_why(client, seeded, monkeypatch):
    monkeypatch.setattr(standings, "agreement", lambda: agreed(0.5))
    html = told.plain(client.get("/recommendations/trust/"))
    assert "Label withheld: two coders agree too little (α = 0.50, 40 events)." in html
    assert "undermined since" not in html
    overview = client.get("/").content.decode()
    assert "one had no label yet" in overview
    assert "Below 0.80 agreement between coders: Trust." in overview
    method = told.plain(client.get("/method/"))
    assert f"40 of {Event.objects.accepted().count()} events have been coded blind" in method
    assert "Two people, blind: 40 events" in method
    assert "Trust: direction" in method
    assert "暂缓判定" in client.get("/zh-hans/").content.decode()


def test_the_mean_revision_counts_settled_days_since_the_opening_only():
    now = [10.0] * 100
    then = [0.0] * 50 + [8.0] * 20 + [0.0] * 30
    opened = START + datetime.timedelta(50)
    assert figures.mean_revision(then, now, START, opened) == (2.0, 20)
    assert figures.mean_revision(then, now, START, START + datetime.timedelta(70)) is None
    assert "moved by 2.0 points" in figures.revision_sentence((2.0, 20), opened)
    assert "reconstruction" in figures.revision_sentence(None, opened)
    assert figures.revision_sentence(None, None).endswith("still change them.")

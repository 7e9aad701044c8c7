"""Blind double coding: who codes what a second time, what opens adjudication, alpha against figures."""

import numpy as np
import pytest
from django.urls import reverse

from tracker import agreement, log, triage
from tracker.desk import figures
from tracker.models import Coding, Event, Revision
from tracker.triage import double_coding

CODE = [{"rec": "trust", "direction": -1, "strength": 4, "ask": None, "rationale": ""}]
SAME = {"relevant": True, "actors": [], "certainty": "reported", "assessments": CODE}
OTHER = SAME | {"assessments": [CODE[0] | {"direction": 1}]}
NOT = {"relevant": False}


@pytest.fixture(autouse=True)
def everything_twice(settings):
    settings.DOUBLE_CODING_SHARE = 1


@pytest.fixture
def coded(proposal, ada):
    def make(title="Tariff on AI chips"):
        event = proposal(title)
        triage.accept(event, ada, assessments=CODE)
        return event, Coding.objects.get(event=event, part="second")

    return make


@pytest.fixture
def third(person):
    return person("third", "reviewer")


def test_the_first_coder_never_codes_the_same_event_again(coded, ada, rita):
    _event, second = coded()
    assert list(double_coding.second_codings_for(ada)) == []
    assert list(double_coding.second_codings_for(rita)) == [second]
    with pytest.raises(triage.NotAllowed, match="coded this event first"):
        agreement.code_second(second, ada, SAME)


def test_the_second_coder_sees_neither_the_first_coding_nor_the_machines(coded, rita, client):
    _event, second = coded()
    client.force_login(rita)
    page = client.get(reverse("desk:coding", args=[second.pk])).content.decode()
    panel = page.split('id="panel"')[1].split('class="fields"')[0]
    assert 'aria-pressed="true"' not in panel
    assert "data-coded" not in panel
    assert "<mark" not in page
    assert "80 %" not in page
    assert "A new barrier" not in page


def test_the_first_coder_is_kept_out_of_the_blind_page(coded, ada, client):
    _event, second = coded()
    client.force_login(ada)
    assert client.get(reverse("desk:coding", args=[second.pk])).status_code == 403


def test_agreement_opens_nothing_and_disagreement_opens_adjudication(coded, rita):
    _event, second = coded("One")
    assert agreement.code_second(second, rita, SAME) is None
    _event, second = coded("Two")
    opened = agreement.code_second(second, rita, OTHER)
    assert list(agreement.to_adjudicate()) == [opened]
    with pytest.raises(triage.Stale, match="already"):
        agreement.code_second(second, rita, OTHER)


def test_a_second_coding_does_not_touch_the_record(coded, rita):
    event, second = coded()
    head = log.head().rsplit("-", 1)[0]
    agreement.code_second(second, rita, OTHER)
    assert log.head().rsplit("-", 1)[0] == head
    assert Event.objects.get(pk=event.pk).assessments.get().direction == -1


def test_adjudication_brings_the_record_to_what_was_settled(coded, rita, ada, third):
    event, second = coded()
    opened = agreement.code_second(second, rita, OTHER)
    with pytest.raises(triage.NotAllowed):
        agreement.adjudicate(opened, ada, OTHER, "it lifts")
    with pytest.raises(triage.Refused, match="Say why"):
        agreement.adjudicate(opened, third, OTHER, " ")
    agreement.adjudicate(opened, third, OTHER, "the headline misleads: it lifts a barrier")
    last = Revision.objects.filter(event=event).last()
    assert (last.kind, last.record["assessments"][0]["direction"]) == ("update", 1)
    assert last.why == "the headline misleads: it lifts a barrier"
    assert list(agreement.to_adjudicate()) == []


def test_what_settled_a_disagreement_is_taken_back_at_the_list(coded, rita, third, client):
    event, second = coded()
    opened = agreement.code_second(second, rita, OTHER)
    agreement.adjudicate(opened, third, OTHER, "it lifts a barrier")
    client.force_login(third)
    page = client.get(reverse("desk:codings"))
    decision = page.context["settled"]
    assert decision.event_id == event.pk
    client.post(reverse("desk:undo"), {"decision": decision.pk, "back": reverse("desk:codings")})
    assert Revision.objects.filter(event=event).last().record["assessments"][0]["direction"] == -1
    assert list(agreement.to_adjudicate()) == [opened]
    assert client.get(reverse("desk:codings")).context["settled"] is None
    agreement.adjudicate(Coding.objects.get(pk=opened.pk), third, SAME, "as it was")


def test_adjudication_to_not_relevant_retracts_and_back_accepts(coded, proposal, ada, rita, third):
    event, second = coded()
    agreement.adjudicate(agreement.code_second(second, rita, NOT), third, NOT, "no act in it")
    assert Event.objects.get(pk=event.pk).retracted
    dismissed = proposal("Talks held")
    triage.dismiss(dismissed, ada, "no_act")
    second = Coding.objects.get(event=dismissed, part="second")
    agreement.adjudicate(agreement.code_second(second, rita, SAME), third, SAME, "there is an act")
    assert Event.objects.get(pk=dismissed.pk).status == "accepted"


@pytest.mark.parametrize(
    "wrong",
    [
        {"assessments": []},
        {"certainty": "sure"},
        {"assessments": [CODE[0] | {"strength": 9}]},
        {"assessments": ["x"]},
    ],
)
def test_a_wrong_second_coding_changes_nothing(coded, rita, wrong):
    _event, second = coded()
    with pytest.raises(triage.Refused):
        agreement.code_second(second, rita, SAME | wrong)
    second.refresh_from_db()
    assert second.done_at is None


def test_undoing_the_first_decision_takes_its_coding_back(coded, ada):
    event, _second = coded()
    triage.undo(triage.last_of(ada)[0], ada)
    assert Coding.objects.filter(event=event).count() == 0


def _pair(first, second):
    def body(code):
        lines = [] if code is None else [{"rec": "trust", "direction": code[0], "strength": code[1]}]
        return {"relevant": bool(lines), "actors": [], "certainty": "", "assessments": lines}

    return body(first), body(second)


def test_alpha_agrees_with_hand_and_with_chance():
    """Two coders, ten units of a yes-no field: Krippendorff's own worked example (alpha = 0.095)."""
    one, other = "0100000010", "1110010000"
    pairs = [
        _pair((1, 1) if a == "1" else None, (1, 1) if b == "1" else None)
        for a, b in zip(one, other, strict=True)
    ]
    found = {(row.field, row.recommendation): row for row in agreement.measured(pairs, 200)}
    assert found["relevant", ""].alpha == pytest.approx(0.095, abs=0.001)
    assert found["direction", "trust"].alpha == pytest.approx(0.095, abs=0.001)
    assert found["relevant", ""].n == 10
    assert found["relevant", ""].low < 0.095 < found["relevant", ""].high


def test_perfect_agreement_is_one_and_one_value_has_no_alpha():
    pairs = [_pair((1, 2), (1, 2)), _pair((-1, 4), (-1, 4)), _pair(None, None)]
    found = {(row.field, row.recommendation): row for row in agreement.measured(pairs, 50)}
    assert found["direction", "trust"].alpha == 1
    assert found["strength", "trust"].alpha == 1
    assert found["strength", "trust"].n == 2
    assert found["direction", "misuse"].alpha is None
    assert all(row.alpha is None for row in agreement.measured([], 50))


def test_figures_count_what_was_coded_twice(coded, rita):
    for number in range(6):
        _event, second = coded(f"Tariff {number}")
        agreement.code_second(second, rita, SAME if number % 2 else OTHER)
    found = {(row["field"], row["recommendation"]): row for row in agreement.figures(50)}
    assert found["direction", "trust"]["n"] == 6
    assert found["direction", "trust"]["alpha"] is None, "six say nothing yet"
    measured = {(row.field, row.recommendation): row for row in agreement.measured(agreement.finished(), 50)}
    assert measured["direction", "trust"].alpha < 0.5


def test_acceptance_and_pull_are_measured(proposal, ada, settings):
    settings.DOUBLE_CODING_SHARE = 0
    for number in range(4):
        triage.accept(proposal(f"Tariff {number}"), ada, seconds=4.0)
    triage.accept(proposal("Tariff lifted"), ada, assessments=[CODE[0] | {"direction": 1}], seconds=9.0)
    triage.accept(proposal("Tariff hidden"), ada, assessments=[CODE[0] | {"direction": 1}], shown=False)
    row = next(row for row in figures.acceptance_by_recommendation() if row["rec"] == "trust")
    assert (row["model"], row["n"], row["kept"]) == ("m-1", 5, 0.8)
    pull = figures.pull()
    assert (pull["shown"]["n"], pull["shown"]["rate"]) == (5, 0.8)
    assert (pull["hidden"]["n"], pull["hidden"]["rate"]) == (1, 0.0)
    assert pull["difference"] == 0.8
    assert figures.seconds_each()["unchanged"] == {"n": 4, "median": 4.0}
    assert figures.days()[0]["accepted"] == 6


def test_wilsons_interval():
    assert figures.wilson(0, 0)["rate"] is None
    found = figures.wilson(8, 10)
    assert found["low"] == pytest.approx(0.490, abs=0.001)
    assert found["high"] == pytest.approx(0.943, abs=0.001)


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_the_draws_of_the_interval_are_those_of_the_library(level):
    chance = np.random.default_rng(7)
    counts = [
        np.array([np.bincount(chance.integers(0, 4, 2), minlength=4) for _unit in range(units)])
        for units in chance.integers(1, 4, 12)
    ]
    places = np.random.default_rng(20250121).integers(0, 12, (6, 12))
    expected = [agreement._of_counts([counts[place] for place in row], [1, 2, 3, 4], level) for row in places]
    assert agreement._drawn(counts, level, 6) == pytest.approx(expected, abs=1e-12)

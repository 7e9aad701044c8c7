"""The record coded again: drawn by stratum, coded blind by people, and never called an agreement of two people."""

import json

import pytest
from django.urls import reverse

from tests.scorecard import cast
from tracker import agreement, triage
from tracker.models import Coding, Event, MachineCoding
from tracker.triage import double_coding

pytestmark = pytest.mark.django_db
CODES = [{"rec": "trust", "direction": 1, "strength": 4, "ask": None, "rationale": ""}]
SAME = {"relevant": True, "actors": ["us"], "certainty": "confirmed", "assessments": CODES}
OTHER = SAME | {"assessments": [CODES[0] | {"direction": -1}]}


@pytest.fixture
def acts(seven):
    for number in range(6):
        triage.enter(cast.event(f"law-{number}", strength=4), who="Second edition")
    for number in range(3):
        triage.enter(cast.event(f"words-{number}", strength=1), who="Second edition")


def test_shares_are_in_proportion_and_add_up():
    assert double_coding.shares({"a": 6, "b": 3}, 3) == {"a": 2, "b": 1}
    assert double_coding.shares({"a": 1, "b": 1, "c": 1}, 2) == {"a": 1, "b": 1, "c": 0}
    assert double_coding.shares({"a": 2}, 60) == {"a": 2}


def test_an_editor_draws_and_chance_decides_stratum_by_stratum(acts, rita, ada, client):
    triage.edit("law-0", ada, {"certainty": "reported"}, why="One outlet")
    client.force_login(rita)
    page = client.post(reverse("desk:draws"), {"count": "4"}, follow=True).content.decode()
    assert "4 events were drawn." in page
    (row,) = double_coding.draws()
    assert (row.total, row.done, sum(row.strata.values())) == (4, 0, 4)
    assert set(row.strata) == {"trust deed", "trust talk"}
    drawn = set(Coding.objects.filter(part="second").values_list("event_id", flat=True))
    assert "law-0" not in drawn, "a person coded it"
    double_coding.draw(60, rita)
    assert Coding.objects.filter(part="second").count() == 8
    with pytest.raises(triage.Refused, match="has been coded by a person"):
        double_coding.draw(1, rita)
    assert (
        "Choose 1 to 500" in client.post(reverse("desk:draws"), {"count": "x"}, follow=True).content.decode()
    )


def test_only_editors_draw(acts, ada, client):
    client.force_login(ada)
    assert client.post(reverse("desk:draws"), {"count": "4"}).status_code == 403
    with pytest.raises(triage.NotAllowed):
        double_coding.draw(1, ada)


def test_who_confirmed_an_event_does_not_code_it_blind(acts, rita, ada):
    for key in Event.objects.values_list("pk", flat=True):
        triage.confirm(key, ada)
    double_coding.draw(60, rita)
    assert not double_coding.second_codings_for(ada).exists()
    assert double_coding.second_codings_for(rita).count() == 9


def test_a_person_beside_the_record_is_its_own_kind_and_raw_codings_name_nobody(acts, rita, ada, client):
    double_coding.draw(2, rita)
    one, other = double_coding.second_codings_for(ada)
    agreement.code_second(one, ada, SAME)
    opened = agreement.code_second(other, ada, OTHER)
    assert list(agreement.to_adjudicate(rita)) == [opened]
    found = agreement.by_kind(50)
    assert {kind: each["events"] for kind, each in found.items()} == {"people": 0, "record": 2, "machines": 0}
    assert not any(row["n"] for row in agreement.figures(50))
    MachineCoding.objects.create(
        event_id="law-0", reader="language model", release=2, blind=True,
        first={"actors": ["us"], "assessments": CODES}, body={"actors": ["us"], "assessments": CODES},
    )  # fmt: skip
    client.force_login(rita)
    raw = b"".join(client.get(reverse("desk:raw_codings", args=["jsonl"])).streaming_content).decode()
    lines = [json.loads(line) for line in raw.splitlines()]
    assert {(line["kind"], line["coder"]) for line in lines} == {
        ("machine", "Second edition"), ("person", "person 1"), ("machine", "release 2"), ("machine", "language model"),
    }  # fmt: skip
    assert "ada" not in raw
    table = b"".join(client.get(reverse("desk:raw_codings", args=["csv"])).streaming_content).decode()
    assert table.count("\n") == 7


def test_who_gave_one_of_two_codings_settles_nothing(acts, rita, ada, person, client):
    double_coding.draw(1, rita)
    opened = agreement.code_second(double_coding.second_codings_for(rita).get(), rita, OTHER)
    assert not agreement.to_adjudicate(rita).exists()
    with pytest.raises(triage.NotAllowed, match="somebody else settles it"):
        agreement.adjudicate(opened, rita, OTHER, "mine is right")
    client.force_login(rita)
    assert client.get(reverse("desk:coding", args=[opened.pk])).status_code == 403
    third = person("third", "reviewer")
    agreement.adjudicate(opened, third, OTHER, "it closes a door")
    assert Event.objects.get(pk=opened.event_id).assessments.get().direction == -1

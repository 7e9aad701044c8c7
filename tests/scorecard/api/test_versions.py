"""An event on the way out: its permanent id, its versions, and what is not public yet."""

import datetime
import json

import pytest

from scorecard.models import Dispute
from tests.scorecard import cast
from tracker import triage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]


def test_a_merged_id_leads_to_its_target_for_ever(client, analyst):
    for key in ("first", "second", "third"):
        cast.put(key)
    triage.merge(["first"], "second", analyst, "the same act")
    triage.merge(["second"], "third", analyst, "the same act again")
    answer = client.get("/api/v1/events/first/")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "http://testserver/api/v1/events/third/"
    assert json.loads(answer.content)["merged_into"] == "third"
    assert cast.get(client, "/events/first/history/")["merged_into"] == "third"
    assert [line["id"] for line in cast.walk(client, "/events/")[1]] == ["third"]


def test_a_proposal_is_not_public(client):
    proposal = triage.propose(title="Something may have happened", date=datetime.date(2026, 1, 1))
    cast.get(client, f"/events/{proposal.pk}/", 404)
    assert cast.get(client, "/events/")["total"] == 0


def test_an_event_is_given_as_it_was_known(client, analyst):
    cast.put("law", "2025-06-01", recorded_at="2025-06-02")
    triage.edit("law", analyst, {"certainty": "reported"}, "the gazette is silent")
    assert cast.get(client, "/events/law/")["certainty"] == "reported"
    assert cast.get(client, "/events/law/?known_at=2025-06-10")["certainty"] == "confirmed"
    cast.get(client, "/events/law/?known_at=2025-06-01", 404)


def test_the_history_shows_every_version_and_the_disputes(client, analyst):
    cast.put("law")
    triage.edit("law", analyst, {"certainty": "reported"}, "the gazette is silent")
    Dispute.objects.create(
        reference="D-AAAA-AAAA", event_id="law", claim="x" * 30, source="https://a.example/"
    )
    found = cast.get(client, "/events/law/history/")
    assert [version["kind"] for version in found["results"]] == ["create", "update"]
    assert found["results"][1]["why"] == "the gazette is silent"
    assert found["disputes"][0]["reference"] == "D-AAAA-AAAA"

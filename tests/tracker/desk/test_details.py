"""Reach, terms, sources' kinds and Chinese reasons by a plain form; the rules that may decide beside it."""

import pytest
from django.urls import reverse

from tests.scorecard import cast
from tracker import triage
from tracker.desk import plain
from tracker.models import Assessment, Coding, Event, Revision

pytestmark = pytest.mark.django_db
FORM = {
    "reach": "local", "until": "2026-09-01", "suspends": "earlier", "stage": "plan", "due": "2026-08",
    "due_what": "The first report", "due_what_zh": "首份报告", "kind-0": "primary", "zh-trust": "因为如此。",
}  # fmt: skip


@pytest.fixture
def law(seven):
    triage.enter(cast.event("earlier", "2025-05-01"), who="seed")
    triage.enter(cast.event("law"), who="seed")
    return Event.objects.get(pk="law")


def test_what_is_on_record_changes_by_a_revision_with_its_reason(law, ada, client):
    client.force_login(ada)
    here = reverse("desk:details", args=["law"])
    assert client.post(here, FORM | {"version": law.version}).status_code == 409, "no reason"
    answer = client.post(here, FORM | {"version": law.version, "why": "The text says so"}, follow=True)
    assert "Saved." in answer.content.decode()
    line = Revision.objects.filter(event="law").last().record
    assert (line["reach"], line["until"], line["suspends"]) == ("local", "2026-09-01", ["earlier"])
    assert (line["stage"], line["due"], line["due_what_zh"]) == ("plan", "2026-08", "首份报告")
    assert line["sources"][0]["kind"] == "primary"
    assert line["assessments"][0]["rationale_zh"] == "因为如此。"
    emptied = dict.fromkeys(FORM, "") | {"reach": "wide", "why": "Not in the text"}
    client.post(here, emptied | {"version": Event.objects.get(pk="law").version})
    line = Revision.objects.filter(event="law").last().record
    assert not {"reach", "until", "suspends", "stage", "due", "due_what"} & set(line)
    assert "kind" not in line["sources"][0]


def test_a_fault_keeps_what_was_typed(law, ada, client):
    client.force_login(ada)
    form = FORM | {"until": "", "version": law.version, "why": "x"}
    answer = client.post(reverse("desk:details", args=["law"]), form)
    assert answer.status_code == 409
    assert "needs `until`" in answer.context["trouble"]
    assert answer.context["given"]["due_what"] == "The first report"
    assert Revision.objects.filter(event="law").count() == 1


def test_a_proposal_takes_its_terms_along_when_it_is_accepted(proposal, ada, client):
    event = proposal("Tariff on AI chips for 90 days")
    client.force_login(ada)
    client.post(reverse("desk:details", args=[event.pk]), {"reach": "local", "version": event.version})
    triage.accept(event.pk, ada)
    assert Revision.objects.filter(event=event).last().record["reach"] == "local"
    assert Assessment.objects.filter(event=event).exists()


def test_who_is_to_code_it_blind_is_led_away(law, ada, client):
    Coding.objects.create(event=law, part="first", reader="seed", done_at="2026-01-01T00:00Z", body={})
    Coding.objects.create(event=law, part="second")
    client.force_login(ada)
    assert client.get(reverse("desk:details", args=["law"])).status_code == 302


def test_rules_come_to_mind_by_the_words_of_the_event(proposal):
    event = proposal("Beijing opens investigation and launches inquiry into chip maker")
    found = plain.hints_for(event)
    assert found[0]["rule"] == "16"
    assert "strength 2" in found[0]["text"]
    assert all(hint.needles and hint.text for hint in plain.hints())
    assert not plain.hints_for(Event(folded=" nothing "))


def test_the_form_says_first_what_it_would_do_and_what_was_saved_is_taken_back(law, ada, client):
    client.force_login(ada)
    here = reverse("desk:details", args=["law"])
    form = FORM | {"version": law.version, "suspends": ""}
    told = client.post(here, form, headers={"X-Foretell": "1"}).json()
    assert [each["rec"] for each in told["effects"]] == ["trust"]
    assert (
        "until: a day"
        in client.post(here, form | {"until": "x"}, headers={"X-Foretell": "1"}).json()["refused"]
    )
    assert Revision.objects.filter(event="law").count() == 1
    saved = client.post(here, form | {"why": "The text says so"}, follow=True).content.decode()
    decision = saved.split('name="decision" value="')[1].split('"')[0]
    back = client.post(reverse("desk:undo"), {"decision": decision, "back": here})
    assert back.url == here
    assert "reach" not in Revision.objects.filter(event="law").last().record
    assert client.post(reverse("desk:undo"), {"decision": decision, "back": "//evil.example"}).url == reverse(
        "desk:desk"
    )

"""Bulk deeds act on exactly what was shown, all or nothing, and one undo takes them back."""

import pytest
from django.urls import reverse

from tracker import triage
from tracker.models import Decision, Event


@pytest.fixture
def at_bulk(client, rita):
    client.force_login(rita)

    def send(query, **more):
        page = client.get(reverse("desk:bulk"), {"q": query})
        form = {"tab": "queue", "q": query, "shown": page.context["shown"], "deed": "dismiss:no_act"}
        return page, client.post(reverse("desk:bulk"), form | more)

    send.client = client
    return send


def statuses():
    return dict(Event.objects.values_list("title", "status"))


def test_only_what_matches_and_was_shown(at_bulk, proposal):
    for title in ("Tariff one", "Tariff two", "Talks held"):
        proposal(title)
    page, answer = at_bulk("title:tariff")
    assert "What to do with all 2 events" in page.content.decode()
    assert answer.status_code == 302
    assert statuses() == {"Tariff one": "dismissed", "Tariff two": "dismissed", "Talks held": "proposed"}
    undo = at_bulk.client.post(
        reverse("desk:bulk"), {"undo": str(Decision.objects.filter(action="dismiss")[0].batch)}
    )
    assert undo.status_code == 302
    assert set(statuses().values()) == {"proposed"}


def test_a_set_that_has_changed_is_not_touched(at_bulk, proposal, rita):
    proposal("Tariff one")
    page = at_bulk.client.get(reverse("desk:bulk"), {"q": "tariff"})
    proposal("Tariff two")
    form = {"tab": "queue", "q": "tariff", "shown": page.context["shown"], "deed": "dismiss:no_act"}
    answer = at_bulk.client.post(reverse("desk:bulk"), form)
    assert answer.status_code == 409
    assert "2 events match now, 1 were shown" in answer.content.decode()
    assert set(statuses().values()) == {"proposed"}


def test_one_claimed_event_stops_the_whole(at_bulk, proposal, ada):
    proposal("Tariff one")
    triage.claim(proposal("Tariff two"), ada)
    _page, answer = at_bulk("tariff")
    assert answer.status_code == 409
    assert "ada works on" in answer.content.decode()
    assert set(statuses().values()) == {"proposed"}


@pytest.mark.parametrize(
    "deed", ["", "accept", "dismiss:", "dismiss:because", "snooze:9999", "snooze:x", "delete"]
)
def test_forged_deeds_are_refused(at_bulk, proposal, deed):
    proposal("Tariff one")
    _page, answer = at_bulk("tariff", deed=deed)
    assert answer.status_code == 409
    assert set(statuses().values()) == {"proposed"}


def test_analysts_do_not_act_in_bulk(client, ada):
    client.force_login(ada)
    assert client.get(reverse("desk:bulk")).status_code == 403


def test_a_wrong_undo_says_so(at_bulk, proposal):
    for wrong in ("x", "00000000-0000-4000-8000-000000000000"):
        assert at_bulk.client.post(reverse("desk:bulk"), {"undo": wrong}).status_code == 302

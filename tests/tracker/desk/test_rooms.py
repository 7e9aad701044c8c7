"""The rooms beside the queue: practice that writes nothing, mirror, roles, bulk by boxes, lists to take along."""

import datetime
import json

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from tests.tracker.desk.test_views import CODE, post
from tracker import triage
from tracker.desk import codings
from tracker.models import Decision, Event, Revision


@pytest.fixture
def at_desk(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def at_admin(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root", password="correct horse battery"))
    return client


@pytest.mark.parametrize("language", ["", "/zh-hans"])
def test_practice_teaches_and_writes_nothing(at_desk, seven, language):
    before = (Event.objects.count(), Decision.objects.count(), Revision.objects.count())
    assert len(codings.practice_items()) == 12
    address = f"{language}{reverse('desk:practice')}"
    for number, one in enumerate(codings.practice_items(), 1):
        page = at_desk.get(address, {"n": number}).content.decode()
        title = one["title"]["zh-hans" if language else "en"]
        assert title in page.replace('<mark class="up">', "").replace('<mark class="down">', "").replace(
            "</mark>", ""
        )
        answer = one["answer"]
        form = {"action": answer["deed"], "assessments": answer.get("codes", [])}
        form |= {name: answer[name] for name in ("into", "reason") if name in answer}
        said = post(at_desk, "practised", form, number)
        assert said.context["same"], one["id"]
        assert not post(at_desk, "practised", {"action": "snooze"}, number).context["same"]
    assert (Event.objects.count(), Decision.objects.count(), Revision.objects.count()) == before
    assert at_desk.get(reverse("desk:practice"), {"n": "99"}).status_code == 404


def test_the_mirror_is_for_oneself_and_for_reviewers(at_desk, proposal, ada, rita, person):
    event = proposal("A tariff")
    triage.accept(event, ada, assessments=CODE, seconds=4.0)
    triage.edit(event, rita, {"title": "Another"}, "wrong title")
    page = at_desk.get(reverse("desk:mirror"))
    assert page.context["overturned"]["events"] == 1
    assert [day["accepted"] for day in page.context["days"]] == [1]
    assert at_desk.get(reverse("desk:mirror"), {"analyst": rita.pk}).status_code == 403
    at_desk.force_login(rita)
    assert "wrong title" in at_desk.get(reverse("desk:mirror"), {"analyst": ada.pk}).content.decode()


def test_who_may_what_is_told_as_it_stands(at_desk, seven, rita):
    rows = {
        str(row["label"])[:20]: row["cells"] for row in at_desk.get(reverse("desk:roles")).context["rows"]
    }
    assert rows["decide on proposals,"] == [False, True, True, True]
    Group.objects.get(name="analyst").permissions.clear()
    at_desk.force_login(rita)
    rows = {
        str(row["label"])[:20]: row["cells"] for row in at_desk.get(reverse("desk:roles")).context["rows"]
    }
    assert rows["decide on proposals,"] == [False, False, True, True]


def test_bulk_acts_on_what_is_ticked_after_showing_where_a_mistake_is_likeliest(client, rita, proposal):
    client.force_login(rita)
    events = [proposal(f"Tariff {number}") for number in range(14)]
    Event.objects.filter(pk=events[7].pk).update(relevance=0.99)
    url, marks = reverse("desk:bulk"), [f"{event.pk}:1" for event in events if event != events[3]]
    form = {
        "tab": "queue",
        "q": "tariff",
        "deed": "dismiss:no_act",
        "note": "",
        "picking": "1",
        "event": marks,
    }
    page = client.post(url, form | {"preview": "1"})
    assert page.status_code == 200
    assert next(row["id"] for row in page.context["first"]) == events[7].pk
    assert len(page.context["first"]) == 10
    assert "Do it to 13 events" in page.content.decode()
    triage.edit(events[5], rita, {"title": "Tariff changed"})
    stale = client.post(url, form | {"shown": page.context["shown"]})
    assert (stale.status_code, "1 of the events you ticked has changed" in stale.content.decode()) == (
        409,
        True,
    )
    form["event"] = [mark for mark in marks if not mark.startswith(f"{events[5].pk}:")]
    page = client.post(url, form | {"preview": "1"})
    assert client.post(url, form | {"shown": page.context["shown"]}).status_code == 302
    left = Event.objects.filter(status="proposed").values_list("pk", flat=True)
    assert set(left) == {events[3].pk, events[5].pk}


def test_a_colleague_is_one_form_and_can_sign_in(at_admin, django_user_model, client):
    url = reverse("admin:auth_user_add")
    role = Group.objects.get(name="analyst")
    form = {
        "username": "newt",
        "password1": "long and unusual 42",
        "password2": "long and unusual 42",
    }
    assert at_admin.post(url, form).status_code == 200, "without a role nobody is made"
    assert at_admin.post(url, form | {"role": role.pk}).status_code == 302
    newt = django_user_model.objects.get(username="newt")
    assert (newt.is_staff, list(newt.groups.all())) == (True, [role])
    page = at_admin.get(reverse("admin:auth_user_changelist")).content.decode()
    assert "analyst" in page
    change = reverse("admin:auth_user_change", args=[newt.pk])
    answer = at_admin.post(change, {"username": "newt", "is_active": "on", "groups": []})
    assert "Without a role nobody can sign in" in answer.content.decode()
    assert (
        at_admin.post(change, {"username": "newt", "is_active": "on", "groups": [role.pk]}).status_code == 302
    )
    client.logout()
    given = {"username": "newt", "password": "long and unusual 42"}
    assert client.post(reverse("admin:login"), given).status_code == 302


def test_lists_are_narrowed_and_taken_along_as_shown(at_admin, proposal, ada):
    coded, other = proposal("=HYPERLINK(1) tariff"), proposal("Talks held", date=datetime.date(2026, 6, 1))
    for event in (coded, other):
        triage.accept(event, ada, assessments=CODE, actors=["us"] if event == coded else ["china"])
    url = reverse("admin:tracker_event_changelist")
    for asked, found in (
        ({"rec": "trust"}, 2),
        ({"rec": "governance"}, 0),
        ({"direction": "-1"}, 2),
        ({"direction": "1"}, 0),
        ({"actor": "us"}, 1),
        ({"analyst": str(ada.pk)}, 2),
        ({"date__month": "6", "date__year": "2026"}, 1),
    ):
        assert at_admin.get(url, asked).context["cl"].result_count == found, asked
    form = {"action": "as_csv", "_selected_action": [coded.pk, other.pk]}
    answer = at_admin.post(url, form)
    body = b"".join(answer.streaming_content).decode()
    assert "'=HYPERLINK(1) tariff" in body
    assert "Talks held" in body
    lines = b"".join(at_admin.post(url, form | {"action": "as_json"}).streaming_content).decode().splitlines()
    assert {json.loads(line)["titled"] for line in lines} == {"=HYPERLINK(1) tariff", "Talks held"}


def test_the_best_match_comes_first(at_admin, proposal, ada):
    proposal("A late word on chips", summary="export control", date=datetime.date(2026, 7, 1))
    proposal("Export control on chips")
    page = at_admin.get(reverse("admin:tracker_event_changelist"), {"q": "export control chips"})
    assert next(row.title for row in page.context["cl"].result_list) == "Export control on chips"


def test_history_is_in_the_readers_words(at_desk, proposal, rita):
    event = proposal("First title")
    triage.accept(event, rita, assessments=CODE)
    triage.edit(
        event, rita, {"certainty": "confirmed", "actors": ["us"], "date_precision": "month"}, "as seen"
    )
    page = at_desk.get(reverse("desk:event", args=[event.pk])).content.decode()
    history = page[page.index("history-head") :]
    for words in ("precision of the date", "confirmed", "<ins>US</ins>", "<ins>month</ins>"):
        assert words in history, words
    assert "date_precision" not in history

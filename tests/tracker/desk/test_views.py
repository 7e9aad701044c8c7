"""The desk's doors: what each shows and to whom, pinned queries, and forms that nobody should send."""

import datetime
import json
import uuid

import pytest
from django.urls import reverse

from tracker import triage
from tracker.models import Article, Decision, Event, Revision

CODE = [{"rec": "trust", "direction": -1, "strength": 4, "ask": None, "rationale": "It bars trade."}]


def post(client, name, form, *args, **more):
    return client.post(reverse(f"desk:{name}", args=args), json.dumps(form), "application/json", **more)


def deed(client, row, action="accept", **more):
    form = {"token": str(uuid.uuid4()), "action": action, "event": row.pk, "version": row.version}
    return post(client, "deed", form | {"assessments": CODE} | more)


@pytest.fixture
def at_desk(client, ada):
    client.force_login(ada)
    return client


def test_the_desk_shows_the_most_valuable_first_and_claims_it(at_desk, proposal, ada):
    small, great = proposal("Small words", priority=1.0), proposal("A great act", priority=9.0)
    page = at_desk.get(reverse("desk:desk")).content.decode()
    assert page.index("A great act") < page.index("Small words")
    assert f'data-event="{great.pk}" data-version' in page
    assert (great.claim.by, great.claim.ahead) == (ada, False)
    assert (small.claim.by, small.claim.ahead) == (ada, True)  # it comes next
    assert '<mark class="down">Tariff</mark>' not in page
    assert "<script>" not in page


def test_the_words_that_led_to_a_suggestion_are_marked(at_desk, proposal):
    event = proposal("New tariff on chips")
    page = at_desk.get(reverse("desk:item", args=[event.pk])).content.decode()
    assert 'New <mark class="down">tariff</mark> on chips' in page


def test_a_hidden_suggestion_is_nowhere_on_the_page(at_desk, proposal, settings):
    settings.HIDDEN_SUGGESTION_SHARE = 1
    event = proposal("New tariff on chips")
    for page in (reverse("desk:desk"), reverse("desk:item", args=[event.pk])):
        text = at_desk.get(page).content.decode()
        assert "<mark" not in text
        assert 'aria-pressed="true"' not in text.split('class="fields"')[0]
        assert "80 %" not in text


@pytest.mark.parametrize("number", [8, 30])
def test_queries_do_not_grow_with_rows(at_desk, proposal, number, django_assert_num_queries):
    events = [proposal(f"Tariff number {place}") for place in range(number)]
    for event in events[:5]:
        triage.accept(event, assessments=CODE)
    at_desk.get(reverse("desk:desk"))
    with django_assert_num_queries(42):
        at_desk.get(reverse("desk:desk"))
    with django_assert_num_queries(10):
        at_desk.get(reverse("desk:item", args=[events[-1].pk]))
    with django_assert_num_queries(8):
        at_desk.get(reverse("desk:rows"))
    with django_assert_num_queries(7):
        at_desk.get(reverse("desk:find"), {"q": "tariff"})


def test_a_decision_and_its_undo(at_desk, proposal):
    event = proposal()
    token = str(uuid.uuid4())
    answer = deed(at_desk, event, token=token).json()
    assert (answer["status"], answer["again"]) == ("accepted", False)
    undone = post(at_desk, "deed", {"token": str(uuid.uuid4()), "action": "undo", "step": token})
    assert undone.json()["status"] == "proposed"
    assert [row.kind for row in Revision.objects.all()] == ["create", "retract"]


def test_a_form_that_comes_twice_does_its_deed_once(at_desk, proposal):
    event = proposal()
    token = str(uuid.uuid4())
    assert deed(at_desk, event, token=token).json()["again"] is False
    assert deed(at_desk, event, token=token).json()["again"] is True
    assert Decision.objects.filter(action="accept").count() == 1
    assert Revision.objects.count() == 1


def test_another_persons_token_is_refused(at_desk, proposal, rita, client):
    event, token = proposal(), str(uuid.uuid4())
    deed(at_desk, event, token=token)
    client.force_login(rita)
    assert deed(client, event, token=token).status_code == 400


HOSTILE = [
    ({"action": "explode"}, 400, "no deed"),
    ({"action": ["accept"]}, 400, "no deed"),
    ({"event": "../../etc"}, 400, "id of an event"),
    ({"event": 7}, 400, "id of an event"),
    ({"event": "2020-01-01-nothing"}, 409, "There is no event"),
    ({"version": "1"}, 400, "whole number"),
    ({"version": True}, 400, "whole number"),
    ({"version": 99}, 409, "has changed while you looked"),
    ({"token": "not-a-token"}, 400, "token"),
    ({"token": None}, 400, "token"),
    ({"assessments": "all"}, 400, "a list"),
    ({"assessments": []}, 409, "at least one"),
    ({"assessments": [{"rec": "trust", "direction": 2, "strength": 1}]}, 409, "direction"),
    ({"assessments": [CODE[0] | {"rationale": "x" * 2001}]}, 409, "2001 characters"),
    ({"assessments": [CODE[0], CODE[0]]}, 409, "two of trust"),
    ({"title": "t" * 501}, 409, "at most 500"),
    ({"title": "a\x00b"}, 400, "title, character 2: U+0000 is a control character; delete it."),
    ({"title": " ", "title_zh": ""}, 409, "needs a title"),
    ({"date": "2026-02-31"}, 409, "calendar"),
    ({"date": "<script>"}, 409, "YYYY-MM-DD"),
    ({"certainty": "sure"}, 409, "certainty"),
    ({"actors": ["mars"]}, 409, "actors"),
    ({"supersedes": ["2020-01-01-nothing"]}, 409, "There is no event 2020-01-01-nothing"),
    ({"action": "dismiss", "reason": "because"}, 409, "not a reason"),
    ({"action": "dismiss", "reason": "other", "note": "n" * 1001}, 409, "at most 1000"),
    ({"action": "snooze"}, 409, "until when"),
    ({"action": "snooze", "until": "1999-01-01"}, 409, "between tomorrow"),
    ({"action": "snooze", "grows": "many"}, 400, "whole number"),
    ({"action": "merge", "into": "2020-01-01-nothing"}, 409, "There is no event"),
    ({"action": "split", "parts": "two"}, 400, "list of new events"),
    ({"action": "split", "parts": [{"title": "x", "articles": [999]}]}, 409, "does not report"),
    ({"action": "edit", "changes": {"status": "accepted"}}, 409, "Cannot change status"),
    ({"action": "edit", "changes": {"id": "2020-01-01-other"}}, 409, "Cannot change id"),
    ({"action": "retract", "why": "x"}, 403, "role"),
    ({"action": "settle", "why": "x"}, 403, "role"),
    ({"action": "restore", "why": ""}, 409, "Say why"),
    ({"action": "undo"}, 400, "which decision"),
    ({"action": "undo", "step": str(uuid.uuid4())}, 409, "nothing to undo"),
    ({"action": "undo", "decision": 10**12}, 409, "nothing to undo"),
    ({"action": "second", "coding": 1}, 400, "no such coding"),
    ({"action": "supersede", "earlier": "x"}, 400, "list of ids"),
]


@pytest.mark.parametrize(("wrong", "status", "says"), HOSTILE)
def test_hostile_forms_are_refused_clearly_and_change_nothing(at_desk, proposal, wrong, status, says):
    event = proposal()
    before = (list(Event.objects.values()), Decision.objects.count(), Revision.objects.count())
    answer = deed(at_desk, event, **wrong)
    assert answer.status_code == status, answer.content
    assert says in answer.json()["error"]
    assert before == (list(Event.objects.values()), Decision.objects.count(), Revision.objects.count())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 5000, b"{" + b" " * 200_000 + b"}"]
)
def test_what_is_not_a_form_is_refused(at_desk, body):
    answer = at_desk.post(reverse("desk:deed"), body, "application/json")
    assert answer.status_code == 400
    assert answer.json()["kind"] == "form"


def test_forged_moves_are_refused(at_desk, proposal, ada):
    event = proposal()
    triage.dismiss(event, ada, "no_act")
    for action, more in (("accept", {}), ("snooze", {"grows": 1}), ("review", {}), ("dispute", {"why": "x"})):
        answer = deed(at_desk, event, action, **more)
        assert (answer.status_code, "cannot become" in answer.json()["error"]) == (409, True), action
    assert Event.objects.get().status == "dismissed"


def test_a_form_without_csrf_token_is_refused(ada, proposal, client):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    event = proposal()
    assert deed(strict, event).status_code == 403
    assert Event.objects.get().status == "proposed"


def test_strangers_are_sent_to_the_login_and_scripts_are_told(client, proposal):
    event = proposal()
    assert client.get(reverse("desk:desk")).status_code == 302
    answer = deed(client, event)
    assert (answer.status_code, answer.json()["kind"]) == (401, "signed out")


def test_viewers_look_and_cannot_decide(client, person, proposal):
    client.force_login(person("vic", "viewer"))
    event = proposal()
    page = client.get(reverse("desk:desk"))
    assert page.status_code == 200
    assert "You may look, not decide." in page.content.decode()
    assert deed(client, event).status_code == 403
    assert post(client, "claim", {}, event.pk).status_code == 403
    assert client.get(reverse("desk:bulk")).status_code == 403


def test_a_day_that_no_report_names_is_not_shown_as_one(at_desk, proposal):
    event, said = proposal("New tariff on chips"), "No report names a day"
    address = reverse("desk:item", args=[event.pk])
    assert said in at_desk.get(address).content.decode()
    Article.objects.filter(reports__event=event).update(published_at="2026-11-03T08:00:00Z")
    page = at_desk.get(address).content.decode()
    assert said not in page
    assert "2026-11-03 08:00" in page


def test_scripts_in_titles_are_text(at_desk, proposal):
    event = proposal("<script>alert(1)</script> tariff")
    for url in (
        reverse("desk:desk"),
        reverse("desk:event", args=[event.pk]),
        reverse("desk:find") + "?q=tariff",
    ):
        text = at_desk.get(url).content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_a_search_that_cannot_be_read_is_said_beside_it(at_desk, proposal):
    proposal()
    page = at_desk.get(reverse("desk:desk"), {"q": "colour:red"})
    assert "cannot be searched" in page.content.decode()
    assert at_desk.get(reverse("desk:desk"), {"tab": "nowhere"}).status_code == 404


def test_the_preview_says_what_moves_and_writes_nothing(at_desk, proposal):
    event = proposal(date=datetime.date(2025, 6, 1))
    form = {"event": event.pk, "action": "accept", "assessments": CODE, "actors": ["us"]}
    before = (list(Event.objects.values()), Decision.objects.count())
    found = post(at_desk, "preview", form | {"certainty": "confirmed"}).json()["effects"]
    assert [(each["name"], each["before"]) for each in found] == [("Trust", "0.0")]
    assert found[0]["after"].startswith("−")
    assert Revision.objects.count() == 0
    assert before == (list(Event.objects.values()), Decision.objects.count())
    refused = post(at_desk, "preview", form | {"assessments": [{"rec": "love"}]}).json()
    assert (refused["effects"], "love" in refused["refused"]) == ([], True)
    assert post(at_desk, "preview", form | {"action": "explode"}).status_code == 400


def test_a_merged_event_leads_to_its_target(at_desk, proposal, ada):
    one, other = proposal("One"), proposal("Other")
    triage.merge([one], other, ada)
    page = at_desk.get(reverse("desk:event", args=[one.pk])).content.decode()
    assert f'data-event="{other.pk}" data-version' in page


def test_history_shows_who_when_why_and_the_difference(at_desk, proposal, rita):
    event = proposal("First title")
    triage.accept(event, rita, assessments=CODE)
    triage.edit(event, rita, {"title": "Second title", "certainty": "confirmed"}, "the ministry confirmed it")
    page = at_desk.get(reverse("desk:event", args=[event.pk])).content.decode()
    assert "<del>First title</del>" in page
    assert "<ins>Second title</ins>" in page
    assert "the ministry confirmed it" in page
    assert "rita" in page


def test_keys_that_collide_are_refused(at_desk, ada):
    answer = post(at_desk, "keys", {"keys": {"dismiss": "a"}})
    assert answer.status_code == 400
    assert "accept" in answer.json()["error"]
    for wrong in (
        {"dismiss": "5"},
        {"dismiss": "'"},
        {"dismiss": "ab"},
        {"dismiss": ""},
        {"fly": "y"},
        {"dismiss": "+"},
    ):
        assert post(at_desk, "keys", {"keys": wrong}).status_code == 400
    assert post(at_desk, "keys", {"keys": {"dismiss": "y"}}).json()["keys"]["dismiss"] == "y"


@pytest.mark.parametrize("odd", ["a\ud800b", "a\0b"])
def test_no_form_breaks_over_what_no_text_may_hold(client, rita, proposal, odd):
    """PostgreSQL takes no NUL into a question, and nobody takes half of a surrogate pair."""
    client.force_login(rita)
    event = proposal("An act")
    asked = {"token": str(uuid.uuid4()), "event": event.pk, "why": odd, "version": event.version}
    for action in ("supersede", "merge", "edit", "split", "accept", "dismiss", "undo", odd):
        form = asked | {"action": action, "into": odd, "earlier": [odd], "reason": odd, "step": odd}
        form |= {
            "changes": {"title": odd},
            "parts": [{"title": odd, "articles": []}],
            "assessments": [{"rec": odd}],
        }
        for name in ("deed", "preview"):
            answer = client.post(reverse(f"desk:{name}"), json.dumps(form), "application/json")
            assert answer.status_code in (200, 400, 403, 409), (name, action)
    for name, given, args in (
        ("claim", {"rows": [odd]}, [event.pk]),
        ("rows", {"without": [odd]}, []),
        ("practised", {"action": odd}, [1]),
        ("keys", {"keys": {odd: odd}}, []),
    ):
        answer = client.post(reverse(f"desk:{name}", args=args), json.dumps(given), "application/json")
        assert answer.status_code in (200, 400), name
    if "\0" in odd:
        for more in ({}, {"headers": {"X-Foretell": "1"}}):
            form = {"reach": "wide", "due_what": odd, "why": odd, "version": event.version}
            answer = client.post(reverse("desk:details", args=[event.pk]), form, **more)
            assert answer.status_code in (200, 409)

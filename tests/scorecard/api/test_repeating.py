"""`Idempotency-Key`, dry runs, and every wrong record named: what programs that write rely on."""

import datetime
import json

import pytest
from django.utils import timezone

from scorecard.api import views
from scorecard.models import Answered
from tests.scorecard import cast
from tests.scorecard.api.test_writing import ACCEPT, PROPOSAL, editor, program  # noqa: F401  fixtures
from tracker.models import Decision, Event, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]


def sent(client, program, body=PROPOSAL, name="one", path="/proposals/"):  # noqa: F811
    return client.post(
        cast.API + path,
        json.dumps(body),
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY=name,
        **program,
    )


def test_the_same_request_is_answered_as_before_and_done_once(client, program):  # noqa: F811
    first, second = sent(client, program), sent(client, program)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert second.headers["Location"] == first.headers["Location"]
    assert Event.objects.count() == 1
    assert sent(client, program, name="two").json()["id"] != first.json()["id"]


def test_another_request_under_the_same_name_is_refused(client, program):  # noqa: F811
    sent(client, program)
    problem = sent(client, program, PROPOSAL | {"title": "Something else"})
    assert (problem.status_code, problem.json()["code"]) == (422, "key_reused")
    for name in ("", "ä", "x" * 256):
        assert sent(client, program, name=name).status_code == 400


def test_what_was_refused_may_come_again_under_its_name(client, program):  # noqa: F811
    assert sent(client, program, PROPOSAL | {"date": "never"}).status_code == 400
    assert not Answered.objects.exists()
    assert sent(client, program).status_code == 201


def test_a_request_that_is_being_answered_waits_until_its_doer_is_dead(client, program):  # noqa: F811
    sent(client, program)
    Answered.objects.update(status=None)
    assert sent(client, program).json()["code"] == "in_progress"
    Answered.objects.update(begun_at=timezone.now() - views.LEASE - datetime.timedelta(seconds=1))
    assert sent(client, program).status_code == 201


def test_answers_are_kept_for_a_day(client, program):  # noqa: F811
    sent(client, program)
    Answered.objects.update(begun_at=timezone.now() - views.ANSWER_KEPT - datetime.timedelta(seconds=1))
    assert "Idempotency-Replayed" not in sent(client, program).headers
    assert Event.objects.count() == 2


def test_without_a_key_it_is_refused_not_ignored(client):
    cast.put("law")
    body = {"event": "law", "claim": "It covers two towns only, not all.", "source": "https://g.example/"}
    answer = sent(client, {}, body, path="/disputes/")
    assert (answer.status_code, "key" in answer.json()["detail"]) == (400, True)


def test_a_dry_run_answers_as_if_and_does_nothing(client, program):  # noqa: F811
    answer = sent(client, program, path="/proposals/?dry_run=true")
    assert (answer.status_code, answer.headers["Dry-Run"]) == (201, "true")
    made = sent(client, program).json()
    path = f"/events/{made['id']}/decisions/?dry_run=true"
    assert sent(client, program, ACCEPT, "b", path).json()["status"] == "accepted"
    imported = {"records": [cast.event("a", "2026-05-01")]}
    assert sent(client, program, imported, "c", "/imports/?dry_run=true").json()["added"] == 1
    assert (Event.objects.count(), Revision.objects.count()) == (1, 0)
    assert not Decision.objects.filter(action="accept").exists()


def test_every_wrong_record_is_named_at_once(client, program):  # noqa: F811
    records = [cast.event("good"), cast.event("bad", "2026-02-31"), cast.event("worse", colour="red")]
    problem = sent(client, program, {"records": records}, path="/imports/").json()
    assert [each["name"] for each in problem["errors"]] == ["records[1]", "records[2]"]
    assert problem["status"] == 422
    assert not Revision.objects.exists()


def test_the_day_of_recording_is_kept_or_refused(client, program):  # noqa: F811
    cast.put("first", "2026-05-01")
    today = timezone.now().date().isoformat()
    kept = {"records": [cast.event("kept", "2026-05-02", recorded_at=today)]}
    assert sent(client, program, kept, "a", "/imports/").status_code == 200
    assert Revision.objects.get(event="kept").record["recorded_at"] == today
    late = {"records": [cast.event("late", "2026-05-03", recorded_at="2026-05-04")]}
    problem = sent(client, program, late, "b", "/imports/")
    assert (problem.status_code, "recorded_at" in problem.json()["detail"]) == (409, True)
    assert not Event.objects.filter(pk="late").exists()

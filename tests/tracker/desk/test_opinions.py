"""Second opinions: which proposals are asked about, what the desk shows, and the command that tries it."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from tests.tracker.conftest import GOOD, said
from tracker import second_opinion, triage
from tracker.models import Coding, Event, SecondOpinion
from tracker.triage import coding

pytestmark = pytest.mark.django_db

HEADING = "Second opinion of a machine: local-model"


@pytest.fixture
def at_desk(client, ada):
    client.force_login(ada)
    return client


def shown(client, event):
    return client.get(reverse("desk:item", args=[event.pk])).content.decode()


def titles_asked(endpoint):
    return [json.loads(body["messages"][1]["content"])["title"] for _, _, body in endpoint.asked]


def test_switched_off_nobody_is_asked_and_nothing_shown(proposal, at_desk, django_assert_num_queries):
    event = proposal()
    with django_assert_num_queries(0):
        assert second_opinion.consult() == 0
    assert "opinion-head" not in shown(at_desk, event)


def test_the_queue_is_asked_about_once_and_the_desk_names_the_model(endpoint, proposal, at_desk):
    event = proposal()
    assert (second_opinion.consult(), second_opinion.consult()) == (1, 0)
    page = shown(at_desk, event)
    assert HEADING in page
    assert "A ban." in page


def test_nothing_of_it_is_suggested_ticked_or_written_on_the_event(endpoint, proposal):
    endpoint.answers = said(GOOD | {"assessments": [GOOD["assessments"][0] | {"rec": "governance"}]})
    event = proposal()
    before = Event.objects.filter(pk=event.pk).values().get()
    second_opinion.consult()
    after = Event.objects.get(pk=event.pk)
    assert Event.objects.filter(pk=event.pk).values().get() == before
    assert [line["rec"] for line in coding.suggested(after)] == ["trust"]
    assert not after.assessments.exists()


def test_where_the_suggestion_is_hidden_nobody_is_asked_and_nothing_shown(
    endpoint, proposal, at_desk, settings
):
    event = proposal()
    second_opinion.consult()
    settings.HIDDEN_SUGGESTION_SHARE = 1
    assert "opinion-head" not in shown(at_desk, event)
    proposal("Another tariff")
    assert second_opinion.consult() == 0


def test_a_second_coder_does_not_see_it(endpoint, proposal, at_desk, rita, settings):
    event = proposal()
    second_opinion.consult()
    settings.DOUBLE_CODING_SHARE = 1
    triage.accept(event, by=rita, assessments=coding.suggested(event))
    page = at_desk.get(reverse("desk:coding", args=[Coding.objects.get(part="second").pk])).content.decode()
    assert "opinion-head" not in page


def test_what_is_decided_is_neither_asked_about_nor_shown(endpoint, proposal, at_desk, ada):
    event = proposal()
    triage.accept(event, by=ada, assessments=coding.suggested(event))
    assert second_opinion.consult() == 0
    assert "opinion-head" not in shown(at_desk, event)


def test_the_most_valuable_proposal_comes_first_and_the_budget_ends_it(endpoint, proposal, settings):
    settings.SECOND_OPINION_DAILY = 1
    for title, worth in (("Small tariff", 1), ("Large tariff", 9)):
        Event.objects.filter(pk=proposal(title).pk).update(priority=worth)
    assert second_opinion.consult() == 1
    assert titles_asked(endpoint) == ["Large tariff"]


def test_a_bad_answer_does_not_stop_the_others_and_is_not_asked_again_at_once(endpoint, proposal, at_desk):
    endpoint.answers = said("I think it matters.")
    events = [proposal("One tariff"), proposal("Two tariffs")]
    assert second_opinion.consult() == 0
    assert len(endpoint.asked) == 2
    endpoint.answers = said(GOOD)
    assert second_opinion.consult() == 0
    assert "opinion-head" not in shown(at_desk, events[0])
    SecondOpinion.objects.update(asked_at=timezone.now() - second_opinion.AGAIN_AFTER)
    assert second_opinion.consult() == 2


def test_three_bad_answers_are_enough(endpoint, proposal):
    endpoint.answers = said("I think it matters.")
    proposal()
    for _ in range(5):
        second_opinion.consult()
        SecondOpinion.objects.update(asked_at=timezone.now() - 9 * second_opinion.AGAIN_AFTER)
    assert len(endpoint.asked) == second_opinion.TRIES


def test_an_endpoint_that_is_down_is_left_alone_for_the_round(endpoint, proposal):
    endpoint.answers = (503, b"")
    for number in range(3):
        proposal(f"Tariff number {number}")
    second_opinion.consult()
    assert len(endpoint.asked) == 1


def test_what_the_model_writes_is_text_on_the_page(endpoint, proposal, at_desk):
    attack = "<script>alert(1)</script>"
    endpoint.answers = said(GOOD | {"assessments": [GOOD["assessments"][0] | {"why": attack}]})
    event = proposal()
    second_opinion.consult()
    page = shown(at_desk, event)
    assert attack not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_answer_that_a_newer_codebook_does_not_know_is_not_shown(endpoint, proposal, at_desk):
    event = proposal()
    second_opinion.consult()
    SecondOpinion.objects.update(answer={"relevant": True, "assessments": [{"rec": "gone"}]})
    assert "opinion-head" not in shown(at_desk, event)


def opinions(tmp_path, *lines):
    path, out = tmp_path / "articles.jsonl", io.StringIO()
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    try:
        call_command("opinion", str(path), stdout=out)
    except CommandError as error:
        return [json.loads(line) for line in out.getvalue().splitlines()], str(error)
    return [json.loads(line) for line in out.getvalue().splitlines()], ""


def test_the_command_answers_line_by_line(endpoint, tmp_path):
    answers, trouble = opinions(tmp_path, {"id": 1, "title": "US bans app"}, {"id": "b", "title": "禁令"})
    assert [(each["id"], each["model"], each["assessments"][0]["rec"]) for each in answers] == [
        (1, "local-model", "trust"), ("b", "local-model", "trust"),
    ]  # fmt: skip
    assert not trouble


def test_the_command_says_where_there_is_no_opinion_and_fails(endpoint, tmp_path):
    endpoint.answers = (500, b"")
    answers, trouble = opinions(tmp_path, {"id": 1, "title": "US bans app"})
    assert answers == [{"id": 1, "trouble": "The endpoint answered 500 Internal Server Error"}]
    assert "1 of 1 articles got no opinion" in trouble


def test_the_command_names_bad_lines_and_asks_nothing(endpoint, tmp_path):
    answers, trouble = opinions(tmp_path, {"id": 1, "title": "US bans app"}, "{")
    assert not answers
    assert not endpoint.asked
    assert "line 2: not JSON" in trouble


def test_the_command_says_what_to_set_while_it_is_off(tmp_path):
    assert "set SECOND_OPINION_URL" in opinions(tmp_path, {"id": 1, "title": "x"})[1]

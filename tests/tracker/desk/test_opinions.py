"""Second opinions: which proposals are asked about, what the desk shows, and the command that tries it."""

import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from tests.tracker.conftest import GOOD, said
from tracker import second_opinion, tagger_examples, tagger_versions, triage
from tracker.models import Article, Coding, Event, SecondOpinion
from tracker.second_opinion import asking
from tracker.second_opinion.endpoint import FORMS
from tracker.tagging import Suggestion, suggestions
from tracker.triage import coding

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HEADING = "What a machine says: local-model"


@pytest.fixture
def at_desk(client, ada):
    client.force_login(ada)
    return client


def shown(client, event):
    return client.get(reverse("desk:item", args=[event.pk])).content.decode()


def titles_asked(endpoint):
    return [json.loads(body["messages"][1]["content"])["report"]["title"] for _, _, body in endpoint.asked]


def reasoned(event):
    """What the machine suggests, with a person's reason for each code."""
    return [line | {"rationale": "It is a barrier."} for line in coding.suggested(event)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No precedents, which take a second to gather; weights learnt anew in each test."""
    none = tagger_examples.Precedents([])
    monkeypatch.setattr(tagger_examples, "known_precedents", lambda: none)
    asking.forget_weights()
    yield
    asking.forget_weights()


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


def test_it_is_a_voice_of_the_suggestion_under_the_models_name_and_accepts_nothing(endpoint, proposal, ada):
    said_of = GOOD["assessments"][0] | {"rec": "governance", "p": 0.95}
    endpoint.answers = said(GOOD | {"assessments": [said_of]})
    event = proposal()
    second_opinion.consult()
    event.refresh_from_db()
    assert event.status in Event.OPEN
    assert event.model_version == "m-1 + local-model"
    assert [line["rec"] for line in coding.suggested(event)] == ["governance"]
    reason = coding.ticked(event.suggestion)[0]["because"][-1]
    assert (reason["text"], reason["by"]) == ("A ban.", "local-model")
    assert not event.assessments.exists()
    assert not event.title_zh


def test_the_models_sentence_is_never_an_analysts_rationale(endpoint, proposal):
    event = proposal()
    second_opinion.consult()
    event.refresh_from_db()
    assert all("A ban." not in line["rationale"] for line in coding.suggested(event))


def test_what_it_finds_irrelevant_sinks_in_the_queue_and_stays_in_it(endpoint, proposal):
    event, other = proposal("A keyboard"), proposal("A tariff")
    endpoint.answers = lambda body: said(
        GOOD if "A tariff" in body["messages"][1]["content"] else {"relevant": 0.01, "assessments": []}
    )
    second_opinion.consult()
    event.refresh_from_db()
    other.refresh_from_db()
    assert event.status in Event.OPEN
    assert event.relevance < 0.1 < other.relevance
    assert event.priority < other.priority


def test_an_offered_twin_that_it_takes_for_the_same_act_is_likelier_and_joined_by_nobody(endpoint, proposal):
    twins = [proposal("A tariff on chips"), proposal("A tariff on toys")]
    event = proposal()
    offers = [{"event": twin.pk, "probability": 0.4, "because": []} for twin in twins]
    Event.objects.filter(pk=event.pk).update(suggestion=event.suggestion | {"same": offers}, priority=99)
    endpoint.answers = said(GOOD | {"same": twins[0].pk})
    second_opinion.consult()
    event.refresh_from_db()
    assert [offer["probability"] for offer in event.suggestion["same"]] == [0.88, 0.08]
    asked = json.loads(endpoint.asked[0][2]["messages"][1]["content"])
    assert [one["id"] for one in asked["known_events"]] == [twin.pk for twin in twins]
    assert event.reports_count == 1


def test_weights_are_learnt_from_what_people_decided(endpoint, proposal, ada, django_assert_num_queries):
    """A model that calls everything an act counts less, the more of it people dismiss."""
    before = asking.learn_weights()
    assert before == suggestions.Weights()
    for number in range(12):
        proposal(f"Tariff number {number}")
    for _round in range(3):
        second_opinion.consult()
    for event in Event.objects.filter(status__in=Event.OPEN):
        triage.dismiss(event, by=ada, reason="not_relevant")
    after = asking.learn_weights()
    assert after.decisions == 12
    assert after.relevance[0] < before.relevance[0]
    told, opinion = Suggestion.from_dict(event.suggestion), event.suggestion["opinion"]
    assert (
        suggestions.fused(told, opinion, after).relevance < suggestions.fused(told, opinion, before).relevance
    )


def test_a_newer_report_keeps_what_the_model_said(endpoint, proposal):
    event = proposal()
    second_opinion.consult()
    event.refresh_from_db()
    tagger_alone = Suggestion.from_dict(event.suggestion | {"opinion": None})
    [again] = second_opinion.weighed([tagger_alone], [event.suggestion])
    assert again.opinion["model"] == "local-model"
    assert again.relevance == event.suggestion["relevance"]


def test_what_was_passed_over_is_filed_after_all_when_the_model_finds_an_act(endpoint, seven, monkeypatch):
    kept = {
        "relevance": 0.1,
        "labels": [],
        "actors": [],
        "certainty": "reported",
        "silent": True,
        "model": "m-1",
    }
    article, other = (
        Article.objects.create(
            title=title, url_key=f"{at:064}", state="background", relevance=0.1, suggestion=kept,
            published_at=timezone.now(),
        )
        for at, title in enumerate(("A tariff", "A keyboard"))
    )  # fmt: skip
    borders = SimpleNamespace(border=lambda lost: 0.05 if lost < 0.2 else 0.3)
    monkeypatch.setattr(tagger_versions, "serving", lambda: SimpleNamespace(model=borders))
    endpoint.answers = lambda body: said(
        GOOD if "A tariff" in body["messages"][1]["content"] else {"relevant": 0.01, "assessments": []}
    )
    assert second_opinion.consult() == 2
    assert second_opinion.consult() == 0
    article.refresh_from_db()
    other.refresh_from_db()
    assert (article.state, other.state) == ("new", "background")
    assert article.suggestion["opinion"]["relevant"] == 0.9


def test_what_it_never_answers_makes_room_for_the_next_until_there_is_more_to_ask(
    endpoint, proposal, monkeypatch
):
    """As many refused questions as one round looks at once kept everything below them from being asked."""
    monkeypatch.setattr(asking, "LOOKED_AT", 2)
    refused = [proposal(f"A blockade {number}") for number in range(5)]
    last = proposal("A tariff")
    Event.objects.filter(pk__in=[event.pk for event in refused]).update(priority=50)
    endpoint.answers = lambda body: (
        said(GOOD) if "A tariff" in body["messages"][1]["content"] else (200, b'{"choices": []}')
    )
    assert sum(second_opinion.consult() for _round in range(3)) == 1
    last.refresh_from_db()
    assert last.suggestion["opinion"]["model"] == "local-model"
    asked = len(endpoint.asked)
    second_opinion.consult()
    assert len(endpoint.asked) == asked
    Article.objects.filter(reports__event=refused[0]).update(title="A blockade begun")
    Event.objects.filter(pk=refused[0].pk).update(reports_count=2)
    second_opinion.consult()
    assert set(titles_asked(endpoint)[asked:]) == {"A blockade begun"}


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
    triage.accept(event, by=rita, assessments=reasoned(event))
    page = at_desk.get(reverse("desk:coding", args=[Coding.objects.get(part="second").pk])).content.decode()
    assert "opinion-head" not in page


def test_what_is_decided_is_neither_asked_about_nor_shown(endpoint, proposal, at_desk, ada):
    event = proposal()
    triage.accept(event, by=ada, assessments=reasoned(event))
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
    assert SecondOpinion.objects.count() == 2
    endpoint.answers = said(GOOD)
    assert second_opinion.consult() == 0
    assert "opinion-head" not in shown(at_desk, events[0])
    SecondOpinion.objects.update(asked_at=timezone.now() - 5 * asking.AGAIN_AFTER)
    assert second_opinion.consult() == 2


def test_a_question_without_an_answer_is_given_up(endpoint, proposal):
    endpoint.answers = said("I think it matters.")
    proposal()
    for _ in range(5):
        second_opinion.consult()
        SecondOpinion.objects.update(asked_at=timezone.now() - 9 * asking.AGAIN_AFTER)
    assert len(endpoint.asked) == 2 * len(FORMS)  # a form is looked for each time


def test_an_endpoint_that_is_down_is_left_alone_for_the_round(endpoint, proposal):
    endpoint.answers = (503, b"")
    for number in range(3):
        proposal(f"Tariff number {number}")
    second_opinion.consult()
    assert len(endpoint.asked) == 1


def test_what_the_model_writes_is_text_on_the_page(endpoint, proposal, at_desk):
    attack = "<script>alert(1)</script>"
    endpoint.answers = said(GOOD | {"rationale": {"en": attack}, "title": {"en": attack}})
    event = proposal()
    second_opinion.consult()
    page = shown(at_desk, event)
    assert attack not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_answer_that_a_newer_codebook_does_not_know_is_not_shown(endpoint, proposal, at_desk):
    event = proposal()
    second_opinion.consult()
    told = Event.objects.get(pk=event.pk).suggestion
    told["opinion"]["assessments"][0]["rec"] = "gone"
    Event.objects.filter(pk=event.pk).update(suggestion=told)
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


def test_the_command_measures_a_model_on_labelled_pages(endpoint):
    out = io.StringIO()
    call_command("opinion", labelled=8, prices=(1.0, 4.0), stdout=out, stderr=io.StringIO())
    told = dict(line.rsplit(maxsplit=1) for line in out.getvalue().splitlines())
    assert float(told["answered"]) == 8
    assert set(told) >= {"pair F1", "direction", "acts before what is none", "tokens read a report"}
    assert SecondOpinion.objects.count() == 8

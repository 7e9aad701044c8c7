"""Decisions of weight are signed by a second person; who works alone confirms them in words."""

import datetime
import json
import uuid

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from tests.scorecard import cast
from tracker import triage
from tracker.desk import forms, signing
from tracker.models import Article, Decision, Event, Revision

pytestmark = pytest.mark.django_db
WORDS = "weaker talk about a law that stands"


@pytest.fixture
def acts(seven, settings):
    """A law, and a later commitment; no decision turns a word unless a test says so."""
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.nothing"
    triage.enter(cast.event("law", "2025-05-01", strength=4), who="seed")
    triage.enter(cast.event("deal", strength=3), who="seed")


def nothing(before, after, day=None):
    return []


def turning(before, after, day=None):
    labels = {"label_before": "unclear", "label_after": "advancing"}
    return [{"rec": "trust", "before": 20.0, "after": 52.0, **labels}] if after else []


def still(before, after, day=None):
    labels = {"label_before": "too little evidence", "label_after": "unclear"}
    return [{"rec": "trust", "before": 0.0, "after": 20.0, **labels}] if after else []


def sent(client, event="deal", action="supersede", **more):
    form = {
        "action": action,
        "event": event,
        "version": Event.objects.get(pk=event).version,
        "token": str(uuid.uuid4()),
    }
    if action == "supersede":
        form |= {"earlier": ["law"], "why": "it replaces the law"}
    return client.post(reverse("desk:deed"), json.dumps(form | more), content_type="application/json")


@pytest.fixture
def both(ada, rita, client):
    """Two analysts at work; the client is the first one's."""
    client.force_login(rita)
    client.force_login(ada)


def test_a_weaker_act_ends_a_stronger_one_only_with_a_second_name(acts, both, ada, rita, client):
    answer = sent(client)
    assert answer.status_code == 409
    assert "An act of strength 3 ends one of strength 4: “Act law”." in answer.json()["error"]
    assert Revision.objects.filter(event="deal").count() == 1
    (asked,) = signing.waiting()
    with pytest.raises(triage.NotAllowed, match="a colleague has to sign it"):
        signing.sign(asked, ada, WORDS)
    client.force_login(rita)
    assert "Act deal" in client.get(reverse("desk:second")).content.decode()
    client.post(reverse("desk:second"), {"asked": asked.pk, "why": ""})
    last = Revision.objects.filter(event="deal").last()
    assert last.record["supersedes"] == ["law"]
    assert last.by == rita
    assert (
        last.why
        == f"it replaces the law (asked by {signing.name_of(ada)}, signed by {signing.name_of(rita)})"
    )
    assert not signing.waiting()
    with pytest.raises(triage.Stale):
        signing.sign(asked, rita)


def test_who_works_alone_confirms_in_words(acts, ada, client):
    client.force_login(ada)
    assert "confirm it there in words" in sent(client).json()["error"]
    (asked,) = signing.waiting()
    with pytest.raises(triage.Refused, match="Say in words"):
        signing.sign(asked, ada, "ok")
    signing.sign(asked, ada, WORDS)
    assert Revision.objects.filter(event="deal").last().why.startswith(WORDS)


def test_a_word_that_turns_needs_two_and_one_that_says_nothing_yet_does_not(
    acts, both, proposal, client, settings
):
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.turning"
    event = proposal("Tariff lifted")
    codes = {"assessments": [cast.event("any")["assessments"][0]]}
    refused = sent(client, event.pk, "accept", **codes)
    assert "It turns the word of Trust from “unclear” to “advancing”." in refused.json()["error"]
    assert Event.objects.get(pk=event.pk).status != "accepted"
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.still"
    assert sent(client, event.pk, "accept", **codes).status_code == 200


def test_a_request_falls_away_when_its_event_moves_on_or_is_withdrawn(acts, both, ada, client):
    sent(client)
    (asked,) = signing.waiting()
    client.post(reverse("desk:second"), {"asked": asked.pk, "withdraw": "1"})
    assert not signing.waiting()
    sent(client)
    triage.edit("deal", ada, {"title": "Another"}, why="Clearer")
    assert not signing.waiting()


def test_links_that_are_on_record_ask_for_nobody(acts, both, ada, client):
    triage.supersede("deal", ["law"], ada, "on record")
    assert sent(client, action="edit", changes={"title": "Deal"}, why="Clearer").status_code == 200


def test_neither_the_form_of_terms_nor_a_list_goes_round_it(acts, both, client):
    deal = Event.objects.get(pk="deal")
    form = {"suspends": "law", "until": "2026-01-01", "why": "a truce", "version": deal.version}
    told = client.post(reverse("desk:details", args=["deal"]), form).content.decode()
    assert "An act of strength 3 ends one of strength 4" in told
    (asked,) = signing.waiting()
    assert asked.after["form"]["changes"] == {"reach": None, "suspends": ["law"], "until": "2026-01-01"}
    assert Event.objects.get(pk="deal").suspends == []


def test_a_list_of_acts_whose_retraction_turns_a_word_is_done_one_by_one(acts, both, rita, client, settings):
    client.force_login(rita)
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.turning"
    form = {"tab": "record", "q": "act", "deed": "retract", "note": "Both were previews."}
    shown = client.post(reverse("desk:bulk"), form | {"preview": "1"}).context["shown"]
    answer = client.post(reverse("desk:bulk"), form | {"shown": shown})
    assert "do these one by one" in answer.context["trouble"]
    assert Event.objects.accepted().count() == 2


@pytest.fixture
def program(ada):
    return cast.key_of(ada, "decide")


def by_key(client, program, deed, status, event="deal", **more):
    return cast.post(client, f"/events/{event}/decisions/", {"deed": deed, **more}, status, **program)


@pytest.mark.parametrize(
    ("deed", "more"),
    [
        ("supersede", {"events": ["law"], "why": "it replaces the law"}),
        ("edit", {"changes": {"suspends": ["law"], "until": "2026-01-01"}, "why": "a truce"}),
    ],
)
def test_nor_does_a_program_with_a_key(acts, both, rita, client, program, deed, more):
    told = by_key(client, program, deed, 202, **more)
    assert "An act of strength 3 ends one of strength 4" in told["why"][0]
    assert "A colleague has to sign it" in told["detail"]
    assert Revision.objects.filter(event="deal").count() == 1
    (asked,) = signing.waiting()
    signing.sign(asked, rita)
    last = Revision.objects.filter(event="deal").last()
    assert (last.record.get("supersedes") or last.record["suspends"]) == ["law"]
    assert "signed by" in last.why


def test_what_a_dry_run_would_ask_for_is_not_asked_for(acts, both, client, program):
    body = {"deed": "supersede", "events": ["law"], "why": "it replaces the law"}
    cast.post(client, "/events/deal/decisions/?dry_run=true", body, 202, **program)
    assert not signing.waiting()


def test_a_program_merges_acts_of_weight_one_by_one(acts, person, client, settings):
    one, other = person("eve", "reviewer"), person("kim", "reviewer")
    client.force_login(other)
    program = cast.key_of(one, "decide")
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.turning"
    for key in ("double", "third"):
        triage.enter(cast.event(key), who="seed")
    told = by_key(client, program, "merge", 409, events=["double", "third"], why="the same act")
    assert "one by one" in told["detail"]
    by_key(client, program, "merge", 202, events=["double"], why="the same act")
    (asked,) = signing.waiting()
    signing.sign(asked, other)
    assert Event.objects.get(pk="double").merged_into_id == "deal"


def test_what_became_of_an_act_is_no_way_around_it(acts, both, client, settings):
    """Its page answers with an act of its own, which may end a stronger one or turn a word."""
    today = timezone.now().date()
    last = (today + datetime.timedelta(days=9)).isoformat()
    triage.enter(cast.event("truce", "2026-02-01", strength=3, until=last, suspends=["law"]), who="seed")
    form = {"event": "truce", "version": Event.objects.get(pk="truce").version, "url": "https://gov.example/"}
    form |= {"date": today.isoformat(), "kind": "primary"}
    before = Revision.objects.count()
    answer = client.post(reverse("desk:lasting"), form | {"said": "permanent"})
    assert answer.status_code == 409
    assert "An act of strength 3 ends one of strength 4" in answer.content.decode()
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.turning"
    assert client.post(reverse("desk:lasting"), form | {"said": "ended"}).status_code == 409
    assert Revision.objects.count() == before
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.nothing"
    longer = form | {"said": "prolonged", "until": (today + datetime.timedelta(days=99)).isoformat()}
    assert client.post(reverse("desk:lasting"), longer).status_code == 302, "the law sleeps on as before"
    assert Revision.objects.count() == before + 1


def report_of(event):
    article = Article.objects.create(title="A report", url=f"https://news.example/{event}", url_key=event)
    triage.attach(event, [article.pk], None, "found")
    return article.pk


def retracted(ada):
    triage.retract("deal", ada, "a slip")
    return {}


def decided(ada):
    triage.edit("deal", ada, {"title": "A deal"}, why="clearer")
    return {"decision": Decision.objects.filter(by=ada, event="deal").latest("id").pk}


# What would write a version of the act `deal` by each deed of the desk; None where a deed never writes any.
WRITING = {
    "accept": lambda ada: {
        "event": Event.objects.open().get().pk, "assessments": cast.event("any")["assessments"], "why": "new",
    },
    "merge": lambda ada: {"into": "law", "why": "the same"},
    "split": lambda ada: {"parts": [{"title": "More", "articles": [report_of("deal")], "move": True}], "why": "two"},
    "edit": lambda ada: {"changes": {"certainty": "rumoured"}, "why": "one outlet"},
    "supersede": lambda ada: {},
    "attach": lambda ada: {
        "articles": [Article.objects.create(title="x", url="https://a.example/", url_key="x").pk], "why": "it tells",
    },
    "detach": lambda ada: {"articles": [report_of("deal")], "why": "another"},
    "move": lambda ada: {"articles": [report_of("deal")], "into": "law", "why": "that one's"},
    "drop_source": lambda ada: {"source": "https://gazette.example/deal", "why": "dead"},
    "dispute": lambda ada: {"why": "a reader doubts it"},
    "settle": lambda ada: triage.dispute("deal", ada, "doubt") and {"why": "looked into"},
    "retract": lambda ada: {"why": "it never was"},
    "restore": lambda ada: retracted(ada) | {"why": "it was"},
    "undo": decided,
    **dict.fromkeys(signing.LIGHT),
}  # fmt: skip


def test_every_deed_of_the_desk_is_known_here():
    assert set(WRITING) == set(forms.DEEDS)


@pytest.mark.parametrize("deed", [deed for deed, form in WRITING.items() if form])
def test_whatever_a_deed_is_called_what_it_writes_is_weighed(
    acts, person, client, settings, proposal, monkeypatch, deed
):
    """One person would do it alone; the same form does it once another has signed."""
    one, other = person("eve", "reviewer"), person("kim", "reviewer")
    for each in (other, one):
        client.force_login(each)
    if deed == "accept":
        proposal("Tariff lifted")
    monkeypatch.setattr(signing, "FRESH", datetime.timedelta(0))  # an old decision is undone
    more = WRITING[deed](one)
    before = Revision.objects.count()
    if deed in (
        "dispute",
        "settle",
    ):  # they say who looks at it, and neither codes nor counting: nothing turns
        assert sent(client, action=deed, **more).status_code == 200
        return
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.turning"
    answer = sent(client, action=deed, **more)
    assert (answer.status_code, "It turns the word of Trust" in answer.content.decode()) == (409, True)
    assert Revision.objects.count() == before
    (asked,) = signing.waiting()
    assert client.get(reverse("desk:second")).status_code == 200
    signing.sign(asked, other, "seen by me too")
    assert Revision.objects.count() > before
    assert "seen by me too" in Revision.objects.last().why


@pytest.mark.parametrize("deed", signing.LIGHT)
def test_what_is_never_weighed_writes_nothing(acts, ada, client, deed):
    client.force_login(ada)
    before = Revision.objects.count()
    sent(
        client,
        action=deed,
        why="because",
        note="because",
        reason="not_relevant",
        until="2030-01-01",
        coding=1,
    )
    assert Revision.objects.count() == before


def test_ones_own_slip_is_taken_back_at_once_and_an_old_decision_with_a_second(
    acts, both, ada, client, settings, monkeypatch
):
    def edited():
        triage.edit("deal", ada, {"title": f"Deal {uuid.uuid4()}"}, why="clearer", batch=uuid.uuid4())
        return Decision.objects.filter(by=ada, event="deal").latest("id")

    doors = {
        "desk:undo": lambda row: client.post(reverse("desk:undo"), {"decision": row.pk}),
        "desk:bulk": lambda row: client.post(reverse("desk:bulk"), {"undo": str(row.batch)}),
        "desk:deed": lambda row: sent(client, action="undo", decision=row.pk),
        "by its token": lambda row: sent(client, action="undo", step=str(row.batch)),
        "a key": lambda row: client.post(
            f"{cast.API}/events/deal/decisions/", json.dumps({"deed": "undo"}),
            content_type="application/json", **cast.key_of(ada, "decide"),
        ),
    }  # fmt: skip
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.turning"
    ada.groups.add(Group.objects.get(name="reviewer"))  # who may use the list
    for name, door in doors.items():
        for old in (False, True):
            monkeypatch.setattr(signing, "FRESH", datetime.timedelta(minutes=0 if old else 10))
            row = edited()
            door(row)
            assert Decision.objects.filter(undoes=row).exists() != old, (name, old)
            assert len(signing.waiting()) == old, (name, old)
            for asked in signing.waiting():
                signing.withdraw(asked, ada)


def later(before, after, day=None):
    """Nothing turns today; from a day to come on something does."""
    return turning(before, after) if day else []


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        ({"date": "2099-01-01"}, "2099-01-01"),
        ({"date": "2099-02-03", "date_precision": "quarter"}, "2099-03-31"),
        ({"until": "2099-01-01"}, "2099-01-01"),
        ({"until": None}, "2099-06-01"),
    ],
    ids=["begins", "in a quarter", "ends", "goes on"],
)
def test_what_turns_a_word_only_on_a_day_to_come_is_weighed_today(acts, both, client, settings, changes, day):
    triage.enter(cast.event("truce", until="2099-06-01" if changes == {"until": None} else None), who="seed")
    settings.SCORE_PREVIEW = "tests.tracker.desk.test_second_person.later"
    answer = sent(client, "truce", "edit", changes=changes, why="by its own terms")
    assert answer.status_code == 409
    assert f"From {day} on it turns the word of Trust" in answer.json()["error"]
    assert Revision.objects.filter(event="truce").count() == 1
    # Today's changes of the same act are not held up by it.
    assert sent(client, "deal", "edit", changes={"title": "A deal"}, why="clearer").status_code == 200


def test_a_file_that_turns_a_word_goes_in_as_proposals(acts, person, client, settings):
    editor = person("eve", "editor")
    program = cast.key_of(editor, "import")
    body = {"records": [cast.event("new", supersedes=["law"], strength=1)], "why": "from our files"}
    told = cast.post(client, "/imports/", body, 409, **program)
    assert "An act of strength 1 ends one of strength 4" in told["detail"]
    assert "send them as proposals" in told["detail"]
    assert not Event.objects.filter(pk="new").exists()
    cast.post(client, "/imports/", body | {"records": [cast.event("new")]}, 200, **program)


def test_the_scores_themselves_are_asked_about_days_to_come(seven, both, client):
    """One strong act carries a word; whoever lets it end next month turns the word next month."""
    today = timezone.now().date()
    for number in range(4):
        day = str(today - datetime.timedelta(days=30 + number))
        triage.enter(cast.event(f"order-{number}", day, strength=5, rec="trust"), who="seed")
    ends = today + datetime.timedelta(days=30)
    changes = {"until": str(ends)}
    answers = [sent(client, f"order-{n}", "edit", changes=changes, why="by its own terms") for n in range(4)]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert f"From {ends} on it turns the word of" in refused.json()["error"]
    assert "from “advancing”" in refused.json()["error"]

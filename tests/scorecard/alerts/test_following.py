"""Follow anything: an act and what follows it, a search, the calendar; by mail and by webhook, through the forms and
the tasks that a service runs."""

import datetime
import json
import re

import jsonschema
import pytest
import time_machine
from django.core import mail

from scorecard import limits, tasks
from scorecard.models import Mail, Subscription, Webhook
from tests.scorecard import cast
from tests.scorecard.alerts.receiver import Receiver
from tracker import triage
from tracker.models import Completeness

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]
MONDAY = datetime.datetime(2026, 3, 2, 6, 30, tzinfo=datetime.UTC)
READER = "reader@example.org"


def later(days=0, hours=0):
    return MONDAY + datetime.timedelta(days=days, hours=hours)


def round_at(moment):
    """What beat does, at a moment; the mails that went out."""
    mail.outbox.clear()
    with time_machine.travel(moment, tick=False):
        Mail.objects.filter(state="waiting").update(next_at=moment)
        tasks.send_mails.apply(throw=True)
    return list(mail.outbox)


def asks_for(client, prefix="", email=READER, at=MONDAY, **fields):
    with time_machine.travel(at - datetime.timedelta(minutes=1), tick=False):
        stamp = limits.stamp()
    with time_machine.travel(at, tick=False):
        return client.post(f"{prefix}/alerts/", {"email": email, "rhythm": "daily", "stamp": stamp, **fields})


def confirmed(client, prefix="", at=MONDAY, **fields):
    """Asked for by the form and confirmed by the link in the mail; the page that asked to press the button."""
    assert asks_for(client, prefix, at=at, **fields).status_code == 200
    (question,) = round_at(at)
    address = re.search(rf"http://testserver({prefix}/alerts/confirm/\S+)", question.body).group(1)
    with time_machine.travel(at, tick=False):
        page = client.get(address).content.decode()
        assert client.post(address).status_code == 200
    return page


def test_an_act_is_followed_with_what_ends_it_and_nothing_else_is(client):
    cast.put("ban", "2026-02-01")
    cast.put("other", "2026-02-01")
    confirmed(client, acts=["ban"])
    cast.put("unrelated", "2026-02-10")
    assert round_at(later(days=1)) == []
    cast.put("lifting", "2026-02-20", supersedes=["ban"])
    (told,) = round_at(later(days=2))
    assert "/events/lifting/" in told.body
    assert "unrelated" not in told.body
    cast.put("again", "2026-02-25", supersedes=["lifting"])  # a successor's successor
    (told,) = round_at(later(days=3))
    assert "/events/again/" in told.body


@pytest.mark.parametrize(
    ("search", "found", "passed"),
    [
        ("rec:trust direction:-", {"direction": -1}, {"direction": 1}),
        ('title:"export ban"', {"title": "An export ban"}, {"title": "A ban on exports"}),
        ("actor:china date:2026-02", {"actors": ["china"]}, {"actors": ["us"]}),
    ],
)
def test_a_search_is_followed_as_the_list_of_acts_finds_it(client, search, found, passed):
    confirmed(client, searches=[search])
    cast.put("passed", "2026-02-10", **passed)
    assert round_at(later(days=1)) == []
    cast.put("found", "2026-02-10", **found)
    (told,) = round_at(later(days=2))
    assert "/events/found/" in told.body
    assert "/events/passed/" not in told.body
    assert f"* Search: {search}" in told.body


def test_who_follows_a_search_is_told_of_what_leaves_it(client, analyst):
    cast.put("law", "2026-02-10", certainty="rumoured")
    confirmed(client, searches=["certainty:rumoured"])
    triage.edit("law", analyst, {"certainty": "confirmed"}, "the gazette has it")
    (told,) = round_at(later(days=1))
    assert "the gazette has it" in told.body


def coded(day):
    Completeness.objects.create(day=day, recorded_at=day)


def test_the_calendar_tells_what_came_what_was_answered_and_what_is_near(client):
    coded(datetime.date(2026, 3, 1))
    confirmed(client, calendar="1")
    cast.put("plain", "2026-02-10")
    assert round_at(later(days=1)) == []  # an act that names no day
    cast.put("truce", "2026-02-10", until="2026-03-20")
    cast.put("bill", "2026-02-11", strength=2, stage="bill")
    (told,) = round_at(later(days=2))
    assert told.subject == "Scorecard: what comes next"
    assert "Term ends on 20 March 2026: Act truce" in told.body
    assert "Pending: Act bill" in told.body
    assert "Within the next 7 days" not in told.body
    assert round_at(later(days=3)) == []
    cast.put("enacted", "2026-02-25", supersedes=["bill"])
    (told,) = round_at(later(days=4))
    assert "No longer on it:" in told.body
    assert "Answered by: Act enacted (25 February 2026)" in told.body
    assert round_at(later(days=10)) == []
    (told,) = round_at(later(days=11))  # 13 March: the term ends in seven days, and no line came into the log
    assert "Within the next 7 days:\n\nTerm ends on 20 March 2026: Act truce" in told.body
    assert round_at(later(days=12)) == []


def test_mails_about_all_of_it_speak_chinese(client):
    coded(datetime.date(2026, 3, 1))
    cast.put("ban", "2026-02-01")
    page = confirmed(client, "/zh-hans", acts=["ban"], searches=["rec:misuse"], calendar="1")
    for line in ("行动 ban及其后续", "检索：rec:misuse", "后续看点"):
        assert line in page
    cast.put("truce", "2026-02-10", rec="misuse", until="2026-03-05", supersedes=["ban"])
    (told,) = round_at(later(days=1))
    assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,} [A-Za-z]{3,}", told.body), told.body
    assert "2026年3月5日期满：行动 truce" in told.body
    assert "/zh-hans/events/truce/" in told.body


def test_what_is_asked_for_later_comes_to_what_is_followed_and_each_can_be_stopped(client):
    for key in ("one", "two"):
        cast.put(key, "2026-02-01")
    confirmed(client, acts=["one"])
    page = confirmed(client, at=later(hours=3), acts=["two"], searches=["rec:misuse"])
    assert all(f"Act {key}, and what follows it" in page for key in ("one", "two"))
    row = Subscription.objects.get()
    assert (row.changes, row.acts, row.searches) == (False, ["one", "two"], ["rec:misuse"])
    cast.put("three", "2026-02-01", supersedes=["one"])
    (told,) = round_at(later(days=1))
    off = told.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")
    shown = client.get(off).content.decode()
    assert shown.count('name="stop"') == 3
    assert 'value="act:one"' in shown
    client.post(off, {"stop": "act:one"})
    client.post(off, {"stop": "search:rec:misuse"})
    row = Subscription.objects.get()
    assert (row.acts, row.searches) == (["two"], [])
    assert 'name="stop"' not in client.get(off).content.decode()  # the last is the mails themselves
    client.post(off, {"stop": "act:two"})
    assert not Subscription.objects.exists()
    assert not Mail.objects.exists()


def test_a_stranger_adds_nothing_to_what_an_address_follows_and_no_word_of_theirs_is_mailed(client):
    confirmed(client, changes="1", recommendations=["trust"])
    asks_for(client, at=later(hours=3), searches=["buy-cheap-watches"])
    (question,) = round_at(later(hours=3))
    assert "watches" not in question.body + question.subject
    row = Subscription.objects.get()
    assert (row.recommendations, row.searches) == (["trust"], [])


def test_an_address_gets_one_question_for_everything_it_asks_for(client):
    for key in ("one", "two"):
        cast.put(key, "2026-02-01")
    asks_for(client, acts=["one"])
    asks_for(client, acts=["two"])
    assert len(round_at(MONDAY)) == 1
    assert Subscription.objects.get().wanted["acts"] == ["one", "two"]


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/events/ban/", 'name="acts" id="e-ban" value="ban" checked'),
        ("/next/", 'name="calendar" id="calendar" value="1" checked'),
        ("/events/?q=chip&recommendation=trust&from=2026-01-01", 'value="chip rec:trust date:2026-01-01.."'),
        ("/recommendations/trust/", 'id="r-trust" value="trust" checked'),
        ("/actors/us/", 'id="a-us" value="us" checked'),
    ],
)
def test_each_page_leads_to_the_form_with_its_own_thing_marked(client, path, marked):
    cast.put("ban", "2026-02-01")
    with time_machine.travel(MONDAY, tick=False):
        page = client.get(path).content.decode()
        address = re.search(r'href="(/alerts/\?[^"]+)"', page).group(1).replace("&amp;", "&")
        form = client.get(address).content.decode()
    assert marked in form
    all_changes = 'id="changes" value="1" checked' in form
    assert all_changes == path.startswith(("/recommendations", "/actors"))


def test_nothing_marked_is_said_and_nothing_is_kept(client):
    answer = asks_for(client)
    assert answer.status_code == 400
    assert "Mark at least one thing to follow." in answer.content.decode()
    assert not Subscription.objects.exists()


def test_the_api_takes_the_same_wishes(client):
    cast.put("ban", "2026-02-01")
    wish = {"email": READER, "rhythm": "daily", "acts": ["ban"], "searches": ["rec:trust"], "calendar": True}
    cast.post(client, "/subscriptions/", wish, 202)
    wanted = Subscription.objects.get().wanted
    assert (wanted["changes"], wanted["acts"], wanted["calendar"]) == (False, ["ban"], True)
    bad = {"email": READER, "rhythm": "daily", "acts": ["no-act"], "searches": ["rec:peace"]}
    problem = cast.post(client, "/subscriptions/", bad, 422)
    assert [each["name"] for each in problem["errors"]] == ["acts", "searches"]


def test_a_webhook_is_told_of_the_same(client, analyst, settings):
    settings.FETCH_ALLOW_PRIVATE = True
    program = cast.key_of(analyst, "webhooks")
    coded(datetime.date(2026, 3, 1))
    cast.put("ban", "2026-02-01")
    cast.put("bill", "2026-02-02", strength=2, stage="bill")
    with Receiver() as receiver, time_machine.travel(later(), tick=False):
        body = {"url": receiver.url, "acts": ["ban"], "searches": ["actor:china"], "calendar": True}
        made = cast.post(client, "/webhooks/", body, 201, **program)
        assert (made["changes"], made["acts"], made["calendar"]) == (False, ["ban"], True)
        cast.put("unrelated", "2026-02-03")
        cast.put("lifting", "2026-02-20", supersedes=["ban"])
        cast.put("visit", "2026-02-21", actors=["china"])
        cast.put("enacted", "2026-02-25", supersedes=["bill"], until="2026-06-01")
        for _turn in range(6):  # one call at a time goes to each receiver
            tasks.send_webhooks.apply(throw=True)
        told = [json.loads(sent) for _headers, sent in receiver.calls]
    acts = [message["data"]["record"]["id"] for message in told if message["type"] == "event.added"]
    assert sorted(acts) == ["lifting", "visit"]
    (calendar,) = [message for message in told if message["type"] == "calendar.changed"]
    assert [(each["kind"], each["named"], each["event"]) for each in calendar["data"]["added"]] == [
        ("term", "2026-06-01", "enacted")
    ]
    (gone,) = calendar["data"]["removed"]
    assert (gone["event"], gone["named"], gone["answered_by"]) == ("bill", "bill", "enacted")
    description = json.loads(client.get("/api/v1/schema/").content)
    shape = description["webhooks"]["calendar.changed"]["post"]["requestBody"]["content"]["application/json"]
    jsonschema.validate(calendar, shape["schema"] | {"components": description["components"]})
    assert Webhook.objects.get().sequence == 6

"""Mails: only to who confirmed, only on a change of meaning, at most one in a period, never twice."""

import datetime
import re
import smtplib

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from scorecard import limits
from scorecard.alerts import mailing, subscribing
from scorecard.models import Mail, Subscription
from tests.scorecard import cast
from tracker import triage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]
MONDAY = datetime.datetime(2026, 3, 2, 6, 30, tzinfo=datetime.UTC)


def subscribed(email="reader@example.org", rhythm="daily", **more):
    subscribing.ask(subscribing.checked(email, rhythm, "en", more))
    row = Subscription.objects.get(email=email)
    subscribing.confirm(row)
    Mail.objects.all().delete()
    return Subscription.objects.get(email=email)


def round_at(moment):
    """One nudge of beat at a moment; the mails that went out."""
    mail.outbox.clear()
    with time_machine.travel(moment, tick=False):
        Mail.objects.filter(state="waiting").update(next_at=moment)
        mailing.write()
        mailing.send()
    return list(mail.outbox)


def later(days=0, hours=0):
    return MONDAY + datetime.timedelta(days=days, hours=hours)


def test_nothing_but_the_question_is_sent_before_an_address_confirms(client):
    with time_machine.travel(MONDAY, tick=False):
        subscribing.ask(subscribing.checked("Reader@Example.org", "instant", "en", {}))
        subscribing.ask(subscribing.checked("reader@example.org", "instant", "en", {}))
    cast.put("law")
    asked = round_at(later(hours=1))
    assert [message.to for message in asked] == [["reader@example.org"]]
    address = re.search(r"http://testserver(/alerts/confirm/\S+)", asked[0].body).group(1)
    assert round_at(later(days=1)) == []
    with time_machine.travel(later(days=1), tick=False):
        assert client.get(address).status_code == 200
        assert not Subscription.objects.get().active  # a scanner that follows links confirms nothing
        assert client.post(address).status_code == 200
    assert Subscription.objects.get().active
    cast.put("second-law")
    (told,) = round_at(later(days=2))
    assert "second-law" in told.body
    assert "/events/law/" not in told.body


def test_a_link_to_confirm_holds_a_week_and_for_nothing_else(client):
    with time_machine.travel(MONDAY, tick=False):
        subscribing.ask(subscribing.checked("reader@example.org", "daily", "en", {}))
        row = Subscription.objects.get()
        confirm, off = subscribing.token(row, "confirm"), subscribing.token(row, "off")
    with time_machine.travel(later(days=8), tick=False):
        assert client.post(f"/alerts/confirm/{confirm}/").status_code == 404
        assert client.post(f"/alerts/confirm/{off}/").status_code == 404
        assert client.post(f"/alerts/off/{confirm}/").status_code == 404
        assert client.post("/alerts/off/forged/").status_code == 404


def test_one_click_ends_it(client):
    row = subscribed()
    cast.put("law")
    (told,) = round_at(later())
    address = told.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")
    assert told.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in told.body
    assert client.get(address).status_code == 200
    assert Subscription.objects.get(pk=row.pk).active
    client.post(address, {"List-Unsubscribe": "One-Click"})
    cast.put("second-law")
    assert round_at(later(days=3)) == []


@pytest.mark.parametrize(
    ("rhythm", "days", "step", "mails"), [("daily", 7, 5, 7), ("weekly", 14, 11, 2), ("instant", 1, 2, 12)]
)
def test_at_most_one_mail_in_a_period_however_often_the_record_changes(rhythm, days, step, mails):
    subscribed(rhythm=rhythm)
    count = 0
    for hour in range(0, days * 24, step):
        cast.put(f"act-{hour}")
        count += len(round_at(later(hours=hour)))
    assert count == mails


def test_nothing_is_sent_when_no_meaning_changed(analyst):
    cast.put("law")
    subscribed()
    triage.edit("law", analyst, {"title": "A better title"}, "a typing error")
    assert round_at(later()) == []
    triage.edit("law", analyst, {"certainty": "reported"}, "one outlet only")
    triage.edit("law", analyst, {"certainty": "confirmed"}, "the gazette has it")
    assert round_at(later(days=1)) == []
    triage.retract("law", analyst, "never was")
    (told,) = round_at(later(days=2))
    assert "Retracted" in told.body
    assert "never was" in told.body


def test_only_what_was_asked_for_is_told():
    subscribed("trust@example.org", recommendations=["trust"])
    subscribed("china@example.org", actors=["china"])
    cast.put("one", rec="misuse", actors=["us"])
    assert round_at(later()) == []
    cast.put("two", rec="trust", actors=["us"])
    cast.put("three", rec="misuse", actors=["us", "china"])
    told = {message.to[0]: message.body for message in round_at(later(days=1))}
    assert set(told) == {"trust@example.org", "china@example.org"}
    assert "/events/two/" in told["trust@example.org"]
    assert "/events/three/" not in told["trust@example.org"]
    assert "/events/three/" in told["china@example.org"]


def test_a_title_cannot_write_headers_or_lines_of_its_own():
    subscribed()
    cast.put("law", title="Law\r\nBcc: everyone@example.org\r\n\r\nBuy this")
    (told,) = round_at(later())
    assert "Bcc" not in told.message()
    assert not [line for line in told.body.splitlines() if line.startswith(("Bcc", "Buy"))]


def test_mails_speak_the_language_of_their_reader():
    subscribing.ask(subscribing.checked("reader@example.org", "daily", "zh-hans", {}))
    subscribing.confirm(Subscription.objects.get())
    Mail.objects.all().delete()
    cast.put("law")
    (told,) = round_at(later())
    assert "行动 law" in told.body
    assert "/zh-hans/events/law/" in told.body


class Server(EmailBackend):
    """A mail server with a bad day: `fails` says where."""

    fails = None

    def open(self):
        if self.fails == "open":
            raise ConnectionRefusedError("nobody answers")
        return True

    def send_messages(self, messages):
        if self.fails == "refused":
            raise smtplib.SMTPRecipientsRefused({"x": (550, b"no such user")})
        if self.fails == "busy":
            raise smtplib.SMTPResponseException(451, "try again")
        if self.fails == "hang up":
            raise smtplib.SMTPServerDisconnected("gone")
        return super().send_messages(messages)


@pytest.mark.parametrize(
    ("fails", "state", "again"),
    [("open", "waiting", 1), ("busy", "waiting", 1), ("refused", "failed", 0), ("hang up", "unsure", 0)],
)
def test_what_was_surely_not_taken_comes_later_and_what_may_have_been_never(
    settings, monkeypatch, fails, state, again
):
    settings.EMAIL_BACKEND = f"{Server.__module__}.Server"
    subscribed()
    cast.put("law")
    monkeypatch.setattr(Server, "fails", fails)
    assert round_at(later()) == []
    assert Mail.objects.get().state == state
    assert Mail.objects.get().trouble
    monkeypatch.setattr(Server, "fails", None)
    assert len(round_at(later(days=1))) == again


def test_a_mail_whose_sender_died_is_never_sent_again():
    subscribed()
    cast.put("law")
    with time_machine.travel(later(), tick=False):
        mailing.write()
        Mail.objects.update(next_at=later())
        assert mailing._claimed() is not None  # and here the worker is killed
        assert mailing._claimed() is None
    Mail.objects.update(leased_until=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    assert round_at(later(days=1)) == []
    assert Mail.objects.get().state == "unsure"
    mailing.send_again(list(Mail.objects.all()))
    assert len(round_at(later(days=1, hours=1))) == 1


def form(**more):
    with time_machine.travel(MONDAY, tick=False):
        stamp = limits.stamp()
    return {"email": "reader@example.org", "rhythm": "weekly", "changes": "1", "stamp": stamp} | more


@pytest.mark.parametrize(
    ("sent", "seconds", "status", "rows"),
    [
        (form(), 60, 200, 1),
        (form(recommendations=["trust"], actors=["china"]), 60, 200, 1),
        (form(), 0, 400, 0),
        (form(), 2 * 24 * 3600, 400, 0),
        (form(website="https://spam.example"), 60, 400, 0),
        (form(stamp="forged"), 60, 400, 0),
        (form(email="no address"), 60, 400, 0),
        (form(email="a@b.example\nBcc: c@d.example"), 60, 400, 0),
        (form(rhythm="hourly"), 60, 400, 0),
        (form(recommendations=["peace"]), 60, 400, 0),
        (form(acts=["no-such-act"]), 60, 400, 0),
        (form(searches=["actor:nobody"]), 60, 400, 0),
    ],
)  # fmt: skip
def test_the_form_takes_people_and_turns_robots_away(client, sent, seconds, status, rows):
    with time_machine.travel(MONDAY + datetime.timedelta(seconds=seconds), tick=False):
        answer = client.post("/alerts/", sent)
    assert answer.status_code == status
    assert Subscription.objects.count() == rows
    assert not answer.cookies
    if status == 400:
        assert 'role="alert"' in answer.content.decode()


def test_one_address_sends_only_so_many_forms(client):
    with time_machine.travel(MONDAY + datetime.timedelta(minutes=1), tick=False):
        answers = [client.post("/alerts/", form(email=f"r{n}@example.org")).status_code for n in range(12)]
    assert answers == [200] * 10 + [400] * 2


def test_the_api_takes_a_wish_and_tells_nothing_about_addresses(client):
    wish = {"email": "reader@example.org", "rhythm": "daily", "recommendations": ["trust"]}
    first = cast.post(client, "/subscriptions/", wish, 202)
    assert cast.post(client, "/subscriptions/", wish, 202) == first
    assert Subscription.objects.get().wanted["recommendations"] == ["trust"]
    problem = cast.post(client, "/subscriptions/", wish | {"email": "nobody"}, 400)
    assert problem["errors"][0]["name"] == "email"

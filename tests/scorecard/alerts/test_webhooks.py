"""Webhooks: verified with the public library, tried again under the same id, ended when nobody listens."""

import datetime
import json

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from feeds.http import fetch
from scorecard.alerts import mailing, webhooks
from scorecard.models import Delivery, Mail, Try, Webhook
from tests.scorecard import cast
from tests.scorecard.alerts.receiver import Receiver
from tracker import triage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations"), pytest.mark.slow]


@pytest.fixture
def receiver(settings):
    settings.FETCH_ALLOW_PRIVATE = True
    with Receiver() as found:
        yield found


@pytest.fixture
def program(analyst):
    return cast.key_of(analyst, "webhooks")


@pytest.fixture
def hook(client, receiver, program):
    """A webhook made over the API, with its secret."""
    return cast.post(client, "/webhooks/", {"url": receiver.url}, 201, **program)


def go():
    """One nudge of beat."""
    webhooks.write()
    return webhooks.send()


def due_now():
    Delivery.objects.filter(delivered_at=None, given_up_at=None).update(
        next_at=timezone.now(), leased_until=None
    )


def test_a_receiver_verifies_with_the_public_library(receiver, hook):
    cast.put("law", title="A law “quoted” 法律")
    assert go() == 1
    ((headers, body),) = receiver.calls
    message = Verifier(hook["secret"]).verify(body, headers)
    assert message["type"] == "event.added"
    assert message["data"]["record"]["id"] == "law"
    assert message["data"]["sequence"] == 1
    with pytest.raises(WebhookVerificationError):
        Verifier(hook["secret"]).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(webhooks.new_secret()).verify(body, headers)


def test_a_replay_after_five_minutes_is_refused_by_the_library(receiver, hook):
    cast.put("law")
    go()
    ((_headers, body),) = receiver.calls
    row = Delivery.objects.get()
    old = webhooks.headers(row.webhook, row, timezone.now() - datetime.timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Verifier(hook["secret"]).verify(body, old)


def test_only_changes_of_meaning_are_sent_each_once(receiver, hook, analyst):
    cast.put("law")
    triage.edit("law", analyst, {"title": "A better title"}, "a typing error")
    triage.edit("law", analyst, {"certainty": "reported"}, "one outlet")
    triage.retract("law", analyst, "never was")
    for _turn in range(3):
        go()
        due_now()
    kinds = [json.loads(body)["type"] for _headers, body in receiver.calls]
    assert sorted(kinds) == ["event.added", "event.recoded", "event.retracted"]


def test_filters_hold(client, receiver, program):
    cast.post(client, "/webhooks/", {"url": receiver.url, "recommendations": ["misuse"]}, 201, **program)
    cast.put("one", rec="trust")
    cast.put("two", rec="misuse")
    go()
    assert [json.loads(body)["data"]["record"]["id"] for _headers, body in receiver.calls] == ["two"]


def test_what_one_webhook_is_owed_keeps_no_other_waiting(client, receiver, hook, program):
    """Its owner may ask for as many tests of the way as a key has requests, and answer none of them."""
    busy = Webhook.objects.get()
    for _number in range(600):
        webhooks.ping(busy)
    Delivery.objects.update(next_at=timezone.now() - datetime.timedelta(hours=1))
    cast.post(client, "/webhooks/", {"url": receiver.url}, 201, **program)
    cast.put("law")
    webhooks.write()
    assert webhooks.send(limit=2) == 2
    assert {row.webhook_id for row in Delivery.objects.exclude(delivered_at=None)} == {
        row.pk for row in Webhook.objects.all()
    }


def test_a_failed_message_comes_again_with_the_same_id_and_body(receiver, hook):
    receiver.answers = [500, 503, 302]
    cast.put("law")
    assert go() == 0
    row = Delivery.objects.get()
    assert row.next_at > timezone.now() + datetime.timedelta(seconds=4)
    assert go() == 0
    assert len(receiver.calls) == 1  # not before its time
    for _try in range(3):
        due_now()
        go()
    assert {headers["webhook-id"] for headers, _body in receiver.calls} == {row.message}
    assert len({body for _headers, body in receiver.calls}) == 1
    assert list(Try.objects.order_by("id").values_list("status", flat=True)) == [500, 503, 302, 200]
    assert Delivery.objects.get().delivered_at


def test_a_receiver_that_hangs_costs_a_deadline_and_a_line_in_the_log(receiver, hook, monkeypatch):
    monkeypatch.setattr(webhooks, "DEADLINE", 0.3)
    receiver.answers = ["hang"]
    cast.put("law")
    go()
    assert "no answer within" in Try.objects.get().trouble
    due_now()
    assert go() == 1


def test_it_is_given_up_after_the_last_pause(receiver, hook):
    cast.put("law")
    webhooks.write()
    Delivery.objects.update(attempts=len(webhooks.PAUSES))
    receiver.answers = [500]
    webhooks.send()
    assert Delivery.objects.get().given_up_at
    due_now()
    assert go() == 0


@pytest.mark.parametrize(("answer", "failing_for", "ends"), [(410, 0, True), (500, 6, True), (500, 4, False)])
def test_a_webhook_that_nobody_hears_is_disabled(client, receiver, hook, program, answer, failing_for, ends):
    if failing_for:
        Webhook.objects.update(failing_since=timezone.now() - datetime.timedelta(days=failing_for))
    receiver.answers = [answer]
    cast.put("law")
    go()
    shown = cast.get(client, f"/webhooks/{hook['id']}/", **program)
    assert shown["enabled"] is not ends
    assert bool(shown["reason"]) is ends
    if ends:
        cast.put("second-law")
        assert go() == 0
        cast.post(client, f"/webhooks/{hook['id']}/enable/", **program)
        cast.put("third-law")
        due_now()
        Delivery.objects.exclude(body__contains="third-law").delete()
        assert go() == 1


def test_its_owner_is_told_once_that_a_webhook_is_off(client, receiver, hook, program, analyst):
    analyst.email = "ada@example.org"
    analyst.save()
    receiver.answers = [410, 410]
    for key in ("law", "second-law"):
        cast.put(key)
    go()
    due_now()
    go()
    mailing.send()
    mailing.send()
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert "410 Gone" in letter.body
    assert f"/api/v1/webhooks/{hook['id']}/enable/" in letter.body
    cast.post(client, f"/webhooks/{hook['id']}/enable/", **program)
    due_now()
    receiver.answers = [410]
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=1), tick=False):
        Delivery.objects.update(next_at=timezone.now() - datetime.timedelta(hours=2))
        go()
        Mail.objects.filter(state="waiting").update(next_at=timezone.now() - datetime.timedelta(hours=2))
    mailing.send()
    assert len(mail.outbox) == 2  # it was off a second time


def test_while_a_secret_rotates_both_verify(client, receiver, hook, program):
    fresh = cast.post(client, f"/webhooks/{hook['id']}/rotate/", **program)["secret"]
    cast.put("law")
    go()
    ((headers, body),) = receiver.calls
    for secret in (fresh, hook["secret"]):
        Verifier(secret).verify(body, headers)
    Webhook.objects.update(old_until=timezone.now() - datetime.timedelta(seconds=1))
    cast.put("second-law")
    go()
    headers, body = receiver.calls[-1]
    Verifier(fresh).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(hook["secret"]).verify(body, headers)


def test_the_log_of_deliveries_and_sending_again(client, receiver, hook, program):
    receiver.answers = [500]
    cast.put("law")
    go()
    cast.post(client, f"/webhooks/{hook['id']}/ping/", status=202, **program)
    go()
    listed = cast.get(client, f"/webhooks/{hook['id']}/deliveries/", **program)
    assert listed["total"] == 2
    failed = next(each for each in listed["results"] if each["state"] == "owed")
    assert failed["tries"][0]["status"] == 500
    again = f"/webhooks/{hook['id']}/deliveries/{failed['message']}/resend/"
    cast.post(client, again, status=202, **program)
    assert go() == 1
    assert receiver.calls[-1][0]["webhook-id"] == failed["message"]


def test_a_key_sees_its_own_webhooks_only(client, hook, analyst):
    other = cast.key_of(analyst, "webhooks")
    assert cast.get(client, "/webhooks/", **other)["total"] == 0
    cast.get(client, f"/webhooks/{hook['id']}/", 404, **other)
    assert client.delete(f"/api/v1/webhooks/{hook['id']}/", **other).status_code == 404
    assert "secret" not in cast.get(client, f"/webhooks/{hook['id']}/deliveries/", 404, **other)


def test_ending_a_webhook_ends_what_it_was_owed(client, receiver, hook, program):
    cast.put("law")
    webhooks.write()
    assert client.delete(f"/api/v1/webhooks/{hook['id']}/", **program).status_code == 204
    assert go() == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://user:secret@example.org/",
        "https://example.org:22/",
    ],
)
def test_no_webhook_to_where_none_may_go(client, program, url):
    problem = cast.post(client, "/webhooks/", {"url": url}, 409, **program)
    assert problem["detail"].startswith("url: ")
    assert not Webhook.objects.exists()


def test_the_guard_stands_at_the_call_too(settings, analyst):
    settings.FETCH_ALLOW_PRIVATE = False
    with Receiver() as receiver:
        for url in (receiver.url, "http://localhost:80/hook"):
            with pytest.raises(fetch.SendError):
                fetch.post(url, {}, b"{}", 2.0)
        assert not receiver.calls

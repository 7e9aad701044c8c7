"""What is kept of whom: the register is complete and true, and what is said to go goes."""

import datetime
import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail as outbox
from django.core.management import call_command
from django.db import models
from django.urls import reverse
from django.utils import timezone

from scorecard import disputes, keys
from scorecard.alerts import mailing, subscribing
from scorecard.models import Dispute, KeyHolder, Mail, Subscription, Unwanted
from tests.service import ROOT
from tracker.celery import app
from tracker.models import Event, Head

REGISTER = (ROOT / "docs/operations/kept.md").read_text()
ROWS = dict(re.findall(r"^\| `([A-Za-z_]+\.[A-Za-z]+)` \| ([^|]+) \|", REGISTER, re.M))
READER = "reader@example.org"
WISH = subscribing.checked(READER, "weekly", "en", {})
LATER = datetime.timedelta(days=8)


def test_every_table_is_in_the_register_and_nothing_else():
    assert set(ROWS) == {model._meta.label for model in apps.get_models()}


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_whoever_is_named_in_a_table_is_named_in_the_register(model):
    user = apps.get_model(settings.AUTH_USER_MODEL)
    for field in model._meta.concrete_fields:
        said = ROWS[model._meta.label]
        if isinstance(field, models.EmailField):
            assert "e-mail" in said, field
        if isinstance(field, models.GenericIPAddressField):
            assert "address" in said, field
        if field.related_model is user:
            assert "account" in said or "code" in said or "second factor" in said, field


def test_every_task_that_the_register_names_is_nudged():
    nudged = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert set(re.findall(r"`((?:tracker|feeds|scorecard)\.tasks\.\w+)`", REGISTER)) <= nudged


def rows_with(address):
    """Every table in which the address stands, in any column of text."""
    return {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and model._base_manager.filter(**{f"{field.name}__icontains": address}).exists()
    }


@pytest.fixture
def subscribed(db):
    subscribing.ask(WISH)
    row = Subscription.objects.get()
    subscribing.confirm(row)
    row.refresh_from_db()
    mailing.send()
    return row


def test_the_address_goes_when_the_mails_end(client, subscribed):
    assert rows_with(READER)
    address = f"/alerts/off/{subscribing.token(subscribed, 'off')}/"
    assert "deleted" in client.post(address).content.decode()
    assert not rows_with(READER)
    assert not Mail.objects.exists()
    assert client.post(address).status_code == 200  # a second click is told the same


def test_who_does_not_confirm_is_asked_once_and_forgotten(db):
    for _time in range(5):
        subscribing.ask(WISH)
        Subscription.objects.update(asked_at=timezone.now() - datetime.timedelta(hours=3))
        mailing.send()
    assert len(outbox.outbox) == 1
    assert subscribing.forget(timezone.now() + LATER) == 1
    assert not rows_with(READER)


def test_a_stranger_causes_three_questions_a_day_to_who_has_confirmed_and_no_more(subscribed):
    keys.ask(READER, "en")
    keys.give(KeyHolder.objects.get())
    mailing.send()
    hour_ago = timezone.now() - datetime.timedelta(hours=1, minutes=1)
    for _hour in range(24):
        for each in Mail.objects.all():  # of another second: each is an occasion of its own
            kind = each.period.partition(":")[0]
            Mail.objects.filter(pk=each.pk).update(period=f"{kind}:{each.pk}")
        for table in (Subscription, KeyHolder):
            table.objects.update(asked_at=hour_ago)
        subscribing.ask(WISH)
        keys.ask(READER, "en")
        Mail.objects.update(next_at=hour_ago)
        mailing.send()
    assert len(outbox.outbox) == 2 * subscribing.QUESTIONS_A_DAY


def test_whoever_ends_while_somebody_confirms_breaks_nothing(client, subscribed):
    keys.ask(READER, "en")
    holder = KeyHolder.objects.get()
    links = [subscribing.token(subscribed, "confirm"), keys._address(holder, "confirm").split("/")[-2]]
    Subscription.objects.all().delete()
    KeyHolder.objects.all().delete()
    assert not subscribing.confirm(subscribed)
    assert keys.give(holder) == ""
    subscribing.stop(subscribed, "changes")
    for place, link in zip(("alerts", "keys"), links, strict=True):
        assert client.post(f"/{place}/confirm/{link}/").status_code == 404


def test_who_wants_no_question_gets_none(client, db):
    subscribing.ask(WISH)
    mailing.send()
    link = next(word for word in outbox.outbox[0].body.split() if "/alerts/off/" in word)
    client.post(link.removeprefix(settings.SITE_URL))
    subscribing.ask(WISH)
    mailing.send()
    assert len(outbox.outbox) == 1
    assert not rows_with(READER)
    assert Unwanted.objects.count() == 1


def test_a_changed_secret_key_does_not_make_us_forget_who_wants_nothing(db, settings):
    """Nor when the old one is given up for good, as docs/operators.md has it, and LOT_KEY alone keeps it."""
    old = settings.SECRET_KEY
    for email, key in ((READER, None), ("earlier@example.org", old)):
        Unwanted.objects.create(digest=subscribing.digest(email, key))
    for new, fallbacks in (("x" * 50, [old]), ("x" * 50, []), ("y" * 50, ["x" * 50]), ("y" * 50, [])):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.LOT_KEY = new, fallbacks, old
        assert subscribing.is_unwanted(READER.upper())
        assert subscribing.is_unwanted("earlier@example.org")
        other = f"{len(fallbacks)}{new[0]}@example.org"
        Unwanted.objects.create(digest=subscribing.digest(other))
    settings.SECRET_KEY = "z" * 50
    assert subscribing.is_unwanted("1x@example.org")


def test_a_letter_keeps_no_address_once_it_is_sent(db):
    assert mailing.write_letter(READER, "answer:D-1", "Answered", f"To {READER}")
    mailing.send()
    assert len(outbox.outbox) == 1
    assert not rows_with(READER)
    assert not mailing.write_letter(READER, "answer:D-1", "Answered", "again")
    assert mailing.send() == 0


def test_old_mails_go_and_those_that_wait_stay(subscribed):
    Head.objects.update_or_create(id=1)
    Mail.objects.create(subscription=subscribed, period="w", first=0, last=1, subject="s", body="b")
    Mail.objects.update(written_at=timezone.now() - datetime.timedelta(days=31))
    mailing.forget()
    assert [mail.period for mail in Mail.objects.all()] == ["w"]


def test_a_person_is_told_what_is_kept_and_forgotten_on_request(subscribed, capsys):
    """In whatever table a reader's address may stand."""
    keys.ask(READER, "en")
    event = Event.objects.create(id="law", title="A law", date="2026-01-05")
    Dispute.objects.create(reference="D-1", event=event, claim="It never passed", email=READER)
    leaving = {model._meta.label for model in apps.get_models() if holds_a_readers_address(model)}
    assert rows_with(READER) == leaving
    call_command("person", READER)
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line.endswith(": 0")] == ["accounts of staff: 0"]
    call_command("person", READER.upper(), "--forget")
    assert "Deleted" in capsys.readouterr().out
    assert not rows_with(READER)


@pytest.mark.parametrize("name", ["subscription", "mail", "keyholder", "dispute"])
def test_the_admin_forgets_a_person_in_all_tables_from_any_of_their_lists(
    name, subscribed, admin_client, settings
):
    settings.SECOND_FACTOR = False
    keys.ask(READER, "en")
    event = Event.objects.create(id="law", title="A law", date="2026-01-05")
    Dispute.objects.create(reference="D-1", event=event, claim="It never passed", email=READER)
    row = apps.get_model("scorecard", name).objects.last()
    asked = {"action": "forget", "_selected_action": [row.pk]}
    answer = admin_client.post(reverse(f"admin:scorecard_{name}_changelist"), asked, follow=True)
    assert "1 person forgotten" in answer.content.decode()
    assert not rows_with(READER)
    keys.ask(READER, "en")
    assert not KeyHolder.objects.exists(), "it is never asked again"


def holds_a_readers_address(model):
    staff = model is apps.get_model(settings.AUTH_USER_MODEL)
    return not staff and any(isinstance(field, models.EmailField) for field in model._meta.concrete_fields)


def test_spam_keeps_no_address(db):
    event = Event.objects.create(id="law", title="A law", date="2026-01-05")
    row = Dispute.objects.create(reference="D-1", event=event, claim="Buy this", email=READER)
    disputes.mark_as_spam(row)
    assert not rows_with(READER)

"""Keys by mail: only to who confirmed, one for each address, for reading alone, and forgotten with the address."""

import datetime
import re

import pytest
import time_machine
from django.core import mail

from scorecard import keys, limits
from scorecard.alerts import mailing, subscribing
from scorecard.models import ApiKey, KeyHolder, Mail
from tests.scorecard import cast

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 6, 30, tzinfo=datetime.UTC)


def at(days=0, hours=0):
    return time_machine.travel(MONDAY + datetime.timedelta(days=days, hours=hours), tick=False)


def asked(client, email="Reader@Example.org"):
    """The form as a person sends it, and the links of the mail that came, if one did."""
    with time_machine.travel(
        datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=10), tick=False
    ):
        stamp = limits.stamp()
    answer = client.post("/keys/", {"email": email, "stamp": stamp})
    mail.outbox.clear()
    Mail.objects.filter(state="waiting").update(next_at=MONDAY - datetime.timedelta(days=1))
    mailing.send()
    return answer, [
        re.findall(r"http://testserver(/keys/(?:confirm|end)/\S+)", each.body) for each in mail.outbox
    ]


def bearer(text):
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


def test_a_key_comes_to_who_confirms_and_reads_and_nothing_else(client, settings):
    settings.API_RATE_ANONYMOUS, settings.API_RATE_KEY = 2, 5
    with at():
        answer, [(confirm, _end)] = asked(client)
        assert answer.status_code == 200
        assert "sck_" not in answer.content.decode() + client.get(confirm).content.decode()
        assert not ApiKey.objects.exists(), "a scanner that follows links makes no key"
        given = client.post(confirm)
        (text,) = set(re.findall(r"sck_\w{8}_[\w-]{43}", given.content.decode()))
        assert "no-store" in given.headers["Cache-Control"]
        read = client.get(cast.API + "/", **bearer(text))
        assert read.headers["RateLimit-Policy"] == '"key";q=5;w=60'
        for path in ("/proposals/", "/imports/", "/webhooks/"):
            refused = client.post(cast.API + path, {}, content_type="application/json", **bearer(text))
            assert refused.status_code == 403, path
        (other,) = set(re.findall(r"sck_\w{8}_[\w-]{43}", client.post(confirm).content.decode()))
        assert client.get(cast.API + "/", **bearer(text)).status_code == 401, "one key for each address"
        assert client.get(cast.API + "/", **bearer(other)).status_code == 200
    assert [key.scopes for key in ApiKey.objects.all()] == [["read"]]


def test_an_address_that_does_not_answer_is_asked_once_and_forgotten(client):
    with at():
        assert len(asked(client)[1]) == 1
    with at(days=2):
        again, mails = asked(client)
        assert again.status_code == 200, "the answer does not tell that it is known"
        assert mails == []
        assert keys.forget() == 0
    with at(days=8):
        assert keys.forget() == 1
    assert not KeyHolder.objects.exists()


def test_ending_deletes_address_and_key_and_who_never_confirmed_is_not_asked_again(client):
    with at():
        _answer, [(confirm, end)] = asked(client)
        client.post(confirm)
        assert client.get(end).status_code == 200
        assert KeyHolder.objects.exists()
        assert client.post(end).status_code == 200
        assert not KeyHolder.objects.exists() | ApiKey.objects.exists()
        assert client.post(confirm).status_code == client.post(end).status_code == 404
        _answer, [(_confirm, end)] = asked(client, "stranger@example.org")
        client.post(end)
        assert asked(client, "stranger@example.org")[1] == []
        assert subscribing.is_unwanted("stranger@example.org")


def test_a_key_that_nobody_uses_goes_with_its_address(client):
    with at():
        _answer, [(confirm, _end)] = asked(client)
        client.post(confirm)
        ApiKey.objects.update(created_at=MONDAY)
    with at(days=390):
        assert keys.forget() == 0
        ApiKey.objects.update(last_used_at=MONDAY + datetime.timedelta(days=390))
    with at(days=600):
        assert keys.forget() == 0
    with at(days=800):
        assert keys.forget() == 1
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    "form", [{"email": "nobody"}, {"email": "a@example.org", "website": "x"}, {"email": "a@example.org"}]
)
def test_what_is_no_address_or_no_person_is_turned_away(client, form):
    stamp = limits.stamp()  # shown this moment: too quick for a person
    answer = client.post("/keys/", {**form, "stamp": stamp})
    assert answer.status_code == 400
    assert not KeyHolder.objects.exists()

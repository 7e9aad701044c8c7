"""Public forms: everything that is wrong is said at once, beside its field, and the first such field has the focus."""

import datetime
import html.parser
import json

import pytest
import time_machine
from django.utils import timezone

from scorecard import limits
from scorecard.models import Dispute, KeyHolder, Subscription
from tracker import triage

pytestmark = pytest.mark.django_db
ACT = {
    "id": "act", "date": "2026-02-01", "title": "An act", "certainty": "confirmed",
    "assessments": [{"rec": "trust", "direction": 1, "strength": 3, "rationale": "An act."}],
}  # fmt: skip


class Fields(html.parser.HTMLParser):
    """The fields of a form by name, and the words that stand under an id."""

    def __init__(self, markup):
        super().__init__()
        self.fields, self.ids, self.inside = {}, {}, None
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in ("input", "select", "textarea") and given.get("name"):
            self.fields[given["name"]] = given
        self.inside = given.get("id")

    def handle_data(self, data):
        if self.inside:
            self.ids[self.inside] = self.ids.get(self.inside, "") + data


def sent(client, path, **fields):
    with time_machine.travel("2026-11-29T09:00:00+00:00", tick=False):
        stamp = limits.stamp()
    with time_machine.travel("2026-11-29T09:01:00+00:00", tick=False):
        return client.post(path, {"stamp": stamp, **fields})


@pytest.mark.parametrize(
    ("path", "fields", "wrong"),
    [
        ("/alerts/", {"email": "no address", "rhythm": "hourly", "actors": "nobody"}, ["email", "rhythm"]),
        (
            "/events/act/challenge/",
            {"claim": "short", "source": "nowhere", "strength": "9", "name": "http://x", "email": "@"},
            ["claim", "source", "strength", "name", "email"],
        ),
        ("/keys/", {"email": "no address"}, ["email"]),
    ],
)
@pytest.mark.parametrize("language", ["", "/zh-hans"])
def test_everything_that_is_wrong_is_said_at_once(client, recommendations, path, fields, wrong, language):
    triage.enter(ACT, "Ada")
    answer = sent(client, language + path, **fields)
    assert answer.status_code == 400
    found = Fields(answer.content.decode())
    for name in wrong:
        field = found.fields[name]
        assert field["aria-invalid"] == "true", name
        assert found.ids[field["aria-describedby"]].strip(), name
    assert [name for name, field in found.fields.items() if "autofocus" in field] == wrong[:1]
    assert 'role="alert"' in answer.content.decode()


def test_only_forms_that_are_taken_count_against_the_limit(client, recommendations):
    for _ in range(limits.SENT_AN_HOUR + 5):
        assert sent(client, "/alerts/", email="no address", rhythm="daily").status_code == 400
    assert (
        sent(client, "/alerts/", email="reader@example.org", rhythm="daily", changes="1").status_code == 200
    )


CLAIM = "The gazette says that the order was only announced, number {number}."
STRANGERS = {
    "/events/act/challenge/": (Dispute, {"claim": CLAIM, "source": "https://gazette.example/2"}),
    "/api/v1/disputes/": (Dispute, {"event": "act", "claim": CLAIM, "source": "https://gazette.example/2"}),
    "/alerts/": (Subscription, {"email": "r{number}@example.org", "rhythm": "daily", "changes": "1"}),
    "/api/v1/subscriptions/": (Subscription, {"email": "r{number}@example.org", "rhythm": "daily"}),
    "/keys/": (KeyHolder, {"email": "r{number}@example.org"}),
}


@pytest.mark.parametrize("path", STRANGERS)
def test_all_strangers_together_have_only_so_much_kept_in_a_day(
    client, recommendations, settings, monkeypatch, path
):
    """A thousand addresses send one form each: what is kept is bounded, and who is turned away is told what to do."""
    triage.enter(ACT, "Ada")
    settings.CONTACT = "desk@example.org"
    monkeypatch.setattr(limits, "KEPT_A_DAY", dict.fromkeys(limits.KEPT_A_DAY, 3))
    table, fields = STRANGERS[path]

    def send(number, **more):
        body = {name: value.format(number=number) for name, value in fields.items()}
        with time_machine.travel(datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)):
            stamp = limits.stamp()
        if path.startswith("/api/"):
            more |= {"content_type": "application/json"}
            return client.post(path, json.dumps(body), REMOTE_ADDR=f"198.51.100.{number}", **more)
        return client.post(path, {"stamp": stamp, **body}, REMOTE_ADDR=f"198.51.100.{number}", **more)

    assert [send(number).status_code < 400 for number in range(6)] == [True] * 3 + [False] * 3
    assert table.objects.count() == 3
    refused = send(7)
    assert refused.status_code == (429 if path.startswith("/api/") else 400)
    told = refused.content.decode()
    assert "Nothing of yours was kept. Please send it again tomorrow, or write to desk@example.org." in told
    asked = "received_at" if table is Dispute else "asked_at"
    table.objects.update(**{asked: timezone.now() - datetime.timedelta(hours=25)})
    assert send(8).status_code < 400


def test_one_address_sends_no_more_in_a_day_whatever_the_hour(client, recommendations):
    triage.enter(ACT, "Ada")
    start = datetime.datetime(2026, 11, 29, 1, tzinfo=datetime.UTC)
    taken = 0
    for hour in range(6):
        with time_machine.travel(start + datetime.timedelta(hours=hour), tick=False) as clock:
            for number in range(8):
                stamp = limits.stamp()
                clock.shift(10)
                email = f"r{hour}-{number}@example.org"
                taken += client.post("/keys/", {"stamp": stamp, "email": email}).status_code == 200
    assert taken == KeyHolder.objects.count() == limits.SENT_A_DAY


def test_nothing_longer_than_a_person_writes_is_kept(client, recommendations):
    triage.enter(ACT, "Ada")
    good = {"event": "act", "claim": CLAIM, "source": "https://gazette.example/2"}
    for name, most in (("claim", 4000), ("source", 2000), ("name", 100), ("email", 254), ("event", 100)):
        filler = "https://a.example/" if name == "source" else "x@" if name == "email" else ""
        body = json.dumps(good | {name: filler + "a" * (most + 1)})
        answer = client.post("/api/v1/disputes/", body, content_type="application/json")
        assert answer.status_code in (400, 404), name
    assert not Dispute.objects.exists()

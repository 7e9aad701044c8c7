"""Public forms: everything that is wrong is said at once, beside its field, and the first such field has the focus."""

import html.parser

import pytest
import time_machine

from scorecard import limits
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

"""Many proposals as a file: all or none, every fault with its line, once under an `Idempotency-Key`, dry on demand."""

import json

import pytest

from scorecard.api.views import bulk
from tests.scorecard import cast
from tests.scorecard.api.test_writing import PROPOSAL
from tracker.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]
JSONL, CSV = "application/jsonl", "text/csv"
SHEET = """\
title,date,actors,assessments,source_title,source_url
US lifts curbs,2026-05-01,us china,trust:1:4:import-barriers governance:-1:2,Lifted,https://g.example/1
China answers,2026-05-02,china,,Answered,https://g.example/2
"""


@pytest.fixture
def program(django_user_model):
    return cast.key_of(cast.account(django_user_model, "eve", "analyst"), "propose")


def sent(client, body, kind, program, query="", **more):
    return client.post(
        f"{cast.API}/proposals/file/{query}", body.encode(), content_type=kind, **program, **more
    )


def lines(*changes):
    found = [
        PROPOSAL
        | {"title": f"Act {number}", "sources": [{"title": "Told", "url": f"https://g.example/{number}"}]}
        | change
        for number, change in enumerate(changes)
    ]
    return "".join(json.dumps(each) + "\n" for each in found)


def test_each_line_is_a_proposal_under_the_number_of_its_line(client, program):
    answer = sent(client, lines({}, {}) + "\n" + lines({"title": "Third"}), JSONL, program)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["proposed"], [each["line"] for each in told["results"]]) == (3, [1, 2, 4])
    assert Event.objects.get(pk=told["results"][2]["id"]).title == "Third"


def test_a_spreadsheet_says_the_same(client, program):
    answer = sent(client, SHEET, CSV, program)
    assert answer.status_code == 201, answer.content
    first, second = (Event.objects.get(pk=each["id"]) for each in answer.json()["results"])
    assert first.actors == ["us", "china"]
    labels = first.suggestion["labels"]
    assert {(each["rec"], each["direction"], each["strength"], each.get("ask")) for each in labels} == {
        ("trust", 1, 4, "import-barriers"),
        ("governance", -1, 2, None),
    }
    assert (str(second.date), second.suggestion) == ("2026-05-02", None)


@pytest.mark.parametrize(
    ("kind", "body", "places"),
    [
        (
            JSONL,
            lines({}, {"date": "2026-02-31"}, {"actors": ["mars"], "colour": 1}) + "{\n",
            {"lines[2].date", "lines[3].colour", "lines[4]"},
        ),
        (JSONL, lines({"assessments": [{"rec": "trust", "direction": 1, "strength": 9}]}), {"lines[1]"}),
        (CSV, SHEET.replace("trust:1:4", "trust=1"), {"lines[2]"}),
        (CSV, SHEET.replace("source_url", "source_address"), {"lines[1]"}),
        (CSV, SHEET.replace("https://g.example/2", "nowhere"), {"lines[3].sources.0.url"}),
        (JSONL, "\n", set()),
    ],
)
def test_nothing_is_kept_of_a_file_with_a_fault_and_each_is_named(client, program, kind, body, places):
    answer = sent(client, body, kind, program)
    assert answer.status_code == 422
    named = {each["name"] for each in answer.json().get("errors", ())}
    assert all(any(name.startswith(place) for name in named) for place in places), named
    assert bool(named) == bool(places)
    assert not Event.objects.exists()


def test_the_same_file_twice_is_done_once_and_a_dry_run_does_nothing(client, program):
    dry = sent(client, SHEET, CSV, program, "?dry_run=true")
    assert (dry.status_code, dry.json()["proposed"], Event.objects.count()) == (201, 2, 0)
    first, again = (sent(client, SHEET, CSV, program, HTTP_IDEMPOTENCY_KEY="monday") for _ in range(2))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert Event.objects.count() == 2


def test_what_is_no_file_of_lines_or_too_long_is_refused(client, program, monkeypatch):
    assert sent(client, json.dumps(PROPOSAL), "application/json", program).status_code == 415
    monkeypatch.setattr(bulk, "MOST", 1)
    assert sent(client, SHEET, CSV, program).status_code == 422
    assert sent(client, SHEET, CSV, {}).status_code == 401
    assert client.post(f"{cast.API}/proposals/file/", **program, content_type="").status_code in (415, 422)

"""Pages by cursor: each row exactly once, whatever happens meanwhile; hostile cursors lead nowhere."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scorecard import cast
from tracker import triage

pytestmark = pytest.mark.django_db
PATHS = (
    "/events/?limit=7",
    "/events/?limit=7&order=date",
    "/events/?limit=7&order=id",
    "/events/?limit=7&order=-id",
)


@pytest.fixture(autouse=True)
def unhurried(settings):
    settings.API_RATE_ANONYMOUS = 100_000


@pytest.mark.parametrize("path", [*PATHS, "/articles/?limit=100", "/articles/?limit=9&order=id&language=zh"])
def test_paging_returns_as_many_as_the_total_says(client, seeded, path):
    total, found = cast.walk(client, path)
    assert len(found) == total == len({item["id"] for item in found})


@pytest.mark.parametrize("path", PATHS)
def test_a_row_that_stays_is_met_once_while_others_come_and_go(client, recommendations, analyst, path):
    same_day = [f"old-{number:02d}" for number in range(30)]
    for key in same_day:
        cast.put(key, "2025-06-01")
    gone, met, address, number = [], [], cast.API + path, 0
    while address:
        page = json.loads(client.get(address.replace("http://testserver", "")).content)
        met += [item["id"] for item in page["results"]]
        address, number = page["next"], number + 1
        cast.put(f"new-{number:02d}", "2025-06-01")
        cast.put(f"zzz-{number:02d}", "2025-07-01")
        if number < 3:
            gone.append(same_day[-number])
            triage.retract(same_day[-number], analyst, "it was never so")
    assert len(met) == len(set(met))
    assert set(same_day) - set(gone) <= set(met)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(min_size=1, max_size=80), value=st.recursive(
    st.none() | st.integers() | st.text(max_size=20), lambda part: st.lists(part, max_size=4), max_leaves=8
))  # fmt: skip
def test_no_cursor_breaks_a_list(client, text, value):
    packed = base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    for path in ("/events/", "/articles/", "/disputes/", "/editions/"):
        for cursor in (text, packed):
            answer = client.get(cast.API + path, {"cursor": cursor})
            assert answer.status_code in (400, 404), (path, cursor)
            assert "cursor" in json.loads(answer.content)["detail"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.sampled_from(["q", "first", "actor", "limit", "order", "fields", "retracted", "supersedes"]),
       value=st.text(max_size=120))  # fmt: skip
def test_no_filter_breaks_a_list(client, name, value):
    answer = client.get(f"{cast.API}/events/", {name: value})
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert name in json.loads(answer.content)["detail"]


def test_an_event_that_is_dated_anew_during_a_walk_is_met_once(client, recommendations, analyst):
    for day in range(1, 7):
        cast.put(f"act-{day}", f"2025-06-0{day}")
    for order, moves in (
        ("date", {"act-1": "2025-06-20", "act-6": "2025-05-01"}),
        ("-date", {"act-6": "2025-05-02"}),
    ):
        found, address = [], f"{cast.API}/events/?order={order}&limit=2"
        while address:
            page = client.get(address.replace("http://testserver", "")).json()
            found += [each["id"] for each in page["results"]]
            address = page["next"]
            for event, day in moves.items():
                triage.edit(event, analyst, {"date": day}, "dated anew")
            moves = {}
        assert sorted(found) == [f"act-{day}" for day in range(1, 7)], order

"""The list of events as known on a day: the versions that the method takes, under the filters of today's list."""

import datetime
import itertools
import json

import pytest
import time_machine

from scorecard import footing, method
from scorecard import history as past
from tests.scorecard import cast
from tracker import triage
from tracker.models import Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]
DAYS = [datetime.date(2026, 3, number) for number in range(1, 9)]
QUERIES = (
    *("", "recommendation=trust", "recommendation=misuse&direction=-1", "direction=1,0", "strength=4,5"),
    *("ask=data-sharing", "actor=china", "actor=us,eu", "certainty=reported", "first=2026-03-03"),
    *("last=2026-03-03", "language=zh", "supersedes=2026-03-02-act", "q=出口管制", "q=出口管制 act"),
    *("q=because", "q=2026-03-02", "retracted=true", "retracted=any&actor=us", "q=typo&retracted=any"),
)


@pytest.fixture
def history(analyst, settings):
    """Eight days on which events are entered, corrected, recoded, retracted, merged and superseded."""
    settings.API_RATE_ANONYMOUS = 100_000

    def on(day, deed, *arguments, **more):
        with time_machine.travel(
            datetime.datetime.combine(DAYS[day], datetime.time(9), datetime.UTC), tick=False
        ):
            return deed(*arguments, **more)

    for number, day in enumerate(DAYS[:5]):
        source = {
            "title": "Report",
            "publisher": "G",
            "url": f"https://g.example/{day}",
            "date": None,
            "lang": "en",
        }
        line = cast.event(
            f"{day}-act", str(day), recorded_at=str(day), actors=["china" if number % 2 else "us"],
            sources=[source | {"lang": "zh-Hans"}] if number == 3 else [source],
            title_zh="新的出口管制" if number % 2 else "行动",
        )  # fmt: skip
        on(number, triage.enter, line, who="seed")
    code = {"rec": "misuse", "direction": -1, "strength": 2, "rationale": "A typo was here"}
    on(3, triage.edit, f"{DAYS[0]}-act", analyst, {"assessments": [code]}, "coded anew")
    on(4, triage.edit, f"{DAYS[1]}-act", analyst, {"certainty": "reported", "title_zh": "行动"}, "one outlet")
    on(5, triage.retract, f"{DAYS[2]}-act", analyst, "never was")
    on(6, triage.merge, [f"{DAYS[3]}-act"], f"{DAYS[4]}-act", analyst, "the same act")
    on(6, triage.supersede, f"{DAYS[4]}-act", [f"{DAYS[1]}-act"], analyst, "it ends it")
    on(7, triage.restore, f"{DAYS[2]}-act", analyst, "it was")
    on(7, triage.edit, f"{DAYS[0]}-act", analyst, {"date": "2026-03-06"}, "a later day")
    with time_machine.travel("2026-03-09T09:00:00Z", tick=False):
        yield


def expected(day):
    """The record of each event on a day of knowledge, chosen the plain way."""
    chosen = {}
    for body in Revision.objects.order_by("sequence").values_list("body", flat=True):
        line = json.loads(body)
        if line["recorded_at"] <= str(day):
            held = chosen.get(line["id"])
            if held is None or line["recorded_at"] >= held["recorded_at"]:
                chosen[line["id"]] = line
    return chosen


def lists(day, query, order="-date"):
    return f"/events/?known_at={day}&limit=2&order={order}&{query}"


def test_each_day_of_knowledge_has_its_own_list(client, history):
    for query, day in itertools.product(QUERIES, DAYS[1::2]):
        asked = dict(pair.split("=") for pair in query.split("&") if pair)
        total, found = cast.walk(client, lists(day, query))
        lines = {key: line for key, line in expected(day).items() if _wanted(line, asked)}
        assert total == len(found) == len(lines), (day, query)
        assert [line["id"] for line in found] == sorted(lines, key=lambda key: (lines[key]["date"], key))[
            ::-1
        ]
        for line in found:
            assert {name: line[name] for name in lines[line["id"]]} == lines[line["id"]]


def test_an_event_is_on_its_own_what_it_is_in_the_list(client, history):
    for day in DAYS:
        for line in cast.walk(client, lists(day, ""))[1]:
            assert cast.get(client, f"/events/{line['id']}/?known_at={day}") == line


def _wanted(line, asked):
    """The filters once more, each read from the description of its parameter."""
    several = {name: value.split(",") for name, value in asked.items()}
    if asked.get("retracted", "false") not in ("any", str(line["retracted"]).lower()):
        return False
    codes = {"recommendation": "rec", "direction": "direction", "strength": "strength", "ask": "ask"}
    coded = [
        all(str(item[codes[name]]) in several[name] for name in codes if name in asked)
        for item in line["assessments"]
    ]
    words = [line[name] for name in ("id", "title", "title_zh", "summary", "summary_zh", "assessments")]
    text = json.dumps(words, ensure_ascii=False).lower()
    return (
        (any(coded) or not codes.keys() & asked.keys())
        and ("actor" not in asked or bool(set(several["actor"]) & set(line["actors"])))
        and asked.get("certainty", line["certainty"]) == line["certainty"]
        and asked.get("first", "") <= line["date"] <= asked.get("last", "9")
        and ("language" not in asked or any(each["lang"].startswith("zh") for each in line["sources"]))
        and ("supersedes" not in asked or asked["supersedes"] in line["supersedes"])
        and all(word in text for word in asked.get("q", "").split())
    )


def test_what_is_known_today_is_the_list_of_today(client, history):
    for query, order in zip(QUERIES, itertools.cycle(("-date", "date", "id", "-id")), strict=False):
        if "retracted" not in query:  # an absorbed event is off the record today, and was retracted then
            _total, today = cast.walk(client, f"/events/?limit=2&order={order}&{query}")
            assert cast.walk(client, lists(DAYS[-1], query, order)) == (len(today), today)


def test_the_figures_of_a_day_rest_on_the_events_listed_for_it(client, history):
    for day in DAYS:
        listed = {line["id"] for line in cast.walk(client, lists(day, ""))[1]}
        report = method.report(footing.log(), day, day)
        behind = [found["balance"]["acts"] for found in report["recommendations"].values()]
        assert {act["id"] for act in itertools.chain(*behind)} <= listed


def test_a_merged_id_is_what_it_was_until_the_day_it_was_merged(client, history):
    absorbed = f"{DAYS[3]}-act"
    assert cast.get(client, f"/events/{absorbed}/?known_at={DAYS[5]}")["id"] == absorbed
    assert client.get(f"/api/v1/events/{absorbed}/?known_at={DAYS[6]}").status_code == 301


def test_the_page_says_its_day_and_its_cursor_holds_for_no_other(client, history):
    page = cast.get(client, lists(DAYS[4], ""))
    assert page["known_at"] == str(DAYS[4])
    assert cast.get(client, "/events/")["known_at"] is None
    cursor = page["next"].rpartition("cursor=")[2]
    for elsewhere in (lists(DAYS[5], ""), lists(DAYS[4], "", "id"), "/events/?order=-date"):
        assert "cursor" in cast.get(client, f"{elsewhere}&cursor={cursor}", 404)["detail"]
    cast.get(client, "/events/?known_at=2025-01-20", 404)
    assert cast.get(client, "/events/?known_at=2026-02-28")["total"] == 0


def test_later_records_leave_a_past_list_as_it_was(client, history):
    before = [cast.walk(client, lists(day, "")) for day in DAYS]
    cast.put("late", "2026-03-01", recorded_at="2026-03-09")
    assert [cast.walk(client, lists(day, "")) for day in DAYS] == before


def test_a_page_of_the_past_costs_as_many_queries_at_any_length(
    client, history, django_assert_max_num_queries
):
    address = lists(DAYS[5], "recommendation=trust&q=act")
    client.get("/api/v1" + address)
    with django_assert_max_num_queries(6):
        client.get("/api/v1" + address + "&fields=id")


def test_days_are_read_from_the_body_as_they_stand(history):
    log = footing.log()
    days = [
        json.loads(body)["date"]
        for body in Revision.objects.order_by("sequence").values_list("body", flat=True)
    ]
    assert [day.decode() for day in past._dates(log)] == days

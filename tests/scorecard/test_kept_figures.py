"""What a new revision makes be worked out again, and what stays as it is: figures, pages and answers."""

import datetime

import pytest
from django.utils import timezone

from scorecard import conditional, method, standings
from tracker import log, triage
from tracker.models import Ask, AskSetting

PAST = datetime.date(2026, 3, 31)
MARCH = "as_of=2026-03-31&known_at=2026-03-31"
BAN = [{"rec": "trust", "direction": -1, "strength": 5}]


@pytest.fixture
def worked_out(monkeypatch):
    """The pairs of days whose report has been worked out since the list was last emptied."""
    pairs = []
    plain = method.report

    def counted(log, as_of, known_at=None, *rest, **more):
        pairs.append((as_of, known_at))
        return plain(log, as_of, known_at, *rest, **more)

    monkeypatch.setattr(method, "report", counted)
    return pairs


def today():
    return timezone.now().date()


def entered(name, date, **more):
    """An act that enters the record today."""
    stated = {"id": name, "date": date.isoformat(), "certainty": "confirmed", "assessments": BAN}
    return triage.enter(stated | {"recorded_at": today().isoformat()} | more, "Ada")


def trust(as_of, known_at=None):
    # By a method that reads the day itself: what is read on the last coded day is not moved by later acts.
    report = standings.report(as_of, known_at, version="1.0")
    return report["recommendations"]["trust"]["balance"]["score"]


def test_a_new_revision_leaves_the_past_as_known_then_and_moves_the_present(seeded, worked_out):
    then, now = trust(PAST, PAST), trust(today())
    worked_out.clear()
    entered("ban", today())
    assert trust(PAST, PAST) == then
    assert trust(PAST) is not None
    assert worked_out == [(PAST, None)], "as known then it was kept; as known now nobody had asked yet"
    assert trust(today()) < now
    assert worked_out == [(PAST, None), (today(), None)]


def test_an_act_of_today_does_not_move_a_past_day_as_known_now(seeded, worked_out):
    before = trust(PAST)
    worked_out.clear()
    entered("ban", today())
    assert trust(PAST) == before
    assert worked_out == []


def test_a_late_record_moves_the_past_day_as_known_today_only(seeded, worked_out):
    pairs = [(PAST, None), (PAST, today()), (PAST, PAST), (PAST, today() - datetime.timedelta(1))]
    before = [trust(*pair) for pair in pairs]
    worked_out.clear()
    entered("late", PAST - datetime.timedelta(30))
    after = [trust(*pair) for pair in pairs]
    assert worked_out == pairs[:2]
    assert [new < old for new, old in zip(after, before, strict=True)] == [True, True, False, False]
    assert after[2:] == before[2:]


def test_an_undated_late_record_is_known_from_its_date_on_and_moves_that(seeded, worked_out):
    before = trust(PAST, PAST)
    entered("found", PAST - datetime.timedelta(30), recorded_at=None)
    assert trust(PAST, PAST) < before


def test_an_ask_set_by_hand_moves_what_is_known_from_its_day_on(seeded, worked_out):
    def delivered(known_at):
        asks = standings.report(PAST, known_at)["recommendations"]["trust"]["delivery"]["asks"]
        return next(ask["value"] for ask in asks if ask["ask"] == "data-sharing")

    before = [delivered(PAST), delivered(None)]
    worked_out.clear()
    AskSetting.objects.create(
        ask=Ask.objects.get(slug="data-sharing"), rung=5, reason="It runs.", name="Ada", start=PAST,
        recorded_at=today(),
    )  # fmt: skip
    log.turn()
    assert [delivered(PAST), delivered(None)] == [before[0], 100.0]
    assert worked_out == [(PAST, None)]


def test_what_turns_beside_the_log_moves_no_figure(seeded, worked_out):
    trust(today())
    worked_out.clear()
    log.turn()
    trust(today())
    assert worked_out == []


def test_series_and_waterfalls_are_kept_alike(seeded, monkeypatch):
    pairs = ((PAST - datetime.timedelta(90), PAST), (PAST, PAST))
    run, steps = standings.series("balance", as_of=PAST, known_at=PAST), standings.waterfall(*pairs)
    entered("late", PAST - datetime.timedelta(30))
    for name in ("series", "waterfall", "views"):
        monkeypatch.setattr(method, name, None)  # whoever calls it breaks
    assert standings.series("balance", as_of=PAST, known_at=PAST) == run
    assert standings.waterfall(*pairs) == steps
    with pytest.raises(TypeError):
        standings.series("balance", as_of=PAST)


@pytest.mark.parametrize(
    "path", [f"/?{MARCH}", f"/zh-hans/recommendations/trust/?{MARCH}", f"/api/v1/scores/?{MARCH}"]
)
def test_the_tag_of_a_past_page_holds_while_it_shows_the_same(client, seeded, path):
    def asked(tag):
        return client.get(path, headers={"If-None-Match": tag})

    first = client.get(path)
    assert (first.status_code, "Last-Modified" in first.headers) == (200, False)
    entered(
        "found", PAST - datetime.timedelta(30), recorded_at=None
    )  # a first import is known from its date on
    moved = asked(first.headers["ETag"])
    assert moved.status_code == 200
    assert moved.headers["ETag"] != first.headers["ETag"]
    assert moved.content != first.content
    entered("ban", today())
    log.turn()
    again = asked(moved.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert asked(first.headers["ETag"]).content == moved.content


def test_the_tag_of_a_present_page_moves_with_the_record(client, seeded):
    for path in ("/", "/api/v1/scores/", f"/?known_at={today()}"):
        first = client.get(path)
        entered(f"ban-{len(path)}", today())
        assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("day", ["2026-06-01", "", "yesterday", "2026-6-1", "9999-99-99", "\x00"])
def test_only_a_day_that_is_over_is_past(day):
    is_past = conditional.of_the_past({"known_at": day}, datetime.date(2026, 6, 2))
    assert is_past == (day == "2026-06-01")

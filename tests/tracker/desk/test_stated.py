"""What is stated beside the log is taken back and put back by rows of their own: what was known before stays known."""

import datetime
import io
import json
import zipfile

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.urls import reverse

from scorecard import editions, footing, method, standings
from tests.scorecard.told import plain
from tracker.admin.stated import state, turn, turned
from tracker.models import Ask, AskSetting, Completeness
from tracker.triage.statuses import Refused, Stale

SET, BACK, AGAIN = (datetime.date(2026, 12, day) for day in (1, 5, 9))
READ = datetime.date(2026, 7, 1)
WHY = "The minister spoke of another programme."


def at(day):
    return time_machine.travel(datetime.datetime.combine(day, datetime.time(9), datetime.UTC), tick=False)


@pytest.fixture
def editor(db):
    return User.objects.create_user("ed", first_name="Ed", last_name="Itor", is_staff=True, is_superuser=True)


@pytest.fixture
def both(seeded, editor):
    """An ask set by hand, and a statement of completeness, of the first of December."""
    with at(SET):
        ask = Ask.objects.get(slug="data-sharing")
        setting = AskSetting(ask=ask, rung=5, reason="It runs.", start=datetime.date(2026, 1, 1))
        stated = Completeness(day=datetime.date(2026, 6, 30), note="Read again to June only.")
        for row in (setting, stated):
            state(row, editor)
    return setting, stated


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def delivered(known=None):
    asks = standings.report(READ, known)["recommendations"]["trust"]["delivery"]["asks"]
    return next((ask["value"], bool(ask["by_hand"])) for ask in asks if ask["ask"] == "data-sharing")


def read(known=None):
    """What readers were told by that day of the ask, and to which day coding was complete."""
    return delivered(known), footing.coded_to(known)


def test_what_is_taken_back_was_known_until_that_day_and_is_known_again_when_put_back(both, editor):
    before, held = read(datetime.date(2026, 11, 30)), read()
    assert held == ((100.0, True), datetime.date(2026, 6, 30))
    assert before == ((before[0][0], False), datetime.date(2026, 7, 7))
    days = {SET - datetime.timedelta(1): before, SET: held, BACK: before, AGAIN: held}
    for day, now in ((BACK, before), (AGAIN, held)):
        with at(day):
            for row in both:
                turn(fresh(row), editor, WHY)
            assert read() == now
    for day, said in days.items():
        assert read(day) == said, day
    then = standings.delivery(as_of=READ, then=True)["recommendations"]["trust"]["asks"]["data-sharing"]
    assert 100.0 not in then, "no day of the series is after the setting was made"
    with at(AGAIN):
        run = standings.delivery(as_of=AGAIN, then=True, known_at=AGAIN, beyond=True)
    drawn = dict(zip(run["days"], run["recommendations"]["trust"]["asks"]["data-sharing"], strict=True))
    told = {day: delivered(day)[0] for day in days}
    assert {day: drawn[str(day)] == 100.0 for day in days} == {day: told[day] == 100.0 for day in days}


def test_an_address_that_was_given_out_keeps_its_figures(both, editor, client):
    told = {}
    for day in (SET, BACK, AGAIN):
        with at(day):
            if day != SET:
                for row in both:
                    turn(fresh(row), editor, WHY)
            answer = client.get("/api/v1/scores/").json()
            told[answer["rev"]] = answer
    assert len(told) == 3
    for rev, answer in told.items():
        again = client.get(f"/api/v1/scores/?rev={rev}").json()
        assert (again["recommendations"], again["coded_to"]) == (
            answer["recommendations"],
            answer["coded_to"],
        )


def test_editions_hold_what_took_a_line_back_and_are_read_so(both, editor, tmp_path, settings):
    settings.DATA_FOLDER = tmp_path
    for day, count in ((SET, 1), (BACK, 2)):
        with at(day):
            if day == BACK:
                for row in both:
                    turn(fresh(row), editor, WHY)
        with at(day + datetime.timedelta(1)):
            made = editions.make(day)
        with zipfile.ZipFile(editions.folder() / made.file) as archive:
            lines = [json.loads(line) for line in archive.read("settings.jsonl").splitlines()]
            stated = [json.loads(line) for line in archive.read("completeness.jsonl").splitlines()]
            scores = json.loads(archive.read("scores.json"))
            raw = archive.read("settings.jsonl")
        assert len(lines) == count
        assert scores["coded_to"] == str(footing.coded_to(day))
        found = method.read_lines(io.BytesIO(), io.BytesIO(raw)).settings
        assert [item.known_on(None) for item in found] == [day == SET]
    assert (lines[1]["withdraws"], lines[1]["reason"], lines[1]["recorded_at"]) == (1, WHY, str(BACK))
    assert stated[-1] == {"withdraws": 2, "recorded_at": str(BACK), "note": WHY}


def test_a_file_says_which_line_takes_back_nothing():
    line = {"withdraws": 7, "reason": "why", "recorded_at": "2026-12-05"}
    for wrong, said in (
        (line, "line 1 of the settings: withdraws: the number of an earlier line, not 7"),
        ({**line, "rung": 3}, "unknown field rung"),
    ):
        with pytest.raises(ValueError, match=said):
            method.by_hand([wrong])


def test_it_needs_a_reason_and_the_slower_of_two_reads_so(both, editor):
    setting, _stated = both
    seen = fresh(setting).last_word.pk
    with pytest.raises(Refused, match="in words"):
        turn(fresh(setting), editor, "  ")
    turn(fresh(setting), editor, WHY, seen)
    with pytest.raises(Stale, match="quicker"):
        turn(fresh(setting), editor, WHY, seen)
    slow = turned(fresh(setting), editor, WHY)
    turn(fresh(setting), editor, WHY)
    with pytest.raises(IntegrityError), transaction.atomic():
        slow.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        AskSetting.objects.create(
            ask=setting.ask, rung=3, reason="Both at once.", start=SET, recorded_at=SET, name="Ed",
            withdraws=fresh(setting).last_word,
        )  # fmt: skip


def test_the_admin_shows_first_what_it_would_change_and_undoes_at_once(both, editor, client, settings):
    settings.SECOND_FACTOR = False
    setting, stated = both
    with at(SET):
        rule = delivered(datetime.date(2026, 11, 30))[0]
    with at(BACK):
        client.force_login(editor)
        shown = client.get(reverse("admin:tracker_asksetting_turn", args=[setting.pk]))
        assert f"100 → {rule:.0f}" in shown.context["lines"][0]
        shown = client.get(reverse("admin:tracker_completeness_turn", args=[stated.pk]))
        assert "complete to 2026-07-07" in shown.context["said"]
        assert AskSetting.objects.count() == 1
        form = {
            "ask": setting.ask.pk,
            "rung": 1,
            "reason": "Words alone.",
            "start": "2026-02-01",
            "until": "",
        }
        done = client.post(reverse("admin:tracker_asksetting_add"), form, follow=True)
        page = done.content.decode()
        assert 'data-key="u"' in page
        mine = AskSetting.objects.latest("pk")
        assert delivered()[0] == 100 * method.method_of(None).parameters.weight[0]
        undo = {"seen": mine.pk, "reason": str(done.context["undo"])}
        done = client.post(done.context["turn_at"], undo, follow=True)
        assert delivered()[0] == 100.0, "the one before it holds again"
        assert 'data-key="u"' not in done.content.decode()
        assert "Undone right after it was stated." in done.content.decode()
        assert LogEntry.objects.filter(
            object_id=str(mine.pk), user=editor, change_message="Taken back."
        ).exists()
        again = client.post(reverse("admin:tracker_asksetting_turn", args=[mine.pk]), undo, follow=True)
        assert "Somebody else was quicker" in again.content.decode()
        listed = client.get(reverse("admin:tracker_asksetting_changelist")).content.decode()
        assert listed.count("Taken back on 2026-12-05") == 1
        assert "holds" in listed
        editor.is_superuser = False
        editor.save()
        assert client.get(reverse("admin:tracker_asksetting_turn", args=[mine.pk])).status_code == 403


def test_programs_read_of_a_statement_that_it_was_taken_back(both, editor, client):
    with at(BACK):
        turn(fresh(both[1]), editor, WHY)
        answer = client.get("/api/v1/coverage/").json()
    assert answer["coded_to"] == "2026-07-07"
    assert [(row["day"], row["withdrawn_at"], row["withdrawn_because"]) for row in answer["statements"]] == [
        ("2026-07-07", None, ""),
        ("2026-06-30", "2026-12-05", WHY),
    ]


def test_readers_are_told_of_it_in_words_and_only_as_it_was_known(both, editor, client):
    with at(BACK):
        for row in both:
            turn(fresh(row), editor, WHY)
        asks, front = (plain(client.get(path)) for path in ("/recommendations/trust/", "/"))
        earlier = client.get("/recommendations/trust/?known_at=2026-12-02").content.decode()
        seen = client.get("/?known_at=2026-12-02").content.decode()
    assert "Set by hand to “operating” from 1 January 2026 on; E. I. on 1 December 2026: It runs." in asks
    assert f"Taken back; E. I. on 5 December 2026: {WHY}" in asks
    assert f"“Complete to 30 June 2026” was taken back on 5 December 2026: {WHY}" in front
    assert WHY not in earlier + seen
    assert "Set by hand: It runs." in earlier
    with at(AGAIN):
        for row in both:
            turn(fresh(row), editor, "It runs after all.")
        asks, front = (plain(client.get(path)) for path in ("/recommendations/trust/", "/"))
    assert "Put back; E. I. on 9 December 2026: It runs after all." in asks
    assert "was put back on 9 December 2026: It runs after all." in front

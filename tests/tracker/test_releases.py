"""Releases of the record: each on its own day, repeatable, and never over what an analyst did."""

import datetime
import io
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command

from scorecard import standings
from tests.scorecard.golden import keeping
from tracker import importing, log, triage
from tracker.models import Completeness, Decision, Event, MachineCoding, Revision

DAY = datetime.date(2026, 11, 29)
BEFORE = DAY - datetime.timedelta(1)
# What the release's own README says of its last coded day under method 1.1.
STATED = {
    "civilian-first": (-49, "undermined"),
    "governance": (56, "advancing"),
    "misuse": (44, "advancing"),
    "joint-research": (19, "leaning advancing"),
    "trust": (-50, "undermined"),
    "safety-coalition": (24, "leaning advancing"),
    "global-challenges": (54, "advancing"),
}
LAW = {"title": "A law", "assessments": [{"rec": "trust", "direction": 1, "strength": 4}], "actors": ["us"]}
FIRST = [{"id": key, "date": f"2025-06-0{n}", **LAW} for n, key in enumerate(("kept", "recoded", "gone"), 1)]
SECOND = [
    {**FIRST[0], "reach": "local"},
    {**FIRST[1], "certainty": "reported"},
    {**FIRST[2], "retracted": True},
    {"id": "missed", "date": "2025-07-01", **LAW},
]
SECOND_CODING = {
    "event": "recoded", "coder": "language model", "blind": True, "seen": ["title"], "actors": ["us"],
    "assessments": [{"rec": "trust", "direction": 1, "strength": 3}], "reach": "wide", "until": None, "unsure": [],
}  # fmt: skip


@pytest.fixture
def small(db, tmp_path, monkeypatch):
    """An instance of four acts in two releases, the second of the day that `small` is called with."""

    def shipped(day=DAY, number=2, second=SECOND):
        (tmp_path / "first.jsonl").write_text("\n".join(map(json.dumps, FIRST)))
        (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, FIRST)))
        (tmp_path / "second.jsonl").write_text("\n".join(map(json.dumps, second)))
        (tmp_path / "codings.jsonl").write_text(json.dumps(SECOND_CODING))
        plain = {"who": "Second", "why": "Second release", "codebook": "1.2", "machine": True}
        later = {
            "number": number,
            "day": str(day),
            "events": "second.jsonl",
            "codings": "codings.jsonl",
            **plain,
        }
        first = {"number": 1, "events": "events.jsonl", **plain, "who": importing.WHO, "codebook": "1.0"}
        (tmp_path / importing.MANIFEST).write_text(json.dumps({"releases": [first, later]}))
        return seed()

    monkeypatch.setattr(importing, "FOLDER", tmp_path)
    importing._manifest.cache_clear()
    return shipped


def seed():
    out = io.StringIO()
    call_command("seed", stdout=out)
    return out.getvalue()


def recorded():
    return [
        (row.event_id, row.kind, row.record["recorded_at"]) for row in Revision.objects.order_by("sequence")
    ]


def test_both_releases_stand_on_their_days_and_a_second_seeding_changes_nothing(small):
    with time_machine.travel("2027-03-01T09:00:00Z", tick=False):
        small()
        assert recorded() == [
            ("kept", "create", None), ("recoded", "create", None), ("gone", "create", None),
            ("kept", "update", str(DAY)), ("recoded", "update", str(DAY)), ("gone", "retract", str(DAY)),
            ("missed", "create", str(DAY)),
        ]  # fmt: skip
        assert Revision.objects.get(sequence=7).who == "Second"
        before = log.head()
        said = seed()
        assert log.head() == before
        assert all(" 0 added" in line for line in said.splitlines())
        assert log.verify() == 7


def test_a_release_waits_for_its_day(small):
    with time_machine.travel("2026-07-08T09:00:00Z", tick=False):
        small()
        assert Revision.objects.count() == 3
    with time_machine.travel("2026-12-24T09:00:00Z", tick=False):
        seed()
        assert recorded()[3:][0] == ("kept", "update", str(DAY))


def test_a_record_that_has_gone_on_since_takes_it_on_the_day_it_comes(small, analyst):
    with time_machine.travel("2026-07-08T09:00:00Z", tick=False):
        small()
    with time_machine.travel("2026-12-24T09:00:00Z", tick=False):
        triage.edit("kept", analyst, {"title": "A better title"}, why="Clearer")
        said = seed()
        assert [line[2] for line in recorded()[3:]] == ["2026-12-24"] * 4
        assert "release 2: kept as an analyst left them: kept" in said


def test_what_an_analyst_changed_is_left_alone_named_once_and_marked_for_another_look(small, analyst):
    with time_machine.travel("2026-07-08T09:00:00Z", tick=False):
        small()
        triage.edit("kept", analyst, {"title": "A better title"}, why="Clearer")
        triage.dispute("recoded", analyst, "A reader says so")
    with time_machine.travel("2026-12-24T09:00:00Z", tick=False):
        assert "kept as an analyst left them: kept, recoded" in seed()
        kept = Event.objects.get(pk="kept")
        assert (kept.title, kept.reach) == ("A better title", "wide")
        assert (
            kept.look_again == "Release 2 of the record codes this otherwise; the analyst's version was kept."
        )
        triage.looked(kept, analyst)
        assert "kept as" not in seed()
        assert not Event.objects.get(pk="kept").look_again
        assert Decision.objects.filter(action=importing.KEPT).count() == 2
        assert Event.objects.get(pk="gone").retracted


def test_second_codings_stand_beside_the_codes_that_they_read_again(small):
    small(day=datetime.date(2026, 7, 8))
    row = MachineCoding.objects.get()
    assert (row.event_id, row.reader, row.blind, row.release) == ("recoded", "language model", True, 2)
    strengths = [each["assessments"][0]["strength"] for each in (row.first, row.body)]
    assert strengths == [4, 3]
    assert "certainty" in row.first


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"second": [{"id": "x"}]}, r"second\.jsonl, line 1: date"),
        ({"number": 3}, "numbered 1, 2, 3"),
        ({"day": "tomorrow"}, r"releases\.json: day: a day as YYYY-MM-DD"),
    ],
)
def test_a_fault_is_named_with_its_place_and_nothing_of_the_release_is_taken(small, change, said):
    with pytest.raises(CommandError, match=said):
        small(**change)
    assert Revision.objects.count() == 3


@pytest.mark.slow
def test_the_second_release_reads_as_it_says_and_every_day_before_it_as_it_was(
    both_releases, client, settings
):
    settings.API_RATE_ANONYMOUS = 10_000
    coded = Completeness.objects.get().day
    found = standings.report(coded, version="1.1")["recommendations"]
    assert {
        slug: (round(entry["balance"]["score"]), entry["balance"]["label"]) for slug, entry in found.items()
    } == STATED
    kept = keeping.figures()[str(coded)]["recommendations"]
    then = standings.report(coded, BEFORE, version="1.0")["recommendations"]
    for slug, entry in kept.items():
        assert then[slug]["balance"]["score"] == entry["balance"]["score"]
    assert standings.report(coded, DAY, version="1.0")["recommendations"] != then
    shown = client.get("/api/v1/events/2026-07-07-ai-for-good-summit-2026/").json()
    assert shown["retracted"]
    listed = client.get(f"/api/v1/events/?known_at={BEFORE}").json()["total"]
    assert listed == len(list(importing.lines(importing.FOLDER / "events.jsonl")))

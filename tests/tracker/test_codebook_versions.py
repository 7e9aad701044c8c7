"""A version of the codebook comes into service once, in its turn, and what was in force stays on record."""

import dataclasses
import datetime
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.scorecard import cast
from tracker import codebook as books
from tracker import filing, importing, log, record, tasks, triage
from tracker.models import Ask, CodebookVersion, Event, Head, Recommendation, Revision
from tracker.operations import health

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]
OURS = books.current()


def changed(version, change=lambda raw: None):
    """Our codebook with another version and whatever `change` does to it."""
    raw = json.loads(OURS.body) | {"version": version}
    change(raw)
    return books.read(json.dumps(raw))


def with_an_eighth(raw):
    text = {"en": "Tide mills", "zh-hans": "潮汐磨坊"}
    words = dict.fromkeys(("short", "name", "summary", "advances", "undermines"), text)
    ask = {"slug": "mills", "mode": "any", "name": text, "description": text}
    raw["recommendations"].append({"slug": "tide-mills", **words, "asks": [ask]})


def without_misuse(raw):
    del raw["recommendations"][2]


@pytest.fixture
def successor():
    return changed("1.4", with_an_eighth)


@pytest.fixture
def ours_is(monkeypatch):
    """Let this process read another codebook than the one in force."""

    def set_(book):
        for module in (log, record, importing, health):
            monkeypatch.setattr(module, "current", lambda: book)
        return book

    return set_


def versions():
    return [(row.version, row.in_force) for row in CodebookVersion.objects.all()]


def test_the_first_seeding_enters_every_version_as_in_force_from_the_beginning():
    assert versions() == [("1.0", None), ("1.1", None), ("1.2", None), ("1.3", None)]
    assert log.verify_versions() == 4
    assert log.codebook_trouble() == ""
    assert log.codebook_on(None) is OURS
    assert log.codebook_on(datetime.date(2025, 1, 21)) is OURS


def test_an_installation_with_a_record_keeps_the_earlier_versions_for_its_past(unserved):
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        assert log.take_into_service(OURS) == 4
    assert versions() == [("1.0", None), ("1.1", None), ("1.2", None), ("1.3", datetime.date(2026, 12, 1))]
    assert log.codebook_on(datetime.date(2026, 11, 30)).version == "1.2"
    assert log.codebook_on(datetime.date(2026, 12, 1)).version == "1.3"


@pytest.fixture
def unserved():
    """The record as the release before left it: without any version of a codebook."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tracker_codebookversion_no_DELETE")
        cursor.execute("DELETE FROM tracker_codebookversion")


def test_a_new_version_comes_into_service_with_its_keys_and_turns_the_caches(successor):
    before = Head.objects.get().aside
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        assert log.take_into_service(successor) == 1
    assert log.enter_keys(successor) == 1
    assert versions()[-1] == ("1.4", datetime.date(2026, 12, 1))
    assert Head.objects.get().aside == before + 1
    assert Recommendation.objects.get(slug="tide-mills").number == 8
    assert Ask.objects.get(slug="mills").mode == "any"
    assert log.take_into_service(successor) == 0, "seeding again changes nothing"
    assert Head.objects.get().aside == before + 1
    assert log.verify_versions() == 5


def test_what_was_known_goes_by_the_version_in_force_then(successor):
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        log.take_into_service(successor)
    assert "tide-mills" not in log.codebook_on(datetime.date(2026, 11, 30))
    assert "tide-mills" in log.codebook_on(datetime.date(2026, 12, 1))
    assert "tide-mills" in log.codebook_on(None)


def refusal(book):
    before = versions(), Head.objects.get().aside
    with pytest.raises(log.BadVersion) as caught:
        log.take_into_service(book)
    assert (versions(), Head.objects.get().aside) == before
    return str(caught.value)


def test_changed_content_needs_a_new_version(successor):
    told = refusal(changed("1.3", with_an_eighth))
    assert told == (
        "version 1.3 was taken into service with the first record with other content: "
        "give the changed file a new version."
    )
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        log.take_into_service(successor)
    assert "1.4 was taken into service on 2026-12-01 with other content" in refusal(changed("1.4"))


def test_what_events_are_coded_by_stays():
    count = Event.objects.accepted().filter(assessments__recommendation="misuse").count()
    assert count > 1
    told = refusal(changed("1.4", without_misuse))
    assert (
        f'recommendations: misuse is gone, and {count} events are coded by it; keep it with "retired".'
        in told
    )
    assert "recommendations: joint-research stood at place 4 and is now at 3; new ones go to the end." in told
    assert refusal(changed("1.1")).startswith("version 1.1 was taken into service")
    assert refusal(changed("0.9")) == "version: 0.9 does not come after 1.3; give it a later number."


def test_seed_says_what_it_refuses(ours_is):
    ours_is(changed("1.3", with_an_eighth))
    with pytest.raises(CommandError, match="give the changed file a new version"):
        call_command("seed", verbosity=0)


def test_the_database_itself_keeps_versions_as_they_are():
    for statement in ("UPDATE tracker_codebookversion SET body = ''", "DELETE FROM tracker_codebookversion"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_forged_version_is_found():
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tracker_codebookversion_no_UPDATE")
        cursor.execute("UPDATE tracker_codebookversion SET in_force = '2026-01-01' WHERE version = '1.1'")
    with pytest.raises(log.BrokenChain, match=r"version 1\.1"):
        log.verify_versions()


def test_a_process_with_another_codebook_is_not_ready_and_writes_nothing(
    successor, ours_is, analyst, monkeypatch
):
    ours_is(successor)
    said = "The codebook on disk is 1.4, the record was last coded by 1.3: run manage.py seed."
    assert log.codebook_trouble() == said
    assert health.codebook() == health.Finding("codebook", False, said)
    event, count = Event.objects.accepted().first(), Revision.objects.count()
    with pytest.raises(triage.Refused, match=r"1\.4, the record was last coded by 1\.3"):
        triage.edit(event, analyst, {"title": "Another"}, why="because")
    with pytest.raises(triage.Refused, match=r"run manage\.py seed"):
        importing.enter([record.check(cast.event("2026-07-10-a-law", "2026-07-10"))], who="Tests")
    monkeypatch.setattr(filing, "file_waiting", lambda: pytest.fail("filed"))
    tasks.file_articles()
    assert Revision.objects.count() == count
    log.take_into_service(successor)
    assert log.codebook_trouble() == ""


def test_an_older_or_other_file_is_told_apart(successor, ours_is):
    log.take_into_service(successor)
    assert log.codebook_trouble() == (
        "The codebook on disk is 1.3, the record is coded by 1.4 already: bring that file here."
    )
    ours_is(changed("1.4"))
    assert "with other content: give the changed file a new version" in log.codebook_trouble()


def test_without_any_version_the_record_is_written_as_before(unserved, analyst):
    assert log.codebook_trouble() == ""
    assert log.codebook_on(None) is OURS
    assert log.unserved_version().version == OURS.version


def retired(raw):
    raw["recommendations"][4]["retired"] = "1.4"
    raw["recommendations"][0]["asks"][2]["retired"] = "1.4"
    raw["actors"][3]["retired"] = "1.4"


def test_what_is_retired_is_no_longer_coded_and_old_lines_stay_what_they_were(ours_is):
    book = changed("1.4", retired)
    book = dataclasses.replace(book, earlier=(*OURS.earlier, OURS))
    assert books.faults(OURS, book) == []
    line = cast.event("2026-07-10-a-law", "2026-07-10") | {
        "actors": ["eu"],
        "assessments": [{"rec": "trust", "direction": 1, "strength": 4}],
    }
    for version in ("1.0", "1.3", "0.9"):  # the last is one that no file tells of
        assert record.check(line | {"codebook": version}, book)["assessments"][0]["rec"] == "trust"
    for change, said in (
        ({}, "actors: eu is retired since codebook 1.4 and no longer coded"),
        ({"actors": ["us"]}, "rec: trust is retired since codebook 1.4 and no longer coded"),
        ({"actors": ["us"], "codebook": "1.4"}, "rec: trust is retired since codebook 1.4"),
        (
            {"actors": ["us"], "assessments": [
                {"rec": "civilian-first", "direction": 1, "strength": 4, "ask": "job-loss"}
            ]},
            "ask of civilian-first: job-loss is retired",
        ),
        ({"actors": ["us"], "assessments": [{"rec": "peace", "direction": 1, "strength": 4}]},
         "rec: 'peace' is not one of civilian-first, governance, misuse, joint-research, safety-coalition, global"),
    ):  # fmt: skip
        with pytest.raises(record.RecordError, match=said):
            record.check(line | change, book)

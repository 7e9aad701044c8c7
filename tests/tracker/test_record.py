"""The log: chained, append-only in the database itself, and one format for all."""

import datetime
import io
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tracker import importing, log, record, triage
from tracker.models import Decision, Event, Revision

pytestmark = pytest.mark.django_db

ACT = {
    "id": "2026-03-01-talks",
    "date": "2026-03-01",
    "title": "The two governments hold talks on AI",
    "title_zh": "两国政府举行人工智能对话",
    "actors": ["us", "china"],
    "assessments": [
        {"rec": "governance", "direction": 1, "strength": 3, "ask": "dialogue", "rationale": "Held."}
    ],
    "sources": [
        {"title": "Talks held", "url": "https://news.example/talks", "date": "2026-03-02", "lang": "en"}
    ],
}


@pytest.fixture
def recommendations(seeded):
    """The seven, with the record around them."""


def enter(**changes):
    return triage.enter(record.check(ACT | changes), who="Tests")


def exported():
    out = io.StringIO()
    call_command("export", "events", stdout=out)
    return out.getvalue()


def test_the_chain_holds_and_names_the_first_revision_that_was_tampered_with(recommendations):
    assert log.verify() == Revision.objects.count() > 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tracker_revision_no_UPDATE")
        cursor.execute(
            "UPDATE tracker_revision SET body = replace(body, 'confirmed', 'reported') WHERE sequence = 7"
        )
    with pytest.raises(log.BrokenLog, match="revision 7 does not fit"):
        log.verify()


@pytest.mark.parametrize("model", [Revision, Decision])
def test_the_database_refuses_to_change_or_delete_what_is_journalled(recommendations, model):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all().update(by=None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all()[:1].get().delete()
    assert log.verify() == Revision.objects.count() > 0


def test_every_line_of_the_seeds_comes_back_from_the_log(recommendations):
    lines = [json.loads(line) for line in (importing_source()).split("\n") if line]
    given = {raw["id"]: record.check(raw | {"codebook": "1.0"}) for raw in lines}
    held = {line["id"]: line for line in map(json.loads, log.lines())}
    assert held == given


def importing_source():
    from tracker import importing

    return (importing.FOLDER / "events.jsonl").read_text("utf-8")


def test_a_row_says_what_its_last_revision_says(recommendations):
    for revision in Revision.objects.select_related("event"):
        assert record.canonical(log.body_of(revision.event)) == revision.body


def test_the_head_moves_with_every_version_and_with_what_stands_beside_the_log(recommendations):
    before = log.head()
    enter()
    after = log.head()
    assert after != before
    log.turn()
    assert log.head() not in (before, after)


@pytest.mark.slow
def test_an_export_imported_into_an_empty_record_is_the_same_bytes(recommendations, tmp_path):
    enter()
    enter(certainty="reported")
    first = exported()
    path = tmp_path / "log.jsonl"
    path.write_text(first, "utf-8")
    with transaction.atomic():
        empty_the_record()
        call_command("import", str(path), stdout=io.StringIO())
        assert exported() == first
        assert log.verify() == first.count("\n")


def empty_the_record():
    with connection.cursor() as cursor:
        for table in ("revision", "decision"):
            cursor.execute(f"DROP TRIGGER tracker_{table}_no_DELETE")
            cursor.execute(f"DELETE FROM tracker_{table}")
        cursor.execute("DROP TRIGGER tracker_head_no_delete")
        for table in ("report", "assessment", "event", "head"):
            cursor.execute(f"DELETE FROM tracker_{table}")


def test_importing_twice_changes_nothing_the_second_time(recommendations):
    records = importing.read(
        io.BytesIO(f"{json.dumps(ACT)}\n{json.dumps(ACT | {'id': '2026-03-02-more'})}".encode())
    )
    assert importing.enter(records, who="Tests") == importing.Outcome(2, 0, 0)
    head = log.head()
    assert importing.enter(records, who="Tests") == importing.Outcome(0, 0, 2)
    assert log.head() == head


def test_what_is_imported_later_never_changes_what_was_known_before(recommendations):
    assert enter().record["recorded_at"] is None, "the day on which the log was opened"
    with time_machine.travel(timezone.now() + datetime.timedelta(days=30)):
        entered_a_month_later()


def entered_a_month_later():
    today = timezone.now().date().isoformat()
    assert enter(id="2026-03-05-more").record["recorded_at"] == today
    assert enter(certainty="reported", recorded_at="2025-02-01").record["recorded_at"] == today
    assert enter(certainty="rumoured", recorded_at="2099-01-01").record["recorded_at"] == today


def coded(assessment):
    return f'{{"id": "a", "date": "2025-06-01", "assessments": [{assessment}]}}'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "not JSON"),
        ("[1, 2]", "an event is a JSON object"),
        ('{"id": "UPPER"}', "id: small letters"),
        ('{"id": "a", "date": "2025-13-01"}', "not a day of the calendar"),
        ('{"id": "a", "date": "2025-06-01", "surprise": 1}', "unknown field surprise"),
        (coded('{"rec": "trust", "direction": 2, "strength": 1}'), "direction of trust"),
        (coded('{"rec": "trust", "direction": 1, "strength": 9}'), "strength of trust"),
        (coded('{"rec": "luck", "direction": 1, "strength": 1}'), "rec: 'luck' is not one of"),
        ('{"id": "a", "date": "2025-06-01", "title": "\\ud800"}', "surrogate"),
        ('{"id": "a", "date": "2025-06-01", "sources": [{"url": "javascript:alert(1)"}]}', "url starts with"),
        ("[" * 100_000, "not JSON"),
        ('{"id": "a", "title": "' + "x" * 1_000_001 + '"}', "longer than"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_half_done(recommendations, tmp_path, line, reason):
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(ACT) + "\n" + line + "\n", "utf-8")
    with pytest.raises(CommandError, match=reason) as error:
        call_command("import", str(path), stdout=io.StringIO())
    assert "line 2" in str(error.value)
    assert not Event.objects.filter(id=ACT["id"]).exists()


def test_a_file_that_is_not_there_or_not_text_is_said(recommendations, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import", str(tmp_path / "nothing.jsonl"))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="not UTF-8"):
        call_command("import", str(tmp_path / "binary.jsonl"))


def test_what_format_1_1_adds_comes_back_from_row_and_log(recommendations):
    said = {
        "id": "2025-11-20-pause",
        "date": "2025-11-20",
        "title": "A pause for a year",
        "reach": "local",
        "until": "2026-11-20",
        "suspends": ["2025-10-09-china-rare-earth-extraterritorial-controls"],
        "stage": "plan",
        "due": "2026-05",
        "due_what": "a report",
        "sources": [{"title": "Gazette", "kind": "primary"}],
        "assessments": [{"rec": "trust", "direction": 1, "strength": 4, "rationale_zh": "暂停一年"}],
    }
    before = Revision.objects.count()
    triage.enter(said, "Ada")
    event = Event.objects.get(pk=said["id"])
    assert record.canonical(log.body_of(event)) == Revision.objects.order_by("sequence").last().body
    kept = Revision.objects.order_by("sequence").last().record
    assert {name: kept[name] for name in record.ADDED if name in said} == {
        name: said[name] for name in record.ADDED if name in said
    }
    triage.edit(said["id"], None, {"until": "2027-01-01", "reach": "wide", "stage": None}, "prolonged")
    kept = Revision.objects.order_by("sequence").last().record
    assert kept["until"] == "2027-01-01"
    assert not {"reach", "stage"} & set(kept)
    with pytest.raises(triage.Refused, match="needs `until`"):
        triage.edit(said["id"], None, {"until": None}, "no day")
    assert log.verify() == before + 2

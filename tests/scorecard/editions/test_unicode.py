"""Whatever people write goes in, out, into a signed edition, past its verifier and back, and is the same."""

import datetime
import io
import json
import sys

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard import editions, verify
from scorecard.management.commands import export
from tests.scorecard import cast
from tests.scorecard.editions.test_editions import path_of, run
from tracker import importing, log, record, rows, text, triage
from tracker.models import Event, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations"), pytest.mark.slow]
SEPARATED = "one\u2028two\u2029three\x85four\vfive\fsix"
TEXTS = st.text(st.characters(exclude_categories=()), max_size=30)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_FOLDER, settings.SIGNING_KEY = tmp_path, "07" * 32
    return tmp_path


def act(key, words):
    """A record that holds the words wherever a record holds any."""
    assessment = {"rec": "trust", "direction": 1, "strength": 4, "ask": None, "rationale": words[:400]}
    source = {"title": words[:400], "publisher": words[:200], "url": f"https://a.example/{key}", "lang": "en"}
    return cast.event(
        key, title=f"t{words[:400]}", title_zh=words[:400], summary=words, summary_zh=words,
        assessments=[assessment], sources=[source],
    )  # fmt: skip


def imported(path, lines, why=""):
    path.write_bytes("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode())
    return command("import", path, "--why", why)


def command(name, *arguments):
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def texts_of(line):
    for key in ("title", "title_zh", "summary", "summary_zh"):
        yield line[key]
    yield line["assessments"][0]["rationale"]


def comes_back(path, given_lines):
    """The exports say what was checked, JSON Lines and CSV alike, and the export imported again adds nothing."""
    wanted = [record.check(line) for line in given_lines]
    lines = path.with_suffix(".out")
    lines.write_text("".join(export.events_jsonl()), "utf-8", newline="")
    with lines.open("rb") as binary:
        found = [line for _number, line in rows.json_lines(binary)]
    timeless = {"recorded_at": None}
    assert [line | timeless for line in found] == [line | timeless for line in wanted]
    columns = {name: (name,) for name in export.EVENT_COLUMNS}
    sheet = rows.csv_rows(io.BytesIO("".join(export.events_csv()).encode()), columns)
    read = [[row[key] for key in (*export.EVENT_COLUMNS[4:8], "rationale")] for _number, row in sheet.rows]
    assert read == [list(texts_of(line)) for line in wanted]
    assert f"0 events added, 0 versions changed an event, {len(wanted)} versions" in command("import", lines)


@pytest.mark.slow
def test_all_of_unicode_goes_in_out_signed_checked_and_back(tmp_path):
    everything = text.without_forbidden("".join(map(chr, range(sys.maxunicode + 1))))
    lines = [
        act(f"u-{start}", everything[start : start + 9_000]) for start in range(0, len(everything), 9_000)
    ]
    with time_machine.travel("2026-07-11T00:20:00Z", tick=False):
        assert f"{len(lines)} events added" in imported(tmp_path / "all.jsonl", lines, SEPARATED)
        comes_back(tmp_path / "all.jsonl", lines)
        assert Revision.objects.first().why == SEPARATED.translate(
            dict.fromkeys(b"\x0b\x0c\x85", "\n")
        ).replace("\u2028", "\n").replace("\u2029", "\n")
    with time_machine.travel("2026-07-12T00:20:00Z", tick=False):
        edition = editions.make()
    told = verify.verify(verify.open_edition(path_of(edition)), edition.key)
    assert f"{len(lines)} revisions, each fits its digest" in told


def read(line):
    return importing.read(io.BytesIO(json.dumps(line).encode()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_any_text_is_refused_with_its_place_or_comes_back(tmp_path, words):
    allowed = text.without_forbidden(words)
    if allowed != words:
        with pytest.raises(rows.BadFile, match="line 1: title, character"):
            read(act("any", words))
    with transaction.atomic():
        importing.enter(read(act("any", allowed)), who="Tests")
        comes_back(tmp_path / "one.jsonl", [act("any", allowed)])
        assert len("".join(export.events_jsonl()).splitlines()) == 1
        transaction.set_rollback(True)


@pytest.fixture
def old_log(monkeypatch):
    """A log from before there was a door: raw separators and a control character in a version and its reason."""
    cast.put("old")
    with monkeypatch.context() as before, transaction.atomic():
        event = Event.objects.get(pk="old")
        event.title = event.summary = f"{SEPARATED}\a e\u0301"
        event.save()
        body = log.body_of(event) | {"title": event.title, "summary": event.summary}
        body["recorded_at"] = timezone.now().date().isoformat()
        before.setattr(log, "body_of", lambda event: body)
        before.setattr(
            record, "canonical", lambda line: json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        )
        log.append(event, kind="update", who=f"Old{SEPARATED}", why=SEPARATED)
    assert "\u2028" in Revision.objects.get(sequence=2).body


def test_editions_of_a_log_with_old_separators_verify_for_good(old_log, analyst_at_the_time):
    tomorrow = timezone.now() + datetime.timedelta(1)
    with time_machine.travel(tomorrow, tick=False):
        first = editions.make()
        triage.retract("old", analyst_at_the_time, why=f"pasted {SEPARATED}")
    assert "\u2028" in verify.open_edition(path_of(first))["changes.jsonl"].decode()
    last = Revision.objects.get(sequence=3)
    assert last.why == "pasted one\ntwo\nthree\nfour\nfive\nsix"
    assert last.record["title"] == "one two three four five six é"
    with time_machine.travel(tomorrow + datetime.timedelta(1), tick=False):
        second = editions.make()
    for arguments in ([path_of(first)], [path_of(second), "--previous", path_of(first)]):
        told = run(*arguments, "--key", first.key)
        assert told.returncode == 0, told.stderr


@pytest.fixture
def analyst_at_the_time(django_user_model):
    return cast.account(django_user_model, "ada", "reviewer")


def test_an_old_log_is_read_scored_and_known_again(old_log, client, tmp_path):
    assert client.get("/events/old/").status_code == 200
    assert client.get("/api/v1/events/old/").status_code == 200
    path = tmp_path / "old.jsonl"
    path.write_text("".join(export.events_jsonl()).replace("\\u0007", ""), "utf-8", newline="")
    assert json.loads(command("score", "--events", path, "--as-of", "2025-07-01"))
    assert "0 versions changed an event, 2 versions were on record already" in command("import", path)


def test_an_incomplete_last_line_of_an_edition_is_found(tmp_path):
    with pytest.raises(verify.Wrong, match="last line of the log is not complete"):
        verify.check_log(b'{"sequence": 1}', {"sequence": 1, "head": ""})

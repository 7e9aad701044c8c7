"""Downloads: the same rows in every format, of the day asked for, whole or in parts, with their dictionary."""

import base64
import csv
import datetime
import gzip
import hashlib
import io
import json
import math
import re
import tracemalloc

import duckdb
import openpyxl
import pandas
import polars
import pyarrow
import pytest
import time_machine
from django.utils import timezone
from pyarrow import parquet

from scorecard import downloads, tables
from tests.scorecard import cast
from tracker import importing, log, record, triage
from tracker.models import Event, MachineCoding, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]


@pytest.fixture(autouse=True)
def unhurried(settings, tmp_path):
    settings.API_RATE_ANONYMOUS = 100_000
    settings.DATA_FOLDER = tmp_path


def taken(client, name, ending, query=""):
    answer = client.get(f"/api/v1/exports/{name}.{ending}{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.fixture
def coded_twice(seeded):
    """A second reading by a language model of an event on record, and one of an event that is none."""
    on, off = Event.objects.accepted().order_by("pk")[:2]
    for event in (on, off):
        codes = record.codes(Revision.objects.filter(event=event).latest("sequence").record)
        second = codes | {"assessments": [each | {"strength": 1} for each in codes["assessments"]]}
        MachineCoding.objects.create(event=event, reader="a model", release=2, first=codes, body=second)
    triage.retract(off, None, "No act")
    return on


def test_codings_of_what_is_on_record_are_there_for_whoever_recounts_agreement(client, coded_twice):
    first, *rest = [json.loads(line) for line in taken(client, "codings", "jsonl").splitlines()]
    assert {line["event"] for line in (first, *rest)} == {coded_twice.pk}
    assert (first["kind"], first["part"], first["coder"]) == ("machine", "first", "release 2")
    assert {(line["coder"], line["strength"]) for line in rest if line["part"] == "second"} == {
        ("a model", 1)
    }
    MachineCoding.objects.all().delete()
    log.turn()
    assert taken(client, "codings", "jsonl") == b""


@pytest.mark.usefixtures("coded_twice")
@pytest.mark.parametrize("name", [*tables.TABLES])
def test_the_three_formats_hold_the_same_rows(client, seeded, name):
    query = "?as_of=2025-02-10" if "method" in tables.TABLES[name].takes else ""
    lines = [json.loads(line) for line in taken(client, name, "jsonl", query).splitlines()]
    sheet = list(csv.DictReader(io.StringIO(taken(client, name, "csv", query).decode())))
    packed = parquet.read_table(io.BytesIO(taken(client, name, "parquet", query)))
    columns = [column.name for column in tables.TABLES[name].columns]
    assert len(lines) == len(sheet) == packed.num_rows > 0
    assert list(lines[0]) == list(sheet[0]) == packed.column_names == columns
    for line, row, typed in list(zip(lines, sheet, packed.to_pylist(), strict=True))[
        :: max(1, len(lines) // 200)
    ]:
        for column in columns:
            plain = "" if line[column] is None else str(line[column])
            plain = plain.lower() if isinstance(line[column], bool) else plain
            assert row[column].removeprefix("'") == plain.removeprefix("'")
            assert (typed[column] is None) == (line[column] is None)


def test_the_dictionary_says_what_every_column_means(client, seeded):
    listed = {table["name"]: table for table in cast.get(client, "/exports/")["tables"]}
    for name, table in tables.TABLES.items():
        query = "?as_of=2025-01-22" if "method" in table.takes else ""
        header = taken(client, name, "csv", query).decode().splitlines()[0].split(",")
        assert header == [column["name"] for column in listed[name]["columns"]]
        assert all(len(column["meaning"]) > 5 for column in listed[name]["columns"])
        schema = parquet.read_schema(io.BytesIO(taken(client, name, "parquet", query)))
        assert all(schema.field(column).metadata[b"meaning"] for column in header)


CELLS = {
    "string": lambda cell: True,
    "integer": lambda cell: re.fullmatch(r"-?[0-9]+", cell),
    "number": lambda cell: math.isfinite(float(cell)),
    "boolean": lambda cell: cell in ("true", "false"),
    "date": lambda cell: datetime.date.fromisoformat(cell).isoformat() == cell,
    "datetime": lambda cell: datetime.datetime.strptime(cell, "%Y-%m-%dT%H:%M:%SZ"),
}


@pytest.mark.usefixtures("coded_twice")
def test_every_file_is_what_its_data_package_says(client, seeded):
    """The Table Schema read as its standard has it: names in order, types, required cells, keys that are unique."""
    package = client.get("/api/v1/exports/datapackage.json").json()
    assert {each["name"] for each in package["resources"]} == set(tables.TABLES)
    for resource in package["resources"]:
        name, schema = resource["name"], resource["schema"]
        path = resource["path"].removeprefix("http://testserver")
        few = "?year=2025&recommendation=trust" if name == "figures" else ""
        header, *rows = csv.reader(
            io.StringIO(cast.content(client.get(path + few)).decode(resource["encoding"]))
        )
        assert header == [field["name"] for field in schema["fields"]], name
        assert rows or name == "articles"
        for place, field in enumerate(schema["fields"]):
            cells = [row[place] for row in rows]
            filled = [cell for cell in cells if cell not in schema["missingValues"]]
            assert all(CELLS[field["type"]](cell) for cell in filled), (name, field["name"])
            if field.get("constraints", {}).get("required"):
                assert len(filled) == len(cells), (name, field["name"])
        key = [header.index(each) for each in schema.get("primaryKey", ())]
        if key:
            assert len({tuple(row[place] for place in key) for row in rows}) == len(rows), name


def test_numbers_stay_numbers(client, seeded):
    rows = list(csv.DictReader(io.StringIO(taken(client, "series", "csv", "?as_of=2025-03-01").decode())))
    report = cast.get(client, "/scores/trust/?as_of=2025-03-01")["readings"]["balance"]
    last = next(
        r
        for r in rows
        if (r["date"], r["recommendation"], r["reading"]) == ("2025-03-01", "trust", "balance")
    )
    assert float(last["score"]) == pytest.approx(report["score"], abs=1e-9)


def test_the_record_is_the_log(client, seeded):
    assert taken(client, "record", "jsonl") == "".join(f"{line}\n" for line in log.lines()).encode()
    changes = [json.loads(line) for line in taken(client, "changes", "jsonl").splitlines()]
    assert [change["sequence"] for change in changes] == list(range(1, len(changes) + 1))


def test_downloads_are_compressed_on_the_way_and_conditional(client, seeded):
    answer = client.get("/api/v1/exports/record.jsonl", HTTP_ACCEPT_ENCODING="gzip")
    assert answer.streaming
    assert gzip.decompress(b"".join(answer.streaming_content)) == taken(client, "record", "jsonl")
    again = client.get("/api/v1/exports/record.jsonl", HTTP_IF_NONE_MATCH=answer.headers["ETag"])
    assert again.status_code == 304


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_table_ten_times_as_long_takes_no_more_memory(ending, monkeypatch):
    monkeypatch.setattr(downloads, "GROUP", 500)
    columns = tables.TABLES["assessments"].columns

    def peak(count):
        rows = (
            (
                *("an-id", "2025-01-21", "day", "us", "confirmed", "trust", 1, 4, None, "a reason " * 9),
                *("", None, None, "wide", None, ""),
            )
            for _number in range(count)
        )
        tracemalloc.start()
        for _chunk in downloads.written(ending, columns, rows):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    # A Parquet file ends in a list of its groups, some 6 kB each with these columns: 24 of 500 rows here.
    assert peak(12_000) < 1.5 * peak(1_200) + 24 * 8_000


@pytest.mark.parametrize(
    ("name", "query", "status", "says"),
    [
        ("events.jsonl", "colour=red", 400, "as_of, known_at, rev, lists"),
        ("events.csv", "actor=us", 400, "actor"),
        ("record.jsonl", "known_at=2025-06-01", 400, "allowed: rev"),
        ("figures.csv", "actor=martians", 400, "all, us"),
        ("figures.csv", "known_at=2099-01-01", 404, "known_at"),
        ("scores.csv", "method=0.1", 400, "method"),
    ],
)
def test_a_question_that_a_table_does_not_know_is_refused(client, seeded, name, query, status, says):
    assert says in cast.get(client, f"/exports/{name}?{query}", status)["detail"]


def test_a_table_of_the_record_is_as_it_was_known_on_the_day(client, seeded):
    today = timezone.now().date().isoformat()
    with time_machine.travel(timezone.now() + datetime.timedelta(2)):
        law = triage.enter(cast.event("a-later-law", "2026-07-01"), who="Ada", why="new")
        assert law.record["recorded_at"] > today
        then = taken(client, "events", "jsonl", f"?known_at={today}").splitlines()
        now = taken(client, "events", "jsonl").splitlines()
        listed = cast.get(client, f"/events/?known_at={today}&limit=1")["total"]
    assert {json.loads(line)["id"] for line in now} - {json.loads(line)["id"] for line in then} == {
        law.event_id
    }
    assert len(then) == listed
    early = taken(client, "assessments", "jsonl", "?as_of=2025-06-01&lists=arrays").splitlines()
    assert all(json.loads(line)["date"] <= "2025-06-01" for line in early)
    assert all(isinstance(json.loads(line)["actors"], list) for line in early)
    schema = parquet.read_schema(io.BytesIO(taken(client, "events", "parquet", "?lists=arrays")))
    assert schema.field("actors").type == pyarrow.list_(pyarrow.string())


def test_the_long_table_holds_every_figure_of_the_api(client, seeded):
    rows = csv.DictReader(
        io.StringIO(
            taken(
                client, "figures", "csv", "?as_of=2026-01-31&method=1.0&year=2026&actor=all,us,china"
            ).decode()
        )
    )
    last = {(r["recommendation"], r["actor"], r["reading"]): r for r in rows if r["day"] == "2026-01-31"}
    for actor in ("all", "us", "china"):
        asked = "" if actor == "all" else f"&actor={actor}"
        found = cast.get(client, f"/scores/?as_of=2026-01-31&method=1.0{asked}")["recommendations"]
        for slug, readings in found.items():
            for reading in ("balance", "pulse"):
                row, figure = last[slug, actor, reading], readings[reading]
                assert float(row["value"]) == pytest.approx(figure["score"], abs=1e-9)
                assert float(row["low"]) == pytest.approx(figure["low"], abs=1e-9)
                assert row["word"] == figure["label"]
            value = readings["delivery"]["value"]
            told = last[slug, actor, "delivery"]
            assert (told["value"], told["word"]) == (
                "" if value is None else told["value"],
                readings["delivery"]["label"],
            )
            if value is not None:
                assert float(told["value"]) == pytest.approx(value, abs=1e-9)
    assert {row["vintage"] for row in last.values()} == {timezone.now().date().isoformat()}


def test_the_long_table_of_one_year_and_as_known_then(client, seeded):
    query = "?as_of=2026-03-01&actor=all&reading=balance&recommendation=trust"
    year = [json.loads(each) for each in taken(client, "figures", "jsonl", f"{query}&year=2026").splitlines()]
    assert {row["day"][:4] for row in year} == {"2026"}
    assert len(year) == len({row["day"] for row in year})
    then = [json.loads(each) for each in taken(client, "figures", "jsonl", f"{query}&then=true").splitlines()]
    assert all(row["vintage"] == row["day"] for row in then)


def test_the_long_table_has_every_figure_as_each_release_had_it(client, seeded):
    query = "?as_of=2026-12-01&actor=all&reading=balance&recommendation=trust"

    def rows(more):
        lines = taken(client, "figures", "jsonl", f"{query}{more}").splitlines()
        return [json.loads(line) for line in lines]

    second = importing.releases()[1].day
    before = second - datetime.timedelta(1)
    late = {
        "id": "late", "date": "2026-03-01", "title": "A late record", "certainty": "confirmed",
        "assessments": [{"rec": "trust", "direction": -1, "strength": 5, "rationale": "A ban."}],
    }  # fmt: skip
    with time_machine.travel("2026-12-02T12:00:00+00:00"):
        triage.enter(late, "Ada")
        found = rows("&vintages=true")
        assert {row["vintage"] for row in found} == {str(before), "2026-12-02"}
        old = [row for row in found if row["vintage"] == str(before)]
        assert old == [row for row in rows(f"&known_at={before}") if row["day"] <= str(before)]
        assert [row for row in found if row not in old] == rows("")
    values = {(row["day"], row["vintage"]): row["value"] for row in found}
    assert any(values[row["day"], "2026-12-02"] != row["value"] for row in old)
    assert client.get("/api/v1/exports/figures.csv?vintages=true&then=true").status_code == 400


def test_a_file_has_its_length_its_digest_and_parts(client, seeded):
    address = "/api/v1/exports/sources.csv"
    whole = client.get(address)
    body = b"".join(whole.streaming_content)
    assert int(whole.headers["Content-Length"]) == len(body)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert whole.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    for asked, part, where in (
        ("bytes=0-9", body[:10], f"bytes 0-9/{len(body)}"),
        ("bytes=-4", body[-4:], f"bytes {len(body) - 4}-{len(body) - 1}/{len(body)}"),
        (f"bytes={len(body) - 3}-", body[-3:], f"bytes {len(body) - 3}-{len(body) - 1}/{len(body)}"),
    ):
        got = client.get(address, HTTP_RANGE=asked, HTTP_ACCEPT_ENCODING="gzip")
        assert (got.status_code, cast.content(got), got.headers["Content-Range"]) == (206, part, where)
        assert got.headers["ETag"] == whole.headers["ETag"]
    beyond = client.get(address, HTTP_RANGE=f"bytes={len(body)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(body)}")
    assert client.get(address, HTTP_RANGE="bytes=0-1,3-4").status_code == 200
    assert client.get(address, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"another"').status_code == 200
    assert int(client.head(address).headers["Content-Length"]) == len(body)


def test_a_workbook_opens_with_words_numbers_and_days(client, seeded):
    book = openpyxl.load_workbook(io.BytesIO(taken(client, "assessments", "xlsx")))
    sheet = book["data"]
    lines = [json.loads(line) for line in taken(client, "assessments", "jsonl").splitlines()]
    header = [cell.value for cell in sheet[1]]
    assert sheet.max_row == len(lines) + 1
    first = dict(zip(header, [cell.value for cell in sheet[2]], strict=True))
    assert first["date"].date().isoformat() == lines[0]["date"]
    assert first["direction"] == lines[0]["direction"]
    assert book["columns"].max_row == len(header)


@pytest.mark.slow
@pytest.mark.usefixtures("coded_twice")
def test_the_readers_of_researchers_read_every_table(client, seeded, tmp_path):
    for name in tables.TABLES:
        query = "?as_of=2025-02-10" if "method" in tables.TABLES[name].takes else ""
        files = {}
        for ending in ("csv", "jsonl", "parquet"):
            files[ending] = tmp_path / f"{name}.{ending}"
            files[ending].write_bytes(taken(client, name, ending, query))
        rows = pandas.read_parquet(files["parquet"])
        assert (
            len(rows)
            == len(pandas.read_csv(files["csv"]))
            == len(pandas.read_json(files["jsonl"], lines=True))
        )
        assert polars.read_parquet(files["parquet"]).height == len(rows)
        assert polars.read_csv(files["csv"], infer_schema_length=None).height == len(rows)
        assert polars.read_ndjson(files["jsonl"], infer_schema_length=None).height == len(rows)
        for ending, reader in (("csv", "read_csv"), ("jsonl", "read_json"), ("parquet", "read_parquet")):
            counted = duckdb.sql(f"select count(*) from {reader}('{files[ending]}')").fetchall()
            assert counted == [(len(rows),)], (name, ending)


def test_what_cannot_be_written_here_says_what_to_do(client, seeded, monkeypatch):
    monkeypatch.setitem(downloads.EXTRAS, "parquet", ("no_such_package", "requirements/parquet.txt"))
    downloads.writable.cache_clear()
    problem = cast.get(client, "/exports/events.parquet", 501)
    assert "requirements/parquet.txt" in problem["detail"]
    assert "parquet" not in cast.get(client, "/exports/")["tables"][0]["files"]
    downloads.writable.cache_clear()


def test_a_full_disk_still_sends_the_file(client, seeded, monkeypatch):
    def full(*_words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads, "kept", full)
    assert taken(client, "record", "jsonl") == "".join(f"{line}\n" for line in log.lines()).encode()

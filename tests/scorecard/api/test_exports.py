"""Downloads: the same rows in every format, safe in spreadsheets, streamed, with their dictionary."""

import csv
import gzip
import io
import json
import tracemalloc

import pytest
from pyarrow import parquet

from scorecard import formats, tables
from tests.scorecard import cast
from tracker import log

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]


@pytest.fixture(autouse=True)
def unhurried(settings):
    settings.API_RATE_ANONYMOUS = 100_000


def taken(client, name, ending, query=""):
    answer = client.get(f"/api/v1/exports/{name}.{ending}{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("name", [*tables.TABLES])
def test_the_three_formats_hold_the_same_rows(client, seeded, name):
    query = "?as_of=2025-06-30" if "method" in tables.TABLES[name].takes else ""
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
    for name in tables.TABLES:
        header = taken(client, name, "csv").decode().splitlines()[0].split(",")
        assert header == [column["name"] for column in listed[name]["columns"]]
        assert all(len(column["meaning"]) > 5 for column in listed[name]["columns"])
        schema = parquet.read_schema(io.BytesIO(taken(client, name, "parquet")))
        assert all(schema.field(column).metadata[b"meaning"] for column in header)


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
    monkeypatch.setattr(formats, "GROUP", 500)
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
        for _chunk in formats.written(ending, columns, rows):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    # A Parquet file ends in a list of its groups, some 6 kB each with these columns: 24 of 500 rows here.
    assert peak(12_000) < 1.5 * peak(1_200) + 24 * 8_000

"""Rows as bytes: JSON Lines, CSV that spreadsheets open safely, Parquet, Excel. Always a chunk at a time.

Parquet and Excel are written by libraries that are extras; where one is not installed, `Missing` says which.
"""

from __future__ import annotations

import datetime
import functools
import importlib
import io
import itertools
import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from scorecard.tables import Column, Row
from tracker.codebook import Ask, Codebook, Recommendation, Text
from tracker.rows import csv_lines

CHUNK = 64 * 1024
GROUP = 5000
MEDIA_TYPES = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Which library writes a format, and which extra brings it.
EXTRAS = {"parquet": ("pyarrow", "requirements/parquet.txt"), "xlsx": ("xlsxwriter", "requirements/xlsx.txt")}
SHEET = 1_000_000  # rows; a sheet of Excel ends at 1,048,576


class Missing(ImproperlyConfigured):
    """A format whose library is not installed on this server; the message says what to do."""


def library_of(ending: str) -> Any:
    """The library that writes a format, None where Python does; `Missing` if it is not installed."""
    if ending not in EXTRAS:
        return None
    name, extra = EXTRAS[ending]
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Missing(
            f"This server does not write .{ending} files: the package {name} is not installed. Take .csv or .jsonl; "
            f"its operator can install {extra}."
        ) from None


@functools.cache
def writable(ending: str) -> bool:
    """Whether this server can write the format."""
    try:
        library_of(ending)
    except Missing:
        return False
    return True


def _arrow(pyarrow: Any) -> dict[str, Any]:
    return {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "day": pyarrow.date32(),
        "moment": pyarrow.timestamp("s", tz="UTC"),
        "list": pyarrow.list_(pyarrow.string()),
    }


# Made once: `json.dumps` with separators of its own makes one for each line.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def line(value: Any) -> str:
    """One line of JSON, with its end."""
    return _encode(value) + "\n"


def written(
    format_: str, columns: Sequence[Column], rows: Iterable[Row], about: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """The rows as a file. `about` is what it says of itself, where the format has a place for it."""
    if format_ == "jsonl":
        return jsonl(columns, rows)
    if format_ == "csv":
        return csv(columns, rows)
    return {"parquet": as_parquet, "xlsx": as_xlsx}[format_](columns, rows, about or {})


def jsonl(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    names = [column.name for column in columns]
    yield from gathered(line(dict(zip(names, map(_text, row), strict=True))) for row in rows)


def csv(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    header = [column.name for column in columns]
    yield from gathered(csv_lines(header, (map(_cell, row) for row in rows)))


def as_parquet(
    columns: Sequence[Column], rows: Iterable[Row], about: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """One row group for each 5,000 rows; the meaning of each column, and what the file is, are in its metadata."""
    pyarrow = library_of("parquet")
    parquet, types = importlib.import_module("pyarrow.parquet"), _arrow(pyarrow)
    schema = pyarrow.schema(
        (
            pyarrow.field(column.name, types[column.type], metadata={"meaning": column.meaning})
            for column in columns
        ),
        metadata=dict(about or {}),
    )
    sink = _Sink()
    waiting = iter(rows)
    with parquet.ParquetWriter(pyarrow.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        while group := list(itertools.islice(waiting, GROUP)):
            arrays = [
                pyarrow.array([_typed(value, column.type) for value in values], type=types[column.type])
                for column, values in zip(columns, zip(*group, strict=True), strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            yield from sink.taken()
    yield from sink.taken()


def as_xlsx(
    columns: Sequence[Column], rows: Iterable[Row], about: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """A workbook: the rows, a sheet with the meaning of each column, and one with what the file is. Texts stay texts,
    so that nothing is calculated; days are days."""
    xlsxwriter, about = library_of("xlsx"), about or {}
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    options = {**plain, "constant_memory": True, "nan_inf_to_errors": True}
    with tempfile.TemporaryFile() as file:
        with xlsxwriter.Workbook(file, options) as book:
            # The same rows shall give the same bytes.
            book.set_properties({"title": about.get("title", ""), "created": datetime.datetime(2000, 1, 1)})
            bold, dated = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
            waiting, number = iter(rows), 0
            while (group := list(itertools.islice(waiting, 1))) or not number:
                number += 1
                sheet = book.add_worksheet("data" if number == 1 else f"data {number}")
                sheet.freeze_panes(1, 0)
                for place, column in enumerate(columns):
                    sheet.set_column(place, place, 14, dated if column.type == "day" else None)
                    sheet.write_string(0, place, column.name, bold)
                part = itertools.chain(group, itertools.islice(waiting, SHEET - 1))
                for height, row in enumerate(part, start=1):
                    for place, (value, column) in enumerate(zip(row, columns, strict=True)):
                        _put(sheet, height, place, _typed(value, column.type))
            _listed(book, "columns", ((each.name, each.type, each.meaning) for each in columns))
            _listed(book, "about", about.items())
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _listed(book: Any, name: str, lines: Iterable[Sequence[str]]) -> None:
    sheet = book.add_worksheet(name)
    for height, line_ in enumerate(lines):
        for place, text in enumerate(line_):
            sheet.write_string(height, place, text)


def _put(sheet: Any, height: int, place: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(height, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(height, place, value)
    elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        sheet.write_datetime(height, place, value)
    elif value not in (None, "", []):
        sheet.write_string(height, place, str(_cell(value))[:32767])


def gathered(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines in chunks of about 64 KB."""
    held, size = [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= CHUNK:
            yield "".join(held).encode()
            held, size = [], 0
    if held:
        yield "".join(held).encode()


def compressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same as gzip, still a chunk at a time."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def _text(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def _cell(value: Any) -> Any:
    """A value as a cell shows it: the members of a list with spaces between."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else _text(value)


def _typed(value: Any, kind: str) -> Any:
    if kind == "day" and isinstance(value, str):
        return datetime.date.fromisoformat(value) if value else None
    return value


class _Sink(io.RawIOBase):
    """A file that Parquet writes and a response drains."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        copied = bytes(part)
        self._held.append(copied)
        self._place += len(copied)
        return len(copied)

    def tell(self) -> int:
        return self._place

    def taken(self) -> Iterator[bytes]:
        held, self._held = self._held, []
        yield from held


def recommendation(one: Recommendation, book: Codebook) -> dict[str, Any]:
    """A recommendation's place and words as programs get them, without its asks."""
    words: dict[str, Any] = {"slug": one.slug, "number": one.number}
    for name in ("name", "summary", "advances", "undermines"):
        words |= _tongues(name, getattr(one, name), book)
    return words


def asks(one: Recommendation, book: Codebook) -> list[dict[str, Any]]:
    """What a recommendation asks for, as programs get it."""
    return [_ask(ask, book) for ask in one.asks]


def _ask(ask: Ask, book: Codebook) -> dict[str, Any]:
    words = _tongues("name", ask.name, book) | _tongues("description", ask.description, book)
    return {"slug": ask.slug, **words, "mode": ask.mode, "actors": list(ask.actors)}


def _tongues(name: str, text: Text, book: Codebook) -> dict[str, str]:
    """Programs know two places for words: of the codebook's first language, and of its second if it has one."""
    second = text.in_(book.languages[1]) if len(book.languages) > 1 else ""
    return {f"{name}_en": str(text), f"{name}_zh": second}

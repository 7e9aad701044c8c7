"""Rows as bytes: JSON Lines, CSV that spreadsheets open safely, Parquet. Always a chunk at a time."""

from __future__ import annotations

import datetime
import io
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow
from pyarrow import parquet

from scorecard.tables import Column, Row
from tracker.codebook import Ask, Codebook, Recommendation, Text
from tracker.rows import csv_lines

CHUNK = 64 * 1024
GROUP = 5000
MEDIA_TYPES = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}
_ARROW = {
    "text": pyarrow.string(),
    "integer": pyarrow.int64(),
    "number": pyarrow.float64(),
    "boolean": pyarrow.bool_(),
    "day": pyarrow.date32(),
    "moment": pyarrow.timestamp("s", tz="UTC"),
}


# Made once: `json.dumps` with separators of its own makes one for each line.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def line(value: Any) -> str:
    """One line of JSON, with its end."""
    return _encode(value) + "\n"


def written(format_: str, columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    return {"jsonl": jsonl, "csv": csv, "parquet": as_parquet}[format_](columns, rows)


def jsonl(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    names = [column.name for column in columns]
    yield from gathered(line(dict(zip(names, map(_text, row), strict=True))) for row in rows)


def csv(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    header = [column.name for column in columns]
    yield from gathered(csv_lines(header, (map(_text, row) for row in rows)))


def as_parquet(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    """One row group for each 5,000 rows; the meaning of each column is in its metadata."""
    schema = pyarrow.schema(
        pyarrow.field(column.name, _ARROW[column.type], metadata={"meaning": column.meaning})
        for column in columns
    )
    sink = _Sink()
    waiting = iter(rows)
    with parquet.ParquetWriter(pyarrow.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        while group := list(itertools.islice(waiting, GROUP)):
            arrays = [
                pyarrow.array([_typed(value, column.type) for value in values], type=_ARROW[column.type])
                for column, values in zip(columns, zip(*group, strict=True), strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            yield from sink.taken()
    yield from sink.taken()


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

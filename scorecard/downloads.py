"""Files for download: rows written in the format asked for, once for each state of what they rest on, then sent with
their length, in parts if a reader wants parts, and with a digest.

The law: a file has its whole content under its name or is not there, and its name holds the digest of its bytes, so
the same tag always means the same bytes. What is stored is only a copy: any of it may be deleted at any time.

Rows become JSON Lines, CSV that spreadsheets open safely, Parquet or Excel, always a chunk at a time. Parquet and Excel
are written by libraries that are extras; where one is not installed, `Missing` says which.
"""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import importlib
import io
import itertools
import json
import logging
import os
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from scorecard import conditional, limits
from scorecard.tables import Column, Row
from tracker.rows import csv_lines

logger = logging.getLogger(__name__)

MOST = 500_000_000  # bytes of copies; the oldest go first
LEFT_BEHIND = 3600  # seconds; whoever was writing the file is dead by then
CHUNK = 64 * 1024
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
NAMED = re.compile(r"[0-9a-f]{32}-[0-9a-f]{64}")
MEDIA_TYPES = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Which library writes a format, and which extra brings it.
EXTRAS = {"parquet": ("pyarrow", "requirements/parquet.txt"), "xlsx": ("xlsxwriter", "requirements/xlsx.txt")}
GROUP = 5000  # rows, of Parquet
SHEET = 1_000_000  # rows; a sheet of Excel ends at 1,048,576


@dataclass(frozen=True, slots=True)
class Stored:
    """A whole file on the disk; `digest` is the SHA-256 of its bytes, hexadecimal."""

    path: Path
    digest: str
    size: int


def folder() -> Path:
    found = Path(settings.DATA_FOLDER) / "downloads"
    found.mkdir(parents=True, exist_ok=True)
    return found


def kept(key: str, make: Callable[[], Iterable[bytes]]) -> Stored:
    """The file of this key, written now unless it stands. OSError where there is no room for it."""
    if standing := _standing(key):
        return standing
    name, place = conditional.digest(key), folder()
    handle, made = tempfile.mkstemp(dir=place, prefix=".making-")
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in make():
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        path = place / f"{name}-{digest.hexdigest()}"
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
    _prune(place)
    return Stored(path, digest.hexdigest(), size)


def _standing(key: str) -> Stored | None:
    for path in folder().glob(f"{conditional.digest(key)}-*"):
        with suppress(OSError):
            os.utime(path)  # the newest are kept
            return Stored(path, path.name.partition("-")[2], path.stat().st_size)
    return None


def _for(request: HttpRequest, key: str, make: Callable[[], Iterable[bytes]]) -> Stored:
    """The same for a reader: to write a file takes a place among the downloads, and from the reader's share of the
    minute as long as it takes; `TooMany` where there is none."""
    if standing := _standing(key):
        return standing
    give_back = limits.downloads.take()
    try:
        with limits.spend_page(request, of_its_own=False):
            return kept(key, make)
    finally:
        give_back()


def _prune(place: Path) -> None:
    """Let go of the copies that were asked for longest ago, beyond what may lie there."""
    found = []
    for path in place.iterdir():
        with suppress(OSError):  # another process may have deleted it
            about = path.stat()
            if NAMED.fullmatch(path.name):
                found.append((about.st_mtime, about.st_size, path))
            elif about.st_mtime < time.time() - LEFT_BEHIND:
                path.unlink(missing_ok=True)
    left = MOST
    for _at, size, path in sorted(found, reverse=True):
        left -= size
        if left < 0:
            path.unlink(missing_ok=True)


def answer(
    request: HttpRequest,
    key: str,
    make: Callable[[], Iterable[bytes]],
    *,
    media_type: str,
    name: str,
    packs: bool = False,
) -> HttpResponseBase:
    """The answer to a GET or HEAD for a file; `packs` if it is worth compressing for whoever accepts gzip.

    Where nothing can be stored (a full disk) it is streamed without its length, as it is made.
    """
    # A part is a part of the plain bytes, and who asks for the head alone wants to know how long they are.
    packed = packs and request.method == "GET" and "Range" not in request.headers
    packed = packed and conditional.accepts_gzip(request)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    try:
        plain = _for(request, key, make)
        tag = plain.digest[:32]
        if conditional.holds(request, tag):
            return conditional.unchanged(conditional.quoted(tag, packed))
        packing = lambda: compressed(_read(plain.path))  # noqa: E731
        sent = _for(request, f"{key}:gzip", packing) if packed else plain
    except limits.TooMany as problem:
        return conditional.later(problem)
    except OSError as error:
        logger.warning("downloads cannot be stored: %s", error)
        return conditional.in_turn(
            lambda: StreamingHttpResponse(make(), content_type=media_type, headers=headers)
        )
    if packed:
        headers["Content-Encoding"] = "gzip"
    tag = conditional.quoted(tag, packed)
    made = conditional.in_turn(lambda: file(request, sent, media_type=media_type, headers=headers, tag=tag))
    return made if made.status_code == 503 else conditional.dressed(made, tag)


def file(
    request: HttpRequest, stored: Stored, *, media_type: str, headers: dict[str, str], tag: str
) -> HttpResponseBase:
    """The file, or the part of it that `Range` asks for, with length and digest."""
    headers = headers | {"Accept-Ranges": "bytes", "Repr-Digest": repr_digest(stored.digest)}
    part = None if "Content-Encoding" in headers else asked_part(request, stored.size, tag)
    if part is None:
        whole = FileResponse(stored.path.open("rb"), content_type=media_type)
        whole.headers["Content-Length"] = str(stored.size)
        return _with(whole, headers)
    first, last = part
    if first > last:
        return _with(HttpResponse(status=416), {"Content-Range": f"bytes */{stored.size}"})
    body = StreamingHttpResponse(
        _read(stored.path, first, last + 1 - first), status=206, content_type=media_type
    )
    length = {"Content-Length": str(last + 1 - first)}
    return _with(body, headers | length | {"Content-Range": f"bytes {first}-{last}/{stored.size}"})


def asked_part(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """First and last byte of the one part asked for; None: the whole. A first after the last: there is no such part.

    Several parts at once, and anything else that is no range of bytes, get the whole, as HTTP allows.
    """
    matched = RANGE.fullmatch(request.headers.get("Range", "").strip())
    unchanged = request.headers.get("If-Range", tag) == tag
    if request.method != "GET" or not matched or not any(matched.groups()) or not unchanged:
        return None
    first, last = matched.groups()
    if not first:  # so many bytes from the end
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size - 1)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) if last else size - 1, size - 1)


def repr_digest(digest: str) -> str:
    """A SHA-256 as the header `Repr-Digest` has it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"


def _read(path: Path, first: int = 0, length: int | None = None) -> Iterator[bytes]:
    left = length
    with path.open("rb") as opened:
        opened.seek(first)
        while chunk := opened.read(CHUNK if left is None else min(CHUNK, left)):
            yield chunk
            left = None if left is None else left - len(chunk)


def _with(response: HttpResponseBase, headers: dict[str, str]) -> HttpResponseBase:
    for name, value in headers.items():
        response.headers[name] = value
    return response


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

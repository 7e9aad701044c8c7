"""Rows of files: JSON Lines and CSV, in and out. Pure, and the only place that splits files into lines.

The law: a line ends where its format says, never at a character inside a text (U+2028 ends none); and a file
with a fault names every faulty line it can (`BadFile`), so that whoever reads it keeps nothing of it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

LONGEST_LINE = 1_000_000  # bytes of a line of JSON, characters of a cell
SHOWN = 20
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = ",;\t"
# Where a spreadsheet may begin to calculate (OWASP, "CSV Injection"), with the apostrophes that we put before.
_FORMULA = re.compile("('*) *[=+\\-@\t\r\n＝＋－＠]")
csv.field_size_limit(LONGEST_LINE)

Row = tuple[int, Any]
Taken = TypeVar("Taken")


class BadFile(ValueError):
    """Lines that cannot be taken; the message lists them with their reasons."""

    def __init__(self, faults: Iterable[tuple[int, str]]):
        self.faults = sorted(faults)
        listed = [f"line {number}: {reason}" for number, reason in self.faults[:SHOWN]]
        if len(self.faults) > SHOWN:
            listed.append(f"and {len(self.faults) - SHOWN} more")
        super().__init__("\n".join(listed))


def checked(rows: Iterable[Row], check: Callable[[Any], Taken]) -> list[Taken]:
    """What `check` makes of each row; `BadFile` with the line of every `ValueError` and of every bad row."""
    taken, faults = [], []
    try:
        for number, row in rows:
            try:
                taken.append(check(row))
            except ValueError as error:
                faults.append((number, str(error)))
    except BadFile as file:
        faults += file.faults
    if faults:
        raise BadFile(faults)
    return taken


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of a file; of standard input, which stays open, for the name `-`."""
    if name == "-":
        yield sys.stdin.buffer
    else:
        with open(name, "rb") as binary:
            yield binary


def json_lines(
    binary: BinaryIO, shape: str = "a line is a JSON object"
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of JSON Lines with the numbers of their lines; empty lines are passed over but counted.

    Good lines come first; `BadFile` follows at the end with all that are none. `shape` is what the complaint
    about a value that is no object says.
    """
    faults = []
    for number, line in enumerate(_byte_lines(binary), start=1):
        try:
            if line is None:
                raise ValueError(f"longer than {LONGEST_LINE:,} bytes")
            if line.strip():
                value = json_value(line)
                if not isinstance(value, dict):
                    raise ValueError(f"{shape}, not {type(value).__name__}")
                yield number, value
        except ValueError as error:
            faults.append((number, str(error)))
    if faults:
        raise BadFile(faults)


def json_value(body: bytes) -> Any:
    """One JSON value, strictly: UTF-8, no key twice, no NaN or Infinity; `ValueError` says what is wrong."""
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg}, character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError("not JSON that can be read (nested too deep)") from None


def _byte_lines(binary: BinaryIO) -> Iterator[bytes | None]:
    """Lines without their ends, split at LF alone; None for one that is too long."""
    start = True
    while line := binary.readline(LONGEST_LINE + 2):
        whole, start, was_start = line, False, start
        while not line.endswith(b"\n") and (line := binary.readline(LONGEST_LINE)):
            pass
        if was_start and whole.startswith(UTF_16):
            raise BadFile([(1, "not UTF-8 but UTF-16; save the file as UTF-8")])
        whole = whole.removesuffix(b"\n").removesuffix(b"\r")
        whole = whole.removeprefix(BOM) if was_start else whole
        yield whole if len(whole) <= LONGEST_LINE else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r:.60}: given twice")
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits:.40} is too large a number")
    return number


def _no_number(name: str) -> None:
    raise ValueError(f"not JSON ({name} is no number)")


# `decode` takes NaN for a number and the last of two equal keys; nobody means either.
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_no_number)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file that can be read: its rows by the names of our columns, and what else it says."""

    rows: Iterator[tuple[int, dict[str, str]]]
    unknown: tuple[str, ...]  # columns that nobody asked for
    encoding: str


def csv_rows(binary: BinaryIO, columns: Mapping[str, Iterable[str]]) -> Sheet:
    """The rows of a CSV file with the line on which each begins; `BadFile` for one that cannot be read.

    `columns` are our names and how else they may be spelt: of several that are there the first that is filled
    counts. UTF-8 or GB18030; comma, semicolon or tab. A row of empty cells is passed over.
    """
    text, encoding = _decoded(binary.read())
    spellings = {spelling: name for name, known in columns.items() for spelling in known}
    delimiter = max(DELIMITERS, key=lambda each: len(set(_header(text, each)) & set(spellings)))
    header = _header(text, delimiter)
    if not set(header) & set(spellings):
        next(_records(text, delimiter), None)  # says what is wrong with the first line, if anything is
        raise BadFile([(1, f"no column is known; name them {', '.join(columns)} in the first line")])
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise BadFile([(1, f"the column {', '.join(twice)} stands there twice")])
    unknown = tuple(name for name in header if name and name not in spellings)
    return Sheet(_cells(text, delimiter, header, columns), unknown, encoding)


def _cells(
    text: str, delimiter: str, header: list[str], columns: Mapping[str, Iterable[str]]
) -> Iterator[tuple[int, dict[str, str]]]:
    faults: list[tuple[int, str]] = []
    try:
        records = _records(text, delimiter)
        next(records)
        for number, cells in records:
            nameless = [cell for name, cell in zip(header, cells, strict=False) if cell and not name]
            if len(cells) != len(header):
                faults.append((number, f"{len(cells)} cells; the first line names {len(header)} columns"))
            elif nameless:
                faults.append((number, f"{nameless[0]!r:.60} stands in a column without a name"))
            else:
                given = {name: unguarded(cell) for name, cell in zip(header, cells, strict=True)}
                yield (
                    number,
                    {
                        name: next((given[known] for known in spellings if given.get(known)), "")
                        for name, spellings in columns.items()
                    },
                )
    except BadFile as file:
        faults += file.faults
    if faults:
        raise BadFile(faults)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records that hold anything, each with the line on which it begins; nothing after a broken one."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadFile([(begins, _trouble(str(error), begins, reader.line_num))]) from None
        if any(cell.strip() for cell in cells):
            yield begins, cells


def _trouble(said: str, begins: int, ends: int) -> str:
    if "unexpected end" in said:
        return "a quotation mark is opened here and never closed"
    if "field limit" in said:
        return f"a cell longer than {LONGEST_LINE:,} characters; is a quotation mark opened and never closed?"
    if ends > begins:
        return f"a quotation mark is opened here and closed in the middle of line {ends}"
    return "text stands right behind a closing quotation mark; double the marks that belong to a text"


def _header(text: str, delimiter: str) -> list[str]:
    """The names in the first line that holds anything, small and without spaces."""
    try:
        _line, cells = next(_records(text, delimiter), (1, []))
    except BadFile:  # of another delimiter, perhaps
        return []
    return ["_".join(cell.casefold().split()) for cell in cells]


def _decoded(body: bytes) -> tuple[str, str]:
    if body.startswith(UTF_16):
        raise BadFile([(1, "not UTF-8 but UTF-16; save the file as UTF-8")])
    try:
        return body.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as error:
        line, place = body.count(b"\n", 0, error.start) + 1, error.start + 1
    try:
        return body.decode("gb18030").removeprefix("\ufeff"), "GB18030"
    except UnicodeDecodeError:
        trouble = f"neither UTF-8 (byte {place} of the file) nor GB18030; save the file as UTF-8"
        raise BadFile([(line, trouble)]) from None


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; `unguarded` gives back what went in."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    found = _FORMULA.match(cell)
    return cell[1:] if found and found.group(1) else cell


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The lines of a CSV file (RFC 4180), one record at a time; texts are guarded, numbers stay numbers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(list(header))
    yield _drained(buffer)
    for row in rows:
        writer.writerow([_written(cell) for cell in row])
        yield _drained(buffer)


def _written(cell: Any) -> Any:
    return guarded(cell) if isinstance(cell, str) else "" if cell is None else cell


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text

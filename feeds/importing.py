"""Articles from a file: JSON Lines or CSV, checked whole before anything is kept.

The law: a file with a fault keeps nothing and names every faulty line; a second import changes nothing. An
article imported and delivered is one article.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from feeds import entries, storing
from feeds.entries import Draft
from feeds.parsing import Entry, cleaning, document
from feeds.parsing.document import identity, storable
from tracker import addresses

LONGEST_LINE = 1_000_000  # characters
SHOWN = 20
PART = 500
IMPRECISE = re.compile(r"\d{4}(?:-\d{2})?")
# The names of columns and keys, and those that other tools give them.
NAMES = {
    "url": ("url", "link"),
    "title": ("title", "headline"),
    "summary": ("html", "summary", "description"),
    "publisher": ("publisher", "source", "outlet"),
    "date": ("published_at", "date", "published"),
    "language": ("lang", "language"),
    "author": ("author",),
}


class BadFile(ValueError):
    """Lines that cannot be taken; the message lists them with their reasons."""

    def __init__(self, faults: list[tuple[int, str]]):
        listed = [f"line {number}: {reason}" for number, reason in faults[:SHOWN]]
        if len(faults) > SHOWN:
            listed.append(f"and {len(faults) - SHOWN} more")
        super().__init__("\n".join(listed))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Outcome:
    added: int
    known: int


def read(lines: Iterable[str], *, comma_separated: bool, now: datetime) -> list[Draft]:
    """The articles of a file. Raises BadFile when any line is none."""
    drafts, faults = [], []
    rows = _csv_rows(lines) if comma_separated else _json_rows(lines)
    for number, row in rows:
        try:
            drafts.append(_draft(_checked(row), now))
        except ValueError as error:
            faults.append((number, str(error)))
    if faults:
        raise BadFile(faults)
    return drafts


def add(drafts: list[Draft]) -> Outcome:
    """Keep what is not there yet; all of it or nothing."""
    added = 0
    with transaction.atomic():
        for start in range(0, len(drafts), PART):
            _ids, new = storing.store(reversed(drafts[start : start + PART]))
            added += len(new)
    return Outcome(added, len(drafts) - added)


def _json_rows(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line


def _csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(lines)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise BadFile([(reader.line_num, f"no CSV: {error}")]) from error


def _checked(row: Any) -> dict[str, str]:
    """The values we know by our names. Raises ValueError with the reason."""
    if isinstance(row, str):
        row = _parsed(row)
    if None in row:
        raise ValueError("more cells than the first line names")
    found = {}
    for name, spellings in NAMES.items():
        value = next((row[spelling] for spelling in spellings if row.get(spelling)), "") or ""
        if not isinstance(value, str):
            raise ValueError(f"{name}: text, not {type(value).__name__}")
        found[name] = storable(value.strip())
    if not found["title"]:
        raise ValueError("title: missing")
    if found["url"]:
        addresses.canonical(found["url"])
    elif not found["publisher"]:
        raise ValueError("url: missing; without one at least the publisher must be named")
    if IMPRECISE.fullmatch(found["date"]):
        found["date"] = ""  # a month is no day; an article may well have none
    if found["date"] and document.read(found["date"]) is None:
        raise ValueError(f"date: {found['date'][:50]!r} is none; write 2026-11-16")
    return found


def _parsed(line: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE:,} characters")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(row, dict):
        raise ValueError("a JSON object is needed")
    return row


def _draft(row: dict[str, str], now: datetime) -> Draft:
    title = cleaning.title(row["title"])
    entry = Entry(
        identity=identity("", row["url"], title),
        link=row["url"],
        title=title,
        html=row["summary"],
        published=document.read(row["date"]),
        author=cleaning.title(row["author"]),
        source=cleaning.title(row["publisher"]),
    )
    return entries.draft(entry, publisher="", language=row["language"], now=now)

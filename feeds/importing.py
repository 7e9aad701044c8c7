"""Articles from a file: JSON Lines or CSV, checked whole before anything is kept.

The law: a file with a fault keeps nothing and names every faulty line; a second import changes nothing. An
article imported and delivered is one article.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction

from feeds import entries, storing
from feeds.entries import Draft
from feeds.parsing import Entry, cleaning, dates
from feeds.parsing.document import identity
from tracker import addresses, rows, text

PART = 500
IMPRECISE = re.compile(r"(?:199\d|20\d\d)(?:-(?:0[1-9]|1[0-2]))?")
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
SPELLINGS = {spelling for spellings in NAMES.values() for spelling in spellings}


@dataclass(frozen=True, slots=True)
class Outcome:
    added: int
    known: int


@dataclass(frozen=True, slots=True)
class Found:
    """The articles of a file, and what was passed over in it."""

    drafts: list[Draft]
    unknown: tuple[str, ...]  # columns or keys that say nothing of an article
    encoding: str = "UTF-8"


def read(binary: BinaryIO, *, comma_separated: bool, now: datetime) -> Found:
    """The articles of a file. Raises BadFile when any line is none."""
    if comma_separated:
        sheet = rows.csv_rows(binary, NAMES)
        drafts = rows.checked(sheet.rows, lambda row: _draft(_checked(row, now), now))
        return Found(drafts, sheet.unknown, sheet.encoding)
    unknown: dict[str, None] = {}
    drafts = rows.checked(
        rows.json_lines(binary, "an article is a JSON object"),
        lambda line: _draft(_checked(_known(line, unknown), now), now),
    )
    return Found(drafts, tuple(unknown))


def add(drafts: list[Draft]) -> Outcome:
    """Keep what is not there yet; all of it or nothing."""
    added = 0
    with transaction.atomic():
        for start in range(0, len(drafts), PART):
            _ids, new = storing.store(reversed(drafts[start : start + PART]))
            added += len(new)
    return Outcome(added, len(drafts) - added)


def _known(line: dict[str, Any], unknown: dict[str, None]) -> dict[str, Any]:
    """The values we know by our names; the other keys are noted."""
    unknown |= dict.fromkeys(key for key in line if key not in SPELLINGS)
    return {
        name: next((line[spelling] for spelling in spellings if line.get(spelling)), "")
        for name, spellings in NAMES.items()
    }


def _checked(row: dict[str, Any], now: datetime) -> dict[str, str]:
    """The values as they are kept. Raises ValueError with the reason."""
    found = {}
    for name, value in row.items():
        if not isinstance(value, str):
            raise ValueError(f"{name}: text, not {type(value).__name__}")
        take = text.address if name == "url" else text.strict
        found[name] = take(value, name, rows.LONGEST_LINE)
    if not found["title"]:
        raise ValueError("title: missing")
    if found["url"]:
        addresses.canonical(found["url"])
    elif not found["publisher"]:
        raise ValueError("url: missing; without one at least the publisher must be named")
    _check_date(found, now)
    return found


def _check_date(found: dict[str, str], now: datetime) -> None:
    if IMPRECISE.fullmatch(found["date"]):
        found["date"] = ""  # a month is no day; an article may well have none
    if not found["date"]:
        return
    moment = dates.read(found["date"])
    if moment is None:
        raise ValueError(f"date: {found['date'][:50]!r} is none; write 2026-11-16")
    if dates.believable(moment, now=now) is None:
        raise ValueError(
            f"date: {found['date'][:50]!r} lies before 1990 or after tomorrow; correct or empty it"
        )


def _draft(row: dict[str, str], now: datetime) -> Draft:
    title = cleaning.title(row["title"])
    entry = Entry(
        identity=identity("", row["url"], title),
        link=row["url"],
        title=title,
        html=row["summary"],
        published=dates.read(row["date"]),
        author=cleaning.title(row["author"]),
        source=cleaning.title(row["publisher"]),
    )
    return entries.draft(entry, publisher="", language=row["language"], now=now)

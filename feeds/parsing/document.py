"""What a feed document says, as plain values. Pure.

How an entry is known again within its feed. Pure.

Dates of entries: aware, in UTC, and only when believable. Pure.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAXIMUM_ENTRIES = 500  # kept per document; the rest is counted
MAXIMUM_TITLE = 500  # characters
MAXIMUM_HTML = 64_000  # characters of one body that are looked at; cleaning HTML is quadratic in nesting
MAXIMUM_IDENTITY = 2_000


class NotAFeed(ValueError):
    """The bytes are no feed; the message says what they look like."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as delivered. Texts may be empty; `published` is None when missing or not believable.

    `identity` is the publisher's own id, else the link, else a digest of the title; never empty.
    """

    identity: str
    link: str
    title: str
    html: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    source: str = ""  # the outlet that an aggregator names


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed feed. `left_out` counts entries beyond the cap, `reader` names who read it."""

    title: str
    link: str
    language: str
    entries: tuple[Entry, ...]
    reader: str
    ttl: int | None = None  # seconds
    left_out: int = 0
    older: str = ""  # the publisher's own page with the items before these
    generator: str = ""


def identity(given: object, link: str, title: str, html: str = "") -> str:
    """The publisher's id, else the link, else a digest of the words. Never empty, never longer than 2,000."""
    text = str(given or "").strip() or link.strip()
    if not text:
        words = title or html
        return "sha256:" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
    if len(text) > MAXIMUM_IDENTITY:
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return storable(text)


def storable(text: str) -> str:
    """The text without what no database takes: NUL and halves of surrogate pairs."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CHINESE = re.compile(
    r"(\d{4})\s*[年/.-]\s*(\d{1,2})\s*[月/.-]\s*(\d{1,2})\s*日?(?:[\sT]*(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
ZONES = {"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "PST": "-0800", "PDT": "-0700"}
ZONES |= {"BST": "+0100", "CEST": "+0200", "CET": "+0100", "JST": "+0900", "HKT": "+0800", "SGT": "+0800"}
ZONE = re.compile(r"\b(" + "|".join(ZONES) + r")\s*$")


def read(value: str | None) -> datetime | None:
    """A moment in UTC from RFC 822, ISO 8601 or 2026年3月4日; None when it is none of them."""
    value = (value or "").strip()[:100]
    if not value:
        return None
    for attempt in (_iso, _mail, _chinese):
        try:
            moment = attempt(value)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        if moment is not None:
            return _in_utc(moment)
    return None


def believable(moment: datetime | None, *, now: datetime) -> datetime | None:
    """The moment, or None when it lies before 1990 (1970 means: nobody set it) or more than a day ahead."""
    if moment is None or moment < EARLIEST or moment > now + timedelta(days=1):
        return None
    return moment


def _in_utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _iso(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _mail(value: str) -> datetime:
    return parsedate_to_datetime(ZONE.sub(lambda found: ZONES[found.group(1)], value))


def _chinese(value: str) -> datetime | None:
    found = CHINESE.search(value)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in found.groups())
    return datetime(year, month, day, hour, minute, second)

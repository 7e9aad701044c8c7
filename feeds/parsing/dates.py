"""Dates of entries: aware, in UTC, and only when believable. Pure."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

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

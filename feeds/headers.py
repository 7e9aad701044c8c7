"""What a server's headers say about time. Pure."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 24 * 3600  # no header makes us wait longer than a day


def retry_after(value: str, *, now: float) -> int | None:
    """Seconds to wait by a Retry-After header (a number or an HTTP date), at most a day; None without one."""
    seconds = _number_or_date(value, now)
    return None if seconds is None else max(0, min(LONGEST_WAIT, seconds))


def max_age(cache_control: str, expires: str, *, now: float) -> int | None:
    """Seconds an answer stays fresh by Cache-Control, else by Expires; None when neither says so."""
    directives = cache_control.lower()
    if re.search(r"\bno-(cache|store)\b", directives):
        return 0
    found = re.search(r'\bmax-age\s*=\s*"?(\d{1,10})', directives)
    if found:
        return min(LONGEST_WAIT, int(found.group(1)))
    seconds = _date(expires, now)
    return None if seconds is None else max(0, min(LONGEST_WAIT, seconds))


def _number_or_date(value: str, now: float) -> int | None:
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,15}", value):
        return int(value)
    return _date(value, now)


def _date(value: str, now: float) -> int | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return int(moment.timestamp() - now)
    except (OverflowError, ValueError, OSError):
        return None

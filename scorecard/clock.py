"""Which day a page is about, and as known on which day. The two dates of the address, checked once."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext

from scorecard import sentences
from scorecard.method import parameters
from tracker import record

NAMES = ("as_of", "known_at", "method")
# What others hang on an address to follow its readers; it never changes what is shown.
TRACKING = re.compile(
    r"utm_[a-z]+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|mc_[ce]id|igshid|yclid|twclid|ref_src"
)


class BadDate(ValueError):
    """A question in the address that cannot be answered; the message says what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class Clock:
    """`as_of`: what had happened by then. `known_at`: what we had recorded by then (None: by now)."""

    as_of: datetime.date
    known_at: datetime.date | None
    today: datetime.date
    pinned: bool
    method: str | None = None  # the version asked for; None: the one in service

    def query(self, **more: object) -> str:
        """The query string that keeps a reader on this day: empty for today, or `?as_of=…`."""
        pairs: dict[str, object] = {}
        if self.pinned:
            pairs["as_of"] = self.as_of.isoformat()
        if self.known_at:
            pairs["known_at"] = self.known_at.isoformat()
        if self.method:
            pairs["method"] = self.method
        pairs |= {key: value for key, value in more.items() if value not in (None, "")}
        return f"?{urlencode(pairs)}" if pairs else ""

    def pairs(self) -> list[tuple[str, str]]:
        """The dates as hidden fields of a form."""
        pairs = [("as_of", self.as_of.isoformat())] if self.pinned else []
        pairs += [("known_at", self.known_at.isoformat())] if self.known_at else []
        return pairs + ([("method", self.method)] if self.method else [])

    def permanent(self, **more: object) -> str:
        """The query string that pins both dates, so that the figures behind it stay the same for ever."""
        known = self.known_at or self.today
        pairs = {"as_of": self.as_of.isoformat(), "known_at": known.isoformat()}
        # A later method would tell these days otherwise.
        if self.method or len(parameters.in_service()) > 1:
            pairs["method"] = parameters.method_of(self.method).version
        return "?" + urlencode(pairs | more)


def only(query: QueryDict, allowed: Sequence[str]) -> None:
    """Refuse what an address does not know, so that nobody takes its answer for another; `BadDate` names it."""
    for name in query:
        if name not in allowed and not TRACKING.fullmatch(name):
            message = gettext("%(name)s means nothing here; allowed are %(allowed)s.")
            raise BadDate(message % {"name": name[:60], "allowed": ", ".join(allowed) or gettext("none")})
    once(query, allowed)


def once(query: QueryDict, names: Sequence[str] = NAMES) -> None:
    """Refuse two values where one can be meant."""
    for name in names:
        if len(query.getlist(name)) > 1:
            raise BadDate(gettext("%(name)s is given twice; it takes one value.") % {"name": name})


def read(query: Mapping[str, str], today: datetime.date) -> Clock:
    """The clock that an address asks for; `BadDate` when it asks for a day that does not exist or is to
    come.
    """
    if isinstance(query, QueryDict):
        once(query)
    as_of, known_at = _day(query, "as_of", today), _day(query, "known_at", today)
    return Clock(as_of or today, known_at, today, as_of is not None, _method(query))


def _method(query: Mapping[str, str]) -> str | None:
    value = (query.get("method") or "").strip()
    if value and value not in parameters.METHODS:
        message = gettext("method must be one of %(versions)s.")
        raise BadDate(message % {"versions": ", ".join(parameters.METHODS)})
    return value or None


def _day(query: Mapping[str, str], field: str, today: datetime.date) -> datetime.date | None:
    value = (query.get(field) or "").strip()
    if not value:
        return None
    allowed = {"field": field, "first": record.START.isoformat(), "last": today.isoformat()}
    try:
        day = record.day(value, field)
    except record.RecordError:
        day = None
    if day is None or not record.START <= day <= today:
        message = gettext("%(field)s must be a day from %(first)s to %(last)s, written as YYYY-MM-DD.")
        raise BadDate(message % allowed)
    return day


def banner(clock: Clock) -> str:
    """What a page about another day says at its top; empty on today's page."""
    if not clock.pinned and not clock.known_at:
        return ""
    words = {"as_of": sentences.day(clock.as_of)}
    if clock.known_at is None:
        return gettext("You are reading the scorecard as of %(as_of)s, with all we know today.") % words
    words["known_at"] = sentences.day(clock.known_at)
    return gettext("You are reading the scorecard as of %(as_of)s, as it was known on %(known_at)s.") % words

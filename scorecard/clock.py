"""Which day a page is about, and as known on which day. The two dates of the address, checked once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext

from scorecard import footing, sentences
from scorecard.method import parameters
from tracker import record

NAMES = ("as_of", "known_at", "method", "rev")


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
    rev: str = ""  # the state of the record that the address is pinned to (`scorecard.footing`); empty: the present one

    def query(self, **more: object) -> str:
        """The query string that keeps a reader on this day: empty for today, or `?as_of=…`."""
        pairs: dict[str, object] = {}
        if self.pinned:
            pairs["as_of"] = self.as_of.isoformat()
        if self.known_at:
            pairs["known_at"] = self.known_at.isoformat()
        if self.method:
            pairs["method"] = self.method
        if self.rev:
            pairs["rev"] = self.rev
        pairs |= {key: value for key, value in more.items() if value not in (None, "")}
        return f"?{urlencode(pairs)}" if pairs else ""

    def pairs(self) -> list[tuple[str, str]]:
        """The dates as hidden fields of a form."""
        pairs = [("as_of", self.as_of.isoformat())] if self.pinned else []
        pairs += [("known_at", self.known_at.isoformat())] if self.known_at else []
        pairs += [("method", self.method)] if self.method else []
        return pairs + ([("rev", self.rev)] if self.rev else [])

    def permanent(self, **more: object) -> str:
        """The query string that pins the state of the record, so that the figures behind it stay the same for ever:
        `?rev=337`, with days and method only where that state's own are not meant."""
        pin = footing.pin(self.as_of, self.known_at)
        pairs: dict[str, object] = {"rev": str(pin)} if pin else {}
        if pin is None or self.as_of != pin.day:
            pairs["as_of"] = self.as_of.isoformat()
        if self.known_at:
            pairs["known_at"] = self.known_at.isoformat()
        version = parameters.method_of(self.method).version
        if pin is None or version != pin.method:
            pairs["method"] = version
        return "?" + urlencode(pairs | more)


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
    as_of, known_at, method = day_of(query, "as_of", today), day_of(query, "known_at", today), _method(query)
    if rev := (query.get("rev") or "").strip():
        try:
            pin = footing.pin_named(rev)
        except footing.BadPin as problem:
            raise BadDate(str(problem)) from problem
        return Clock(as_of or pin.day, known_at, today, True, method or pin.method, rev)
    return Clock(as_of or today, known_at, today, as_of is not None, method)


def _method(query: Mapping[str, str]) -> str | None:
    value = (query.get("method") or "").strip()
    if value and value not in parameters.METHODS:
        message = gettext("method must be one of %(versions)s.")
        raise BadDate(message % {"versions": ", ".join(parameters.METHODS)})
    return value or None


def day_of(query: Mapping[str, str], field: str, today: datetime.date) -> datetime.date | None:
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
    if clock.rev:
        return gettext(
            "You are reading the scorecard as it stood at revision %(rev)s: these figures never change."
        ) % {"rev": clock.rev}
    if not clock.pinned and not clock.known_at:
        return ""
    words = {"as_of": sentences.day(clock.as_of)}
    if clock.known_at is None:
        return gettext("You are reading the scorecard as of %(as_of)s, with all we know today.") % words
    words["known_at"] = sentences.day(clock.known_at)
    return gettext("You are reading the scorecard as of %(as_of)s, as it was known on %(known_at)s.") % words

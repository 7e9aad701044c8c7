"""What the query string of a page asks: which day, as known on which day, and which events of a list; read and checked
once, applied, and written back into links and forms.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext, ngettext

from scorecard import footing, sentences, vocabulary
from scorecard.method import parameters
from tracker import record
from tracker.codebook import current
from tracker.search import LONGEST, EventQuery, SearchError, explained

NAMES = ("as_of", "known_at", "method", "rev")
PAGE_LENGTH = 50
# Of a source: the languages that the codebook offers, as the record names them, and every other.
LANGUAGES = (*(code.partition("-")[0] for code in current().languages), "other")
# The fields of the form, and the prefixes of the search that say the same.
TERMS = {
    "recommendation": "rec", "direction": "direction", "strength": "strength", "actor": "actor",
    "certainty": "certainty", "language": "lang",
}  # fmt: skip
CHOICES: dict[str, tuple[str, ...]] = {
    "recommendation": current().slugs,
    "direction": ("1", "-1", "0"),
    "strength": ("1", "2", "3", "4", "5"),
    "actor": current().actor_slugs,
    "certainty": record.CERTAINTIES,
    "language": LANGUAGES,
}


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


def clock_of(query: Mapping[str, str], today: datetime.date) -> Clock:
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


class BadFilter(ValueError):
    """A filter in the address that means nothing; the message names it and what is allowed."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader asked for. `only` is the recommendation of the page, which an event's code must touch."""

    chosen: Mapping[str, str]
    words: str
    first: datetime.date | None
    last: datetime.date | None
    page: int
    search: EventQuery
    only: str = ""

    @property
    def active(self) -> bool:
        return bool(self.chosen or self.words or self.first or self.last)

    def query(self) -> dict[str, str]:
        """The pairs that bring this choice back (without the page)."""
        pairs = dict(self.chosen)
        if self.words:
            pairs["q"] = self.words
        if self.first:
            pairs["from"] = self.first.isoformat()
        if self.last:
            pairs["to"] = self.last.isoformat()
        return pairs

    def typed(self) -> str:
        """The same choice in the words of a search, as somebody could have typed it; empty where none was made, or
        where it would be too long to be typed."""
        parts = [f"{TERMS[key]}:{value}" for key, value in self.chosen.items()]
        if self.first or self.last:
            parts.append(f"date:{self.first or ''}..{self.last or ''}")
        found = " ".join([self.words, *parts]).strip()
        return found if len(found) <= LONGEST else ""


def filters_of(query: Mapping[str, str], *, only: str = "") -> Filters:
    """The filters of an address; `BadFilter` for a value that is none of those allowed."""
    chosen = {}
    if isinstance(query, QueryDict):
        try:
            once(query, (*CHOICES, "q", "from", "to", "page"))
        except BadDate as problem:
            raise BadFilter(str(problem)) from None
    for key, allowed in CHOICES.items():
        value = (query.get(key) or "").strip()
        if value and value not in allowed:
            raise BadFilter(
                gettext("%(name)s must be one of: %(allowed)s.")
                % {"name": key, "allowed": ", ".join(allowed)}
            )
        if value:
            chosen[key] = value
    words = " ".join((query.get("q") or "").split())
    first, last = _day(query, "from"), _day(query, "to")
    return Filters(chosen, words, first, last, _page(query), _search(chosen, words, first, last, only), only)


def asked(query: Mapping[str, str], *, only: str = "") -> tuple[Filters, str]:
    """The filters of an address, and what is wrong with them: then none are set, and the words stay in the form."""
    try:
        return filters_of(query, only=only), ""
    except BadFilter as problem:
        return replace(filters_of({}, only=only), words=(query.get("q") or "")[:LONGEST]), str(problem)


def _search(
    chosen: Mapping[str, str], words: str, first: datetime.date | None, last: datetime.date | None, only: str
) -> EventQuery:
    """The query that the form's fields make together."""
    terms = {TERMS[key]: [value] for key, value in chosen.items()}
    if only:
        terms["rec"] = [only]
    if first or last:
        terms["date"] = [f"{first or ''}..{last or ''}"]
    try:
        return EventQuery.read(words, terms)
    except SearchError as problem:
        raise BadFilter(str(problem)) from None


def _day(query: Mapping[str, str], key: str) -> datetime.date | None:
    value = (query.get(key) or "").strip()
    if not value:
        return None
    try:
        return record.day(value, key)
    except record.RecordError:
        raise BadFilter(gettext("%(name)s must be a day, written as YYYY-MM-DD.") % {"name": key}) from None


def _page(query: Mapping[str, str]) -> int:
    value = query.get("page") or "1"
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= 100_000 and len(value) < 9):
        raise BadFilter(gettext("page must be a whole number from 1."))
    return int(value)


def filter_form(
    filters: Filters, action: str, kept: Iterable[tuple[str, str]], found: int, error: str = ""
) -> dict[str, Any]:
    """The form as the template prints it."""
    names = {
        "recommendation": gettext("Recommendation"),
        "direction": gettext("Direction"),
        "strength": gettext("Kind of act"),
        "actor": gettext("Actor"),
        "certainty": gettext("Certainty"),
        "language": gettext("Language of a source"),
    }
    hidden = {"recommendation"} if filters.only else set()
    kept = list(kept)
    return {
        "action": action,
        "kept": kept,
        "search": True,
        "q": filters.words,
        "longest": LONGEST,
        "explained": explained(),
        "from": filters.first.isoformat() if filters.first else "",
        "to": filters.last.isoformat() if filters.last else "",
        "selects": [
            {"key": key, "name": names[key], "options": _options(key, filters.chosen.get(key, ""))}
            for key in CHOICES
            if key not in hidden
        ],
        "active": filters.active,
        "clear": action + ("?" + "&".join(f"{name}={value}" for name, value in kept) if kept else ""),
        "error": error,
        "found": ngettext("%(count)d event", "%(count)d events", found) % {"count": found},
    }


def _options(key: str, chosen: str) -> list[tuple[str, str, bool]]:
    return [(value, filter_word(key, value), value == chosen) for value in CHOICES[key]]


def filter_word(key: str, value: str) -> str:
    """A filter's value in the reader's language."""
    if key == "recommendation":
        return vocabulary.short_name(value)
    if key == "direction":
        return f"{vocabulary.DIRECTION_MARKS[int(value)]} {vocabulary.DIRECTIONS[int(value)]}"
    if key == "strength":
        return f"{value} {vocabulary.STRENGTHS[int(value)]}"
    if key == "actor":
        return vocabulary.actor(value)
    if key == "certainty":
        return str(vocabulary.CERTAINTIES[value])
    return {"en": gettext("English"), "zh": gettext("Chinese"), "other": gettext("another")}[value]


def page_links(filters: Filters, total: int, address: str, query: Any) -> dict[str, str] | None:
    """Links to the newer and older page; None when everything fits on one. `query` writes a query string."""
    last = max(1, -(-total // PAGE_LENGTH))
    if last == 1:
        return None
    here = min(filters.page, last)

    def link(number: int) -> str:
        return address + query(**filters.query(), page=number if number > 1 else None)

    return {
        "previous": link(here - 1) if here > 1 else "",
        "next": link(here + 1) if here < last else "",
        "position": gettext("page %(page)d of %(last)d") % {"page": here, "last": last},
    }


def cut(records: Sequence[Any], filters: Filters) -> Sequence[Any]:
    """The records of the page asked for (the last one, if it asks for more than there are)."""
    last = max(1, -(-len(records) // PAGE_LENGTH))
    start = (min(filters.page, last) - 1) * PAGE_LENGTH
    return records[start : start + PAGE_LENGTH]

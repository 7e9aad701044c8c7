"""The filters of a list of events: read from the address, checked, applied, and written back into the
form.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext, ngettext

from scorecard import clock, vocabulary
from tracker import record
from tracker.codebook import current
from tracker.search import LONGEST, EventQuery, SearchError, explained

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


def read(query: Mapping[str, str], *, only: str = "") -> Filters:
    """The filters of an address; `BadFilter` for a value that is none of those allowed."""
    chosen = {}
    if isinstance(query, QueryDict):
        try:
            clock.once(query, (*CHOICES, "q", "from", "to", "page"))
        except clock.BadDate as problem:
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
        return read(query, only=only), ""
    except BadFilter as problem:
        return replace(read({}, only=only), words=(query.get("q") or "")[:LONGEST]), str(problem)


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


def form(
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
    return [(value, word(key, value), value == chosen) for value in CHOICES[key]]


def word(key: str, value: str) -> str:
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


def pages(filters: Filters, total: int, address: str, query: Any) -> dict[str, str] | None:
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

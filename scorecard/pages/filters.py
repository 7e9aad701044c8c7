"""The filters of a list of events: read from the address, checked, applied, and written back into the
form.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext

from scorecard import vocabulary
from tracker import record as record_format

PAGE_LENGTH = 50
LANGUAGES = ("en", "zh", "other")
CHOICES: dict[str, tuple[str, ...]] = {
    "recommendation": record_format.RECOMMENDATIONS,
    "direction": ("1", "-1", "0"),
    "strength": ("1", "2", "3", "4", "5"),
    "actor": record_format.ACTORS,
    "certainty": record_format.CERTAINTIES,
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

    def keeps(self, record: Mapping[str, Any]) -> bool:
        """Whether a record passes. Direction and strength must hold in one and the same assessment."""
        day = record_format.day(record["date"], "date")
        if (self.first and day < self.first) or (self.last and day > self.last):
            return False
        if "actor" in self.chosen and self.chosen["actor"] not in record["actors"]:
            return False
        if "certainty" in self.chosen and self.chosen["certainty"] != record["certainty"]:
            return False
        if "language" in self.chosen and self.chosen["language"] not in languages(record):
            return False
        if self._codes() and not any(self._code(assessment) for assessment in record["assessments"]):
            return False
        return all(word in searchable(record) for word in self.words.casefold().split())

    def _codes(self) -> bool:
        return bool(self.only) or any(
            key in self.chosen for key in ("recommendation", "direction", "strength")
        )

    def _code(self, assessment: Mapping[str, Any]) -> bool:
        wanted = self.only or self.chosen.get("recommendation")
        return (
            (not wanted or assessment["rec"] == wanted)
            and self.chosen.get("direction", str(assessment["direction"])) == str(assessment["direction"])
            and self.chosen.get("strength", str(assessment["strength"])) == str(assessment["strength"])
        )


def read(query: Mapping[str, str], *, only: str = "") -> Filters:
    """The filters of an address; `BadFilter` for a value that is none of those allowed."""
    chosen = {}
    for key, allowed in CHOICES.items():
        value = (query.get(key) or "").strip()
        if value and value not in allowed:
            raise BadFilter(
                gettext("%(name)s must be one of: %(allowed)s.")
                % {"name": key, "allowed": ", ".join(allowed)}
            )
        if value:
            chosen[key] = value
    words = " ".join((query.get("q") or "").replace("\x00", " ").split())[:100]
    return Filters(chosen, words, _day(query, "from"), _day(query, "to"), _page(query), only)


def _day(query: Mapping[str, str], key: str) -> datetime.date | None:
    value = (query.get(key) or "").strip()
    if not value:
        return None
    try:
        return record_format.day(value, key)
    except record_format.RecordError:
        raise BadFilter(gettext("%(name)s must be a day, written as YYYY-MM-DD.") % {"name": key}) from None


def _page(query: Mapping[str, str]) -> int:
    value = query.get("page") or "1"
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= 100_000 and len(value) < 9):
        raise BadFilter(gettext("page must be a whole number from 1."))
    return int(value)


def languages(record: Mapping[str, Any]) -> set[str]:
    """The languages of a record's sources, as the filter groups them."""
    return {
        lang if lang in ("en", "zh") else "other"
        for source in record["sources"]
        if (lang := source["lang"].split("-")[0])
    }


def searchable(record: Mapping[str, Any]) -> str:
    """Everything that a search reads. Plain containment finds a Chinese word inside a sentence."""
    parts = [record["title"], record["title_zh"], record["summary"], record["summary_zh"], record["id"]]
    parts += [assessment["rationale"] for assessment in record["assessments"]]
    for source in record["sources"]:
        parts += [source["title"], source["publisher"]]
    return "\n".join(parts).casefold()


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

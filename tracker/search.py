"""The one search over events: pages, API, past days, desk, admin and bulk deeds all ask it.

`title:"export control" rec:trust direction:- date:2025-03..` finds events for which every term holds. `OR` between
two terms binds them tighter, `-` before one excludes it. A query is read once (`tracker.terms`), and then asked of
rows (`condition`) or of a line of the log (`matches`).

The law: both find the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, Lookup, OuterRef, Q, QuerySet, TextField, Value, When
from django.utils.translation import gettext as _

from tracker import terms
from tracker.codebook import current
from tracker.models import Event, Report
from tracker.record import Record
from tracker.terms import LANGUAGES, LONGEST, MOST_TERMS, OTHER_LANGUAGES, PUBLIC, SearchError, Term
from tracker.text import SOURCES, titles_of

__all__ = ["LONGEST", "PUBLIC", "EventQuery", "SearchError", "best_first", "codes_of", "explained", "titled"]

_SIGNS = {1: "+", -1: "-", 0: "0"}


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What somebody searches for: of every group at least one term must hold."""

    groups: tuple[tuple[Term, ...], ...] = ()
    desk: bool = False  # status and model can be asked for, and proposals are searched as well

    @classmethod
    def read(
        cls, text: str = "", chosen: Mapping[str, Iterable[str]] | None = None, *, desk: bool = False
    ) -> EventQuery:
        """The query of a text and of what was chosen beside it, by the names of the prefixes (`{"rec": ["trust"],
        "date": ["2025-03.."]}`); `SearchError` if it cannot be read."""
        typed = terms.read(text, terms.FIELDS if desk else PUBLIC)
        picked = [(terms.term(field, values),) for field, values in (chosen or {}).items() if values]
        return cls(terms.coded([*typed, *picked]), desk)

    def __bool__(self) -> bool:
        return bool(self.groups)

    def asks(self, field: str) -> bool:
        """Whether a term with this prefix is part of it."""
        return any(term.field == field for group in self.groups for term in group)

    def condition(self) -> Q:
        """The query as a condition on rows of events."""
        found = Q()
        for group in self.groups:
            found &= _any(self._row(term) for term in group)
        return found

    def _row(self, term: Term) -> Q:
        one = _any(_ROWS[term.field](value, self.desk) for value in term.values)
        return ~one if term.negative else one

    def matches(self, words: str, codes: str, record: Record) -> bool:
        """Whether a line of the log is found: its `text.words_of`, its `codes_of`, and itself. Not for the terms
        of the desk, which ask what the log does not hold."""
        line = (words, codes, record)
        return all(any(_said(term, *line) != term.negative for term in group) for group in self.groups)


def titled(text: str) -> Q:
    """Events in whose title each word of `text` begins a word, for finding one as one types: no prefixes."""
    found = Q()
    for word in text[:LONGEST].split()[:MOST_TERMS]:
        if needle := terms.needle(word):
            found &= Q(folded_title__has=needle)
    return found


def best_first(found: QuerySet[Event], text: str) -> QuerySet[Event]:
    """What a search found, in the order of how many of its plain words stand in the title, the newest first."""
    plain = [
        value
        for group in terms.read(text, terms.FIELDS)
        for term in group
        if term.field in ("", "title") and not term.negative
        for value in term.values
    ]
    hits = [Case(When(folded_title__has=needle, then=1), default=0) for needle in plain[:MOST_TERMS]]
    if not hits:
        return found
    return found.alias(hits=sum(hits, Value(0))).order_by("-hits", "-date", "-pk")


def codes_of(assessments: Iterable[Mapping[str, Any]]) -> str:
    """Assessments as one text to be searched: ` trust/-4/import-barriers `, one after the other."""
    return "".join(
        f" {each['rec']}/{_SIGNS[each['direction']]}{each['strength']}/{each['ask'] or ''} "
        for each in assessments
    )


def explained() -> list[tuple[str, str]]:
    """The language by example, for the pages where one searches."""
    book = current()
    rec, actor, language = book.slugs[0], book.actor_slugs[0], book.languages[-1].split("-")[0]
    words = _("every word, each where a word begins")
    if language == "zh":
        words = _("every word, each where a word begins; Chinese anywhere, in either script")
    return [
        ("export control", words),
        ('"export controls"', _("these words whole, in this order")),
        ("-tariff", _("without this word; a minus goes before anything")),
        ("law OR treaty", _("one of the two")),
        ("title:chip source:reuters", _("in a title; in title, publisher or address of a source")),
        (
            f"rec:{rec} direction:- strength:4,5",
            _(
                "one assessment that holds all of it: recommendation, direction (+, - or 0), kind of act; also ask:"
            ),
        ),
        (
            f"actor:{actor} certainty:confirmed lang:{language}",
            _("whose act, how sure, language of a source"),
        ),
        (
            "reach:local stage:bill kind:primary",
            _(
                "how far it reaches, what waits for a next step (bill, draft, probe, plan), the kind of a source"
            ),
        ),
        (
            f"date:{book.start:%Y-%m}..{book.start:%Y}",
            _("days, months or years, or from one to another; either end may be left out"),
        ),
        ("id: supersedes: retracted:", _("parts of a permanent id, the event that is ended, true or false")),
    ]


# Asked of rows


@TextField.register_lookup
class Has(Lookup):
    """`column__has=piece`: the text holds the piece letter for letter."""

    lookup_name = "has"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text, values = self.process_lhs(compiler, connection)
        piece, more = self.process_rhs(compiler, connection)
        finder = "strpos" if connection.vendor == "postgresql" else "instr"
        return f"{finder}({text}, {piece}) > 0", (*values, *more)


@TextField.register_lookup
class Like(Lookup):
    """`column__like=pattern`: with `_` and `%`, which Django's own lookups escape."""

    lookup_name = "like"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text, values = self.process_lhs(compiler, connection)
        pattern, more = self.process_rhs(compiler, connection)
        return f"{text} LIKE {pattern}", (*values, *more)


def _any(conditions: Iterable[Q]) -> Q:
    """One of them holds; without any, nothing does."""
    found = Q()
    for one in conditions:
        found |= one
    return found or Q(pk__in=())


def _language_row(language: str, desk: bool) -> Q:
    # Sources are kept as JSON, where a quotation mark inside a text has a backslash before it.
    if language == OTHER_LANGUAGES:
        named = "|".join(f'{name}[-"]' for name in LANGUAGES)
        found = Q(sources__iregex=f'"lang": "(?!{named}|[-"])')
    else:
        found = Q(sources__icontains=f'"lang": "{language}"') | Q(sources__icontains=f'"lang": "{language}-')
    # Off the record the reports stand for the sources that there will be.
    waiting = ~Q(status__in=Event.ON_RECORD) & Q(Exists(_reports_in(language)))
    return found | waiting if desk else found


def _reports_in(language: str) -> Any:
    reports = Report.objects.filter(event=OuterRef("pk"))
    if language != OTHER_LANGUAGES:
        return reports.filter(
            Q(article__language__iexact=language) | Q(article__language__istartswith=f"{language}-")
        )
    for name in LANGUAGES:
        reports = reports.exclude(article__language__iexact=name)
        reports = reports.exclude(article__language__istartswith=f"{name}-")
    return reports.exclude(article__language="")


_ROWS: dict[str, Callable[[Any, bool], Q]] = {
    "": lambda needle, _desk: Q(folded__has=needle),
    "title": lambda needle, _desk: Q(folded_title__has=needle),
    "source": lambda needle, _desk: Q(folded__like=f"%{SOURCES}%{needle}%"),
    "code": lambda pattern, _desk: Q(codes__like=f"%{pattern}%"),
    "actor": lambda actor, _desk: Q(actors__icontains=f'"{actor}"'),
    "certainty": lambda value, _desk: Q(certainty=value),
    "reach": lambda value, _desk: Q(reach=value),
    "stage": lambda value, _desk: Q(stage=value),
    # Sources are kept as JSON, as above.
    "kind": lambda value, _desk: Q(sources__icontains=f'"kind": "{value}"'),
    "lang": _language_row,
    "date": lambda span, _desk: Q(date__gte=span[0], date__lte=span[1]),
    "id": lambda piece, _desk: Q(pk__contains=piece),
    "supersedes": lambda key, _desk: Q(supersedes__icontains=f'"{key}"'),
    "retracted": lambda value, _desk: Q(retracted=value == "true"),
    "status": lambda value, _desk: Q(status=value),
    "model": lambda value, _desk: Q(model_version__icontains=value),
}


# Asked of a line of the log


def _said(term: Term, words: str, codes: str, record: Record) -> bool:
    field, values = term.field, term.values
    if field == "":
        return values[0] in words
    if field == "title":
        return values[0] in titles_of(record)
    if field == "source":
        return values[0] in words.partition(SOURCES)[2]
    if field == "code":
        return any(re.search(re.escape(each).replace("_", "."), codes) for each in values)
    if field == "date":
        return any(first <= record["date"] <= last for first, last in values)
    if field == "lang":
        return any(
            _spoken(source["lang"].lower(), language) for source in record["sources"] for language in values
        )
    if field == "id":
        return any(piece in record["id"] for piece in values)
    said = {
        "reach": [record.get("reach", "wide")],
        "stage": [record.get("stage")],
        "kind": [source.get("kind") for source in record["sources"]],
        "actor": record["actors"],
        "certainty": [record["certainty"]],
        "supersedes": record["supersedes"],
        "retracted": ["true" if record["retracted"] else "false"],
    }
    return not set(said[field]).isdisjoint(values)


def _spoken(tag: str, language: str) -> bool:
    if language == OTHER_LANGUAGES:
        first = tag.split("-")[0]
        return bool(first) and first not in LANGUAGES
    return tag == language or tag.startswith(f"{language}-")

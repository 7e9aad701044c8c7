"""The query language of desk and lists: `title:"export control" actor:china -source:x date:2025-03..2025-06`.

The law: every word must be found; `-` excludes. Chinese words are found inside sentences, in either script. A
query that cannot be read is refused with what is allowed, never guessed at.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from tracker import record
from tracker.models import Assessment, Event, Report
from tracker.text import folded

LONGEST = 300
MOST_TERMS = 20

_TERM = re.compile(r'(-?)(?:([a-z]+):)?(?:"([^"]*)"|(\S+))')
_QUOTES = str.maketrans({"“": '"', "”": '"', "：": ":", "　": " "})


class SearchError(ValueError):
    """A query that cannot be read; the message says which word and what is allowed."""


@dataclass(frozen=True, slots=True)
class Term:
    field: str  # "" looks through titles and summaries
    value: str
    negative: bool


def parse(query: str) -> list[Term]:
    """The terms of a query, or `SearchError`."""
    query = query.translate(_QUOTES).replace("\x00", " ").strip()
    if len(query) > LONGEST:
        raise SearchError(_("A search has at most %(most)d characters.") % {"most": LONGEST})
    if query.count('"') % 2:
        raise SearchError(_('A quotation mark is missing: write title:"export control".'))
    terms = []
    for minus, field, quoted, bare in _TERM.findall(query):
        value = (quoted or bare).strip()
        if not value:
            raise SearchError(_("A word is missing after “%(field)s:”.") % {"field": field})
        if field and field not in FIELDS:
            if quoted or not bare:
                raise SearchError(_unknown(field))
            field, value = _maybe_text(field, bare)
        terms.append(Term(field, value, bool(minus)))
    if len(terms) > MOST_TERMS:
        raise SearchError(_("A search has at most %(most)d words.") % {"most": MOST_TERMS})
    return terms


def condition(query: str) -> Q:
    """The query as a condition on events, or `SearchError`."""
    found = Q()
    for term in parse(query):
        one = FIELDS[term.field](term.value) if term.field else _text(term.value)
        found &= ~one if term.negative else one
    return found


def _maybe_text(field: str, bare: str) -> tuple[str, str]:
    """`https://…` and clock times are text, any other unknown field is a mistake."""
    if bare.startswith("//") or bare.isdigit():
        return "", f"{field}:{bare}"
    raise SearchError(_unknown(field))


def _unknown(field: str) -> str:
    return _("“%(field)s:” cannot be searched; one can search %(allowed)s.") % {
        "field": field,
        "allowed": ", ".join(f"{name}:" for name in FIELDS),
    }


def _text(value: str) -> Q:
    return Q(folded__contains=folded(value))


def _title(value: str) -> Q:
    return Q(folded_title__contains=folded(value))


def _source(value: str) -> Q:
    named = Q(article__publisher__icontains=value) | Q(article__url__icontains=value)
    return Q(Exists(Report.objects.filter(named, event=OuterRef("pk")))) | Q(sources__icontains=value)


def _language(value: str) -> Q:
    return Q(Exists(Report.objects.filter(event=OuterRef("pk"), article__language__istartswith=value)))


def _rec(value: str) -> Q:
    slug = _one_of("rec", value, record.RECOMMENDATIONS)
    coded = Exists(Assessment.objects.filter(event=OuterRef("pk"), recommendation=slug))
    return Q(coded) | Q(status__in=Event.OPEN, suggestion__icontains=f'"{slug}"')


def _direction(value: str) -> Q:
    words = {"+": 1, "advances": 1, "1": 1, "-": -1, "undermines": -1, "-1": -1, "0": 0, "mixed": 0}
    wanted = words[_one_of("direction", value, tuple(words))]
    return Q(Exists(Assessment.objects.filter(event=OuterRef("pk"), direction=wanted)))


def _choice(field: str, allowed: tuple[str, ...]) -> Callable[[str], Q]:
    return lambda value: Q(**{field: _one_of(field, value, allowed)})


def _actor(value: str) -> Q:
    return Q(actors__icontains=f'"{_one_of("actor", value, record.ACTORS)}"')


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> str:
    value = value.lower()
    if value not in allowed:
        raise SearchError(
            _("%(field)s:%(value)s is not known; it can be %(allowed)s.")
            % {"field": field, "value": value[:40], "allowed": ", ".join(allowed)}
        )
    return value


def _date(value: str) -> Q:
    """One day, month or year, or a range of them, open on either side: `2025-03..`, `..2025-06-30`."""
    start, dots, end = value.partition("..")
    first = _span(start)[0] if start else None
    last = _span(end)[1] if end else (None if dots else _span(start)[1])
    found = Q(date__gte=first) if first else Q()
    return found & Q(date__lte=last) if last else found


def _span(text: str) -> tuple[datetime.date, datetime.date]:
    """First and last day of a year, a month or a day."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text)
    try:
        if not match:
            raise ValueError(text)
        year, month, day = (int(part) if part else 0 for part in match.groups())
        if day:
            return datetime.date(year, month, day), datetime.date(year, month, day)
        if match[2]:
            last = calendar.monthrange(year, month)[1]
            return datetime.date(year, month, 1), datetime.date(year, month, last)
        return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    except ValueError:
        raise SearchError(
            _("date:%(value)s cannot be read; write 2025, 2025-03, 2025-03-14 or 2025-03..2025-06.")
            % {"value": text[:40]}
        ) from None


FIELDS: dict[str, Callable[[str], Q]] = {
    "title": _title,
    "source": _source,
    "actor": _actor,
    "rec": _rec,
    "direction": _direction,
    "date": _date,
    "lang": _language,
    "status": _choice("status", tuple(Event.Status.values)),
    "certainty": _choice("certainty", record.CERTAINTIES),
    "id": lambda value: Q(pk__icontains=value),
    "model": lambda value: Q(model_version__icontains=value),
}

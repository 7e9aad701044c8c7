"""The terms of a search, read from what somebody typed or chose.

The law: what cannot be read is refused with what is allowed, never guessed at. What there is to choose from
(recommendations, asks, actors) is asked of the codebook; nothing here names any.
"""

from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from django.utils.translation import gettext as _

from tracker import record
from tracker.codebook import current
from tracker.models import Event
from tracker.text import UNSPACED, search_form

LONGEST = 300
MOST_TERMS = 20
MOST_PATTERNS = 500  # alternatives of one condition; SQLite takes 1,000
LANGUAGES = ("en", "zh")  # those with a name of their own
OTHER_LANGUAGES = "other"

_TERM = re.compile(r'(?P<minus>-?)(?:(?P<field>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')
_KEYS = str.maketrans({"“": '"', "”": '"', "„": '"', "＂": '"', "：": ":", "　": " ", "－": "-"})
_TAG = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8})*")
_WORDS = ("", "title", "source")
_CODED = ("rec", "ask", "direction", "strength")


class SearchError(ValueError):
    """A query that cannot be read; the message says which part and what is allowed."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that must hold, or must not. `values` are alternatives; of a `date` pairs of first and last day,
    of `code` the patterns that one and the same assessment must fit."""

    field: str  # "" looks through all words
    values: tuple[Any, ...]
    negative: bool = False


def read(text: str, allowed: Collection[str]) -> list[tuple[Term, ...]]:
    """The groups of terms that somebody typed."""
    text = _checked(text)
    groups: list[tuple[Term, ...]] = []
    joined = False
    for match in _TERM.finditer(text):
        if match.group() == "OR":
            if joined or not groups:
                raise _lonely_or()
            joined = True
        elif joined:
            groups[-1] = (*groups[-1], _typed(match, allowed))
            joined = False
        else:
            groups.append((_typed(match, allowed),))
    if joined:
        raise _lonely_or()
    if sum(map(len, groups)) > MOST_TERMS:
        raise SearchError(_("A search has at most %(most)d words.") % {"most": MOST_TERMS})
    _once(groups)
    return groups


def _once(groups: Iterable[tuple[Term, ...]]) -> None:
    """One assessment has one recommendation, direction and strength: asked for twice, nothing could be found."""
    seen: set[str] = set()
    for group in groups:
        field = group[0].field
        if len(group) > 1 or group[0].negative or field not in _CODED:
            continue
        if field in seen:
            raise SearchError(
                _("“%(field)s:” stands twice; for either of two write them as a list, with a comma.")
                % {"field": field}
            )
        seen.add(field)


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise SearchError(_("A search has at most %(most)d characters.") % {"most": LONGEST})
    for place, character in enumerate(text, start=1):
        if unicodedata.category(character) in ("Cc", "Cs") and not character.isspace():
            raise SearchError(
                _("Character %(place)d of the search (U+%(code)04X) is a control character; delete it.")
                % {"place": place, "code": ord(character)}
            )
    text = text.translate(_KEYS)
    if text.count('"') % 2:
        raise SearchError(_('A quotation mark is missing: write title:"export control".'))
    return text


def _lonely_or() -> SearchError:
    return SearchError(_("“OR” stands between two terms: source:Reuters OR source:Xinhua."))


def _typed(match: re.Match[str], allowed: Collection[str]) -> Term:
    field, quoted, bare = (match["field"] or "").lower(), match["quoted"], match["bare"] or ""
    if not field and bare[:-1].lower() in allowed and bare.endswith(":"):
        field, bare = bare[:-1].lower(), ""
    if field and field not in allowed:
        if quoted is not None or not (bare.startswith("//") or bare.isdigit()):
            raise SearchError(
                _("“%(field)s:” cannot be searched; one can search %(allowed)s.")
                % {"field": field, "allowed": ", ".join(f"{name}:" for name in allowed)}
            )
        field, bare = "", f"{field}:{bare}"  # an address or the time of day
    value = (bare if quoted is None else quoted).strip()
    if field and not value:
        raise SearchError(_("A word is missing after “%(field)s:”.") % {"field": field})
    if field in _WORDS:
        piece = needle(value, whole=quoted is not None)
        if not piece:
            raise SearchError(
                _("“%(value)s” holds no letter and no digit; leave it out.") % {"value": value[:40]}
            )
        return Term(field, (piece,), bool(match["minus"]))
    return term(field, value.split(","), bool(match["minus"]))


def needle(value: str, *, whole: bool = False) -> str:
    """What the words of a text must hold: a word where one begins, in quotes whole words in a row; scripts that
    are written without spaces anywhere. Empty without a letter or digit."""
    words = search_form(value).strip()
    if not words:
        return ""
    start = "" if UNSPACED.match(words[0]) else " "
    end = " " if whole and not UNSPACED.match(words[-1]) else ""
    return f"{start}{words}{end}"


def term(field: str, values: Iterable[str], negative: bool = False) -> Term:
    read = FIELDS[field]
    return Term(field, tuple(dict.fromkeys(read(field, value.strip()) for value in values)), negative)


def coded(groups: list[tuple[Term, ...]]) -> tuple[tuple[Term, ...], ...]:
    """The same groups with all that is asked of codes as patterns: what stands alone in its group must hold in
    one and the same assessment, what is excluded or one of several alternatives in any."""
    together: dict[str, set[str]] = {}
    rest: list[tuple[Term, ...]] = []
    for group in groups:
        fields = {term.field for term in group}
        if fields <= set(_CODED) and len(fields) == 1 and not any(term.negative for term in group):
            values = {value for term in group for value in term.values}
            field = fields.pop()
            together[field] = together.get(field, values) & values
        else:
            rest.append(tuple(_pattern(term) for term in group))
    if together:
        rest.insert(0, (Term("code", _patterns(together)),))
    return tuple(rest)


def _pattern(term: Term) -> Term:
    if term.field not in _CODED:
        return term
    return Term("code", _patterns({term.field: set(term.values)}), term.negative)


def _patterns(asked: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Pieces of `codes_of` that hold what is asked of one assessment, `_` standing for any one character."""
    found = tuple(islice(_pieces(asked), MOST_PATTERNS + 1))
    if len(found) > MOST_PATTERNS:
        raise SearchError(_("So many recommendations, asks, directions and strengths at once; name fewer."))
    return found


def _pieces(asked: Mapping[str, Collection[str]]) -> Iterator[str]:
    signs, steps = _ones(asked, "direction", 3), _ones(asked, "strength", len(record.STRENGTHS))
    for rec, ask in product(sorted(asked.get("rec", ("",))), sorted(asked.get("ask", ("",)))):
        if rec and ask and not current().has_ask(rec, ask):
            continue
        for sign, step in product(signs, steps):
            yield f"{f' {rec}' if rec else ''}/{sign}{step}/{f'{ask} ' if ask else ''}"


def _ones(asked: Mapping[str, Collection[str]], field: str, number: int) -> list[str]:
    values = asked.get(field)
    return ["_"] if values is None or len(values) == number else sorted(values)


# What may stand behind each prefix


def _choice(allowed: Callable[[], Iterable[str]]) -> Callable[[str, str], str]:
    def read(field: str, value: str) -> str:
        known = list(allowed())
        if value.lower() not in known:
            raise _unknown(field, value, known)
        return value.lower()

    return read


def _unknown(field: str, value: str, allowed: Iterable[str]) -> SearchError:
    return SearchError(
        _("%(field)s:%(value)s is not known; it can be %(allowed)s.")
        % {"field": field, "value": value[:40], "allowed": ", ".join(allowed)}
    )


def _direction(field: str, value: str) -> str:
    words = {_("advances"): "+", _("undermines"): "-", _("mixed"): "0"}
    known = {"+": "+", "-": "-", "0": "0", "1": "+", "-1": "-", "−": "-", "−1": "-"}
    known |= {"advances": "+", "undermines": "-", "mixed": "0"} | words
    value = unicodedata.normalize("NFKC", value).lower()
    if value not in known:
        raise _unknown(field, value, ("+", "-", "0", *words))
    return known[value]


def _language(field: str, value: str) -> str:
    if not _TAG.fullmatch(value.lower()):
        raise _unknown(field, value, (*LANGUAGES, "zh-hans", "zh-hant", OTHER_LANGUAGES))
    return value.lower()


def _id(field: str, value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", value.lower()):
        raise SearchError(
            _("%(field)s:%(value)s cannot be an id; those are small letters, digits and hyphens.")
            % {"field": field, "value": value[:40]}
        )
    return value.lower()


def _date(field: str, value: str) -> tuple[str, str]:
    """First and last day of a day, month or year, or of a range of them that is open on either side."""
    start, dots, end = value.partition("..")
    if not start and not end:
        raise _no_date(value)
    first = _span(start, value)[0] if start else datetime.date.min
    last = _span(end, value)[1] if end else datetime.date.max if dots else _span(start, value)[1]
    return first.isoformat(), last.isoformat()


def _span(text: str, value: str) -> tuple[datetime.date, datetime.date]:
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?", text)
    try:
        if not match:
            raise _no_date(value)
        year, month, day = (int(part) if part else 0 for part in match.groups())
        if match[3]:
            return datetime.date(year, month, day), datetime.date(year, month, day)
        if match[2]:
            last = calendar.monthrange(year, month)[1]
            return datetime.date(year, month, 1), datetime.date(year, month, last)
        return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    except ValueError:
        raise _no_date(value) from None


def _no_date(value: str) -> SearchError:
    return SearchError(
        _("date:%(value)s cannot be read; write 2025, 2025-03, 2025-03-14 or 2025-03..2025-06.")
        % {"value": value[:40]}
    )


def _as_it_is(_field: str, value: str) -> str:
    return value


PUBLIC: dict[str, Callable[[str, str], Any]] = {
    "title": _as_it_is,
    "source": _as_it_is,
    "actor": _choice(lambda: current().actor_slugs),
    "rec": _choice(lambda: current().slugs),
    "ask": _choice(lambda: sorted({ask for _rec, ask in current().asks})),
    "direction": _direction,
    "strength": _choice(lambda: map(str, record.STRENGTHS)),
    "certainty": _choice(lambda: record.CERTAINTIES),
    "reach": _choice(lambda: record.REACHES),
    "stage": _choice(lambda: record.STAGES),
    "kind": _choice(lambda: record.SOURCE_KINDS),
    "lang": _language,
    "date": _date,
    "id": _id,
    "supersedes": _id,
    "retracted": _choice(lambda: ("true", "false")),
}
FIELDS = PUBLIC | {"status": _choice(lambda: Event.Status.values), "model": _as_it_is}

"""The one format of the record, with the lists of this process's codebook. Pure: no Django, no clock.

A *record* is one version of one event as a plain dict, the shape of a line of `seeds/events.jsonl`. Whatever enters
the log (seeds, imports, decisions of analysts) passes `check`; whatever leaves it is written by `canonical`, so that
the same version is the same bytes everywhere.

Lists beside the log are append-only too, and later rows take back earlier ones: `held_spans` says as known on which
days each of them held. A taking back is a row of its own with its own day, so that as known before that day nothing
changes. It may itself be taken back; then what it took back holds again, at its old place in the list.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tracker import text
from tracker.codebook import Actor, Ask, Codebook, Recommendation, current

VERSION = current().version
START = current().start
ASKS: dict[str, tuple[str, ...]] = {slug: current().ask_slugs(slug) for slug in current().slugs}
RECOMMENDATIONS = current().slugs
ACTORS = current().actor_slugs
CERTAINTIES = ("confirmed", "reported", "rumoured")
PRECISIONS = ("day", "month", "quarter", "year")
DIRECTIONS = (1, 0, -1)
STRENGTHS = {1: "words", 2: "proposal", 3: "commitment", 4: "enacted", 5: "operating"}
REACHES = ("wide", "local")
STAGES = ("bill", "draft", "probe", "plan")
SOURCE_KINDS = ("primary", "agency", "outlet", "aggregator")

# One version of one event, read by its keys: it is the format, and stays a dictionary.
Record = Mapping[str, Any]
SHAPE = "an event is a JSON object"
ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")
FOREVER = 10_000_000  # an ordinal after every day of the calendar
Span = tuple[int, int]  # the first day of knowledge, and the first after the last

_KEYS = (
    "id", "date", "date_precision", "title", "title_zh", "summary", "summary_zh", "actors", "certainty",
    "reach", "until", "stage", "due", "due_what", "due_what_zh", "supersedes", "suspends", "assessments",
    "sources", "recorded_at", "codebook", "retracted",
)  # fmt: skip
_ASSESSMENT_KEYS = ("rec", "direction", "strength", "ask", "rationale", "rationale_zh")
_SOURCE_KEYS = ("title", "publisher", "url", "date", "lang", "kind")
_OF_LINES = ("summary", "summary_zh", "rationale", "rationale_zh")
_LONGEST = {"title": 500, "title_zh": 500, "summary": 10_000, "summary_zh": 10_000}
# What record format 1.1 added to an event, and what an event without it means. These keys stand in a record only
# when they say something, so that a line written before there were any keeps its bytes and its digest.
ADDED: dict[str, Any] = {
    "reach": "wide", "until": None, "stage": None, "due": None, "due_what": "", "due_what_zh": "",
    "suspends": [],
}  # fmt: skip

# How a text is taken: the text, its field, its longest, whether it may have lines.
Taking = Callable[[str, str, int, bool], str]


def ids(given: Iterable[Any]) -> list[str]:
    """Those that may be ids of events: a database is asked about no other, as it breaks over what no text may hold."""
    return [each for each in given if isinstance(each, str) and ID.fullmatch(each)]


class RecordError(ValueError):
    """A record that the codebook does not allow; the message says what is wrong and what is allowed."""


def check(raw: Any, book: Codebook | None = None) -> dict[str, Any]:
    """The record in its full form (every key in order), or `RecordError`.

    It is checked by the version of the codebook that it names, where `book` (ours) knows that version, else by
    `book` itself. What is retired is refused only in lines of today: one that was coded before stays what it was.

    Absent keys get the codebook's defaults: precision `day`, nothing superseded, not retracted, no
    `recorded_at` (first import), no `codebook`. `supersedes` and `suspends` may be null, one id or a list. The
    keys of format 1.1 (`ADDED`, `rationale_zh` of an assessment, `kind` of a source) are there only when they
    say something. Unknown keys are refused, so that a typing error cannot lose a field silently. Texts are taken
    as `text.strict` takes them.
    """
    return _whole(raw, book or current(), _refusing)


def mended(raw: Any, book: Codebook | None = None) -> dict[str, Any]:
    """The same for what is kept already: a character that came in before `text.strict` stood at the door is
    dropped, so that nothing old is ever in the way of a change."""
    return _whole(raw, book or current(), _dropping)


def _refusing(value: str, field: str, longest: int, lines: bool) -> str:
    try:
        if field.endswith("url"):
            return text.address(value, field, longest)
        return text.strict(value, field, longest, lines=lines)
    except text.BadText as error:
        raise RecordError(str(error)) from error


def _dropping(value: str, field: str, longest: int, lines: bool) -> str:
    return _refusing(text.without_forbidden(value), field, longest, lines)


def _whole(raw: Any, ours: Codebook, taken: Taking) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise RecordError(f"{SHAPE}, not {type(raw).__name__}")
    if unknown := sorted(str(key) for key in raw if key not in _KEYS):
        raise RecordError(f"unknown field {', '.join(unknown)}; allowed are {', '.join(_KEYS)}")
    version = raw.get("codebook")
    book = ours.as_of(version) if isinstance(version, str) else ours
    is_new = version in (None, "", book.version)
    event_id = raw.get("id")
    if not isinstance(event_id, str) or not ID.fullmatch(event_id):
        raise RecordError("id: small letters, digits and hyphens, 1 to 100 of them")
    record: dict[str, Any] = {
        "id": event_id,
        "date": day(raw.get("date"), "date").isoformat(),
        "date_precision": _one_of(raw, "date_precision", PRECISIONS, default="day"),
        **{key: _text(raw, key, longest, taken) for key, longest in _LONGEST.items()},
        "actors": _actors(raw.get("actors") or [], book, is_new),
        "certainty": _one_of(raw, "certainty", CERTAINTIES, default="confirmed"),
        **_terms(raw, taken),
        "supersedes": _ids(raw, "supersedes"),
        "suspends": _ids(raw, "suspends"),
        "assessments": _assessments(raw.get("assessments") or [], book, is_new, taken),
        "sources": [_source(source, taken) for source in _list(raw.get("sources") or [], "sources")],
        "recorded_at": None,
        "codebook": None,
        "retracted": False,
    }
    if raw.get("recorded_at") not in (None, ""):
        record["recorded_at"] = day(raw["recorded_at"], "recorded_at").isoformat()
    if raw.get("codebook") is not None:
        record["codebook"] = _text(raw, "codebook", 20, taken)
    if not isinstance(raw.get("retracted", False), bool):
        raise RecordError("retracted: true or false")
    record["retracted"] = raw.get("retracted", False)
    _agree(record)
    return {key: value for key, value in record.items() if key not in ADDED or value != ADDED[key]}


def whole(record: Record) -> dict[str, Any]:
    """The record with every key, those of format 1.1 that it leaves unsaid too: for readers who ask by name."""
    return {key: record.get(key, ADDED.get(key)) for key in _KEYS}


def canonical(record: Record, book: Codebook | None = None) -> str:
    """One line of JSON without spaces, keys in the record's order: what is hashed, exported and compared."""
    return json.dumps(check(record, book), ensure_ascii=False, separators=(",", ":"))


def codes(record: Record) -> dict[str, Any]:
    """What a coder decides of an event: whose act, how sure, how far, until when, and each direction and strength."""
    return {
        "actors": list(record["actors"]),
        "certainty": record.get("certainty", ""),
        "reach": record.get("reach") or "wide",
        "until": record.get("until"),
        "assessments": [
            {key: line.get(key) for key in ("rec", "direction", "strength", "ask")}
            for line in record["assessments"]
        ],
    }


def signature(record: Record) -> str:
    """A short text that is the same for the same codes, whatever the words around them. It is kept in databases."""
    line = json.dumps(codes(record), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(line.encode()).hexdigest()[:24]


def timeless(record: Record) -> dict[str, Any]:
    """The record without the day on which it was recorded, for telling whether two versions say the same."""
    return {key: value for key, value in record.items() if key != "recorded_at"}


def digest(previous: str, body: str) -> str:
    """SHA-256 (hex) that chains `body` to the digest before it."""
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def day(value: Any, field: str) -> datetime.date:
    """A calendar day from `YYYY-MM-DD`, between 1900 and 2100; `RecordError` names the field otherwise."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            parsed = datetime.date.fromisoformat(value)
        except ValueError as error:
            raise RecordError(f"{field}: {value} is not a day of the calendar ({error})") from None
        if 1900 <= parsed.year <= 2100:
            return parsed
    raise RecordError(f"{field}: a day as YYYY-MM-DD, between 1900 and 2100, not {value!r:.60}")


def _one_of(raw: Mapping[str, Any], key: str, allowed: tuple[str, ...], *, default: str) -> str:
    value = raw.get(key, default)
    if not isinstance(value, str) or value not in allowed:
        raise RecordError(f"{key}: {value!r:.60} is not one of {', '.join(allowed)}")
    return value


def _text(raw: Mapping[str, Any], key: str, longest: int, taken: Taking, field: str = "") -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordError(f"{field or key}: text, not {type(value).__name__}")
    return taken(value, field or key, longest, key in _OF_LINES)


def _list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise RecordError(f"{field}: a list, not {type(value).__name__}")
    return list(value)


def _actors(value: Any, book: Codebook, is_new: bool) -> list[str]:
    actors = _list(value, "actors")
    for actor in actors:
        if not isinstance(actor, str) or actor not in book.actor_slugs:
            raise RecordError(f"actors: {actor!r:.60} is not one of {_slugs(book.offered_actors())}")
        if is_new:
            _still_coded("actors", book.actor(actor))
    return [actor for actor in book.actor_slugs if actor in actors]


def _still_coded(field: str, item: Recommendation | Ask | Actor) -> None:
    if item.retired:
        raise RecordError(
            f"{field}: {item.slug} is retired since codebook {item.retired} and no longer coded"
        )


def _slugs(items: Iterable[Recommendation | Ask | Actor]) -> str:
    return ", ".join(item.slug for item in items)


def _terms(raw: Mapping[str, Any], taken: Taking) -> dict[str, Any]:
    """How far an act reaches, until when it holds by its own terms, and what its own text says comes next."""
    until, due = raw.get("until"), raw.get("due")
    return {
        "reach": _one_of(raw, "reach", REACHES, default="wide") if raw.get("reach") is not None else "wide",
        "until": None if until in (None, "") else day(until, "until").isoformat(),
        "stage": None if raw.get("stage") in (None, "") else _one_of(raw, "stage", STAGES, default=""),
        "due": None if due in (None, "") else _day_or_month(due, "due"),
        "due_what": _text(raw, "due_what", 500, taken),
        "due_what_zh": _text(raw, "due_what_zh", 500, taken),
    }


def _agree(record: Record) -> None:
    """What the terms of an act must not contradict (METHOD.md, section 11)."""
    if record["until"] and record["until"] <= record["date"]:
        raise RecordError(
            f"until: {record['until']} is not after the act's own day, {record['date']}; an act counts up to the "
            "day before `until`"
        )
    if record["suspends"] and not record["until"]:
        raise RecordError(
            "suspends: needs `until`, the day on which what sleeps counts again; without one the act supersedes"
        )
    if both := sorted(set(record["supersedes"]) & set(record["suspends"])):
        raise RecordError(f"suspends: {', '.join(both)} is superseded too; an act is ended or put to sleep")
    if (record["due_what"] or record["due_what_zh"]) and not record["due"]:
        raise RecordError("due_what: needs `due`, the day or month of the next step")


def _day_or_month(value: Any, field: str) -> str:
    """`YYYY-MM-DD`, or `YYYY-MM` where the text names no day."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}", value):
        return day(f"{value}-01", field).isoformat()[:7]
    return day(value, field).isoformat()


def _ids(raw: Mapping[str, Any], field: str) -> list[str]:
    value = raw.get(field)
    ids = [value] if isinstance(value, str) else _list(value or [], field)
    for event_id in ids:
        if not isinstance(event_id, str) or not ID.fullmatch(event_id):
            raise RecordError(f"{field}: {event_id!r:.60} is not the id of an event")
    return sorted(set(ids))


def _assessments(value: Any, book: Codebook, is_new: bool, taken: Taking) -> list[dict[str, Any]]:
    assessments = [_assessment(item, book, is_new, taken) for item in _list(value, "assessments")]
    seen: set[str] = set()
    for assessment in assessments:
        if assessment["rec"] in seen:
            raise RecordError(f"assessments: two of {assessment['rec']}; at most one for each recommendation")
        seen.add(assessment["rec"])
    return sorted(assessments, key=lambda assessment: book[assessment["rec"]].number)


def _assessment(raw: Any, book: Codebook, is_new: bool, taken: Taking) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise RecordError("assessments: each is a JSON object")
    if unknown := sorted(str(key) for key in raw if key not in _ASSESSMENT_KEYS):
        raise RecordError(f"assessments: unknown field {', '.join(unknown)}")
    rec, direction, strength, ask = (raw.get(key) for key in ("rec", "direction", "strength", "ask"))
    if not isinstance(rec, str) or rec not in book:
        raise RecordError(f"rec: {rec!r:.60} is not one of {_slugs(book.offered())}")
    if is_new:
        _still_coded("rec", book[rec])
    if isinstance(direction, bool) or direction not in DIRECTIONS:
        raise RecordError(f"direction of {rec}: 1 advances, -1 undermines, 0 mixed; not {direction!r:.60}")
    if isinstance(strength, bool) or not isinstance(strength, int) or strength not in STRENGTHS:
        raise RecordError(
            f"strength of {rec}: a whole number, 1 (words) to 5 (operating), not {strength!r:.60}"
        )
    if ask is not None:
        if not isinstance(ask, str) or not book.has_ask(rec, ask):
            raise RecordError(f"ask of {rec}: {ask!r:.60} is not one of {_slugs(book.offered_asks(rec))}")
        if is_new:
            _still_coded(f"ask of {rec}", book.ask(rec, ask))
    found = {
        "rec": rec,
        "direction": int(direction),
        "strength": strength,
        "ask": ask,
        "rationale": _text(raw, "rationale", 2_000, taken, f"rationale of {rec}"),
    }
    rationale_zh = _text(raw, "rationale_zh", 2_000, taken, f"rationale_zh of {rec}")
    return found | {"rationale_zh": rationale_zh} if rationale_zh else found


def _source(raw: Any, taken: Taking) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise RecordError("sources: each is a JSON object")
    if unknown := sorted(str(key) for key in raw if key not in _SOURCE_KEYS):
        raise RecordError(f"sources: unknown field {', '.join(unknown)}")
    url = _text(raw, "url", 2_000, taken, "sources: url")
    if url and not re.match(r"https?://[^\s/]", url):
        raise RecordError(f"sources: url starts with http:// or https://, not {url!r:.60}")
    date = raw.get("date")
    found = {
        "title": _text(raw, "title", 1_000, taken, "sources: title"),
        "publisher": _text(raw, "publisher", 300, taken, "sources: publisher"),
        "url": url,
        "date": None if date in (None, "") else day(date, "sources: date").isoformat(),
        "lang": _text(raw, "lang", 20, taken, "sources: lang"),
    }
    if (kind := raw.get("kind")) in (None, ""):
        return found
    if not isinstance(kind, str) or kind not in SOURCE_KINDS:
        raise RecordError(f"sources: kind {kind!r:.60} is not one of {', '.join(SOURCE_KINDS)}")
    return found | {"kind": kind}


def held_spans(rows: Sequence[tuple[int | None, int]]) -> list[list[Span]]:
    """For each row the spans of days of knowledge in which it holds.

    A row is (the place, from 1, of the earlier row that it takes back, or None; the first day on which it is known).
    """
    found: list[list[Span]] = [[] for _ in rows]
    taken_by: dict[int, int] = {}
    for place in range(len(rows), 0, -1):
        withdraws, recorded = rows[place - 1]
        after = taken_by.get(place)
        found[place - 1] = _outside(recorded, found[after - 1] if after else [])
        if withdraws:
            taken_by[withdraws] = place
    return found


def span_holds(span: Span, known: int | None) -> bool:
    """Whether a span holds the day of knowledge (None: now, after all of them)."""
    return span[1] == FOREVER if known is None else span[0] <= known < span[1]


def _outside(first: int, gaps: list[Span]) -> list[Span]:
    found, start = [], first
    for begin, end in gaps:
        if begin > start:
            found.append((start, begin))
        start = max(start, end)
    return [*found, (start, FOREVER)] if start < FOREVER else found

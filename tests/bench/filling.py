"""A record of any size, written past triage in batches: what the way out is measured on.

Every line is what triage would have written: bodies in the canonical form, digests chained. A sample of each
batch is made the slow way too and must be the same.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from tracker import log, record, text
from tracker.models import Assessment, Event, Head, Recommendation, Revision
from tracker.search import codes_of

BATCH = 20_000
DAYS = 500  # the acts lie on so many days from the start on
SUMMARY = "What happened, in two sentences. " * 4
WRITTEN = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
ENVELOPE = (
    '{"sequence":%d,"event":"%s","kind":"create","related":[],"why":"","who":"bench",'
    '"written_at":"2026-07-01T00:00:00Z","record":%s}'
)


def fill(size: int) -> None:
    """So many events, each accepted with one version, one assessment and one source."""
    for number, slug in enumerate(record.RECOMMENDATIONS, start=1):
        Recommendation.objects.create(slug=slug, number=number, name_en=slug, summary_en=slug)
    rng, digest = random.Random(1), ""
    for first in range(0, size, BATCH):
        lines = [_line(rng, number) for number in range(first, min(size, first + BATCH))]
        revisions = [*_revisions(lines, first, digest)]
        digest = revisions[-1][-1]
        _compare(lines[-1], revisions[-1])
        with transaction.atomic():
            _insert(Event, _EVENT, (_event(line) for line in lines))
            _insert(Assessment, _ASSESSMENT, (_assessment(line) for line in lines))
            _insert(Revision, _REVISION, revisions)
    Head.objects.update_or_create(id=1, defaults={"sequence": size, "digest": digest})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _line(rng: random.Random, number: int) -> dict[str, Any]:
    """What is different from event to event."""
    day = record.START + datetime.timedelta(days=rng.randrange(DAYS))
    return {
        "id": f"{day}-act-{number:07d}",
        "date": day.isoformat(),
        "title": f"Act {number} on chips and 出口管制 {rng.randrange(100)}",
        "actor": rng.choice(record.ACTORS),
        "certainty": rng.choice(record.CERTAINTIES),
        "rec": rng.choice(record.RECOMMENDATIONS),
        "direction": rng.choice((1, -1)),
        "strength": rng.randrange(1, 6),
        "url": f"https://gazette.example/{number}",
    }


def _record(line: dict[str, Any]) -> dict[str, Any]:
    code = {name: line[name] for name in ("rec", "direction", "strength")}
    source = {"title": "Report", "publisher": "Gazette", "url": line["url"], "lang": "en"}
    return record.check(
        {
            **{name: line[name] for name in ("id", "date", "title", "certainty")},
            "summary": SUMMARY,
            "actors": [line["actor"]],
            "assessments": [code],
            "sources": [source],
        }
    )


_NAMES = ("id", "date", "title", "actor", "certainty", "rec", "direction", "strength", "url")


def _template() -> str:
    """The canonical record with a place for each of `_NAMES`, in their order."""
    marked = {
        "id": "i-d", "date": "2025-01-21", "title": "TITLE", "actor": "us", "certainty": "rumoured",
        "rec": "trust", "direction": -1, "strength": 5, "url": "https://u.example/",
    }  # fmt: skip
    text = record.canonical(_record(marked)).replace("%", "%%")
    for name in _NAMES:
        value = json.dumps(marked[name])
        before, found, after = text.rpartition(value)
        text = before + ("%s" if isinstance(marked[name], int) else '"%s"') + after
        assert found, name
    return text


def _revisions(lines: list[dict[str, Any]], first: int, digest: str) -> Iterator[tuple[Any, ...]]:
    template = _template()
    for sequence, line in enumerate(lines, start=first + 1):
        body = template % tuple(line[name] for name in _NAMES)
        envelope = ENVELOPE % (sequence, line["id"], body)
        before, digest = digest, hashlib.sha256(f"{digest}\n{envelope}".encode()).hexdigest()
        yield sequence, line["id"], body, before, digest


def _compare(line: dict[str, Any], row: tuple[Any, ...]) -> None:
    sequence, event, body, previous, digest = row
    assert body == record.canonical(_record(line)), body
    slow = Revision(
        sequence=sequence, event_id=event, kind="create", body=body, who="bench", written_at=WRITTEN,
        previous=previous,
    )  # fmt: skip
    assert digest == log.digest_of(slow)


_EVENT = (
    {"status": "accepted", "summary": SUMMARY},
    (*("id", "date", "title", "actors", "certainty", "sources", "folded", "folded_title", "codes"),),
)
_ASSESSMENT = {}, ("event", "recommendation", "direction", "strength")
_REVISION = (
    {"kind": "create", "who": "bench", "written_at": WRITTEN},
    ("sequence", "event", "body", "previous", "digest"),
)


def _event(line: dict[str, Any]) -> tuple[Any, ...]:
    source = {"title": "Report", "publisher": "Gazette", "url": line["url"], "date": None, "lang": "en"}
    actors, sources = json.dumps([line["actor"]]), json.dumps([source])
    said = {"id": line["id"], "title": line["title"], "title_zh": "", "summary": SUMMARY, "summary_zh": ""}
    code = {"rec": line["rec"], "direction": line["direction"], "strength": line["strength"], "ask": ""}
    said |= {"sources": [source], "assessments": [code | {"rationale": ""}]}
    searched = text.words_of(said), text.titles_of(said), codes_of([code])
    return line["id"], line["date"], line["title"], actors, line["certainty"], sources, *searched


def _assessment(line: dict[str, Any]) -> tuple[Any, ...]:
    return line["id"], line["rec"], line["direction"], line["strength"]


def _insert(model: Any, kind: tuple[dict[str, Any], tuple[str, ...]], rows: Any) -> None:
    """Rows that differ in a few columns; the others hold what the model says, or what is the same in all."""
    same, different = kind
    sample = model(**same)
    fixed = [
        field
        for field in model._meta.concrete_fields
        if field.name not in different
        and not field.has_db_default()
        and not field.get_internal_type().endswith("AutoField")
    ]
    columns = [model._meta.get_field(name).column for name in different] + [each.column for each in fixed]
    values = tuple(each.get_db_prep_save(getattr(sample, each.attname), connection) for each in fixed)
    marks = ", ".join(["%s"] * len(columns))
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})",
            ((*row, *values) for row in rows),
        )

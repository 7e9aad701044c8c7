"""Records from a file into the log: all of it checked first, then all of it or nothing.

The format is that of the seeds, the export and the log: one record a line, every version of an event in its
order. Importing the same file twice changes nothing the second time.

The first record: recommendations, events, articles and cues from the instance's folder.

The law: add what is missing, by its natural key; never change what is there, as an analyst may have. The codebook
alone is required; a file that is not there adds nothing.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from tracker import addresses, codebook_versions, log, rows, tagger_versions, text, triage
from tracker import record as record_format
from tracker.codebook import current
from tracker.models import Article, CodebookVersion, Completeness, Event, Recommendation, Report


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: events added, events changed, versions that were on record already."""

    added: int
    changed: int
    known: int


def read(binary: BinaryIO) -> list[dict[str, Any]]:
    """The checked records of JSON Lines; `BadFile` names every line that is none."""
    return rows.checked(rows.json_lines(binary, record_format.SHAPE), record_format.check)


@transaction.atomic
def enter(records: Iterable[dict[str, Any]], *, who: str, by: Any = None, why: str = "") -> Outcome:
    """Append what is new, in order. `triage.Refused` stops it and nothing has changed; so does a record whose
    `recorded_at` cannot be kept."""
    done: Counter[str] = Counter()
    known = set(Event.objects.values_list("id", flat=True))
    for record, revision in triage.enter_all(records, who=who, by=by, why=why, as_claimed=True):
        done["known" if revision is None else "changed" if record["id"] in known else "added"] += 1
        known.add(record["id"])
    return Outcome(done["added"], done["changed"], done["known"])


FOLDER = settings.INSTANCE_FOLDER
WHO = "First edition"
WHY = "First edition of the record"
STATES = {"act": Article.State.FILED}
Added = tuple[str, int, int]  # what, how many were added, how many stand now


class BadSeed(ValueError):
    """A seed file that cannot be read; the message names file, line and reason."""


def seed() -> Iterator[Added]:
    """Add what is missing, part by part; yields what each part added."""
    yield from _codebook()
    yield _events(FOLDER / "events.jsonl")
    yield _completeness(FOLDER / "coverage.json")
    yield _articles(FOLDER / "articles.jsonl")
    yield ("cues", *tagger_versions.seed_cues())


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file with their line numbers."""
    if not path.exists():
        return
    try:
        with path.open("rb") as binary:
            yield from rows.json_lines(binary)
    except rows.BadFile as error:
        raise BadSeed(f"{path.name}, {error}") from None


def _document(path: Path) -> dict[str, Any]:
    """A seed file that is one JSON object."""
    try:
        document = rows.json_value(path.read_bytes().removeprefix(rows.BOM))
    except ValueError as error:
        raise BadSeed(f"{path.name}: {error}") from None
    if not isinstance(document, dict):
        raise BadSeed(f"{path.name}: a JSON object is needed, not {type(document).__name__}")
    return document


@transaction.atomic
def _codebook() -> tuple[Added, Added]:
    """The version of the codebook and the rows that it needs, together or not at all."""
    try:
        added = codebook_versions.take_into_service(current())
    except codebook_versions.BadVersion as error:
        raise BadSeed(f"codebook.json\n{error}") from None
    keys = codebook_versions.enter_keys(current())
    return (
        ("codebook versions", added, CodebookVersion.objects.count()),
        ("recommendations", keys, Recommendation.objects.count()),
    )


@transaction.atomic
def _events(path: Path) -> Added:
    """The first record; what names no version of the codebook was coded by the first."""
    known, added = set(Event.objects.values_list("id", flat=True)), 0
    first = (*current().earlier, current())[0].version
    for number, raw in lines(path):
        if raw.get("id") in known:
            continue
        try:
            checked = record_format.check(raw if raw.get("codebook") else {**raw, "codebook": first})
        except record_format.RecordError as error:
            raise BadSeed(f"{path.name}, line {number}: {error}") from None
        triage.enter(checked, who=WHO, why=WHY)
        added += 1
    return "events", added, len(known) + added


@transaction.atomic
def _completeness(path: Path) -> Added:
    if Completeness.objects.exists() or not path.exists():
        return "statement of completeness", 0, Completeness.objects.count()
    document = _document(path)
    day = record_format.day(document["coded_to"], "coded_to")
    Completeness.objects.create(day=day, note=document.get("note", ""))
    log.turn()
    return "statement of completeness", 1, 1


@transaction.atomic
def _articles(path: Path) -> Added:
    """The labelled pages as articles already dealt with: reports of their event, or not relevant."""
    try:
        read = {article.url_key: (article, raw) for article, raw in rows.checked(lines(path), _article)}
    except rows.BadFile as error:
        raise BadSeed(f"{path.name}, {error}") from None
    known = set(Article.objects.filter(url_key__in=list(read)).values_list("url_key", flat=True))
    new = [article for key, (article, _raw) in read.items() if key not in known]
    Article.objects.bulk_create(new, batch_size=500)
    events = set(Event.objects.values_list("id", flat=True))
    reports = [
        Report(event_id=raw["event"], article=article, how=Report.How.IMPORT)
        for key, (article, raw) in read.items()
        if key not in known and raw["event"] in events
    ]
    Report.objects.bulk_create(reports, batch_size=500, ignore_conflicts=True)
    return "labelled articles", len(new), Article.objects.count()


def _article(raw: dict[str, Any]) -> tuple[Article, dict[str, Any]]:
    """A page without a date counts as seen on the day of its event: never as news of today."""
    canonical = addresses.canonical_or_empty(raw["url"]) or raw["url"]
    published = _noon(raw["date"]) if len(raw["date"] or "") == 10 else None
    article = Article(
        url=raw["url"],
        url_key=hashlib.sha256(canonical.encode()).hexdigest(),
        title=text.strict(raw["title"], "title", 500),
        publisher=text.strict(raw["publisher"], "publisher", 300),
        language=raw["lang"],
        published_at=published,
        first_seen_at=published or _noon((raw["event"] or current().start.isoformat())[:10]),
        state=STATES.get(raw["kind"], Article.State.BACKGROUND),
    )
    return article, raw


def _noon(day: str) -> datetime.datetime:
    return datetime.datetime.combine(record_format.day(day, "date"), datetime.time(12), datetime.UTC)

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
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from tracker import addresses, log, tagger_versions, triage
from tracker import record as record_format
from tracker.codebook import Codebook, Text, current
from tracker.models import Article, Ask, Completeness, Event, Recommendation, Report

LONGEST_LINE = 1_000_000  # characters
SHOWN = 20


class BadFile(ValueError):
    """Lines that cannot be imported. The message lists them with their reasons."""

    def __init__(self, faults: list[tuple[int, str]]):
        self.faults = faults
        listed = [f"line {number}: {reason}" for number, reason in faults[:SHOWN]]
        if len(faults) > SHOWN:
            listed.append(f"and {len(faults) - SHOWN} more")
        super().__init__("\n".join(listed))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: events added, events changed, versions that were on record already."""

    added: int
    changed: int
    known: int


def read(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The checked records of JSON Lines; `BadFile` names every line that is none."""
    records, faults = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                records.append(_record(line))
            except record_format.RecordError as error:
                faults.append((number, str(error)))
    if faults:
        raise BadFile(faults)
    return records


@transaction.atomic
def enter(records: Iterable[dict[str, Any]], *, who: str, by: Any = None, why: str = "") -> Outcome:
    """Append what is new, in order. `triage.Refused` stops it and nothing has changed."""
    done: Counter[str] = Counter()
    known = set(Event.objects.values_list("id", flat=True))
    for record, revision in triage.enter_all(records, who=who, by=by, why=why):
        done["known" if revision is None else "changed" if record["id"] in known else "added"] += 1
        known.add(record["id"])
    return Outcome(done["added"], done["changed"], done["known"])


def _record(line: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise record_format.RecordError(f"longer than {LONGEST_LINE:,} characters")
    try:
        return record_format.check(json.loads(line))
    except record_format.RecordError:
        raise
    except (ValueError, RecursionError) as error:
        raise record_format.RecordError(f"not JSON ({error})") from None


FOLDER = settings.INSTANCE_FOLDER
WHO = "First edition"
CODEBOOK = "1.0"
WHY = "First edition of the record"
STATES = {"act": Article.State.FILED}
Added = tuple[str, int, int]  # what, how many were added, how many stand now


class BadSeed(ValueError):
    """A seed file that cannot be read; the message names file, line and reason."""


def seed() -> Iterator[Added]:
    """Add what is missing, part by part; yields what each part added."""
    yield _recommendations(current())
    yield _events(FOLDER / "events.jsonl")
    yield _completeness(FOLDER / "coverage.json")
    yield _articles(FOLDER / "articles.jsonl")
    yield ("cues", *tagger_versions.seed_cues())


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file with their line numbers."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError as error:
                    raise BadSeed(f"{path.name}, line {number}: not JSON ({error})") from None


@transaction.atomic
def _recommendations(book: Codebook) -> Added:
    added = 0
    for one in book:
        words = {
            **_in_both("name", one.name, book),
            **_in_both("summary", one.summary, book),
            **_in_both("advances", one.advances, book),
            **_in_both("undermines", one.undermines, book),
        }
        row, new = Recommendation.objects.get_or_create(
            slug=one.slug, defaults={"number": one.number, **words}
        )
        added += new
        for ask in one.asks:
            rest = {"position": ask.number, "mode": ask.mode, "actors": list(ask.actors)}
            rest |= _in_both("name", ask.name, book) | _in_both("description", ask.description, book)
            Ask.objects.get_or_create(recommendation=row, slug=ask.slug, defaults=rest)
    return "recommendations", added, Recommendation.objects.count()


def _in_both(name: str, text: Text, book: Codebook) -> dict[str, str]:
    """The words as the columns hold them: of the first language, and of the second if there is one."""
    return {
        f"{name}_en": str(text),
        f"{name}_zh": text.in_(book.languages[1]) if len(book.languages) > 1 else "",
    }


@transaction.atomic
def _events(path: Path) -> Added:
    known, added = set(Event.objects.values_list("id", flat=True)), 0
    for number, raw in lines(path):
        if raw.get("id") in known:
            continue
        try:
            checked = record_format.check(raw)
        except record_format.RecordError as error:
            raise BadSeed(f"{path.name}, line {number}: {error}") from None
        triage.enter(checked | {"codebook": checked["codebook"] or CODEBOOK}, who=WHO, why=WHY)
        added += 1
    return "events", added, len(known) + added


@transaction.atomic
def _completeness(path: Path) -> Added:
    if Completeness.objects.exists() or not path.exists():
        return "statement of completeness", 0, Completeness.objects.count()
    document = json.loads(path.read_text("utf-8"))
    day = record_format.day(document["coded_to"], "coded_to")
    Completeness.objects.create(day=day, note=document.get("note", ""))
    log.turn()
    return "statement of completeness", 1, 1


@transaction.atomic
def _articles(path: Path) -> Added:
    """The labelled pages as articles already dealt with: reports of their event, or not relevant."""
    read = {
        article.url_key: (article, raw) for article, raw in map(_article, (raw for _n, raw in lines(path)))
    }
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
        title=raw["title"][:500],
        publisher=raw["publisher"][:300],
        language=raw["lang"],
        published_at=published,
        first_seen_at=published or _noon((raw["event"] or record_format.START.isoformat())[:10]),
        state=STATES.get(raw["kind"], Article.State.BACKGROUND),
    )
    return article, raw


def _noon(day: str) -> datetime.datetime:
    return datetime.datetime.combine(record_format.day(day, "date"), datetime.time(12), datetime.UTC)

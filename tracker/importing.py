"""Records from files into the log: an import, the first record of the instance's folder and its later releases.

An import has the format of the seeds, the export and the log: one record a line, every version of an event in its
order. All of it is checked first, then all of it or nothing; importing the same file twice changes nothing the second
time.

The first record is recommendations, events, articles and cues. The law: add what is missing, by its natural key; never
change what is there, as an analyst may have. The codebook alone is required; a file that is not there adds nothing.

`releases.json` names the releases of events and second codings in order. The first is the record's beginning; each
later one comes in as revisions recorded on its own day, so that every day before it stays known as it was. The law: a
release is taken once and never over an analyst. An event that a person wrote or confirmed since keeps that person's
version, is marked for another look, and is named. What is there already is passed over.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tracker import addresses, log, rows, tagger_versions, text, triage
from tracker import record as record_format
from tracker.codebook import current
from tracker.models import (
    Article,
    CodebookVersion,
    Completeness,
    Decision,
    Event,
    MachineCoding,
    Recommendation,
    Report,
    Revision,
)

FOLDER = settings.INSTANCE_FOLDER
WHO = "First edition"
WHY = "First edition of the record"
STATES = {"act": Article.State.FILED}
Added = tuple[str, int, int]  # what, how many were added, how many stand now

MANIFEST = "releases.json"
KEPT = "keep"  # the journal's word for an event that kept its analyst's version when a release coded it otherwise
KEPT_WHY = "Release %d of the record codes this otherwise; the analyst's version was kept."
FRESH = datetime.timedelta(days=1)
_RELEASE_KEYS = {"number", "day", "events", "codings", "codebook", "who", "why", "machine"}
_CODING_KEYS = {"event", "coder", "blind", "seen", "assessments", "actors", "reach", "until", "unsure"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: events added, events changed, versions that were on record already."""

    added: int
    changed: int
    known: int


class BadSeed(ValueError):
    """A seed file that cannot be read; the message names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release: where its files are, when it was published (None: the first), and how readers see its hand.

    `machine` says that language models read and coded it.
    """

    number: int
    events: str
    who: str
    why: str
    codebook: str
    day: datetime.date | None = None
    codings: str = ""
    machine: bool = False


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


def seed() -> Iterator[Added]:
    """Add what is missing, part by part; yields what each part added."""
    yield from _codebook()
    yield _events(FOLDER / "events.jsonl")
    yield _completeness(FOLDER / "coverage.json")
    yield _articles(FOLDER / "articles.jsonl")
    yield ("cues", *tagger_versions.seed_cues())


def seed_releases() -> Iterator[Added | str]:
    """Take the releases after the first that are missing and out by today; what each added, and what was left alone.

    An installation that began today with the first record has every release on its own day.
    """
    today = timezone.now().date()
    opened = Revision.objects.order_by("sequence").values_list("written_at", flat=True).first()
    fresh = opened is not None and log.latest_recorded() is None and timezone.now() - opened < FRESH
    for release in releases()[1:]:
        if release.day is None or release.day > today:
            continue
        with transaction.atomic():
            yield from _take(release, fresh)


def releases(folder: Path | None = None) -> tuple[Release, ...]:
    """The releases that the instance ships, in their order; without a manifest the first record alone."""
    return _manifest(folder or FOLDER)


def coded_by_machine() -> tuple[str, ...]:
    """The names, as readers see them, under which language models coded."""
    return tuple(dict.fromkeys(release.who for release in releases() if release.machine))


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
        added = log.take_into_service(current())
    except log.BadVersion as error:
        raise BadSeed(f"codebook.json\n{error}") from None
    keys = log.enter_keys(current())
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


def _take(release: Release, fresh: bool) -> Iterator[Added | str]:
    records = list(_records_of(release))
    ids = {record["id"] for record in records}
    written, touched = _written_of(ids), _touched(ids)
    hands = {each.who for each in releases()}
    added = changed = 0
    newly = []
    for record in records:
        versions = written.get(record["id"], [])
        if any(
            record_format.timeless(version.record) == record_format.timeless(record) for version in versions
        ):
            continue
        if record["id"] in touched or any(version.by_id or version.who not in hands for version in versions):
            newly += [record["id"]] if _keep(release, record["id"]) else []
            continue
        triage.enter(record, who=release.who, why=release.why, recorded_on=release.day, restoring=fresh)
        added, changed = (added, changed + 1) if versions else (added + 1, changed)
    name = f"release {release.number}"
    yield f"{name}, new events", added, Event.objects.accepted().count()
    yield f"{name}, new versions", changed, Revision.objects.count()
    if newly:
        yield f"{name}: kept as an analyst left them: {', '.join(newly)}"
    if release.codings:
        yield f"{name}, second codings", _codings(release), MachineCoding.objects.count()


def _records_of(release: Release) -> Iterator[dict[str, Any]]:
    path = FOLDER / release.events
    for number, raw in lines(path):
        try:
            yield record_format.check({"codebook": release.codebook, **raw})
        except record_format.RecordError as error:
            raise BadSeed(f"{release.events}, line {number}: {error}") from None


def _written_of(ids: set[str]) -> dict[str, list[Revision]]:
    """The versions that the log holds of these events."""
    found: dict[str, list[Revision]] = {}
    for row in Revision.objects.order_by("sequence").iterator(2000):
        if row.event_id in ids:
            found.setdefault(row.event_id, []).append(row)
    return found


def _touched(ids: set[str]) -> set[str]:
    """Those of which a person has decided or confirmed anything, whatever the log says."""
    decided = Decision.objects.filter(by__isnull=False).order_by().values_list("event_id", flat=True)
    return ids & set(decided.distinct())


def _keep(release: Release, event_id: str) -> bool:
    """Mark an event that keeps its analyst's version for another look, once."""
    why = KEPT_WHY % release.number
    if Decision.objects.filter(event=event_id, action=KEPT, reason=why).exists():
        return False
    event = Event.objects.get(pk=event_id)
    Decision.objects.create(
        event=event, action=KEPT, status_before=event.status, status_after=event.status, by=None, reason=why
    )
    if event.on_record:
        Event.objects.filter(pk=event_id, look_again="").update(look_again=why)
    return True


def _codings(release: Release) -> int:
    """Put in the second codings that are missing, each beside the codes that it was a second reading of."""
    try:
        given = list(rows.checked(lines(FOLDER / release.codings), _coding))
    except rows.BadFile as error:
        raise BadSeed(f"{release.codings}, {error}") from None
    first = {record["id"]: record for record in _records_of(release)}
    there = set(MachineCoding.objects.values_list("event_id", "reader"))
    on_record = set(
        Event.objects.filter(pk__in=[each["event"] for each in given]).values_list("pk", flat=True)
    )
    new = [
        MachineCoding(
            event_id=each["event"],
            reader=each["coder"],
            release=release.number,
            blind=each.get("blind", False),
            seen=each.get("seen") or [],
            unsure=each.get("unsure") or [],
            first=record_format.codes(first[each["event"]]),
            body=record_format.codes(each),
        )
        for each in given
        if (each["event"], each["coder"]) not in there
        and each["event"] in on_record
        and each["event"] in first
    ]
    MachineCoding.objects.bulk_create(new, batch_size=500)
    if new:
        log.turn()
    return len(new)


def _coding(raw: dict[str, Any]) -> dict[str, Any]:
    """A line of second codings, its codes checked as those of a record are."""
    if not isinstance(raw, Mapping) or set(raw) - _CODING_KEYS or not {"event", "coder"} <= set(raw):
        raise record_format.RecordError(f"a second coding holds {', '.join(sorted(_CODING_KEYS))}")
    checked = record_format.whole(
        record_format.check(
            {
                "id": raw["event"],
                "date": current().start.isoformat(),
                "actors": raw.get("actors"),
                "assessments": raw.get("assessments"),
                "reach": raw.get("reach"),
            }
        )
    )
    codes = {name: checked[name] for name in ("actors", "assessments", "reach")}
    return {**raw, **codes, "until": raw.get("until"), "coder": str(raw["coder"])[:150]}


@cache
def _manifest(folder: Path) -> tuple[Release, ...]:
    path = folder / MANIFEST
    if not path.exists():
        first = (*current().earlier, current())[0].version
        return (Release(1, "events.jsonl", WHO, WHY, first),)
    try:
        stated = rows.json_value(path.read_bytes().removeprefix(rows.BOM))
        found = tuple(_release(each) for each in stated["releases"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadSeed(f"{MANIFEST}: {error}") from None
    if [release.number for release in found] != list(range(1, len(found) + 1)):
        raise BadSeed(f"{MANIFEST}: the releases are numbered 1, 2, 3 … in their order")
    return found


def _release(raw: Mapping[str, Any]) -> Release:
    if unknown := sorted(set(raw) - _RELEASE_KEYS):
        raise ValueError(
            f"unknown field {', '.join(unknown)}; allowed are {', '.join(sorted(_RELEASE_KEYS))}"
        )
    stated = raw.get("day")
    return Release(
        number=raw["number"],
        events=raw["events"],
        who=raw["who"],
        why=raw["why"],
        codebook=raw["codebook"],
        day=record_format.day(stated, "day") if stated else None,
        codings=raw.get("codings", ""),
        machine=raw.get("machine", False),
    )

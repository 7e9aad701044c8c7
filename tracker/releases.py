"""The releases of the record: the events and second codings that an instance's folder ships, release by release.

`releases.json` names them in order. The first is the record's beginning; each later one comes in as revisions
recorded on its own day, so that every day before it stays known as it was.

The law: a release is taken once and never over an analyst. An event that a person wrote or confirmed since keeps
that person's version, is marked for another look, and is named. What is there already is passed over.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from tracker import importing, log, rows, triage
from tracker import record as record_format
from tracker.codebook import current
from tracker.models import Decision, Event, MachineCoding, Revision

MANIFEST = "releases.json"
KEPT = "keep"  # the journal's word for an event that kept its analyst's version when a release coded it otherwise
KEPT_WHY = "Release %d of the record codes this otherwise; the analyst's version was kept."
FRESH = datetime.timedelta(days=1)
_KEYS = {"number", "day", "events", "codings", "codebook", "who", "why", "machine"}
_CODING_KEYS = {"event", "coder", "blind", "seen", "assessments", "actors", "reach", "until", "unsure"}


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


def known(folder: Path | None = None) -> tuple[Release, ...]:
    """The releases that the instance ships, in their order; without a manifest the first record alone."""
    return _read(folder or importing.FOLDER)


def coded_by_machine() -> tuple[str, ...]:
    """The names, as readers see them, under which language models coded."""
    return tuple(dict.fromkeys(release.who for release in known() if release.machine))


def seed() -> Iterator[importing.Added | str]:
    """Take the releases after the first that are missing and out by today; what each added, and what was left alone.

    An installation that began today with the first record has every release on its own day.
    """
    today = timezone.now().date()
    opened = Revision.objects.order_by("sequence").values_list("written_at", flat=True).first()
    fresh = opened is not None and log.latest_recorded() is None and timezone.now() - opened < FRESH
    for release in known()[1:]:
        if release.day is None or release.day > today:
            continue
        with transaction.atomic():
            yield from _taken(release, fresh)


def _taken(release: Release, fresh: bool) -> Iterator[importing.Added | str]:
    records = list(_records(release))
    ids = {record["id"] for record in records}
    written, touched = _written(ids), _touched(ids)
    hands = {each.who for each in known()}
    added = changed = 0
    newly = []
    for record in records:
        versions = written.get(record["id"], [])
        if any(_timeless(version.record) == _timeless(record) for version in versions):
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


def _records(release: Release) -> Iterator[dict[str, Any]]:
    path = importing.FOLDER / release.events
    for number, raw in importing.lines(path):
        try:
            yield record_format.check({"codebook": release.codebook, **raw})
        except record_format.RecordError as error:
            raise importing.BadSeed(f"{release.events}, line {number}: {error}") from None


def _written(ids: set[str]) -> dict[str, list[Revision]]:
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
        given = list(rows.checked(importing.lines(importing.FOLDER / release.codings), _coding))
    except rows.BadFile as error:
        raise importing.BadSeed(f"{release.codings}, {error}") from None
    first = {record["id"]: record for record in _records(release)}
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


def _timeless(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "recorded_at"}


@cache
def _read(folder: Path) -> tuple[Release, ...]:
    path = folder / MANIFEST
    if not path.exists():
        first = (*current().earlier, current())[0].version
        return (Release(1, "events.jsonl", importing.WHO, importing.WHY, first),)
    try:
        stated = rows.json_value(path.read_bytes().removeprefix(rows.BOM))
        found = tuple(_release(each) for each in stated["releases"])
    except (ValueError, KeyError, TypeError) as error:
        raise importing.BadSeed(f"{MANIFEST}: {error}") from None
    if [release.number for release in found] != list(range(1, len(found) + 1)):
        raise importing.BadSeed(f"{MANIFEST}: the releases are numbered 1, 2, 3 … in their order")
    return found


def _release(raw: Mapping[str, Any]) -> Release:
    if unknown := sorted(set(raw) - _KEYS):
        raise ValueError(f"unknown field {', '.join(unknown)}; allowed are {', '.join(sorted(_KEYS))}")
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

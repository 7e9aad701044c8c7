"""Checked records from seeds, imports and mirrors enter the log as accepted events.

The law: repeating is harmless, and the past as it was known never changes. A version may say on which day it
was recorded only as long as that day is not before what the log already holds; otherwise it is recorded
today, or refused where somebody asked for that day.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log, record, text
from tracker.codebook import current
from tracker.models import Decision, Event, Revision
from tracker.triage import coding
from tracker.triage.statuses import ACCEPTED, DISMISSED, MERGED, PROPOSED, Refused, legal
from tracker.triage.steps import reason

_COLUMNS = (
    "date_precision", "title", "title_zh", "summary", "summary_zh", "actors", "certainty", "supersedes",
    "sources", "retracted",
)  # fmt: skip


def enter(
    raw: Mapping[str, Any],
    who: str,
    by: Any = None,
    why: str = "",
    kind: str | None = None,
    recorded_on: datetime.date | None = None,
    related: Iterable[str] = (),
    restoring: bool = False,
    as_claimed: bool = False,
) -> Revision | None:
    """Put one record into the log; None when the log holds it already. `kind` and `recorded_on` (the day when
    the record names none) default to what follows from the log and to today. With `as_claimed` a record that names
    a day on which it cannot be recorded is refused, instead of being recorded today."""
    checked, why, who = record.check(raw), reason(why), text.lenient(who, 150)
    with transaction.atomic():
        log.lock()
        if trouble := log.codebook_trouble():
            raise Refused(trouble)
        event = Event.objects.select_for_update().filter(pk=checked["id"]).first()
        found = Revision.objects.filter(event_id=checked["id"]).order_by("sequence")
        # As the doors take texts today: what came in before differs by nothing that anybody can see.
        versions = [record.mended(row.record) for row in found]
        if _known(checked, versions, event):
            return None
        claimed = checked["recorded_at"]
        day = _recorded(claimed, bool(versions), recorded_on, restoring)
        if as_claimed and claimed and day is not None and day.isoformat() != claimed:
            raise Refused(
                _(
                    "%(id)s: recorded_at says %(claimed)s, but this log was opened or last written on a later day, or "
                    "that day is to come; its past would change. Leave recorded_at out, and it is recorded on %(day)s."
                )
                % {"id": checked["id"], "claimed": claimed, "day": day}
            )
        return _write(event, checked, versions, who, by, why, kind, day, related)


def enter_all(
    records: Iterable[Mapping[str, Any]],
    who: str,
    by: Any = None,
    why: str = "",
    *,
    as_claimed: bool = False,
) -> Iterator[tuple[dict[str, Any], Revision | None]]:
    """Put a whole log in its order, each event's versions laid beside those the log already holds, so that
    the same file may come again in any state of the log. Call it inside a transaction."""
    rests: dict[str, list[dict[str, Any]]] = {}
    restoring = not Revision.objects.exists()
    for raw in records:
        checked = record.check(raw)
        key = checked["id"]
        if key not in rests:
            found = Revision.objects.filter(event_id=key).order_by("sequence")
            rests[key] = [record.timeless(record.mended(row.record)) for row in found]
        wanted = record.timeless(checked)
        if wanted in rests[key]:
            # Whatever stands before it was passed over by this file and stays passed over.
            rests[key] = rests[key][rests[key].index(wanted) + 1 :]
            yield checked, None
            continue
        rests[key] = []
        yield checked, enter(checked, who, by, why, restoring=restoring, as_claimed=as_claimed)


def _known(checked: Mapping[str, Any], versions: list[dict[str, Any]], event: Event | None) -> bool:
    if not versions:
        return False
    wanted = record.timeless(checked)
    # An undone acceptance left the log with a retraction and the event without status: it may come again.
    if record.timeless(versions[-1]) == wanted and event is not None and event.on_record:
        return True
    if checked["recorded_at"] is None:  # a first import that comes again never overwrites what came later
        return any(record.timeless(version) == wanted for version in versions)
    return any(
        version["recorded_at"] == checked["recorded_at"] and record.timeless(version) == wanted
        for version in versions
    )


def _write(
    event: Event | None,
    checked: dict[str, Any],
    versions: list[dict[str, Any]],
    who: str,
    by: Any,
    why: str,
    kind: str | None,
    recorded_on: datetime.date | None,
    related: Iterable[str],
) -> Revision:
    before = event.status if event else ""
    row = event or Event(pk=checked["id"])
    if before == MERGED:
        raise Refused(_("%(id)s was merged into %(target)s.") % {"id": row.pk, "target": row.merged_into_id})
    if before == DISMISSED:  # the table knows no way from dismissed to accepted but through the queue
        Event.objects.filter(pk=row.pk).update(status=PROPOSED, dismissal="")
        row.status, row.dismissal = PROPOSED, ""
    if not row.on_record or not event:
        assert legal(row.status if event else "", ACCEPTED)
        row.status, row.decided_at, row.decided_by = ACCEPTED, timezone.now(), by
        row.snoozed_until = row.snoozed_reports = None
    for name in _COLUMNS:
        setattr(row, name, checked[name])
    coding.put_terms(row, checked)
    row.date = record.day(checked["date"], "date")
    row.codebook = checked["codebook"] or ""
    row.recorded_at = recorded_on
    row.version = row.version + 1 if event else 1
    coding.note_searchable(row, checked["assessments"])
    row.save(force_insert=event is None)
    coding.put(row, checked["assessments"], checked["codebook"] or current().version)
    Decision.objects.create(
        event=row, action="enter", status_before=before, status_after=row.status, by=by, reason=why
    )
    return log.append(row, kind=kind or _kind(checked, versions), who=who, by=by, why=why, related=related)


def _recorded(
    claimed: str | None, known_before: bool, recorded_on: datetime.date | None, restoring: bool
) -> datetime.date | None:
    """The day that a version is recorded on; None for the first import."""
    today, newest = timezone.now().date(), log.latest_recorded()
    opened = (
        None
        if restoring
        else Revision.objects.order_by("sequence").values_list("written_at", flat=True).first()
    )
    day = record.day(claimed, "recorded_at") if claimed else recorded_on
    if day is None and newest is None and not known_before and (opened is None or opened.date() == today):
        return None
    earliest = max(day for day in (newest, opened.date() if opened else None, current().start) if day)
    return day if day is not None and earliest <= day <= today else max(today, earliest)


def _kind(checked: Mapping[str, Any], versions: list[dict[str, Any]]) -> str:
    if not versions:
        return Revision.Kind.CREATE
    if versions[-1]["retracted"] == checked["retracted"]:
        return Revision.Kind.UPDATE
    return Revision.Kind.RETRACT if checked["retracted"] else Revision.Kind.RESTORE

"""The append-only log of the record: canonical form, digests, what was known when.

The law: a version of an event is written once and never changed; each is chained to the one before it. Only
`triage` calls `append`, in the transaction that changes the event.
"""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.mail import mail_admins
from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import TruncDate
from django.utils import timezone

from tracker import record
from tracker.models import Event, Head, Revision

logger = logging.getLogger(__name__)
_HEAD = "SELECT sequence, digest, aside FROM tracker_head WHERE id = 1"


class BrokenLog(RuntimeError):
    """The log does not agree with its digests; the message names the revision."""


def body_of(event: Event) -> dict[str, Any]:
    """The record of an event as its row and its assessments stand now."""
    return record.mended(
        {
            "id": event.id,
            "date": event.date.isoformat(),
            "date_precision": event.date_precision,
            "title": event.title,
            "title_zh": event.title_zh,
            "summary": event.summary,
            "summary_zh": event.summary_zh,
            "actors": event.actors,
            "certainty": event.certainty,
            "reach": event.reach,
            "until": event.until.isoformat() if event.until else None,
            "stage": event.stage or None,
            "due": event.due or None,
            "due_what": event.due_what,
            "due_what_zh": event.due_what_zh,
            "supersedes": event.supersedes,
            "suspends": event.suspends,
            "assessments": [assessment.line() for assessment in event.assessments.all()],
            "sources": event.sources,
            "recorded_at": event.recorded_at.isoformat() if event.recorded_at else None,
            "codebook": event.codebook or None,
            "retracted": event.retracted,
        }
    )


def append(
    event: Event, *, kind: str, who: str, by: Any = None, why: str = "", related: Iterable[str] = ()
) -> Revision:
    """Write the event's present state to the log. Must run inside a transaction."""
    head = lock()
    revision = Revision(
        sequence=head.sequence + 1,
        event=event,
        kind=kind,
        body=record.canonical(body_of(event)),
        related=sorted(set(related)),
        why=why,
        who=who,
        by=by,
        written_at=timezone.now().replace(microsecond=0),
        previous=head.digest,
    )
    revision.digest = digest_of(revision)
    revision.save(force_insert=True)
    Head.objects.filter(id=1).update(sequence=revision.sequence, digest=revision.digest)
    return revision


def lock() -> Head:
    """The head of the log, locked until the transaction ends, so that writers stand in line."""
    Head.objects.get_or_create(id=1)
    return Head.objects.select_for_update().get(id=1)


def turn() -> None:
    """Tell readers' caches that something beside the log has changed (hand-set asks, coverage, agreement)."""
    with transaction.atomic():
        head = lock()
        Head.objects.filter(id=1).update(aside=head.aside + 1)


def place() -> tuple[int, str, int]:
    """Sequence and digest of the last revision, and the number of changes beside the log."""
    # Every warm page asks this one question; put together by the ORM it would cost more than the page.
    with connection.cursor() as cursor:
        cursor.execute(_HEAD)
        return cursor.fetchone() or (0, "", 0)


def head() -> str:
    """A short text that changes whenever anything changes that a page could show."""
    sequence, digest, aside = place()
    return f"{sequence}-{digest[:24]}-{aside}"


def envelope(revision: Revision) -> dict[str, Any]:
    """A revision as readers and mirrors see it; what its digest covers."""
    return {
        "sequence": revision.sequence,
        "event": revision.event_id,
        "kind": revision.kind,
        "related": revision.related,
        "why": revision.why,
        "who": revision.who,
        "written_at": revision.written_at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "record": revision.record,
    }


def digest_of(revision: Revision) -> str:
    """SHA-256 over the digest before and the canonical envelope."""
    line = json.dumps(envelope(revision), ensure_ascii=False, separators=(",", ":"))
    return record.digest(revision.previous, line)


def lines(after: int = 0, until: int | None = None) -> Iterator[str]:
    """The canonical records of all versions in the order of the log, one line of JSON each."""
    found = Revision.objects.filter(sequence__gt=after).order_by("sequence")
    if until is not None:
        found = found.filter(sequence__lte=until)
    yield from found.values_list("body", flat=True).iterator(2000)


def verify() -> int:
    """Recompute the whole chain; the number of revisions. `BrokenLog` names the first that does not fit."""
    previous, count = "", 0
    for revision in Revision.objects.order_by("sequence").iterator(2000):
        count += 1
        if revision.sequence != count:
            raise BrokenLog(f"revision {count} is missing")
        if revision.previous != previous or digest_of(revision) != revision.digest:
            raise BrokenLog(f"revision {revision.sequence} does not fit its digest")
        previous = revision.digest
    row = Head.objects.filter(id=1).first()
    if row and (row.sequence, row.digest) != (count, previous):
        raise BrokenLog(f"the head says {row.sequence} revisions, the log holds {count}")
    return count


def check_held(sequence: str, digest: str) -> None:
    """`BrokenLog` unless a revision has the digest that somebody has kept of it (or its first twelve letters)."""
    found = (
        Revision.objects.filter(sequence=sequence).values_list("digest", flat=True)
        if sequence.isdigit()
        else []
    )
    if len(digest) < 12 or not any(each.startswith(digest.lower()) for each in found):
        raise BrokenLog(f"revision {sequence} does not have the digest {digest}: the log was rewritten since")


def heads(days: int) -> list[tuple[datetime.date, int, str]]:
    """Day (UTC), revision and digest of the last revision of each of the latest days on which any was written, the
    newest first. Whoever keeps one can prove that the log before it was never rewritten."""
    last = (
        Revision.objects.annotate(day=TruncDate("written_at", tzinfo=datetime.UTC))
        .values("day")
        .annotate(last=Max("sequence"))
        .order_by("-day")
        .values_list("last", flat=True)[:days]
    )
    rows = Revision.objects.filter(sequence__in=list(last)).order_by("-sequence")
    return [
        (written.astimezone(datetime.UTC).date(), sequence, digest)
        for written, sequence, digest in rows.values_list("written_at", "sequence", "digest")
    ]


def written_by_the_end_of(day: datetime.date) -> int:
    """The last revision that was written by the end of a day (UTC); 0 for none."""
    midnight = datetime.datetime.combine(day + datetime.timedelta(1), datetime.time(), datetime.UTC)
    found = Revision.objects.filter(written_at__lt=midnight).aggregate(last=Max("sequence"))
    return found["last"] or 0


def sound_the_alarm() -> str:
    """Verify the log; what does not fit, in words, mailed to ADMINS; empty where all fits."""
    try:
        verify()
    except BrokenLog as broken:
        logger.critical("the record is damaged: %s", broken)
        mail_admins(
            "The record is damaged",
            f"{broken}.\n\nThe log no longer fits its digests: somebody or something changed it outside of the "
            "service. Take writers off (stop web and workers), keep the database as it is, and compare it with the "
            "last backup and the last edition (manage.py verify --held REVISION DIGEST).\n",
        )
        return str(broken)
    return ""


def latest_recorded() -> datetime.date | None:
    """The newest day on which a version was recorded; None while only the first import stands."""
    # Days never fall along the log, so its last line names the newest. The events' rows would not do: an
    # undone acceptance leaves versions in the log and none on the row.
    last = Revision.objects.order_by("-sequence").first()
    stated = last.record["recorded_at"] if last else None
    return record.day(stated, "recorded_at") if stated else None

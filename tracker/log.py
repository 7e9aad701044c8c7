"""What is on record for good, chained by digests: the log of revisions and the codebook's versions.

The law of the log: a version of an event is written once and never changed; each is chained to the one before it. Only
`triage` calls `append`, in the transaction that changes the event.

The law of the codebook: a version is written once and never changed, each chained to the one before it. What was
published under a version stays published: a reading as known on a day goes by the version in force on that day. A
process whose file is not the one in force reads on and writes nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.core.mail import mail_admins
from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import codebook as codebooks
from tracker import record
from tracker.codebook import Codebook, current
from tracker.codebook.schema import version_order
from tracker.models import Ask, Assessment, CodebookVersion, Event, Head, Recommendation, Revision

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


class BadVersion(ValueError):
    """A codebook that cannot follow the one in force; each fault on a line of its own."""


class BrokenChain(RuntimeError):
    """The versions do not agree with their digests; the message names the first that does not fit."""


def codebook_on(day: datetime.date | None, rows: Sequence[CodebookVersion] | None = None) -> Codebook:
    """The codebook in force on a day of knowledge (None: now); ours while the record holds none.

    `rows` are all versions in their order, for who has them at hand.
    """
    row = version_on(day, list(CodebookVersion.objects.all()) if rows is None else rows)
    return _book_of(row) if row else current()


def version_on(day: datetime.date | None, rows: Iterable[CodebookVersion]) -> CodebookVersion | None:
    """The last of the versions that was in force on a day (None: the last of all)."""
    found = None
    for row in rows:
        if day is None or row.in_force is None or row.in_force <= day:
            found = row
    return found


def codebook_trouble() -> str:
    """Why this process may not write, in a sentence; empty if its codebook is the one in force, or none is yet."""
    row = CodebookVersion.objects.order_by("-id").values("version", "content", "in_force").first()
    ours = current()
    if row is None or row["content"] == ours.digest:
        return ""
    told = {"ours": ours.version, "theirs": row["version"]}
    if row["version"] == ours.version:
        return _with_other_content(ours.version, row["in_force"])
    if version_order(ours.version) < version_order(row["version"]):
        return (
            _(
                "The codebook on disk is %(ours)s, the record is coded by %(theirs)s already: bring that file here."
            )
            % told
        )
    return (
        _("The codebook on disk is %(ours)s, the record was last coded by %(theirs)s: run manage.py seed.")
        % told
    )


def may_write() -> bool:
    """Whether this process may write; the log of the process says why not."""
    if sentence := codebook_trouble():
        logger.warning("nothing is written: %s", sentence)
    return not sentence


def take_into_service(book: Codebook) -> int:
    """Put `book`, and what came before it, into the record where they are missing; how many versions were added.

    `BadVersion` with every fault if it cannot follow the version in force; then nothing has changed.
    """
    with transaction.atomic():
        lock()
        rows = list(CodebookVersion.objects.all())
        _check_version(book, rows)
        today = timezone.now().date() if Revision.objects.exists() else None
        held = {row.version for row in rows}
        # Only an installation that never held any takes the earlier ones: they hold what its code held.
        new: list[tuple[Codebook, datetime.date | None]] = [(each, None) for each in book.earlier if not rows]
        new += [(book, today)] if book.version not in held else []
        for each, day in new:
            row = _version_of(each, day, rows[-1].digest if rows else "")
            row.save(force_insert=True)
            rows.append(row)
        if new:
            turn()
        return len(new)


def enter_keys(book: Codebook) -> int:
    """Add the rows of recommendations and asks that are missing; how many recommendations were new."""
    added = 0
    for one in book:
        row, new = Recommendation.objects.get_or_create(
            slug=one.slug,
            defaults={
                "number": one.number,
                **_columns("name", one.name, book),
                **_columns("summary", one.summary, book),
                **_columns("advances", one.advances, book),
                **_columns("undermines", one.undermines, book),
            },
        )
        added += new
        for ask in one.asks:
            rest = {"position": ask.number, "mode": ask.mode, "actors": list(ask.actors)}
            rest |= _columns("name", ask.name, book) | _columns("description", ask.description, book)
            Ask.objects.get_or_create(recommendation=row, slug=ask.slug, defaults=rest)
    return added


def unserved_version() -> CodebookVersion:
    """Our codebook as the version that it would be if it were taken into service first; not kept."""
    return _version_of(current(), None, "")


def verify_versions() -> int:
    """Recompute the chain; the number of versions. `BrokenChain` names the first that does not fit."""
    previous = ""
    for row in CodebookVersion.objects.all():
        fits = row.previous == previous and row.content == hashlib.sha256(row.body.encode()).hexdigest()
        if not fits or version_digest(row) != row.digest:
            raise BrokenChain(f"version {row.version} of the codebook does not fit its digest")
        previous = row.digest
    return CodebookVersion.objects.count()


def version_digest(row: CodebookVersion) -> str:
    """SHA-256 over the digest before and the canonical envelope."""
    line = json.dumps(row.envelope(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(f"{row.previous}\n{line}".encode()).hexdigest()


def _check_version(book: Codebook, rows: Sequence[CodebookVersion]) -> None:
    standing = {row.version: row for row in rows}
    faults = [
        _with_other_content(each.version, standing[each.version].in_force)
        for each in (*book.earlier, book)
        if each.version in standing and standing[each.version].content != each.digest
    ]
    if rows and rows[-1].version != book.version:
        before = _book_of(rows[-1])
        if codebooks.faults(before, book):
            faults += codebooks.faults(before, book, _coded_counts())
    if faults:
        raise BadVersion("\n".join(faults))


def _with_other_content(version: str, in_force: datetime.date | None) -> str:
    since = _("on %(day)s") % {"day": in_force} if in_force else _("with the first record")
    return _(
        "version %(version)s was taken into service %(since)s with other content: give the changed file a new version."
    ) % {"version": version, "since": since}


def _coded_counts() -> Counter[str]:
    """How many events on record are coded by each slug, ask and actor."""
    found: Counter[str] = Counter()
    on_record = Event.objects.accepted()
    rows = Assessment.objects.filter(event__in=on_record).values_list("recommendation_id", "ask")
    for slug, ask in rows.iterator():
        found[slug] += 1
        if ask:
            found[f"{slug}/{ask}"] += 1
    for actors in on_record.values_list("actors", flat=True).iterator():
        found.update(f"actor:{slug}" for slug in set(actors))
    return found


def _version_of(book: Codebook, in_force: datetime.date | None, previous: str) -> CodebookVersion:
    row = CodebookVersion(
        version=book.version, in_force=in_force, body=book.body, content=book.digest, previous=previous
    )
    row.digest = version_digest(row)
    return row


def _book_of(row: CodebookVersion) -> Codebook:
    """The codebook of a stored version; ours, which has its prose and outlets, where it is the same."""
    return current() if row.content == current().digest else _read_codebook(row.body)


@lru_cache(maxsize=64)
def _read_codebook(body: str) -> Codebook:
    found = codebooks.read(body, earlier=True)
    assert found is not None  # without a reader of faults `read` gives a codebook or raises
    return found


def _columns(name: str, text: codebooks.Text, book: Codebook) -> dict[str, str]:
    """The words as the columns hold them: in the first language, and in the second if there is one."""
    return {
        f"{name}_en": str(text),
        f"{name}_zh": text.in_(book.languages[1]) if len(book.languages) > 1 else "",
    }

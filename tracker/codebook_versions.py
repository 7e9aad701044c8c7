"""The codebook's versions in the record: which was in force when, and how a new one comes into service.

The law: a version is written once and never changed, each chained to the one before it. What was published under
a version stays published: a reading as known on a day goes by the version in force on that day. A process whose
file is not the one in force reads on and writes nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import codebook as codebooks
from tracker.codebook import Codebook, current
from tracker.codebook.schema import version_order
from tracker.models import Ask, Assessment, CodebookVersion, Event, Head, Recommendation, Revision

log = logging.getLogger(__name__)


class BadVersion(ValueError):
    """A codebook that cannot follow the one in force; each fault on a line of its own."""


class BrokenChain(RuntimeError):
    """The versions do not agree with their digests; the message names the first that does not fit."""


def on(day: datetime.date | None, rows: Sequence[CodebookVersion] | None = None) -> Codebook:
    """The codebook in force on a day of knowledge (None: now); ours while the record holds none.

    `rows` are all versions in their order, for who has them at hand.
    """
    row = row_on(day, list(CodebookVersion.objects.all()) if rows is None else rows)
    return _book_of(row) if row else current()


def row_on(day: datetime.date | None, rows: Iterable[CodebookVersion]) -> CodebookVersion | None:
    """The last of the versions that was in force on a day (None: the last of all)."""
    found = None
    for row in rows:
        if day is None or row.in_force is None or row.in_force <= day:
            found = row
    return found


def trouble() -> str:
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
    if sentence := trouble():
        log.warning("nothing is written: %s", sentence)
    return not sentence


def take_into_service(book: Codebook) -> int:
    """Put `book`, and what came before it, into the record where they are missing; how many versions were added.

    `BadVersion` with every fault if it cannot follow the version in force; then nothing has changed.
    """
    with transaction.atomic():
        Head.objects.get_or_create(id=1)
        head = Head.objects.select_for_update().get(id=1)
        rows = list(CodebookVersion.objects.all())
        _check(book, rows)
        today = timezone.now().date() if Revision.objects.exists() else None
        held = {row.version for row in rows}
        # Only an installation that never held any takes the earlier ones: they hold what its code held.
        new: list[tuple[Codebook, datetime.date | None]] = [(each, None) for each in book.earlier if not rows]
        new += [(book, today)] if book.version not in held else []
        for each, day in new:
            row = _made(each, day, rows[-1].digest if rows else "")
            row.save(force_insert=True)
            rows.append(row)
        if new:
            Head.objects.filter(id=1).update(aside=head.aside + 1)
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


def unserved() -> CodebookVersion:
    """Our codebook as the version that it would be if it were taken into service first; not kept."""
    return _made(current(), None, "")


def verify() -> int:
    """Recompute the chain; the number of versions. `BrokenChain` names the first that does not fit."""
    previous = ""
    for row in CodebookVersion.objects.all():
        fits = row.previous == previous and row.content == hashlib.sha256(row.body.encode()).hexdigest()
        if not fits or digest_of(row) != row.digest:
            raise BrokenChain(f"version {row.version} of the codebook does not fit its digest")
        previous = row.digest
    return CodebookVersion.objects.count()


def digest_of(row: CodebookVersion) -> str:
    """SHA-256 over the digest before and the canonical envelope."""
    line = json.dumps(row.envelope(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(f"{row.previous}\n{line}".encode()).hexdigest()


def _check(book: Codebook, rows: Sequence[CodebookVersion]) -> None:
    standing = {row.version: row for row in rows}
    faults = [
        _with_other_content(each.version, standing[each.version].in_force)
        for each in (*book.earlier, book)
        if each.version in standing and standing[each.version].content != each.digest
    ]
    if rows and rows[-1].version != book.version:
        before = _book_of(rows[-1])
        if codebooks.faults(before, book):
            faults += codebooks.faults(before, book, _coded())
    if faults:
        raise BadVersion("\n".join(faults))


def _with_other_content(version: str, in_force: datetime.date | None) -> str:
    since = _("on %(day)s") % {"day": in_force} if in_force else _("with the first record")
    return _(
        "version %(version)s was taken into service %(since)s with other content: give the changed file a new version."
    ) % {"version": version, "since": since}


def _coded() -> Counter[str]:
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


def _made(book: Codebook, in_force: datetime.date | None, previous: str) -> CodebookVersion:
    row = CodebookVersion(
        version=book.version, in_force=in_force, body=book.body, content=book.digest, previous=previous
    )
    row.digest = digest_of(row)
    return row


def _book_of(row: CodebookVersion) -> Codebook:
    """The codebook of a stored version; ours, which has its prose and outlets, where it is the same."""
    return current() if row.content == current().digest else _read(row.body)


@lru_cache(maxsize=64)
def _read(body: str) -> Codebook:
    found = codebooks.read(body, earlier=True)
    assert found is not None  # without a reader of faults `read` gives a codebook or raises
    return found


def _columns(name: str, text: codebooks.Text, book: Codebook) -> dict[str, str]:
    """The words as the columns hold them: in the first language, and in the second if there is one."""
    return {
        f"{name}_en": str(text),
        f"{name}_zh": text.in_(book.languages[1]) if len(book.languages) > 1 else "",
    }

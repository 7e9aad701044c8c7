"""What is stated beside the log and taken back: asks set by hand, and to which day coding is complete.

The law: rows are only added. A taking back is a row that names the one it turns, with a day, a person and a reason
of its own; as known before that day nothing changes.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from tracker import log
from tracker.models import AskSetting, Completeness
from tracker.triage.statuses import Refused, Stale
from tracker.triage.steps import public_name

Statement = AskSetting | Completeness


def state(row: Statement, by: Any) -> None:
    """Put a statement on record, in the name of whoever makes it."""
    _signed(row, by)
    with transaction.atomic():
        row.save()
        log.turn()


def turned(row: Statement, by: Any, reason: str) -> Statement:
    """What takes a statement back, or puts back one that was taken back; not yet on record."""
    found = type(row)(withdraws_id=row.last_word.pk, **{row.reason_field: reason})
    if isinstance(found, AskSetting) and isinstance(row, AskSetting):
        found.ask = row.ask
    _signed(found, by)
    return found


def turn(row: Statement, by: Any, reason: str, seen: int | None = None) -> Statement:
    """Take a statement back, or put it back. `seen` is the last word on it that the person saw, by number."""
    if not reason.strip():
        raise Refused(gettext("Say why, in words: readers see it."))
    found = turned(row, by, reason)
    if seen is not None and found.withdraws_id != seen:
        raise Stale(
            gettext("Somebody else was quicker; see below how it stands now. Nothing of yours was done.")
        )
    found.clean()
    try:
        state(found, by)
    except IntegrityError:
        said = gettext("Somebody else was quicker; see below how it stands now. Nothing of yours was done.")
        raise Stale(said) from None
    return found


def _signed(row: Statement, by: Any) -> None:
    row.recorded_at, row.by = timezone.now().date(), by
    if isinstance(row, AskSetting):
        row.name = public_name(by)

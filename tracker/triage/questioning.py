"""Events on record that are questioned: looked at again, disputed, settled, retracted, restored.

The law: a disputed event still counts; a retracted one counts no longer from its day on. Both say why.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tracker import record
from tracker.models import Event, Revision
from tracker.triage.moves import ACCEPTED, DISPUTED, Refused
from tracker.triage.steps import REVIEW, Step


def looked(event: Event | str, by: Any, note: str = "", *, version: int | None = None, **more: Any) -> Event:
    """An event that asked to be looked at again was, and stays as it is."""
    with Step("look", by, why=note, **more) as step:
        row = step.take(event, version)
        step.save(row)
    return row


def dispute(event: Event | str, by: Any, why: str, *, version: int | None = None, **more: Any) -> Event:
    """Mark an accepted event as disputed; it still counts until the dispute is settled."""
    if not why.strip():
        raise Refused(_("Say what is disputed."))
    row = only_move("dispute", event, by, DISPUTED, why, version, **more)
    record.turn()
    return row


def settle(event: Event | str, by: Any, why: str, *, version: int | None = None, **more: Any) -> Event:
    """End a dispute; a change of code that it led to is an `edit` of its own."""
    row = only_move("settle", event, by, ACCEPTED, why, version, permission=REVIEW, **more)
    record.turn()
    return row


def retract(event: Event | str, by: Any, why: str, *, version: int | None = None, **more: Any) -> Revision:
    """Take an event off the record from today on; what was known before stays as it was."""
    return _retraction("retract", event, by, why, version, True, **more)


def restore(event: Event | str, by: Any, why: str, *, version: int | None = None, **more: Any) -> Revision:
    """Put a retracted event back on record from today on."""
    return _retraction("restore", event, by, why, version, False, **more)


def _retraction(
    action: str, event: Event | str, by: Any, why: str, version: int | None, retracted: bool, **more: Any
) -> Revision:
    if not why.strip():
        raise Refused(_("Say why: readers see the reason beside every change of the record."))
    with Step(action, by, why=why, permission=REVIEW, **more) as step:
        row = step.take(event, version)
        if not row.on_record or row.retracted == retracted:
            raise Refused(
                _("“%(title)s” is not on record.") % {"title": str(row)[:80]}
                if retracted
                else _("“%(title)s” is not retracted.") % {"title": str(row)[:80]}
            )
        row.retracted = retracted
        revision = step.write(row)
    assert revision is not None
    return revision


def only_move(
    action: str, event: Event | str, by: Any, status: str, why: str, version: int | None, **more: Any
) -> Event:
    """A step that changes nothing but the status."""
    with Step(action, by, why=why, **more) as step:
        row = step.take(event, version)
        step.move(row, status)
        row.snoozed_until = row.snoozed_reports = None
        step.save(row)
    return row

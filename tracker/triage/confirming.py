"""A person confirms the codes of an event that a machine read and coded, the sources beside them.

The law: nothing of the record changes, so nothing is written to the log; the journal keeps who confirmed what and
when. Who is still to give a blind second coding has not seen the codes and confirms nothing.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tracker import log
from tracker.models import Event
from tracker.triage import blind, trust
from tracker.triage.coding import check_on_record
from tracker.triage.statuses import NotAllowed
from tracker.triage.steps import Step, stamp

CONFIRM = "confirm"  # the journal's word


def confirm(event: Event | str, by: Any, why: str = "", *, version: int | None = None, **more: Any) -> Event:
    """Stand behind an event's codes as they are."""
    with Step(CONFIRM, by, why=why, **more) as step:
        row = step.take(event, version)
        check_on_record(row)
        if by is None or blind.withheld(by).filter(event=row).exists():
            raise NotAllowed(_("Its codes are not shown to you before its second coding."))
        trust.note(row, trust.codes_of(row), by, stamp())
        step.save(row)
        log.turn()
    return row

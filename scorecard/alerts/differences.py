"""What changed in meaning between two places of the log: the net of it, or revision by revision."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.alerts.feeds import meaning
from tracker.models import Revision
from tracker.record import Record


@dataclass(frozen=True, slots=True)
class Changed:
    """One event whose meaning is another than before; `before` is None for a new one."""

    record: Record
    before: Record | None
    why: str
    sequence: int

    @property
    def kind(self) -> str:
        """added, retracted, restored or recoded."""
        if self.before is None:
            return "added"
        if self.record["retracted"] != self.before["retracted"]:
            return "retracted" if self.record["retracted"] else "restored"
        return "recoded"

    @property
    def lines(self) -> list[Record]:
        """The event as it is, and as it was."""
        return [line for line in (self.record, self.before) if line]


def differs(before: Record | None, after: Record) -> bool:
    """Whether readers must be told. An event that came and went unseen is no news."""
    if before is None:
        return not after["retracted"]
    return meaning(before) != meaning(after)


def net(after: int, until: int) -> list[Changed]:
    """The events whose meaning at revision `until` is another than at `after`, in the order of the log."""
    latest: dict[str, tuple[int, Record, str]] = {}
    rows = Revision.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence")
    for sequence, event, body, why in rows.values_list("sequence", "event", "body", "why").iterator(1000):
        latest[event] = (sequence, json.loads(body), why)
    before = _states(latest, after)
    found = [
        Changed(line, before.get(event), why, sequence)
        for event, (sequence, line, why) in latest.items()
        if differs(before.get(event), line)
    ]
    return sorted(found, key=lambda changed: changed.sequence)


def each(after: int, until: int) -> list[tuple[Revision, Changed]]:
    """Every revision between the two that changed the meaning of its event, one by one."""
    rows = list(Revision.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence"))
    before = _states({row.event_id for row in rows}, after)
    found = []
    for row in rows:
        line, old = row.record, before.get(row.event_id)
        if differs(old, line):
            found.append((row, Changed(line, old, row.why, row.sequence)))
        before[row.event_id] = line
    return found


def _states(events: Iterable[str], at: int) -> dict[str, Record]:
    """The records of these events at revision `at`; none for those not yet in the log."""
    if not at:
        return {}
    wanted, found = list(events), {}
    for start in range(0, len(wanted), 500):
        rows = Revision.objects.filter(event__in=wanted[start : start + 500], sequence__lte=at)
        for event, body in rows.order_by("sequence").values_list("event", "body"):
            found[event] = body
    return {event: json.loads(body) for event, body in found.items()}

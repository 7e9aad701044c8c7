"""True undo: every row that a decision changed stands again as it stood before.

The law: the log only grows. Undoing a step that wrote versions appends new ones that say again what was said
before; undoing a first acceptance appends a retraction. A step is undone whole, and only while no later
decision rests on it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log, record
from tracker.models import Claim, Decision, Event, Revision, decisions
from tracker.triage import double_coding, joining, steps
from tracker.triage.deciding import CONFIRM
from tracker.triage.statuses import DISMISSED, NotAllowed, Refused
from tracker.triage.steps import DECIDE, REVIEW, Step, name_of, stamp

# What the machine does by itself stands in nobody's way.
MACHINE = ("propose", "wake", "undo", "revisit")
ASIDE = (double_coding.UNBLIND, "countersign", "withdraw", "keep")  # the journal's notes: they change no row
NOT_UNDONE = (*MACHINE, "enter", *ASIDE)


def undo(decision: Decision | int, by: Any, why: str = "", *, batch: uuid.UUID | None = None) -> list[Event]:
    """Undo a decision with all that belongs to its step (a merge, a bulk action); the events as they are."""
    key = decision if isinstance(decision, int) else decision.pk
    with Step("undo", by, why=why, permission=DECIDE, undoing=True, batch=batch) as step:
        first = Decision.objects.filter(pk=key).first()
        if first is None:
            raise Refused(_("There is no decision %(id)s.") % {"id": key})
        parts = _parts(first)
        if by is not None and first.by_id != by.pk and not by.has_perm(REVIEW):
            raise NotAllowed(_("Only a reviewer undoes somebody else's decision."))
        step.take_all([part.event_id for part in parts])
        for part in parts:
            _check(part, step.events[part.event_id])
        _reverse(step, parts)
        words = [_("undo of: %(action)s") % {"action": first.action}, step.why]
        step.why = ": ".join(filter(None, words))[: steps.LONGEST_WHY]
    Claim.objects.filter(event__in=[part.event_id for part in parts], by=by).delete()
    return [step.events[part.event_id] for part in parts]


def chief(parts: Iterable[Decision]) -> Decision | None:
    """The decision that stands for a step of several: that of the event which the analyst had at hand."""
    return max(parts, key=_weight, default=None)


def last_of(user: Any, most: int = 10) -> list[Decision]:
    """The user's latest steps that can still be undone, newest first; of a step of several events the one that was
    at hand stands for all."""
    found: dict[Any, Decision] = {}
    decisions = (
        Decision.objects.filter(by=user, undone_by=None)
        .exclude(action__in=[action for action in NOT_UNDONE if action != "propose"])
        .select_related("event")
        .defer("before", "after")
        .order_by("-id")[: most * 20]
    )
    for decision in decisions:
        key = decision.batch or decision.pk
        if key not in found and len(found) == most:
            break
        if key not in found or _weight(decision) > _weight(found[key]):
            found[key] = decision
    return list(found.values())


def _weight(decision: Decision) -> tuple[bool, bool, bool]:
    """How much a decision is that of the event at hand, as `chief` says it, without its states."""
    was, now = decision.status_before, decision.status_after
    decided = was in Event.OPEN and now not in Event.OPEN
    return now == Event.Status.MERGED, decided, bool(was)


def _parts(decision: Decision) -> list[Decision]:
    if decision.action in NOT_UNDONE and not _by_hand(decision):
        raise Refused(
            _("Only what somebody decided is undone; this was the machine's, came from a file, or is a note.")
        )
    if decision.batch is None:
        return [decision]
    return list(Decision.objects.filter(batch=decision.batch, undoes=None).order_by("-id"))


def _by_hand(decision: Decision) -> bool:
    """Whether somebody proposed it: what the machine proposed is rejected, not undone."""
    return decision.action == "propose" and decision.by_id is not None


def _check(part: Decision, event: Event) -> None:
    if Decision.objects.filter(undoes=part).exists():
        raise Refused(_("This decision has been undone already."))
    later = (
        Decision.objects.filter(event=event, id__gt=part.id, undone_by=None)
        .exclude(action__in=(*MACHINE, *ASIDE))
        .first()
    )
    if later:
        raise Refused(
            _("“%(title)s” was decided again since, by %(name)s at %(time)s; undo that first.")
            % {
                "title": str(event)[:80],
                "name": name_of(later.by),
                "time": timezone.localtime(later.at).strftime("%Y-%m-%d %H:%M"),
            }
        )


def _reverse(step: Step, parts: list[Decision]) -> None:
    for part in parts:
        step.undoes[part.event_id] = part
    # Off the record first, while the rows still hold what readers see.
    for part in parts:
        event = step.events[part.event_id]
        if part.before and event.on_record and part.before["row"]["status"] not in Event.ON_RECORD:
            _leave_record(step, event)
    for part in parts:
        event = step.events[part.event_id]
        if part.before is None:  # the step created it: ids are permanent, so it is set aside
            step.move(event, DISMISSED)
            event.dismissal = Event.Dismissal.OTHER
            step.save(event)
            continue
        step.move(event, part.before["row"]["status"])
        recorded = event.recorded_at
        steps.restore(event, part.before, part.after or part.before)
        if event.on_record:
            event.recorded_at = recorded
        step.save(event)
        double_coding.unsettle(event, part.by, part.at)
        if part.action in ("accept", "dismiss"):
            double_coding.forget_first(event)
        if part.action in ("join", "part", "move") and part.after:
            there = {row["article_id"] for state in (part.before, part.after) for row in state["reports"]}
            joining.free(there)
        if part.action == CONFIRM:
            decisions.take_back(event, decisions.codes_of(event), part.by, stamp())
            log.turn()
    for part in parts:
        if part.before:
            _say_again(step, step.events[part.event_id])


def _leave_record(step: Step, event: Event) -> None:
    event.retracted = True
    step.write(event, kind=Revision.Kind.RETRACT)


def _say_again(step: Step, event: Event) -> None:
    """Append the restored state, unless the log's last version of the event says it already."""
    if not event.on_record:
        return
    last = Revision.objects.filter(event=event).order_by("-sequence").first()
    if last and record.timeless(last.record) == record.timeless(log.body_of(event)):
        event.recorded_at = (
            record.day(last.record["recorded_at"], "recorded_at") if last.record["recorded_at"] else None
        )
        step.save(event)
        return
    event.recorded_at = stamp()
    step.write(event)

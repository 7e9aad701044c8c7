"""Decisions on one event: accept, edit, confirm, dismiss, snooze, ask a reviewer, dispute, retract, and back.

The law: the form says what it showed (`version`); if the event has moved on, nothing is written. A disputed event
still counts; a retracted one counts no longer from its day on. Both say why. Who confirms the codes of an event that a
machine coded changes nothing of the record, so nothing is written to the log; the journal keeps who confirmed what and
when. Who is still to give a blind second coding has not seen the codes and confirms nothing.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log, record, wording
from tracker.codebook import current
from tracker.models import Event, Revision, decisions
from tracker.triage import coding, double_coding
from tracker.triage.coding import check_on_record, check_supersedes
from tracker.triage.statuses import (  # fmt: skip
    ACCEPTED,
    DISMISSED,
    DISPUTED,
    IN_REVIEW,
    OPEN,
    PROPOSED,
    SNOOZED,
    NotAllowed,
    Refused,
)
from tracker.triage.steps import REVIEW, Step, reason, stamp

CONFIRM = "confirm"  # the journal's word

TEXTS = {"title": 500, "title_zh": 500, "summary": 10_000, "summary_zh": 10_000}
EDITABLE = (
    *(*TEXTS, "date", "date_precision", "actors", "certainty", "supersedes", "sources", "assessments"),
    *record.ADDED,
)


def accept(
    event: Event | str,
    by: Any = None,
    *,
    assessments: Iterable[Any] | None = None,
    actors: Iterable[str] | None = None,
    certainty: str | None = None,
    title: str | None = None,
    title_zh: str | None = None,
    summary: str | None = None,
    summary_zh: str | None = None,
    date: datetime.date | str | None = None,
    date_precision: str | None = None,
    supersedes: Iterable[str] | None = None,
    terms: Mapping[str, Any] | None = None,
    rationale: str | None = None,
    version: int | None = None,
    why: str = "",
    batch: uuid.UUID | None = None,
    seconds: float | None = None,
    shown: bool = True,
    reasoned: bool = False,
) -> Revision:
    """Put a proposal on record; `assessments=None` accepts its draft, else what is suggested. One
    transaction: codes, status, sources, the decision and the new version in the log. `terms` are keys of
    `record.ADDED`: reach, until, suspends, stage, due. `rationale` fills assessments that
    have none; `reasoned` refuses codes that have none even so. What the machine would say is in none of them unless
    a person took it over."""
    with Step("accept", by, why=why, batch=batch, seconds=seconds, shown=shown) as step:
        row = step.take(event, version)
        step.move(row, ACCEPTED)
        _change(
            row,
            {
                name: value
                for name, value in {
                    "title": title,
                    "title_zh": title_zh,
                    "summary": summary,
                    "summary_zh": summary_zh,
                    "date": date,
                    "date_precision": date_precision,
                    "actors": actors,
                    "certainty": certainty,
                    "supersedes": supersedes,
                }.items()
                if value is not None
            }
            | dict(terms or {}),
        )
        lines = coding.as_it_stands(row, by) if assessments is None else coding.checked(row, assessments)
        coding.needs_some(lines)
        for line in lines:
            line["rationale"] = line["rationale"] or rationale or ""
        if reasoned:
            coding.need_reasons(row, lines)
        row.sources = coding.sources_of(row)
        row.codebook, row.retracted = current().version, False
        row.snoozed_until = row.snoozed_reports = None
        row.decided_at, row.decided_by = timezone.now(), by
        step.save(row)
        coding.put(row, coding.checked(row, lines), by=by)
        revision = step.write(row)
        double_coding.keep_first(row, by, relevant=True, shown=shown)
    assert revision is not None
    return revision


def edit(
    event: Event | str,
    by: Any,
    changes: Mapping[str, Any],
    why: str = "",
    version: int | None = None,
    *,
    batch: uuid.UUID | None = None,
    reasoned: bool = False,
) -> Revision | None:
    """Change a proposal or an event on record. On record it needs a reason and appends a version; None when
    nothing changed."""
    if unknown := sorted(set(changes) - set(EDITABLE)):
        raise Refused(
            _("Cannot change %(names)s; one can change %(allowed)s.")
            % {"names": ", ".join(unknown), "allowed": ", ".join(EDITABLE)}
        )
    with Step("edit", by, why=why, batch=batch) as step:
        row = step.take(event, version)
        if row.status not in (*OPEN, ACCEPTED, DISPUTED):
            raise Refused(
                _("“%(title)s” is %(status)s; reopen it first.")
                % {"title": str(row)[:80], "status": row.get_status_display()}
            )
        if row.on_record and not step.why:
            raise Refused(_("Say why: readers see the reason beside every change of the record."))
        before = log.body_of(row) if row.on_record else None
        _change(row, changes)
        if "assessments" in changes:
            lines = coding.checked(row, changes["assessments"])
            if row.on_record:
                coding.needs_some(lines)
                row.codebook = current().version
                if reasoned:
                    coding.need_reasons(row, lines)
            step.save(row)
            coding.put(row, lines, by=by)
        if before is not None and _same(before, log.body_of(row)):
            raise Refused(_("Nothing has changed."))
        superseding = "supersedes" in changes and row.on_record
        return step.write(
            row,
            kind=Revision.Kind.SUPERSEDE if superseding and row.supersedes else None,
            related=row.supersedes if superseding else (),
        )


def confirm(event: Event | str, by: Any, why: str = "", *, version: int | None = None, **more: Any) -> Event:
    """Stand behind an event's codes as they are."""
    with Step(CONFIRM, by, why=why, **more) as step:
        row = step.take(event, version)
        check_on_record(row)
        if by is None or double_coding.withheld(by).filter(event=row).exists():
            raise NotAllowed(_("Its codes are not shown to you before its second coding."))
        decisions.confirm(row, decisions.codes_of(row), by, stamp())
        step.save(row)
        log.turn()
    return row


def dismiss(
    event: Event | str,
    by: Any,
    reason: str = Event.Dismissal.NOT_RELEVANT,
    note: str = "",
    *,
    version: int | None = None,
    batch: uuid.UUID | None = None,
    seconds: float | None = None,
    shown: bool = True,
) -> Event:
    """Set a proposal aside, with one of the reasons of `Event.Dismissal`."""
    if reason not in Event.Dismissal.values:
        raise Refused(
            _("%(reason)s is not a reason; choose one of %(allowed)s.")
            % {"reason": str(reason)[:40], "allowed": ", ".join(Event.Dismissal.values)}
        )
    with Step("dismiss", by, why=note, batch=batch, seconds=seconds, shown=shown) as step:
        row = step.take(event, version)
        step.move(row, DISMISSED)
        row.dismissal, row.snoozed_until, row.snoozed_reports = reason, None, None
        row.decided_at, row.decided_by = timezone.now(), by
        step.save(row)
        if reason in (Event.Dismissal.NOT_RELEVANT, Event.Dismissal.NO_ACT):
            double_coding.keep_first(row, by, relevant=False, shown=shown)
    return row


def snooze(
    event: Event | str,
    by: Any,
    *,
    until: datetime.datetime | datetime.date | None = None,
    grows: int | None = None,
    version: int | None = None,
    batch: uuid.UUID | None = None,
    seconds: float | None = None,
) -> Event:
    """Put a proposal off until a time, or until `grows` more reports of it came in."""
    with Step("snooze", by, batch=batch, seconds=seconds) as step:
        row = step.take(event, version)
        if isinstance(until, datetime.date) and not isinstance(until, datetime.datetime):
            until = datetime.datetime.combine(until, datetime.time(6), datetime.UTC)
        if until is None and not grows:
            raise Refused(_("Say until when, or until how many more reports, to put it off."))
        if until is not None and not timezone.now() < until < timezone.now() + datetime.timedelta(days=366):
            raise Refused(_("Put it off to a day between tomorrow and a year from now."))
        if grows is not None and not 1 <= grows <= 1000:
            raise Refused(_("Put it off until 1 to 1000 more reports."))
        step.move(row, SNOOZED)
        row.snoozed_until, row.snoozed_reports = until, row.reports_count + grows if grows else None
        step.save(row)
    return row


def ask_review(
    event: Event | str, by: Any, note: str = "", *, version: int | None = None, **more: Any
) -> Event:
    """Hand an open proposal to the reviewers."""
    return only_move("review", event, by, IN_REVIEW, note, version, **more)


def reopen(event: Event | str, by: Any, why: str = "", *, version: int | None = None, **more: Any) -> Event:
    """Bring a dismissed or snoozed proposal back into the queue."""
    with Step("reopen", by, why=why, **more) as step:
        row = step.take(event, version)
        step.move(row, PROPOSED)
        row.dismissal, row.snoozed_until, row.snoozed_reports = "", None, None
        row.decided_at = row.decided_by = None
        step.save(row)
    return row


def looked(event: Event | str, by: Any, note: str = "", *, version: int | None = None, **more: Any) -> Event:
    """An event that asked to be looked at again was, and stays as it is."""
    with Step("look", by, why=note, **more) as step:
        row = step.take(event, version)
        step.save(row)
    return row


def dispute(event: Event | str, by: Any, why: str, *, version: int | None = None, **more: Any) -> Event:
    """Mark an accepted event as disputed; it still counts until the dispute is settled."""
    if not reason(why):
        raise Refused(_("Say what is disputed."))
    row = only_move("dispute", event, by, DISPUTED, why, version, **more)
    log.turn()
    return row


def settle(event: Event | str, by: Any, why: str, *, version: int | None = None, **more: Any) -> Event:
    """End a dispute; a change of code that it led to is an `edit` of its own."""
    row = only_move("settle", event, by, ACCEPTED, why, version, permission=REVIEW, **more)
    log.turn()
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
    if not reason(why):
        raise Refused(_("Say why: readers see the reason beside every change of the record."))
    with Step(action, by, why=why, permission=REVIEW, **more) as step:
        row = step.take(event, version)
        if retracted:
            coding.check_on_record(row)
        elif not row.on_record or not row.retracted:
            raise Refused(_("“%(title)s” is not retracted.") % {"title": str(row)[:80]})
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


def _change(row: Event, changes: Mapping[str, Any]) -> None:
    """Put checked values on the row; the codebook's own words when one is not allowed."""
    given = {name: value for name, value in changes.items() if name != "assessments"}
    if isinstance(given.get("date"), datetime.date):
        given["date"] = given["date"].isoformat()
    try:
        checked = record.check(_standing(row) | given)
    except record.RecordError as error:
        raise Refused(wording.refusal(error)) from error
    coding.put_terms(row, checked, [name for name in given if name in record.ADDED])
    for name in given:
        if name not in record.ADDED:
            setattr(row, name, checked[name])
    if "date" in given:
        row.date = record.day(given["date"], "date")
    if not (row.title.strip() or row.title_zh.strip()):
        raise Refused(_("An event needs a title."))
    linked = [*row.supersedes, *row.suspends]
    if linked and ({"supersedes", "suspends", "date", "date_precision", "certainty"} & set(given)):
        check_supersedes(row, linked)


def _standing(row: Event) -> dict[str, Any]:
    """What a change of some fields must agree with."""
    return {
        "id": row.id,
        "date": row.date.isoformat(),
        "certainty": row.certainty,
        "until": row.until.isoformat() if row.until else None,
        "due": row.due,
        "due_what": row.due_what,
        "due_what_zh": row.due_what_zh,
        "supersedes": row.supersedes,
        "suspends": row.suspends,
    }


def _same(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    ignored = ("recorded_at", "codebook")
    return {k: v for k, v in before.items() if k not in ignored} == {
        k: v for k, v in after.items() if k not in ignored
    }

"""Blind double coding: which decided events a second analyst codes, and from whom a suggestion is hidden.

The law: chance decides, keyed by the service's secret, so that nobody can tell beforehand, and the same event
always draws the same lot. Whoever may still give the second coding does not see the first; a reviewer may choose
to see it, and thereby leaves the second one to somebody else. The journal keeps that choice.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.models import Assessment, Coding, Confirmation, Decision, Event
from tracker.triage import coding
from tracker.triage.statuses import NotAllowed
from tracker.triage.steps import DECIDE, REVIEW

UNBLIND = "unblind"  # the journal's word for a reviewer who chose to see a first coding


def drawn_twice(event: Event) -> bool:
    """Whether a second analyst codes it too."""
    return coding.lot(event.pk, "second coding") < settings.DOUBLE_CODING_SHARE


def body(event: Event, *, relevant: bool) -> dict[str, Any]:
    """An event's coding as it stands."""
    return {
        "relevant": relevant,
        "actors": event.actors if relevant else [],
        "certainty": event.certainty if relevant else "",
        "assessments": [row.line() for row in Assessment.objects.filter(event=event)] if relevant else [],
    }


def first(event: Event, by: Any, *, relevant: bool, shown: bool) -> None:
    """Keep the first coding of an event that was drawn, and ask for the second. Later changes by others do
    not touch it: agreement compares what two people said unasked."""
    if by is None or not drawn_twice(event):
        return
    Coding.objects.update_or_create(
        event=event,
        part=Coding.Part.FIRST,
        defaults={
            "coder": by,
            "done_at": timezone.now(),
            "body": body(event, relevant=relevant),
            "suggestion_shown": shown and bool(event.suggestion),
        },
    )
    Coding.objects.get_or_create(event=event, part=Coding.Part.SECOND)


def waiting_for(user: Any) -> Any:
    """Second codings that this user may do: of events that somebody else coded first, and whose first coding
    the user has not chosen to see; nor of any whose codes the user wrote or confirmed."""
    mine = Coding.objects.filter(part=Coding.Part.FIRST, coder=user).values("event_id")
    known = Confirmation.objects.filter(by=user).values("event_id")
    seen = Decision.objects.filter(action=UNBLIND, by=user).values("event_id")
    return (
        Coding.objects.filter(part=Coding.Part.SECOND, done_at=None)
        .exclude(event_id__in=mine)
        .exclude(event_id__in=seen)
        .exclude(event_id__in=known)
        .select_related("event")
        .order_by("asked_at", "id")
    )


def withheld(user: Any) -> Any:
    """The second codings for whose sake this user is not shown what was decided of their events."""
    if not user.has_perm(DECIDE):
        return Coding.objects.none()
    return waiting_for(user).exclude(event__status__in=Event.OPEN)


def unblind(event: Event, by: Any) -> None:
    """Show the first coding to a reviewer who cannot wait, and journal it; the second one is somebody else's
    from now on."""
    if not by.has_perm(REVIEW):
        raise NotAllowed(_("Only a reviewer may see the first coding before the second one is given."))
    if withheld(by).filter(event=event).exists():
        Decision.objects.create(
            event=event, action=UNBLIND, status_before=event.status, status_after=event.status, by=by
        )


def unsettle(event: Event, by: Any, at: datetime.datetime) -> None:
    """Somebody undoes what settled a disagreement: it waits again for somebody to settle it."""
    settled = Coding.objects.filter(event=event, part=Coding.Part.ADJUDICATION, coder=by)
    settled = settled.filter(done_at__gte=at, done_at__lt=at + datetime.timedelta(seconds=30))
    settled.update(coder=None, done_at=None, body=None)


def forget(event: Event) -> None:
    """The first decision was undone: its coding goes, and the request that nobody has answered yet."""
    Coding.objects.filter(event=event, part=Coding.Part.FIRST).delete()
    Coding.objects.filter(event=event, part=Coding.Part.SECOND, done_at=None).delete()

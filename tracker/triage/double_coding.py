"""double_coding."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log
from tracker.models import Assessment, Coding, Confirmation, Decision, Draw, Event, Revision, decisions
from tracker.triage import coding
from tracker.triage.statuses import NotAllowed, Refused
from tracker.triage.steps import DECIDE, REVIEW

UNBLIND = "unblind"  # the journal's word for a reviewer who chose to see a first coding
MOST_DRAWN = 500
PART_OF_STRENGTH = {1: "talk", 2: "talk", 3: "commitment", 4: "deed", 5: "deed"}


def drawn_twice(event: Event) -> bool:
    """Whether a second analyst codes it too."""
    return coding.lot(event.pk, "second coding") < settings.DOUBLE_CODING_SHARE


def keep_first(event: Event, by: Any, *, relevant: bool, shown: bool) -> None:
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
            "body": coding_of(event, relevant=relevant),
            "suggestion_shown": shown and bool(event.suggestion),
        },
    )
    Coding.objects.get_or_create(event=event, part=Coding.Part.SECOND)


def coding_of(event: Event, *, relevant: bool) -> dict[str, Any]:
    """An event's coding as it stands."""
    return {
        "relevant": relevant,
        "actors": event.actors if relevant else [],
        "certainty": event.certainty if relevant else "",
        "assessments": [row.line() for row in Assessment.objects.filter(event=event)] if relevant else [],
    }


def second_codings_for(user: Any) -> Any:
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
    return second_codings_for(user).exclude(event__status__in=Event.OPEN)


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


def forget_first(event: Event) -> None:
    """The first decision was undone: its coding goes, and the request that nobody has answered yet."""
    Coding.objects.filter(event=event, part=Coding.Part.FIRST).delete()
    Coding.objects.filter(event=event, part=Coding.Part.SECOND, done_at=None).delete()


def draw(count: int, by: Any) -> Draw:
    """Ask for a blind second coding of so many events of the record that no person has coded."""
    if not by.has_perm(REVIEW):
        raise NotAllowed(_("Your role does not include this step; ask an administrator for it."))
    if not 1 <= count <= MOST_DRAWN:
        raise Refused(_("Choose 1 to %(most)d events.") % {"most": MOST_DRAWN})
    with transaction.atomic():
        log.lock()
        waiting = list(_undrawn())
        if not waiting:
            raise Refused(_("Every event on record has been coded by a person, or waits to be coded blind."))
        row = Draw.objects.create(asked=count, by=by)
        drawn = _drawn(waiting, count, f"draw {row.pk}")
        row.strata = dict(sorted(Counter(stratum(event) for event in drawn).items()))
        row.save(update_fields=["strata"])
        _ask(row, drawn)
        log.turn()
    return row


def stratum(event: Event) -> str:
    """The recommendation that the event's strongest code is about, and whether that is talk, a commitment or a deed.
    Its assessments are at hand."""
    strongest = max(event.assessments.all(), key=lambda row: row.strength, default=None)
    return f"{strongest.recommendation_id} {PART_OF_STRENGTH[strongest.strength]}" if strongest else ""


def shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """So many of each stratum that all are in proportion: the whole parts, then the largest remainders. Pure."""
    whole = sum(sizes.values())
    count = min(count, whole)
    exact = {name: count * size / whole for name, size in sizes.items()}
    found = {name: int(share) for name, share in exact.items()}
    rest = sorted(exact, key=lambda name: (found[name] - exact[name], name))
    for name in rest[: count - sum(found.values())]:
        found[name] += 1
    return found


def _undrawn() -> Iterator[Event]:
    """What counts, was coded by no person, and is in no double coding yet."""
    found = Event.objects.accepted().exclude(codings__isnull=False).prefetch_related("assessments")
    people = {
        event
        for event, marks in decisions.confirmations().items()
        if any(how == "written" for _codes, _day, how, _ended in marks)
    }
    return (event for event in found if event.pk not in people)


def _drawn(waiting: list[Event], count: int, name: str) -> list[Event]:
    strata: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(waiting, key=lambda event: coding.lot(event.pk, name)):
        strata[stratum(event)].append(event)
    wanted = shares({key: len(events) for key, events in strata.items()}, count)
    return [event for key, events in strata.items() for event in events[: wanted[key]]]


def _ask(row: Draw, events: list[Event]) -> None:
    hands: dict[str, str] = {}
    last = Revision.objects.filter(event__in=events).order_by("sequence").values_list("event_id", "who")
    hands.update(last)
    now = timezone.now()
    for event in events:
        Coding.objects.create(
            event=event,
            part=Coding.Part.FIRST,
            reader=hands.get(event.pk) or "–",
            draw=row,
            done_at=now,
            body=coding_of(event, relevant=True),
        )
        Coding.objects.create(event=event, part=Coding.Part.SECOND, draw=row)


def draws() -> list[Draw]:
    """Every draw, the newest first, with `total` events and how many are `done`."""
    second = Q(codings__part=Coding.Part.SECOND)
    return list(
        Draw.objects.select_related("by")
        .annotate(
            total=Count("codings", filter=second),
            done=Count("codings", filter=second & Q(codings__done_at__isnull=False)),
        )
        .order_by("-pk")
    )

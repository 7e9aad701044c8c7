"""Who has which event in hand, and who is to code which one blind: claims, double coding, and draws of the record.

The law of claims: one is taken under the event's lock, so that two analysts never work on the same event; it ends by
itself, and a decision ends it. It belongs to one page of one analyst: only that page gives it back, so that a page
that goes takes nothing from the one that comes. A page keeps the event that comes next for itself, ahead of time: else
all who decide at the same moment would reach for the same next one. Such a claim is mild. It turns others to other
events; whoever wants just this one has it.

The law of double coding: chance decides which decided events a second analyst codes, keyed by the service's secret, so
that nobody can tell beforehand, and the same event always draws the same lot. Whoever may still give the second coding
does not see the first; a reviewer may choose to see it, and thereby leaves the second one to somebody else. The
journal keeps that choice.

The law of draws, by which the record is coded again: an editor says how many events that no person has coded, and
chance says which, keyed by the service's secret and the draw. What stands is kept as the first coding, under the name
of the hand that it came from, which is no person's; the second is a person's who has neither confirmed nor changed the
event.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log
from tracker.models import Assessment, Claim, Coding, Confirmation, Decision, Draw, Event, Revision, decisions
from tracker.triage import coding
from tracker.triage.statuses import Claimed, NotAllowed, Refused
from tracker.triage.steps import DECIDE, REVIEW, name_of

UNBLIND = "unblind"  # the journal's word for a reviewer who chose to see a first coding
MINUTES = 5
LONGEST_PAGE = 36
MOST_DRAWN = 500
PART_OF_STRENGTH = {1: "talk", 2: "talk", 3: "commitment", 4: "deed", 5: "deed"}


def claim(event: Event | str, by: Any, page: str = "", minutes: float = MINUTES) -> Claim:
    """Take or renew the claim of one page, or `Claimed` with the name of who holds it."""
    if not by.has_perm(DECIDE):
        raise NotAllowed(_("Your role does not include this step; ask an administrator for it."))
    key, now = _key(event), timezone.now()
    until = now + datetime.timedelta(minutes=minutes)
    with transaction.atomic():
        # Under the lock that a decision takes too: otherwise its end of the old claim would let in a new one.
        if not _locked(Event.objects.open(), key):
            raise Refused(_("It has been decided already."))
        held = Claim.objects.filter(event_id=key).select_related("by").first()
        if held and held.by_id != by.pk and held.until > now and not held.ahead:
            raise Claimed(
                _("%(name)s works on it just now; the claim ends by itself.") % {"name": name_of(held.by)}
            )
        pages = _live(held, by, now) | {page[:LONGEST_PAGE]: until.isoformat()}
        claim, _made = Claim.objects.update_or_create(
            event_id=key, defaults={"by": by, "until": until, "pages": pages, "ahead": False}
        )
    return claim


def keep_ahead(events: Sequence[str], by: Any, page: str, minutes: float = MINUTES) -> str:
    """Keep the first of these events that nobody has for this page, and nothing else ahead of time; its id, or ""."""
    page, now = page[:LONGEST_PAGE], timezone.now()
    mine = _ahead_of(by, page)
    taken = Claim.objects.filter(event__in=events, until__gt=now).exclude(pk__in=[claim.pk for claim in mine])
    others = set(taken.values_list("event_id", flat=True))
    open_ = set(Event.objects.open().filter(pk__in=events).values_list("pk", flat=True))
    kept = ""
    for key in (key for key in events if key in open_ and key not in others):
        if _kept(key, by, page, now + datetime.timedelta(minutes=minutes)):
            kept = key
            break
    _let_go(by, [claim.pk for claim in mine if claim.event_id != kept])
    return kept


def leave(by: Any, page: str) -> None:
    """The page goes: what it kept for itself ahead of time is free."""
    _let_go(by, [claim.pk for claim in _ahead_of(by, page[:LONGEST_PAGE])])


def release(event: Event | str, by: Any, page: str = "") -> bool:
    """Give one page's claim back, and the event with it unless another page of the analyst holds it; whether it
    held it."""
    key, page = _key(event), page[:LONGEST_PAGE]
    with transaction.atomic():
        _locked(Event.objects.all(), key)
        held = Claim.objects.filter(event_id=key, by=by).first()
        # One that was taken before pages were noted belongs to whichever page there is.
        if held is None or (held.pages and page not in held.pages):
            return False
        pages = _live(held, by, timezone.now())
        pages.pop(page, None)
        if pages:
            held.pages, held.until = pages, max(map(datetime.datetime.fromisoformat, pages.values()))
            held.save()
        else:
            held.delete()
    return True


class Holder(NamedTuple):
    """Who has an event, and whether only ahead of time."""

    name: str
    ahead: bool


def holders(user: Any, events: Iterable[str] | None = None) -> dict[str, Holder]:
    """Who else has which event just now, by their names; of `events` alone where they are given."""
    held = Claim.objects.filter(until__gt=Now()).exclude(by=user).select_related("by").order_by("pk")
    if events is not None:
        held = held.filter(event_id__in=list(events))
    return {claim.event_id: Holder(_named(claim), claim.ahead) for claim in held[:200]}


def _kept(key: str, by: Any, page: str, until: datetime.datetime) -> bool:
    """Whether the event could be had; one lock at a time, so that two who look ahead never wait for each other."""
    with transaction.atomic():
        if not _locked(Event.objects.open(), key):
            return False
        held = Claim.objects.filter(event_id=key).first() or Claim(
            event_id=key, by=by, until=until, ahead=True
        )
        mine = held.ahead and held.by_id == by.pk and (held.pk is None or page in held.pages)
        if not mine and held.until > timezone.now():
            return False
        held.by, held.until, held.pages, held.ahead = by, until, {page: until.isoformat()}, True
        held.save()
    return True


def _let_go(by: Any, claims: list[int]) -> None:
    """Those that are still what they were when they were read: another's by now stays another's."""
    Claim.objects.filter(pk__in=claims, by=by, ahead=True).delete()


def _ahead_of(by: Any, page: str) -> list[Claim]:
    return [claim for claim in Claim.objects.filter(by=by, ahead=True) if page in claim.pages]


def _key(event: Event | str) -> str:
    return event if isinstance(event, str) else event.pk


def _locked(events: QuerySet[Event], key: str) -> bool:
    return bool(list(events.select_for_update().filter(pk=key).values_list("pk", flat=True)))


def _live(held: Claim | None, by: Any, now: datetime.datetime) -> dict[str, str]:
    """The pages of the analyst that still hold a claim, each until when."""
    if held is None or held.by_id != by.pk:
        return {}
    return {page: end for page, end in held.pages.items() if datetime.datetime.fromisoformat(end) > now}


def _named(claim: Claim) -> str:
    return _("%(name)s, next") % {"name": name_of(claim.by)} if claim.ahead else name_of(claim.by)


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

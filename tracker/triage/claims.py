"""Who has which event in hand: claims.

The law: a claim is taken under the event's lock, so that two analysts never work on the same event; it ends by itself,
and a decision ends it. It belongs to one page of one analyst: only that page gives it back, so that a page that goes
takes nothing from the one that comes. A page keeps the event that comes next for itself, ahead of time: else all who
decide at the same moment would reach for the same next one. Such a claim is mild. It turns others to other events;
whoever wants just this one has it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.models import Claim, Event
from tracker.triage.statuses import Claimed, NotAllowed, Refused
from tracker.triage.steps import DECIDE, name_of

MINUTES = 5
LONGEST_PAGE = 36


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

"""Who works on which event just now, so that two analysts never work on the same one.

The law: a claim is taken under the event's lock; it ends by itself, and a decision ends it. It belongs to one page
of one analyst: only that page gives it back, so that a page that goes takes nothing from the one that comes.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

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
        if held and held.by_id != by.pk and held.until > now:
            raise Claimed(
                _("%(name)s works on it just now; the claim ends by itself.") % {"name": name_of(held.by)}
            )
        pages = _live(held, by, now) | {page[:LONGEST_PAGE]: until.isoformat()}
        claim, _made = Claim.objects.update_or_create(
            event_id=key, defaults={"by": by, "until": until, "pages": pages}
        )
    return claim


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


def _key(event: Event | str) -> str:
    return event if isinstance(event, str) else event.pk


def _locked(events: QuerySet[Event], key: str) -> bool:
    return bool(list(events.select_for_update().filter(pk=key).values_list("pk", flat=True)))


def _live(held: Claim | None, by: Any, now: datetime.datetime) -> dict[str, str]:
    """The pages of the analyst that still hold a claim, each until when."""
    if held is None or held.by_id != by.pk:
        return {}
    return {page: end for page, end in held.pages.items() if datetime.datetime.fromisoformat(end) > now}


def holders(user: Any, events: Iterable[str] | None = None) -> dict[str, str]:
    """Who else works on which event just now, by their names; of `events` alone where they are given."""
    held = Claim.objects.filter(until__gt=Now()).exclude(by=user).select_related("by").order_by("pk")
    if events is not None:
        held = held.filter(event_id__in=list(events))
    return {claim.event_id: name_of(claim.by) for claim in held[:200]}

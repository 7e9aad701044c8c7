"""Who works on which event just now, so that two analysts never work on the same one.

The law: one conditional write takes a claim; it ends by itself, and a decision ends it.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.models import Claim, Event
from tracker.triage.moves import Claimed, NotAllowed, Refused
from tracker.triage.steps import DECIDE, name_of

MINUTES = 5


def claim(event: Event | str, by: Any, minutes: float = MINUTES) -> Claim:
    """Take or renew the claim, or `Claimed` with the name of who holds it."""
    if not by.has_perm(DECIDE):
        raise NotAllowed(_("Your role does not include this step; ask an administrator for it."))
    key = event if isinstance(event, str) else event.pk
    if not Event.objects.open().filter(pk=key).exists():
        raise Refused(_("It has been decided already."))
    until = timezone.now() + datetime.timedelta(minutes=minutes)
    mine = Q(by=by) | Q(until__lte=Now())
    if not Claim.objects.filter(mine, event_id=key).update(by=by, until=until):
        try:
            with transaction.atomic():
                Claim.objects.create(event_id=key, by=by, until=until)
        except IntegrityError:
            # Somebody holds it, or there is no such event, or it was freed and taken between the two writes.
            held = Claim.objects.filter(event_id=key).select_related("by").first()
            raise Claimed(
                _("%(name)s works on it just now; the claim ends by itself.")
                % {"name": name_of(held.by) if held else "?"}
            ) from None
    # Not read again: a decision that comes in just now has ended it.
    return Claim(event_id=key, by=by, until=until)


def release(event: Event | str, by: Any) -> bool:
    """Give one's own claim back; whether there was one."""
    key = event if isinstance(event, str) else event.pk
    return bool(Claim.objects.filter(event_id=key, by=by).delete()[0])


def held_by_others(user: Any) -> Any:
    """Ids of the events that others work on just now."""
    return Claim.objects.filter(until__gt=Now()).exclude(by=user).values("event_id")

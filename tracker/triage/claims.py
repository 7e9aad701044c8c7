"""Who works on which event just now, so that two analysts never work on the same one.

The law: a claim is taken under the event's lock; it ends by itself, and a decision ends it.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.models import Claim, Event
from tracker.triage.statuses import Claimed, NotAllowed, Refused
from tracker.triage.steps import DECIDE, name_of

MINUTES = 5


def claim(event: Event | str, by: Any, minutes: float = MINUTES) -> Claim:
    """Take or renew the claim, or `Claimed` with the name of who holds it."""
    if not by.has_perm(DECIDE):
        raise NotAllowed(_("Your role does not include this step; ask an administrator for it."))
    key = event if isinstance(event, str) else event.pk
    until = timezone.now() + datetime.timedelta(minutes=minutes)
    with transaction.atomic():
        # Under the lock that a decision takes too: otherwise its end of the old claim would let in a new one.
        if not list(Event.objects.open().select_for_update().filter(pk=key).values_list("pk", flat=True)):
            raise Refused(_("It has been decided already."))
        held = Claim.objects.filter(event_id=key).select_related("by").first()
        if held and held.by_id != by.pk and held.until > timezone.now():
            raise Claimed(
                _("%(name)s works on it just now; the claim ends by itself.") % {"name": name_of(held.by)}
            )
        claim, _made = Claim.objects.update_or_create(event_id=key, defaults={"by": by, "until": until})
    return claim


def release(event: Event | str, by: Any) -> bool:
    """Give one's own claim back; whether there was one."""
    key = event if isinstance(event, str) else event.pk
    return bool(Claim.objects.filter(event_id=key, by=by).delete()[0])


def held_by_others(user: Any) -> Any:
    """Ids of the events that others work on just now."""
    return Claim.objects.filter(until__gt=Now()).exclude(by=user).values("event_id")

"""One deed for exactly the events that a page showed, as one step that one undo takes back.

The law: the set is what was shown. The form carries a fingerprint of ids and versions; when the set has
changed since, nothing is done.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tracker.models import Event
from tracker.triage.moves import Refused, Stale

MOST = 500


def fingerprint(events: Iterable[Event]) -> str:
    """A short text that is the same only for the same events in the same versions."""
    shown = sorted(f"{event.pk}:{event.version}" for event in events)
    return f"{len(shown)}-{hashlib.sha256('|'.join(shown).encode()).hexdigest()[:16]}"


def bulk(events: Iterable[Event], shown: str, deed: Callable[..., Any], by: Any, **more: Any) -> uuid.UUID:
    """`deed(event, by, version=…, batch=…, **more)` for every event, or for none; the step's batch."""
    chosen = list(events)
    if not chosen or len(chosen) > MOST:
        raise Refused(_("Choose 1 to %(most)d events.") % {"most": MOST})
    if fingerprint(chosen) != shown:
        raise Stale(
            _("The set has changed: %(now)d events match now, %(then)s were shown. Look again.")
            % {"now": len(chosen), "then": shown.partition("-")[0][:8]}
        )
    batch = uuid.uuid4()
    with transaction.atomic():
        for event in sorted(chosen, key=lambda each: each.pk):
            deed(event.pk, by, version=event.version, batch=batch, **more)
    return batch

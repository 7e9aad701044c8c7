"""Validators of answers about a past day of knowledge. They are made of what is shown, so that the record may move
as it will: as long as the same bytes are shown the reader's copy holds, and never a moment longer."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping

from django.utils import timezone

NAMES = ("known_at", "later_known_at")


def of_the_past(query: Mapping[str, str], today: datetime.date | None = None) -> bool:
    """Whether an address asks for what was known on a day that is over."""
    now = (today or timezone.now().date()).isoformat()
    return any(len(query.get(name, "")) == len(now) and query[name] < now for name in NAMES)


def tag_of(body: bytes) -> str:
    """The entity tag of these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'

"""Disputes of an event as its page shows them: who may file one, and what became of those filed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from scorecard import sentences
from scorecard.models import Dispute


def listed(event_id: str) -> list[dict[str, str]]:
    """Every dispute of the event but spam, the newest first."""
    return [
        {
            "reference": row.reference,
            "href": reverse("disputes:one", args=[row.reference]),
            "day": sentences.day(row.received_at.date()),
            "state": str(row.get_state_display()),
        }
        for row in Dispute.objects.public().filter(event=event_id)
    ]


def address(record: Mapping[str, Any]) -> str:
    """Where a dispute is filed; empty for an event that no longer stands."""
    return "" if record["retracted"] else reverse("disputes:challenge", args=[record["id"]])

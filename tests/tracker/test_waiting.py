"""What waits for an analyst is one number, whoever says it."""

import datetime

import pytest
from django.utils import timezone

from tracker import monitoring
from tracker.desk import figures, queue
from tracker.models import CoverageDay, Event

pytestmark = pytest.mark.django_db


def test_desk_figures_metrics_and_coverage_count_the_same():
    now = timezone.now()
    for status in ("new", "proposed", "in_review", "snoozed"):
        Event.objects.create(
            id=status,
            status=status,
            date="2026-01-01",
            proposed_at=now - datetime.timedelta(days=9 if status == "snoozed" else 2),
            snoozed_until=now + datetime.timedelta(days=3) if status == "snoozed" else None,
        )
    monitoring.note_queue()
    signs = {sign.name: sign.value for sign in monitoring.of_the_record()}
    told = {
        "the one count": Event.objects.waiting().count(),
        "queue": int(queue.tabs()[0]["number"]),
        "figures of the desk": figures.queue_now()["length"],
        "metrics": signs["proposals_waiting"],
        "coverage": CoverageDay.objects.get().waiting,
    }
    assert set(told.values()) == {3}, told
    # What was put off makes nobody late either.
    assert signs["proposal_oldest_seconds"] < 3 * 86_400
    assert figures.queue_now()["oldest"] == 2.0

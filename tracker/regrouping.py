"""The nightly pass over the proposals of the last days: whoever groups one article at a time misses some.

The law: only proposals that no person has touched are merged by the machine, and only when all their reports
fall into one group; whatever else lies near is offered as "same event?". A merge can be undone.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping, Sequence

from django.utils import timezone

from tracker import clustering, stories, triage
from tracker.models import Event, Lease

log = logging.getLogger(__name__)

DAYS = 7
LEASE = 1800  # seconds
OFFERED = 3
WHY = "Nightly pass: reports of one act"


def regroup(days: int = DAYS) -> int:
    """Merge and offer; the number of proposals merged into others."""
    token = Lease.objects.take("regrouping", LEASE)
    if token is None:
        return 0
    try:
        since = timezone.now() - datetime.timedelta(days=days)
        events = list(Event.objects.open().filter(last_reported_at__gte=since).order_by("proposed_at", "id"))
        merged = _merge_untouched(events)
        _offer([event for event in events if event.id not in merged])
        return len(merged)
    finally:
        Lease.objects.give_back("regrouping", token)


def _merge_untouched(events: Sequence[Event]) -> set[str]:
    """Merge each untouched proposal into the oldest one of its group; the ids that went."""
    reports = stories.newest_reports([event.id for event in events])
    read = [stories.report_of(article) for found in reports.values() for article in found]
    groups = clustering.regroup(read, pairs=stories.remembered_pairs())
    group_of = {key: number for number, keys in enumerate(groups) for key in keys}
    homes = {event.id: {group_of[str(article.pk)] for article in reports[event.id]} for event in events}
    oldest: dict[int, Event] = {}
    merged: set[str] = set()
    for event in events:
        if len(homes[event.id]) != 1 or event.version != 1:
            continue
        (group,) = homes[event.id]
        target = oldest.setdefault(group, event)
        if target is not event and _merge(event, target):
            merged.add(event.id)
    return merged


def _merge(event: Event, target: Event) -> bool:
    try:
        triage.merge([event], target, None, WHY)
    except triage.Refused as refusal:  # an analyst was quicker
        log.info("%s stays apart from %s: %s", event.id, target.id, refusal)
        return False
    return True


def _offer(events: Sequence[Event]) -> None:
    """Write beside each open proposal which others, or which events on record, it may be the same as."""
    index = stories.Stories().index()
    reports = stories.newest_reports([event.id for event in events])
    for event in events:
        found: dict[str, float] = {}
        because: dict[str, list[dict[str, str]]] = {}
        for article in reports[event.id]:
            for offer in index.offers(stories.report_of(article), limit=OFFERED + 1):
                key = str(offer.story)
                if key != event.id and offer.probability > found.get(key, 0.0):
                    found[key] = offer.probability
                    because[key] = [reason.as_dict() for reason in offer.because]
        best = sorted(found.items(), key=lambda item: -item[1])[:OFFERED]
        same = [_line(key, chance, because) for key, chance in best]
        suggestion = dict(event.suggestion or {})
        if suggestion.get("same") != same:
            triage.refresh(event, suggestion=suggestion | {"same": same})


def _line(key: str, chance: float, because: Mapping[str, list[dict[str, str]]]) -> dict[str, object]:
    return {"event": key, "probability": round(chance, 3), "because": because[key]}

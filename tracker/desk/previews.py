"""What a decision would do to the scores, in words such as "trust −50 → −47", before it is taken.

The law: a preview writes nothing. Who works out scores is named by a setting, as this app knows no scorecard.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from tracker import codebook, record
from tracker.desk import words
from tracker.models import Event, Revision
from tracker.triage import coding
from tracker.triage.steps import stamp


def of_coding(event: Event, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The effect of accepting (or recoding) an event with the coding that a form shows."""
    lines = coding.checked(event, given.get("assessments") or ())
    body = {
        "id": event.pk,
        "date": given.get("date") or event.date.isoformat(),
        "date_precision": event.date_precision,
        "title": event.title,
        "actors": given.get("actors") or [],
        "certainty": given.get("certainty") or event.certainty,
        "supersedes": given.get("supersedes", event.supersedes),
        "assessments": lines,
        "recorded_at": stamp().isoformat(),
    }
    return effects([codebook.check(body)])


def of_leaving(event: Event) -> list[dict[str, Any]]:
    """The effect of taking an event off the record (retracting it, merging it into another)."""
    if not event.on_record or event.retracted:
        return []
    return effects([_again(event, retracted=True)])


def of_merging(absorbed: Iterable[Event], target: Event) -> list[dict[str, Any]]:
    """The effect of merging events into another."""
    leaving = [event for event in absorbed if event.on_record and not event.retracted]
    if not leaving or not target.on_record:
        return []
    links = sorted({*target.supersedes, *(key for event in leaving for key in event.supersedes)})
    gone = {event.pk for event in leaving}
    kept = [key for key in links if key not in gone and key != target.pk]
    return effects([*(_again(event, retracted=True) for event in leaving), _again(target, supersedes=kept)])


def of_superseding(event: Event, ids: Iterable[str]) -> list[dict[str, Any]]:
    """The effect of ending earlier events by this one."""
    return effects([_again(event, supersedes=sorted({*event.supersedes, *ids}))])


def effects(after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Recommendations whose balance moves, ready to print; empty when no scorecard is set up."""
    if not settings.SCORE_PREVIEW:
        return []
    found = import_string(settings.SCORE_PREVIEW)([], after)
    return [
        {
            "rec": entry["rec"],
            "name": str(words.SHORT[entry["rec"]]),
            "before": signed(entry["before"]),
            "after": signed(entry["after"]),
            "class": "up" if entry["after"] > entry["before"] else "down",
            "label_before": entry["label_before"],
            "label_after": entry["label_after"],
        }
        for entry in found
    ]


def signed(value: float) -> str:
    """A score as readers see it, with a real minus sign and one decimal."""
    return f"{value:+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")


def _again(event: Event, **changes: Any) -> dict[str, Any]:
    last = Revision.objects.filter(event=event).order_by("-sequence").values_list("body", flat=True).first()
    body = json.loads(last) if last else record.body_of(event)
    return codebook.check(body | {"recorded_at": stamp().isoformat()} | changes)

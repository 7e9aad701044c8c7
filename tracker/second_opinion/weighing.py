"""How much the model's voice counts beside the tagger's, learnt from what people decided.

An event that was proposed with both voices on it and then decided by a person teaches: coded, what it says now;
dismissed as no act or not relevant, that it touches nothing. Nothing is stored: the weights are what the decisions say.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from tracker.models import Event
from tracker.tagging import Suggestion, voices

MOST = 2000  # of the latest decisions
FRESH = 600  # seconds for which the weights are not learnt anew

_lock = threading.Lock()
_kept: dict[str, Any] = {"until": 0.0, "weights": None}
_NO_ACT = (Event.Dismissal.NOT_RELEVANT, Event.Dismissal.NO_ACT)


def weights() -> voices.Weights:
    """Those that serve now."""
    with _lock:
        if _kept["weights"] is None or time.monotonic() >= _kept["until"]:
            _kept.update(weights=learnt(), until=time.monotonic() + FRESH)
        found: voices.Weights = _kept["weights"]
        return found


def forget() -> None:
    """Let the next question learn the weights anew."""
    with _lock:
        _kept.update(weights=None, until=0.0)


def learnt() -> voices.Weights:
    """What the latest decisions about events with both voices say."""
    rows = (
        Event.objects.filter(decided_by__isnull=False, suggestion__opinion__model__isnull=False)
        .prefetch_related("assessments")
        .order_by("-decided_at", "-pk")[:MOST]
    )
    return voices.learnt(case for event in rows if (case := _case(event)) is not None)


def _case(event: Event) -> voices.Case | None:
    opinion = (event.suggestion or {}).get("opinion")
    dismissed = event.status == Event.Status.DISMISSED and event.dismissal in _NO_ACT
    if not opinion or not (event.on_record or dismissed):
        return None
    codes = list(event.assessments.all()) if event.on_record else []
    told = Suggestion.from_dict({**(event.suggestion or {}), "labels": ()})
    return voices.Case(
        voices.of_tagger(told),
        voices.of_model(opinion),
        voices.right_of((one.recommendation_id, one.direction) for one in codes),
    )

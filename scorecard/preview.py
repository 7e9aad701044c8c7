"""What a decision would do to the scores, worked out before it is taken. The desk finds this by a setting."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from scorecard import method, standings
from scorecard.method.readings import Measure


def effects(
    before: Iterable[Mapping[str, Any]],
    after: Iterable[Mapping[str, Any]],
    as_of: datetime.date | None = None,
) -> list[dict[str, Any]]:
    """Balances today with the versions `before` behind the log, and with the versions `after` instead.

    One entry for each recommendation whose score or label moves: `{"rec", "before", "after", "label_before",
    "label_after"}`, scores unrounded. The records have passed `tracker.record.check`.
    """
    day = as_of or timezone.now().date()
    return _moved(_balances(list(before), day), _balances(list(after), day))


def coded_to(day: datetime.date) -> list[dict[str, Any]]:
    """As `effects`: what readers see today, and what they would see were coding stated to be complete to `day`."""
    today = timezone.now().date()
    return _moved(standings.views(today)[None], standings.views(min(day, today), beyond=True)[None])


def _moved(now: Mapping[str, Measure], then: Mapping[str, Measure]) -> list[dict[str, Any]]:
    return [
        {
            "rec": slug,
            "before": now[slug]["score"],
            "after": then[slug]["score"],
            "label_before": now[slug]["label"],
            "label_after": then[slug]["label"],
        }
        for slug in now
        if abs(now[slug]["score"] - then[slug]["score"]) >= 0.05 or now[slug]["label"] != then[slug]["label"]
    ]


def _balances(versions: list[Mapping[str, Any]], day: datetime.date) -> dict[str, Measure]:
    if not versions:
        # What it does now; the last coded day would hide what an act after it does.
        return standings.views(day, beyond=True)[None]
    grown = standings.log().extend(versions)
    return method.views(grown, day, actors=(None,))[None]

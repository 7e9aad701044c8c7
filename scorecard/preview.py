"""What a decision would do to the scores, worked out before it is taken. The desk finds this by a setting."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from scorecard import method, standings, vocabulary
from scorecard.method.delivery import label
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


def with_ask(line: Mapping[str, Any]) -> dict[str, Any]:
    """What an ask set by hand would do, or its taking back, on the first day of today and later on which it holds.

    `{"day", "ask": (before, after), "delivery": (before, after), "label": (before, after)}`: values from 0 to 100, None
    where not yet rated. `line` is as `AskSetting.line` gives it; `ValueError` tells what is wrong with it.
    """
    log, lines = standings.log(), standings.asked()
    grown = dataclasses.replace(log, settings=method.by_hand([*lines, line], log.book), memory={})
    stated = line
    while "withdraws" in stated:
        stated = lines[stated["withdraws"] - 1]
    day = max(datetime.date.fromisoformat(stated["from"]), timezone.now().date())
    pairs = [_delivered(each, line["rec"], line["ask"], day) for each in (log, grown)]
    ask, delivered = zip(*pairs, strict=True)
    return {
        "day": day,
        "ask": ask,
        "delivery": delivered,
        "label": tuple(str(vocabulary.DELIVERY[label(value)]) for value in delivered),
    }


def _delivered(log: method.Log, slug: str, ask: str, day: datetime.date) -> tuple[float | None, float | None]:
    """Values of one ask and of its recommendation's delivery on one day."""
    found = method.delivery_series(log, as_of=day, first=day)
    values = found.asks[-1, log.book.asks.index((slug, ask))], found.value[-1, log.book.slugs.index(slug)]
    first, second = (None if value != value else float(value) for value in values)
    return first, second


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

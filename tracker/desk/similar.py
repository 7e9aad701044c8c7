"""Past events whose words resemble an event's, and how they were coded: the coder's precedents."""

from __future__ import annotations

import re
from typing import Any

from tracker.desk import words
from tracker.models import Assessment, Event
from tracker.triage import blind

LOOKED_THROUGH = 400
SHOWN = 4
LEAST = 0.12

_COMMON = frozenset(
    (
        "a", "after", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "its", "new",
        "of", "on", "over", "says", "that", "the", "this", "to", "us", "will", "with",
    )
)  # fmt: skip


def similar(event: Event, user: Any) -> list[dict[str, Any]]:
    """The precedents on record that share most of the rarer words with the event's title, with their codes;
    without those that `user` may still code blind.

    Looks at the latest few hundred events only, so that its cost does not grow with the record.
    """
    wanted = pieces(f"{event.folded_title}")
    past = (
        Event.objects.filter(status__in=Event.ON_RECORD, retracted=False, date__lte=event.date)
        .exclude(pk=event.pk)
        .order_by("-date", "-pk")
        .values_list("pk", "title", "title_zh", "date", "folded_title")[:LOOKED_THROUGH]
    )
    ranked = sorted(
        ((likeness(wanted, pieces(row[4])), row) for row in past), key=lambda pair: pair[0], reverse=True
    )
    best = _shown([row for score, row in ranked[: SHOWN * 3] if score >= LEAST], user)
    codes: dict[str, list[Any]] = {row[0]: [] for row in best}
    for line in Assessment.objects.filter(event__in=codes).order_by("recommendation__number"):
        codes[line.event_id].append(words.chip(line.line()) | {"rationale": line.rationale})
    return [
        {"id": key, "title": title or title_zh, "date": date, "codes": codes[key]}
        for key, title, title_zh, date, _folded in best
    ]


def _shown(rows: list[Any], user: Any) -> list[Any]:
    """The first few of these, without those that the user may still code blind."""
    secret = blind.withheld(user).order_by().filter(event_id__in=[row[0] for row in rows])
    keys = set(secret.values_list("event_id", flat=True)) if rows else set()
    return [row for row in rows if row[0] not in keys][:SHOWN]


def pieces(text: str) -> frozenset[str]:
    """Words of Latin script without the commonest, and pairs of Chinese characters."""
    latin = {word for word in re.findall(r"[a-z0-9]{2,}", text) if word not in _COMMON}
    chinese = {
        run[at : at + 2] for run in re.findall(r"[\u3400-\u9fff]+", text) for at in range(len(run) - 1)
    }
    return frozenset(latin | chinese)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared pieces over all pieces of both."""
    return len(one & other) / len(one | other) if one and other else 0.0

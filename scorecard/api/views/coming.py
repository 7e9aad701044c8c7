"""What comes next, as far as acts on record say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scorecard import ahead, standings
from scorecard.api.parameters import AS_OF, KNOWN_AT, METHOD, REV
from scorecard.api.serializers import scores as shapes
from scorecard.api.views.base import Reading, public, reads
from scorecard.api.views.scores import day, rev
from scorecard.history import Known, Version
from scorecard.method.parameters import method_of


@reads(operation_id="next", responses=shapes.Ahead, tags=["Record"])
class Next(Reading):
    """What comes next: terms that end, days that acts name, proposals that are pending.

    Read off acts that count on `read_on`; nothing is foreseen. An entry leaves once an act on record answers it.
    """

    parameters = (AS_OF, KNOWN_AT, REV, METHOD)

    def answer(self, asked, **place):
        today, known_at, method = day(asked), asked["known_at"], asked["method"]
        read_on = standings.read_on(today, known_at, method)
        versions = [Version(*line) for line in standings.bodies()]
        found = ahead.read(Known(standings.log(), versions, known_at, method), read_on)
        return {
            "method": method_of(method).version,
            "as_of": today.isoformat(),
            "known_at": known_at.isoformat() if known_at else None,
            "read_on": read_on.isoformat(),
            **rev(today, known_at),
            "calendar": public("/next/calendar.ics"),
            "terms": [
                {
                    **_act(term.record),
                    "day": term.day.isoformat(),
                    "passed": term.day <= today,
                    "wakes": [each["id"] for each in term.wakes],
                }
                for term in found.terms
            ],
            "dues": [
                {
                    **_act(due.record),
                    "due": due.named,
                    "what": due.record.get("due_what") or "",
                    "what_zh": due.record.get("due_what_zh") or "",
                }
                for due in found.dues
            ],
            "pending": [
                {
                    **_act(item.record),
                    "stage": item.stage,
                    "since": item.since.isoformat(),
                    "days": item.age,
                }
                for item in found.pending
            ],
        }


def _act(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": line["id"],
        "title": line["title"],
        "title_zh": line["title_zh"],
        "recommendations": [item["rec"] for item in line["assessments"]],
        "page": public(f"/events/{line['id']}/"),
    }

"""What people stated beside the log and took back, in the reader's words, as known on the page's day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from scorecard import sentences, standings, vocabulary

Day = datetime.date


def of_ask(slug: str, ask: str, known_at: Day | None, shown: bool) -> list[str]:
    """How an ask was set by hand and what became of that, one sentence for each time; empty where the setting that is
    `shown` beside it is all there is."""
    found: list[str] = []
    back: dict[int | None, bool] = {}  # whether a line takes back, or puts back
    for place, line in enumerate(standings.asked(known_at), start=1):
        turned = line.get("withdraws")
        back[place] = bool(turned) and not back[turned]
        if (line["rec"], line["ask"]) == (slug, ask):
            found.append(_turned(line, back[place]) if turned else _set(line))
    return [] if shown and len(found) == 1 else found


def _set(line: Mapping[str, Any]) -> str:
    words = _parts(line) | {"rung": vocabulary.rung(line["rung"]), "from": _day(line["from"])}
    if not line["to"]:
        return gettext("Set by hand to “%(rung)s” from %(from)s on; %(who)s on %(day)s: %(why)s") % words
    words["to"] = _day(line["to"])
    return (
        gettext("Set by hand to “%(rung)s” from %(from)s until before %(to)s; %(who)s on %(day)s: %(why)s")
        % words
    )


def _turned(line: Mapping[str, Any], back: bool) -> str:
    if back:
        return gettext("Taken back; %(who)s on %(day)s: %(why)s") % _parts(line)
    return gettext("Put back; %(who)s on %(day)s: %(why)s") % _parts(line)


def _parts(line: Mapping[str, Any]) -> dict[str, str]:
    return {"who": line["name"], "day": _day(line["recorded_at"]), "why": line["reason"]}


def _day(iso: str) -> str:
    return sentences.day(Day.fromisoformat(iso))


def of_coding(known_at: Day | None) -> list[str]:
    """Which statements that coding is complete were taken back, or put back; empty while none was."""
    rows = standings.stated(known_at)
    found: list[str] = []
    back: dict[int | None, bool] = {}
    for place, row in enumerate(rows, start=1):
        back[place] = bool(row.withdraws) and not back[row.withdraws]
        if row.withdraws is None or row.recorded_at is None:
            continue
        first = row
        while first.withdraws:
            first = rows[first.withdraws - 1]
        words = {"day": sentences.day(first.day or row.recorded_at), "why": row.note}
        words["on"] = sentences.day(row.recorded_at)
        said = gettext("“Complete to %(day)s” was put back on %(on)s: %(why)s")
        if back[place]:
            said = gettext("“Complete to %(day)s” was taken back on %(on)s: %(why)s")
        found.append(said % words)
    return found

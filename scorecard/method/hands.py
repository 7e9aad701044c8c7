"""Asks set by hand, as lines that state or take back (METHOD.md, section 7). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracker import record as record_format
from tracker.codebook import Codebook, current
from tracker.record import FOREVER, RecordError, held_spans, span_holds
from tracker.rows import BadFile, checked

_SETTING_KEYS = ("rec", "ask", "rung", "reason", "name", "from", "to", "recorded_at")
_WITHDRAWAL_KEYS = ("withdraws", "rec", "ask", "reason", "name", "recorded_at")


@dataclass(frozen=True, slots=True)
class Setting:
    """An ask set by hand: from ≤ T < until it stands at `rung`; known from `recorded` on (section 7), and from the day
    `withdrawn` on no longer. One that was taken back and put back is there twice, at the same place."""

    recommendation: str
    ask: str
    rung: int
    reason: str
    name: str
    start: int
    until: int
    recorded: int
    withdrawn: int = FOREVER

    def known_on(self, day: int | None) -> bool:
        """Whether it was known on a day of knowledge (None: now) and not taken back by then."""
        return span_holds((self.recorded, self.withdrawn), day)


def by_hand(lines: Iterable[Mapping[str, Any]], book: Codebook | None = None) -> tuple[Setting, ...]:
    """The asks set by hand of these lines, in their order. A line is `{"rec", "ask", "rung", "reason", "name"?, "from",
    "to"?, "recorded_at"?}`, or takes an earlier one back, named by its number from 1: `{"withdraws", "reason", "name"?,
    "recorded_at"}`."""
    return tuple(numbered(enumerate(lines, start=1), book or current()))


def numbered(lines: Iterable[tuple[int, Any]], book: Codebook) -> list[Setting]:
    """The same of lines with their numbers, which the messages name; empty lines count."""
    places: dict[int, int] = {}
    taken: set[int] = set()

    def stated(row: tuple[int, Any]) -> tuple[Setting | None, tuple[int | None, int]]:
        number, raw = row
        if not isinstance(raw, Mapping):
            raise RecordError(f"a setting is a JSON object, not {type(raw).__name__}")
        setting = None if "withdraws" in raw else _setting(raw, book)
        said = (None, setting.recorded) if setting else _withdrawal(raw, places, taken)
        places[number] = len(places) + 1
        return setting, said

    try:
        rows = checked(((number, (number, raw)) for number, raw in lines), stated)
    except BadFile as error:
        raise RecordError(
            "\n".join(f"line {number} of the settings: {reason}" for number, reason in error.faults)
        ) from None
    known = zip(rows, held_spans([row for _setting, row in rows]), strict=True)
    return [
        replace(setting, recorded=first, withdrawn=last)
        for (setting, _row), held in known
        if setting
        for first, last in held
    ]


def _setting(raw: Mapping[str, Any], book: Codebook) -> Setting:
    _only(raw, _SETTING_KEYS)
    recommendation, ask, rung = raw.get("rec"), raw.get("ask"), raw.get("rung")
    if not isinstance(recommendation, str) or recommendation not in book:
        raise RecordError(f"rec: {recommendation!r:.60} is not one of {', '.join(book.slugs)}")
    if not isinstance(ask, str) or not book.has_ask(recommendation, ask):
        raise RecordError(f"ask: {ask!r:.60} is not one of {', '.join(book.ask_slugs(recommendation))}")
    if isinstance(rung, bool) or not isinstance(rung, int) or not 0 <= rung <= 5:
        raise RecordError(f"rung: a whole number from 0 (nothing) to 5 (operating), not {rung!r:.60}")
    reason, name = _said(raw, "say in words why the ask is set by hand")
    start = record_format.day(raw.get("from"), "from").toordinal()
    until = FOREVER if raw.get("to") in (None, "") else record_format.day(raw["to"], "to").toordinal()
    if until <= start:
        raise RecordError("to: a day after `from`; the setting holds from `from` up to the day before `to`")
    empty = raw.get("recorded_at") in (None, "")
    recorded = start if empty else record_format.day(raw["recorded_at"], "recorded_at").toordinal()
    return Setting(recommendation, ask, rung, reason, name, start, until, recorded)


def _withdrawal(raw: Mapping[str, Any], before: Mapping[int, int], taken: set[int]) -> tuple[int, int]:
    """The place of the line that this one takes back, and the day from which that is known. `before` are the places of
    the lines before it, by number; `taken` those taken back already."""
    _only(raw, _WITHDRAWAL_KEYS)
    number = raw["withdraws"]
    if isinstance(number, bool) or not isinstance(number, int) or number not in before:
        raise RecordError(f"withdraws: the number of an earlier line, not {number!r:.60}")
    if number in taken:
        raise RecordError(f"withdraws: line {number} is taken back already")
    taken.add(number)
    _said(raw, "say in words why it is taken back")
    return before[number], record_format.day(raw.get("recorded_at"), "recorded_at").toordinal()


def _only(raw: Mapping[str, Any], keys: Sequence[str]) -> None:
    if unknown := sorted(str(key) for key in raw if key not in keys):
        raise RecordError(f"unknown field {', '.join(unknown)}; allowed are {', '.join(keys)}")


def _said(raw: Mapping[str, Any], why: str) -> tuple[str, str]:
    """The reason and the name of whoever gives it."""
    reason, name = raw.get("reason") or "", raw.get("name") or ""
    if not isinstance(reason, str) or not isinstance(name, str) or not reason.strip():
        raise RecordError(f"reason: {why}; name: text")
    return reason, name

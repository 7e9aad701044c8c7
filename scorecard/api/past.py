"""The events as they were known on a day: the filters and orders of today's list, over the log.

The law: which version counts on a day of knowledge is the method's to say (`weighing.versions_in_force`), so this
list and the figures of that day cannot disagree. Events that stand today as they stood then are filtered by the
database; only those that changed since are read.
"""

from __future__ import annotations

import bisect
import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import F, QuerySet, Value
from django.db.models.functions import StrIndex, Substr

from scorecard import standings
from scorecard.api import kept, paging
from scorecard.method import weighing
from scorecard.method.log import Log
from tracker.models import Revision
from tracker.triage.searchable import folded

KEPT_SECONDS = 900
BATCH = 500
FILTERS = (
    *("q", "recommendation", "direction", "strength", "ask", "actor", "certainty", "first", "last"),
    *("language", "supersedes"),
)
Record = Mapping[str, Any]


def page(
    asked: Mapping[str, Any], order: paging.Order, rows: QuerySet, name: str
) -> tuple[int, list[Revision], str | None]:
    """How many there are, the versions of one page, and the cursor of the next. `rows` are today's events that
    pass the filters."""
    log = standings.log()
    found, key = _sorted(log, asked, order, rows)
    limit, cursor = asked["limit"], asked["cursor"]
    first = len(found) if order.down else 0
    if cursor is not None:
        value, event = paging.opened(cursor, order, name, str)
        place = (event,) if value is None else (value.isoformat(), event)
        side = bisect.bisect_left if order.down else bisect.bisect_right
        first = side(found, place, key=key)
    taken = found[max(0, first - limit) : first][::-1] if order.down else found[first : first + limit]
    more = first > limit if order.down else first + limit < len(found)
    after = paging.closed(_place(order, key(taken[-1])), name) if more else None
    revisions = Revision.objects.in_bulk([version + 1 for version in taken])
    return len(found), [revisions[version + 1] for version in taken], after


def known(log: Log, day: datetime.date) -> np.ndarray:
    """The places in the log of the versions that counted at the end of a day; revision n lies at n - 1."""
    return np.flatnonzero(weighing.versions_in_force(log, np.full(len(log), day.toordinal())))


def _place(order: paging.Order, key: tuple[str, ...]) -> tuple[Any, str]:
    return (None, key[0]) if order.column == "pk" else (key[0], key[1])


def _sorted(
    log: Log, asked: Mapping[str, Any], order: paging.Order, rows: QuerySet
) -> tuple[list[int], Callable[[int], tuple[str, ...]]]:
    """The versions that pass, in rising order, and what they are ordered by."""
    ids, event = log.ids, log.event
    if order.column == "pk":

        def key(version: int) -> tuple[str, ...]:
            return (ids[event[version]],)

    else:
        dates = _dates(log)

        def key(version: int) -> tuple[str, ...]:
            return dates[version].decode(), ids[event[version]]

    words = [(name, asked[name]) for name in (*FILTERS, "retracted", "known_at")]
    place = f"past:{kept.digest(f'{standings.head()}:{order.column}:{words}')}"
    found = cache.get(place)
    if found is None:
        found = sorted(_passing(log, asked, rows), key=key)
        cache.set(place, found, KEPT_SECONDS)
    return found, key


def _passing(log: Log, asked: Mapping[str, Any], rows: QuerySet) -> list[int]:
    versions = known(log, asked["known_at"])
    if asked["retracted"] != "any":
        versions = versions[log.retracted[versions] == (asked["retracted"] == "true")]
    if not any(asked[name] for name in FILTERS):
        return versions.tolist()
    latest = np.zeros(len(log.ids), dtype=np.int64)
    np.maximum.at(latest, log.event, np.arange(len(log)))
    same = latest[log.event[versions]] == versions
    today = set(rows.values_list("pk", flat=True))
    standing = [version for version in versions[same].tolist() if log.ids[log.event[version]] in today]
    return [*standing, *_matching(versions[~same].tolist(), asked)]


def _matching(versions: list[int], asked: Mapping[str, Any]) -> Iterator[int]:
    """Of versions that are no longer the latest, those whose record passes."""
    for first in range(0, len(versions), BATCH):
        numbers = [version + 1 for version in versions[first : first + BATCH]]
        bodies = Revision.objects.filter(sequence__in=numbers).values_list("sequence", "body")
        yield from (sequence - 1 for sequence, body in bodies if passes(json.loads(body), asked))


def passes(record: Record, asked: Mapping[str, Any]) -> bool:
    """Whether a record holds all that is asked for, as the list of today understands it."""
    return (
        (not asked["first"] or record["date"] >= asked["first"].isoformat())
        and (not asked["last"] or record["date"] <= asked["last"].isoformat())
        and (not asked["certainty"] or record["certainty"] in asked["certainty"])
        and (not asked["actor"] or not set(asked["actor"]).isdisjoint(record["actors"]))
        and (not asked["supersedes"] or asked["supersedes"] in record["supersedes"])
        and (not asked["language"] or _speaks(record, asked["language"]))
        and _coded(record, asked)
        and all(_says(record, word) for word in (asked["q"] or "").split())
    )


def _speaks(record: Record, language: str) -> bool:
    return any(source["lang"].startswith(language) for source in record["sources"])


def _coded(record: Record, asked: Mapping[str, Any]) -> bool:
    wanted = {
        name: asked[parameter]
        for name, parameter in (
            ("rec", "recommendation"),
            ("direction",) * 2,
            ("strength",) * 2,
            ("ask",) * 2,
        )
        if asked[parameter]
    }
    return not wanted or any(
        all(str(item[name]) in allowed for name, allowed in wanted.items()) for item in record["assessments"]
    )


def _says(record: Record, word: str) -> bool:
    texts: Iterable[str] = (record[name] for name in ("title", "title_zh", "summary", "summary_zh"))
    small = word.lower()
    return (
        folded(word) in "\n".join(map(folded, texts))
        or small in record["id"]
        or any(small in item["rationale"].lower() for item in record["assessments"])
    )


def _dates(log: Log) -> np.ndarray:
    """[versions] the day of the act as each version has it; read once for each state of the log."""
    if (found := log.memory.get(_dates)) is None:
        # The id comes before it and cannot hold these letters, so that the first such place is the right one.
        place = StrIndex(F("body"), Value('"date":"')) + 8
        days = Revision.objects.filter(sequence__lte=len(log)).order_by("sequence")
        texts = days.values_list(Substr("body", place, 10), flat=True).iterator(5000)
        found = log.memory[_dates] = np.fromiter(texts, dtype="S10", count=len(log))
    return found

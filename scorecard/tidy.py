"""The one long table of figures: a row for each day, recommendation, actor and reading, each with its vintage.

The law: every row stands alone. It says whose acts it counts, which reading it is, by which method, as known on
which day and whether that day was coded, so that rows of any two files can be laid together.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from scorecard import pins, standings
from scorecard.method import delivery, parameters
from tracker import importing
from tracker.codebook import current

READINGS = ("balance", "pulse", "delivery")
EVERYBODY = "all"  # what stands for the acts of all actors together
ACTORS = (EVERYBODY, *current().actor_slugs)
Row = tuple[Any, ...]
Day = datetime.date


def rows(
    as_of: Day,
    known_at: Day | None = None,
    *,
    version: str | None = None,
    beyond: bool = False,
    then: bool = False,
    year: int | None = None,
    recommendations: Sequence[str] | None = None,
    actors: Sequence[str] | None = None,
    readings: Sequence[str] | None = None,
) -> Iterator[Row]:
    """(day, recommendation, actor, reading, value, low, high, word, method, coded, vintage), by reading, actor,
    recommendation and day. `then`: each day as it was known on that day."""
    said = standings.stamp(as_of, known_at, version, beyond)
    coded, vintage = said["coded_to"] or "", known_at or present()
    stops = parameters.method_of(version).parameters.stops_at_coded_day
    for reading in readings or READINGS:
        for actor in actors or ACTORS:
            view = None if actor == EVERYBODY else actor
            found = _series(reading, view, as_of, known_at, version, beyond, then)
            if found is None:
                continue
            days = found["days"]
            chosen = [place for place, day in enumerate(days) if year is None or day[:4] == f"{year:04d}"]
            for slug in recommendations or found["recommendations"]:
                line = found["recommendations"].get(slug)
                for place in chosen if line else ():
                    day, known = days[place], vintage.isoformat()
                    if then:
                        known = min(day, known)
                    value, low, high, word = _figures(reading, line, place)
                    if stops and day > coded:
                        word = None  # nobody has looked at what happened by then
                    yield (
                        *(day, slug, actor, reading, value, low, high, word),
                        *(said["method"], day <= coded, known),
                    )


def present() -> Day:
    """The day of knowledge of the state that is being read: today, or the day of the state that is pinned."""
    return pins.day() or timezone.now().date()


def vintages(known_at: Day | None = None) -> list[Day | None]:
    """The days of knowledge of the releases of the record, each with the last day before the next one came, and then
    the day that is asked for itself (None: now)."""
    last = known_at or present()
    later = [each.day - datetime.timedelta(1) for each in importing.releases()[1:] if each.day]
    return [*(day for day in sorted(later) if day < last), known_at]


def _figures(reading: str, line: Mapping[str, Any], place: int) -> Row:
    """value, low, high, word of one day; a delivery has no band."""
    if reading == "delivery":
        value = line["value"][place]
        return value, None, None, delivery.label(value)
    return line["score"][place], line["low"][place], line["high"][place], line["label"][place]


def _series(
    reading: str,
    actor: str | None,
    as_of: Day,
    known_at: Day | None,
    version: str | None,
    beyond: bool,
    then: bool,
) -> Mapping[str, Any] | None:
    if reading != "delivery":
        return standings.series(
            reading, actor, as_of=as_of, known_at=known_at, then=then, version=version, beyond=beyond
        )
    if actor is not None and not parameters.method_of(version).parameters.delivery_of_actors:
        return None  # this method knows no delivery of one actor's acts
    return standings.delivery(
        actor, as_of=as_of, known_at=known_at, then=then, version=version, beyond=beyond
    )

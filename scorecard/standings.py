"""The log as known at a date, put through the method: every figure that pages, API and commands show, and what a
decision would do to it, worked out before it is taken (the desk finds this by settings).

Derived on reading. A figure is kept under the digest of the last revision that it can rest on, and of the asks set by
hand that were known then: a new revision makes exactly what it may move be worked out again, and leaves every other
day, as known on every other day, as it was.

The law of the one long table (`long_rows`), a row for each day, recommendation, actor and reading: every row stands
alone. It says whose acts it counts, which reading it is, by which method, as known on which day and whether that day
was coded, so that rows of any two files can be laid together.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from scorecard import footing, method, vocabulary
from scorecard.footing import Day, Pair
from scorecard.method import parameters
from scorecard.method.columns import Log
from scorecard.method.delivery import label
from scorecard.method.readings import Measure, Report, Stamp, Waterfall
from scorecard.method.weighing import rests_on
from tracker import agreement as agreements
from tracker import importing
from tracker import log as record_log
from tracker.codebook import current

KEPT_SECONDS = 24 * 3600
PAIRS_KEPT = 10_000  # of days asked for; a reader who walks through all of them shall not fill the memory
READINGS = ("balance", "pulse", "delivery")
EVERYBODY = "all"  # what stands for the acts of all actors together
ACTORS = (EVERYBODY, *current().actor_slugs)
Row = tuple[Any, ...]


def rests(as_of: Day, known_at: Day | None = None) -> str:
    """Changes whenever a figure of this day, as known then, may change, and is another after other changes."""
    return f"{_rests(footing.current(), as_of, known_at)}:{footing.coded_to(known_at)}"


def report(
    as_of: Day,
    known_at: Day | None = None,
    actor: str | None = None,
    *,
    sensitivity: bool = False,
    version: str | None = None,
    acts: bool = True,
    beyond: bool = False,
) -> Report:
    """All readings of one day (`method.report`), made no later than the last coded day unless `beyond`; `version`
    is one of the method's, None the current. Without `acts` the balances lack theirs, which of a long record are
    most of the work."""
    coded = footing.coded_to(known_at)
    read = read_on(as_of, known_at, version, beyond)
    bound = coded if beyond else None  # what is read no later than the coded day needs no bound
    found: Report = _kept(
        f"report:{actor}:{sensitivity}:{_version(version)}:{acts}:{bound}",
        [(read, known_at)],
        lambda log: method.report(
            log, read, known_at, actor, sensitivity, version, acts=acts, coded_to=bound, beyond=beyond
        ),
    )
    return {**found, **stamp(as_of, known_at, version, beyond)}


def stamp(as_of: Day, known_at: Day | None = None, version: str | None = None, beyond: bool = False) -> Stamp:
    """What every figure says of itself: its method, the day asked for, and the day it was read on."""
    coded = footing.coded_to(known_at)
    return {
        "method": _version(version),
        "as_of": as_of.isoformat(),
        "known_at": known_at.isoformat() if known_at else None,
        "coded_to": coded.isoformat() if coded else None,
        "read_on": read_on(as_of, known_at, version, beyond).isoformat(),
        "days_since": max((as_of - coded).days, 0) if coded else 0,
    }


def read_on(as_of: Day, known_at: Day | None = None, version: str | None = None, beyond: bool = False) -> Day:
    """The day a reading as of `as_of` is made on: no later than the last coded day (`method.read_on`)."""
    return method.read_on(as_of, footing.coded_to(known_at), version, beyond)


def _version(version: str | None) -> str:
    return method.method_of(version).version


def views(
    as_of: Day, known_at: Day | None = None, *, version: str | None = None, beyond: bool = False
) -> dict[str | None, dict[str, Measure]]:
    """`{actor: {recommendation: balance}}`; None is the total (`method.views`)."""
    read = read_on(as_of, known_at, version, beyond)
    found: dict[str | None, dict[str, Measure]] = _kept(
        f"views:{_version(version)}",
        [(read, known_at)],
        lambda log: method.views(log, read, known_at, version=version),
    )
    return found


def series(
    reading: str,
    actor: str | None = None,
    *,
    as_of: Day,
    known_at: Day | None = None,
    then: bool = False,
    version: str | None = None,
    beyond: bool = False,
) -> dict[str, Any]:
    """The daily series of all recommendations from the start to the day that `as_of` is read on (`method.series`),
    as plain lists; with `beyond` to `as_of`, the days after the last coded one without labels.

    With `then` each day is as it was known on that day (and nothing recorded after `known_at` is read).
    """

    def made(log: Log) -> Any:
        if then and known_at is not None:
            log = log.known_by(known_at)
        known = method.THEN if then else known_at
        return method.series(
            log, reading, actor, as_of=read, known=known, version=version, coded_to=bound, beyond=beyond
        ).as_dict()

    bound = footing.coded_to(known_at) if beyond else None
    read = read_on(as_of, known_at, version, beyond)
    return _kept(f"series:{reading}:{actor}:{then}:{_version(version)}:{bound}", [(read, known_at)], made)


def delivery(
    actor: str | None = None,
    *,
    as_of: Day,
    known_at: Day | None = None,
    then: bool = False,
    version: str | None = None,
    beyond: bool = False,
) -> dict[str, Any]:
    """The daily values of delivery (`method.delivery_series`) as plain lists; arguments as for `series`."""

    def made(log: Log) -> Any:
        if then and known_at is not None:
            log = log.known_by(known_at)
        known = method.THEN if then else known_at
        return method.delivery_series(log, actor, as_of=read, known=known, version=version).as_dict()

    read = read_on(as_of, known_at, version, beyond)
    return _kept(f"delivery:{actor}:{then}:{_version(version)}", [(read, known_at)], made)


def waterfall(
    earlier: Pair, later: Pair, actor: str | None = None, *, version: str | None = None
) -> dict[str, Waterfall]:
    """Which acts moved each balance between two pairs of dates, and why (`method.waterfall`)."""
    last = read_on(*later, version)
    first, second = (min(read_on(*earlier, version), last), earlier[1]), (last, later[1])
    found: dict[str, Waterfall] = _kept(
        f"waterfall:{actor}:{_version(version)}",
        [first, second],
        lambda log: method.waterfall(
            log, first, second, actor, version_before=version, version_after=version
        ),
    )
    return found


def adopted() -> dict[str, Day]:
    """On which day each version of the method came into service: here, where a record stood before, or at all."""
    return {
        each.version: each.adopted for each in method.in_service() if each.adopted
    } | footing.current().in_service


def agreement() -> dict[str, Any]:
    """How far two coders agree, by what kind of coders they are (`tracker.agreement.by_kind`)."""
    return _found(f"agreement:{footing.current().aside}", agreements.by_kind)


def _kept(key: str, pairs: list[Pair], work: Callable[[Log], Any]) -> Any:
    """A figure of these pairs of days, from the cache while all that it rests on stands as it stood."""
    state = footing.current()
    rests = ":".join(f"{as_of}:{known_at}:{_rests(state, as_of, known_at)}" for as_of, known_at in pairs)
    return _found(f"{key}:{rests}", lambda: work(state.log.with_book(footing.book(pairs[-1][1]))))


def _found(key: str, work: Callable[[], Any]) -> Any:
    name = f"standings:{settings.RELEASE}:{key}"
    found = cache.get(name)
    if found is None:
        found = work()
        cache.set(name, found, KEPT_SECONDS)
    return found


def _rests(state: footing.State, as_of: Day, known_at: Day | None) -> str:
    """What a figure of these days rests on, in short: the revisions, by the chain of their digests, the asks set by
    hand, and the version of the codebook that was in force."""
    log, rests = state.log, state.rests
    if (found := rests.get((as_of, known_at))) is None:
        if len(rests) >= PAIRS_KEPT:
            rests.clear()
        number = rests_on(log, as_of, known_at)
        last = state.digests[number - 1].decode() if number else ""
        known = log.settings if known_at is None else log.settings_by(known_at)
        asks = hashlib.sha256(repr(known).encode()).hexdigest()[:12] if known else ""
        version = record_log.version_on(known_at, state.versions)
        found = rests[as_of, known_at] = f"{last}:{asks}:{version.content[:12] if version else ''}"
    return found


def score_preview(
    before: Iterable[Mapping[str, Any]],
    after: Iterable[Mapping[str, Any]],
    as_of: datetime.date | None = None,
) -> list[dict[str, Any]]:
    """Balances today with the versions `before` behind the log, and with the versions `after` instead.

    One entry for each recommendation whose score or label moves: `{"rec", "before", "after", "label_before",
    "label_after"}`, scores unrounded. The records have passed `tracker.record.check`.
    """
    day = as_of or timezone.now().date()
    return _moved_by(_balances(list(before), day), _balances(list(after), day))


def day_preview(day: datetime.date) -> list[dict[str, Any]]:
    """As `score_preview`: what readers see today, and what they would see were coding said to be complete to `day`."""
    today = timezone.now().date()
    return _moved_by(views(today)[None], views(min(day, today), beyond=True)[None])


def ask_preview(line: Mapping[str, Any]) -> dict[str, Any]:
    """What an ask set by hand would do, or its taking back, on the first day of today and later on which it holds.

    `{"day", "ask": (before, after), "delivery": (before, after), "label": (before, after)}`: values from 0 to 100, None
    where not yet rated. `line` is as `AskSetting.line` gives it; `ValueError` tells what is wrong with it.
    """
    log, lines = footing.log(), footing.asked()
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


def _moved_by(now: Mapping[str, Measure], then: Mapping[str, Measure]) -> list[dict[str, Any]]:
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
        return views(day, beyond=True)[None]
    grown = footing.log().extend(versions)
    return method.views(grown, day, actors=(None,))[None]


def long_rows(
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
    said = stamp(as_of, known_at, version, beyond)
    coded, vintage = said["coded_to"] or "", known_at or day_of_knowledge()
    stops = parameters.method_of(version).parameters.stops_at_coded_day
    for reading in readings or READINGS:
        for actor in actors or ACTORS:
            view = None if actor == EVERYBODY else actor
            found = _series_of(reading, view, as_of, known_at, version, beyond, then)
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
                    value, low, high, word = _figures_of(reading, line, place)
                    if stops and day > coded:
                        word = None  # nobody has looked at what happened by then
                    yield (
                        *(day, slug, actor, reading, value, low, high, word),
                        *(said["method"], day <= coded, known),
                    )


def day_of_knowledge() -> Day:
    """The day of knowledge of the state that is being read: today, or the day of the state that is pinned."""
    return footing.pinned_day() or timezone.now().date()


def vintages(known_at: Day | None = None) -> list[Day | None]:
    """The days of knowledge of the releases of the record, each with the last day before the next one came, and then
    the day that is asked for itself (None: now)."""
    last = known_at or day_of_knowledge()
    later = [each.day - datetime.timedelta(1) for each in importing.releases()[1:] if each.day]
    return [*(day for day in sorted(later) if day < last), known_at]


def _figures_of(reading: str, line: Mapping[str, Any], place: int) -> Row:
    """value, low, high, word of one day; a delivery has no band."""
    if reading == "delivery":
        value = line["value"][place]
        return value, None, None, label(value)
    return line["score"][place], line["low"][place], line["high"][place], line["label"][place]


def _series_of(
    reading: str,
    actor: str | None,
    as_of: Day,
    known_at: Day | None,
    version: str | None,
    beyond: bool,
    then: bool,
) -> Mapping[str, Any] | None:
    if reading != "delivery":
        return series(
            reading, actor, as_of=as_of, known_at=known_at, then=then, version=version, beyond=beyond
        )
    if actor is not None and not parameters.method_of(version).parameters.delivery_of_actors:
        return None  # this method knows no delivery of one actor's acts
    return delivery(actor, as_of=as_of, known_at=known_at, then=then, version=version, beyond=beyond)

"""What a line must say of itself: where coding stops, days half seen, changes of method, earlier tellings."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext

from scorecard import sentences, standings
from scorecard.charts.canvas import Blind, Ghost, Turn
from scorecard.method import parameters
from scorecard.pages import provisional
from scorecard.pages.reading import Reading
from tracker import codebook
from tracker.models import CoverageDay

# With fewer feeds alive than this share a quiet day may only have been a blind one.
WELL_SEEN = 0.75


def blind(read: Reading) -> list[Blind]:
    """Stretches without coding, or with many feeds down."""
    day = datetime.timedelta(days=1)
    few = gettext("few feeds\nalive")
    found = [Blind(first, last + day, few) for first, last in stretches(degraded(read))]
    if (read.clock.as_of - read.coded_to).days < 2:
        return found
    partly = any(event.start > read.coded_to for event in read.known.events)
    words = gettext("coded in part\nsince %(day)s") if partly else gettext("no coding\nsince %(day)s")
    named = words % {"day": sentences.short_day(read.coded_to)}
    return [*found, Blind(read.coded_to, read.clock.as_of, named)]


def degraded(read: Reading) -> list[datetime.date]:
    """Coded days on which many feeds were down, in the order of time."""
    rows = CoverageDay.objects.filter(
        day__gte=codebook.START, day__lte=read.coded_to, feeds_total__gt=0
    ).order_by("day")
    counted = rows.values_list("day", "feeds_alive", "feeds_total")
    return [day for day, alive, total in counted if alive < WELL_SEEN * total]


def stretches(days: Iterable[datetime.date]) -> Iterator[tuple[datetime.date, datetime.date]]:
    """First and last day of each unbroken run."""
    run: tuple[datetime.date, datetime.date] | None = None
    for day in days:
        if run is not None and (day - run[1]).days > 1:
            yield run
            run = None
        run = (day if run is None else run[0], day)
    if run is not None:
        yield run


def turns() -> list[Turn]:
    """The days on which a version of the method after the first was adopted."""
    return [
        Turn(method.adopted, gettext("Method %(version)s") % {"version": method.version})
        for method in parameters.METHODS.values()
        if method.adopted > codebook.START
    ]


def ghosts(read: Reading, slug: str) -> list[Ghost]:
    """The same line by every other method, and as each day was known on that day where that differs."""
    now, clock = read.run(slug).score, read.clock
    found = []
    for version in parameters.METHODS:
        if version != parameters.CURRENT:
            other = standings.series("balance", as_of=clock.as_of, known_at=clock.known_at, version=version)
            words = gettext("by method %(version)s") % {"version": version}
            found.append(Ghost(other["recommendations"][slug]["score"], words))
    known_then = then(read, slug)
    if max(abs(one - other) for one, other in zip(known_then, now, strict=True)) >= provisional.WORTH_DRAWING:
        found.append(Ghost(known_then, gettext("as known then")))
    return found


def settled(read: Reading, slug: str) -> str:
    """The sentence on the provisional days of a recommendation's line."""
    opened = read.opened
    if opened is None:
        return provisional.sentence(None, None)
    revision = provisional.mean_revision(then(read, slug), read.run(slug).score, codebook.START, opened)
    return provisional.sentence(revision, opened)


def then(read: Reading, slug: str) -> list[float]:
    """The daily balance with each day as it was known on that day."""
    clock = read.clock
    found = standings.series("balance", as_of=clock.as_of, known_at=clock.known_at, then=True)
    return found["recommendations"][slug]["score"]

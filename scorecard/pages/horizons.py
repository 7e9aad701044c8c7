"""What a line must say of itself: where coding stops, days half seen, changes of method, earlier tellings.

How much a day's score still changes after the day: as known then beside as known now (METHOD.md, 14).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext

from scorecard import sentences, standings
from scorecard.charts.canvas import Blind, Ghost, Turn
from scorecard.method import parameters
from scorecard.pages.reading import Reading
from tracker.codebook import current
from tracker.models import CoverageDay

PROVISIONAL_DAYS = 30
WORTH_DRAWING = 0.5  # points


def mean_revision(
    then: Sequence[float], now: Sequence[float], first: datetime.date, opened: datetime.date
) -> tuple[float, int] | None:
    """Mean of |now - then| over the days since the record was opened that are old enough to be settled.

    Both series begin on `first`. None while there is no such day: days before the opening are a
    reconstruction and would count as never revised.
    """
    start = max(0, (opened - first).days)
    stop = len(now) - PROVISIONAL_DAYS
    if stop <= start:
        return None
    apart = [abs(now[place] - then[place]) for place in range(start, stop)]
    return sum(apart) / len(apart), len(apart)


def sentence(revision: tuple[float, int] | None, opened: datetime.date | None) -> str:
    """What a reader must know about the newest days of a line."""
    text = gettext("The last 30 days are provisional: acts that are reported late still change them.")
    if opened is None:
        return text
    if revision is None:
        return (
            text
            + " "
            + gettext(
                "By how much cannot be told yet: the record was opened on %(day)s, and everything before "
                "that day is a reconstruction."
            )
            % {"day": sentences.day(opened)}
        )
    points, days = revision
    return (
        text
        + " "
        + gettext(
            "Over %(days)d days since the record was opened, a day's balance has moved by %(points)s points "
            "on average between what was known on the day and what is known now."
        )
        % {"days": days, "points": sentences.tenths(points).lstrip("+")}
    )


# With fewer feeds alive than this share a quiet day may only have been a blind one.
WELL_SEEN = 0.75


def blind(read: Reading) -> list[Blind]:
    """Stretches without coding, or with many feeds down."""
    day = datetime.timedelta(days=1)
    few = gettext("few feeds\nalive")
    found = [Blind(first, last + day, few) for first, last in stretches(degraded(read))]
    if (read.clock.as_of - read.coded_to).days < 2:
        return found
    if read.stopped:  # the axis ends there too
        return found
    partly = any(event.start > read.coded_to for event in read.known.events)
    words = gettext("coded in part\nsince %(day)s") if partly else gettext("no coding\nsince %(day)s")
    named = words % {"day": sentences.short_day(read.coded_to)}
    return [*found, Blind(read.coded_to, read.clock.as_of, named)]


def degraded(read: Reading) -> list[datetime.date]:
    """Coded days on which many feeds were down, in the order of time."""
    rows = CoverageDay.objects.filter(
        day__gte=current().start, day__lte=read.coded_to, feeds_total__gt=0
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


def turns(read: Reading) -> list[Turn]:
    """The days, up to that of the page, on which a version of the method after the first was adopted."""
    _first, *later = parameters.in_service()
    days = standings.adopted()
    return [
        Turn(days[method.version], gettext("Method %(version)s") % {"version": method.version})
        for method in later
        if days[method.version] <= read.clock.as_of
    ]


def ghosts(read: Reading, slug: str) -> list[Ghost]:
    """The same line by every other method, and as each day was known on that day where that differs."""
    now, clock = read.run(slug).score, read.clock
    found = []
    for method in parameters.in_service():
        if method.version != read.method:
            other = standings.series(
                "balance", as_of=read.read_on, known_at=clock.known_at, version=method.version
            )
            words = gettext("by method %(version)s") % {"version": method.version}
            found.append(Ghost(other["recommendations"][slug]["score"], words))
    known_then = then(read)[slug]["score"]
    if max(abs(one - other) for one, other in zip(known_then, now, strict=True)) >= WORTH_DRAWING:
        found.append(Ghost(known_then, gettext("as known then")))
    return found


def settled(read: Reading, slug: str) -> str:
    """The sentence on the provisional days of a recommendation's line."""
    opened = read.opened
    if opened is None:
        return sentence(None, None)
    revision = mean_revision(then(read)[slug]["score"], read.run(slug).score, current().start, opened)
    return sentence(revision, opened)


def then(read: Reading, actor: str | None = None) -> dict[str, dict[str, list[float]]]:
    """recommendation → its daily balance, each day as it was known on that day."""
    clock = read.clock
    found = standings.series(
        "balance", actor, as_of=clock.as_of, known_at=clock.known_at, then=True, version=read.method
    )
    return found["recommendations"]

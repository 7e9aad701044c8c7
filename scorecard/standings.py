"""The log as known at a date, put through the method. Pages, API and commands all read here.

Derived on reading. A figure is kept under the digest of the last revision that it can rest on, and of the asks
set by hand that were known then: a new revision makes exactly what it may move be worked out again, and leaves
every other day, as known on every other day, as it was. The log itself is read once by each process and then only
grows by its new lines; the words of the record are kept only once somebody asks for them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet

from scorecard import beside, method
from scorecard.method.columns import EMPTY, Log, empty, rests_on
from scorecard.method.readings import Measure, Report, Stamp, Waterfall
from scorecard.models import MethodInService
from tracker import agreement as agreements
from tracker import codebook_versions
from tracker import log as record_log
from tracker.codebook import Codebook
from tracker.models import CodebookVersion, Revision

KEPT_SECONDS = 24 * 3600
Day = datetime.date
Pair = tuple[Day, Day | None]  # as_of, known_at
Body = tuple[Mapping[str, Any], datetime.datetime, str, str]  # record, when written, why, by whom
PAIRS_KEPT = 10_000  # of days asked for; a reader who walks through all of them shall not fill the memory
CUTS_KEPT = 8  # of states that addresses are pinned to
DIGEST = "S24"  # so many characters of a revision's digest tell it apart

_lock = threading.Lock()


@dataclasses.dataclass(eq=False)
class State:
    """The log as this process holds it, up to a head. `bodies` come once somebody asks for the record's words."""

    sequence: int = 0
    digest: str = ""
    aside: int = -1  # changes with what stands beside the log: settings, statements, codings
    log: Log = EMPTY
    stated: tuple[beside.Stated, ...] = ()  # that coding is complete to a day, and takings back of that
    asked: tuple[beside.Line, ...] = ()  # the lines of the asks set by hand, takings back among them
    digests: np.ndarray = dataclasses.field(default_factory=lambda: np.array([], DIGEST))
    versions: tuple[CodebookVersion, ...] = ()
    bodies: tuple[Body, ...] | None = None
    in_service: dict[str, Day] = dataclasses.field(
        default_factory=dict
    )  # when each method came into service here
    rests: dict[Pair, str] = dataclasses.field(default_factory=dict)
    name: str = ""  # what addresses call it, if they are pinned to it
    cut_of: tuple[str, int, int, int, int] | None = None  # of which state, and how much of it

    @property
    def head(self) -> str:
        return f"{self.name or self.sequence}-{self.digest[:24]}-{self.aside}"


_pinned: ContextVar[State | None] = ContextVar("pinned", default=None)
_NOTHING = State()
_held = _NOTHING
_cuts: dict[str, State] = {}


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Inside it every question is answered from one and the same state of the log, looked up once."""
    token = _pinned.set(_newest())
    try:
        yield
    finally:
        _pinned.reset(token)


@contextlib.contextmanager
def pinned(name: str, sequence: int, statements: int, asks: int, codebooks: int) -> Iterator[None]:
    """Inside it every question is answered from the first `sequence` revisions, and from so many of what stands beside
    them; `name` is what addresses call that state."""
    token = _pinned.set(_cut(name, sequence, statements, asks, codebooks))
    try:
        yield
    finally:
        _pinned.reset(token)


@contextlib.contextmanager
def ended(day: Day, sequence: int) -> Iterator[None]:
    """Inside it every question is answered from the state at the end of a day, when the log had so many revisions; what
    stands beside the log is told apart by the day of knowledge that is asked for."""
    beside = {name: len(rows) for name, rows in _beside(_newest()).items()}
    token = _pinned.set(_cut(f"end-of-{day}", sequence, **beside))
    try:
        yield
    finally:
        _pinned.reset(token)


def pinned_as() -> str:
    """What addresses call the state that is read; empty for the present one."""
    return (_pinned.get() or _NOTHING).name


def footing(as_of: Day | None = None, known_at: Day | None = None) -> dict[str, int]:
    """What the state that is read rests on: the length of the log, and how many of each stand beside it. Of a day of
    knowledge only so much as it can rest on, which later revisions do not move."""
    state = _current()
    if as_of is None or known_at is None:
        return {"sequence": state.sequence, **{name: len(rows) for name, rows in _beside(state).items()}}
    known = beside.days(state.stated, state.asked) | {"codebooks": [row.in_force for row in state.versions]}
    counted = {
        name: max((place for place, day in enumerate(days, 1) if day is None or day <= known_at), default=0)
        for name, days in known.items()
    }
    return {"sequence": rests_on(state.log, as_of, known_at), **counted}


def _beside(state: State) -> dict[str, Any]:
    """What stands beside the log and moves figures too."""
    return {"statements": state.stated, "asks": state.asked, "codebooks": state.versions}


def _cut(name: str, sequence: int, statements: int, asks: int, codebooks: int) -> State:
    """The state of that name, out of the present one."""
    whole = _newest()
    kept, cut_of = _cuts.get(name), (whole.head, sequence, statements, asks, codebooks)
    if kept is not None and kept.cut_of == cut_of:
        return kept
    log = whole.log
    short = log if sequence >= len(log) else log.take(np.arange(len(log)) < sequence)
    asked = whole.asked[:asks]
    found = State(
        sequence,
        whole.digests[sequence - 1].decode() if sequence else "",
        whole.aside,
        log=dataclasses.replace(short, settings=method.by_hand(asked, log.book), memory={}),
        stated=whole.stated[:statements],
        asked=asked,
        digests=whole.digests[:sequence],
        versions=whole.versions[:codebooks],
        in_service=whole.in_service,
        name=name,
        cut_of=cut_of,
    )
    if len(_cuts) >= CUTS_KEPT:
        _cuts.clear()
    _cuts[name] = found
    return found


def head() -> str:
    """Changes whenever any figure or word that rests on the record may change."""
    pinned = _pinned.get()
    return pinned.head if pinned else record_log.head()


def record_head() -> str:
    """Changes whenever the log does; what stands beside it is left out."""
    return head().rpartition("-")[0]


def log() -> Log:
    """The whole log as the method reads it."""
    return _current().log


def book(known_at: Day | None = None) -> Codebook:
    """The codebook in force on a day of knowledge (None: now): whose recommendations its figures are."""
    return codebook_versions.on(known_at, _current().versions)


def rests(as_of: Day, known_at: Day | None = None) -> str:
    """Changes whenever a figure of this day, as known then, may change, and is another after other changes."""
    return f"{_rests(_current(), as_of, known_at)}:{coded_to(known_at)}"


def bodies() -> tuple[Body, ...]:
    """Every version in the order of the log: record, when written, why, by whom."""
    state = _current()
    with _lock:
        if state.bodies is None:
            state.bodies = tuple(_versions(0, state.sequence))
        return state.bodies


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
    coded = coded_to(known_at)
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
    coded = coded_to(known_at)
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
    return method.read_on(as_of, coded_to(known_at), version, beyond)


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

    bound = coded_to(known_at) if beyond else None
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
    } | _current().in_service


def agreement() -> dict[str, Any]:
    """How far two coders agree, by what kind of coders they are (`tracker.agreement.by_kind`)."""
    return _found(f"agreement:{_current().aside}", agreements.by_kind)


def coded_to(known_at: Day | None = None) -> Day | None:
    """The day to which coding was complete, as stated by `known_at` and not taken back by then; None before any."""
    return beside.coded_to(_current().stated, known_at)


def stated(known_at: Day | None = None) -> list[beside.Stated]:
    """The statements that coding is complete to a day, and what took them back, as known on a day."""
    return beside.stated_by(_current().stated, known_at)


def asked(known_at: Day | None = None) -> list[beside.Line]:
    """The lines of the asks set by hand, and what took them back, as known on a day."""
    return beside.asked_by(_current().asked, known_at)


def _kept(key: str, pairs: list[Pair], work: Callable[[Log], Any]) -> Any:
    """A figure of these pairs of days, from the cache while all that it rests on stands as it stood."""
    state = _current()
    rests = ":".join(f"{as_of}:{known_at}:{_rests(state, as_of, known_at)}" for as_of, known_at in pairs)
    return _found(f"{key}:{rests}", lambda: work(state.log.with_book(book(pairs[-1][1]))))


def _found(key: str, work: Callable[[], Any]) -> Any:
    name = f"standings:{settings.RELEASE}:{key}"
    found = cache.get(name)
    if found is None:
        found = work()
        cache.set(name, found, KEPT_SECONDS)
    return found


def _rests(state: State, as_of: Day, known_at: Day | None) -> str:
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
        version = codebook_versions.row_on(known_at, state.versions)
        found = rests[as_of, known_at] = f"{last}:{asks}:{version.content[:12] if version else ''}"
    return found


def _current() -> State:
    return _pinned.get() or _newest()


def _newest() -> State:
    """The log held by this process, brought up to the database's head."""
    global _held
    row = record_log.place()
    with _lock:
        if (_held.sequence, _held.digest, _held.aside) != row:
            _held = _grown(_held, *row)
        return _held


def _grown(held: State, sequence: int, digest: str, aside: int) -> State:
    versions = tuple(CodebookVersion.objects.defer("body"))
    book = codebook_versions.on(None, versions)
    base = held if _continues(held, sequence, book) else _NOTHING
    log = base.log if base is held else empty(book)
    new = None if base.bodies is None else tuple(_versions(base.sequence, sequence))
    lines = _lines(base.sequence, sequence) if new is None else (item[0] for item in new)
    grown = log.extend(lines) if sequence > base.sequence else log
    stated, asked = beside.read()
    return State(
        sequence,
        digest,
        aside,
        log=dataclasses.replace(grown, settings=method.by_hand(asked, book), memory={}),
        stated=stated,
        asked=asked,
        digests=_digests(base, sequence),
        versions=versions,
        in_service=dict(MethodInService.objects.values_list("version", "since")),
        bodies=None if new is None else (base.bodies or ()) + new,
    )


def _continues(held: State, sequence: int, book: Codebook) -> bool:
    """Whether the database's log still begins with what this process holds, and its codebook is still that."""
    if not held.sequence or held.sequence > sequence or held.log.book.digest != book.digest:
        return False
    return Revision.objects.filter(sequence=held.sequence, digest=held.digest).exists()


def _digests(base: State, sequence: int) -> np.ndarray:
    found = _between(base.sequence, sequence).values_list("digest", flat=True)
    return np.append(base.digests, np.array([digest[:24] for digest in found], DIGEST))


def _between(after: int, until: int) -> QuerySet:
    return Revision.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence")


def _lines(after: int, until: int) -> Iterator[Mapping[str, Any]]:
    """The records alone, each let go once it has been read; decoded a thousand at a time, which is quicker."""
    bodies = _between(after, until).values_list("body", flat=True).iterator(2000)
    while batch := ",".join(itertools.islice(bodies, 1000)):
        yield from json.loads(f"[{batch}]")


def _versions(after: int, until: int) -> Iterator[Body]:
    found = _between(after, until).values_list("body", "written_at", "why", "who")
    for body, written, why, who in found.iterator(2000):
        yield json.loads(body), written, why, who

"""What figures rest on: the log as this process holds it, what people state beside it, and the states of both that
addresses are pinned to.

The log is read once by each process and then only grows by its new lines; the words of the record are kept only once
somebody asks for them. Beside it stand statements to which day coding is complete, asks set by hand, and what took
those back.

Addresses give the same figures for ever: `?rev=337` names the state of the record on which an answer rests. The log
alone does not say it: the statements, the asks, the codebook and the method in service move figures too. So whoever is
the first to be given a state's address leaves a row (`Pin`), and `337.2` is the second state that was ever named at
revision 337. What comes later, however late it is recorded, stays outside.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from scorecard import method
from scorecard.method import CURRENT
from scorecard.method.columns import EMPTY, Log, empty
from scorecard.method.weighing import rests_on
from scorecard.models import MethodInService, Pin
from tracker import log as record_log
from tracker.codebook import Codebook
from tracker.models import AskSetting, CodebookVersion, Completeness, Revision
from tracker.record import held_spans, span_holds

Day = datetime.date
Pair = tuple[Day, Day | None]  # as_of, known_at
Body = tuple[Mapping[str, Any], datetime.datetime, str, str]  # record, when written, why, by whom
Line = Mapping[str, Any]  # an ask set by hand, as `AskSetting.line` gives it
CUTS_KEPT = 8  # of states that addresses are pinned to
DIGEST = "S24"  # so many characters of a revision's digest tell it apart
REV = re.compile(r"([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,5}))?")

_lock = threading.Lock()
# What one answer has found: an answer names its state several times.
_given: ContextVar[dict[str, Pin | None] | None] = ContextVar("given", default=None)


@dataclasses.dataclass(eq=False)
class State:
    """The log as this process holds it, up to a head. `bodies` come once somebody asks for the record's words."""

    sequence: int = 0
    digest: str = ""
    aside: int = -1  # changes with what stands beside the log: settings, statements, codings
    log: Log = EMPTY
    stated: tuple[Stated, ...] = ()  # that coding is complete to a day, and takings back of that
    asked: tuple[Line, ...] = ()  # the lines of the asks set by hand, takings back among them
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


def counted(as_of: Day | None = None, known_at: Day | None = None) -> dict[str, int]:
    """What the state that is read rests on: the length of the log, and how many of each stand beside it. Of a day of
    knowledge only so much as it can rest on, which later revisions do not move."""
    state = current()
    if as_of is None or known_at is None:
        return {"sequence": state.sequence, **{name: len(rows) for name, rows in _beside(state).items()}}
    known = known_from(state.stated, state.asked) | {"codebooks": [row.in_force for row in state.versions]}
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
    return current().log


def book(known_at: Day | None = None) -> Codebook:
    """The codebook in force on a day of knowledge (None: now): whose recommendations its figures are."""
    return record_log.codebook_on(known_at, current().versions)


def bodies() -> tuple[Body, ...]:
    """Every version in the order of the log: record, when written, why, by whom."""
    state = current()
    with _lock:
        if state.bodies is None:
            state.bodies = tuple(_versions(0, state.sequence))
        return state.bodies


def coded_to(known_at: Day | None = None) -> Day | None:
    """The day to which coding was complete, as stated by `known_at` and not taken back by then; None before any."""
    return coded_by(current().stated, known_at)


def stated(known_at: Day | None = None) -> list[Stated]:
    """The statements that coding is complete to a day, and what took them back, as known on a day."""
    return stated_by(current().stated, known_at)


def asked(known_at: Day | None = None) -> list[Line]:
    """The lines of the asks set by hand, and what took them back, as known on a day."""
    return asked_by(current().asked, known_at)


def current() -> State:
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
    book = record_log.codebook_on(None, versions)
    base = held if _continues(held, sequence, book) else _NOTHING
    log = base.log if base is held else empty(book)
    new = None if base.bodies is None else tuple(_versions(base.sequence, sequence))
    lines = _lines(base.sequence, sequence) if new is None else (item[0] for item in new)
    grown = log.extend(lines) if sequence > base.sequence else log
    stated, asked = read_beside()
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


class Stated(NamedTuple):
    """A statement that coding is complete to a day; or the place, from 1, of the one that is taken back."""

    day: Day | None
    recorded_at: Day | None
    note: str
    withdraws: int | None = None


def read_beside() -> tuple[tuple[Stated, ...], tuple[Line, ...]]:
    """All statements and all lines of asks set by hand, in the order in which they were written."""
    stated = tuple(
        Stated(row.day, row.recorded_at, row.note, place) for row, place in Completeness.objects.placed()
    )
    asked = AskSetting.objects.select_related("ask").placed()
    return stated, tuple(row.line(place) for row, place in asked)


def known_from(stated: Sequence[Stated], asked: Sequence[Line]) -> dict[str, list[Day | None]]:
    """From which day each of the rows is known; None: from the beginning."""
    return {
        "statements": [row.recorded_at for row in stated],
        "asks": [Day.fromisoformat(line["recorded_at"]) for line in asked],
    }


def coded_by(stated: Sequence[Stated], known_at: Day | None) -> Day | None:
    """The last coded day as known on a day: of the last statement that held then; None where none did."""
    known = None if known_at is None else known_at.toordinal()
    days = [
        row.day
        for row, held in zip(stated, held_spans([_row(row) for row in stated]), strict=True)
        if row.day and any(span_holds(span, known) for span in held)
    ]
    if not days:
        return None
    return days[-1] if known_at is None else min(days[-1], known_at)


def _row(row: Stated) -> tuple[int | None, int]:
    return row.withdraws, row.recorded_at.toordinal() if row.recorded_at else 0


def stated_by(stated: Sequence[Stated], known_at: Day | None) -> list[Stated]:
    return [
        row for row in stated if known_at is None or row.recorded_at is None or row.recorded_at <= known_at
    ]


def asked_by(asked: Sequence[Line], known_at: Day | None) -> list[Line]:
    known = known_at.isoformat() if known_at else "9999"
    return [line for line in asked if line["recorded_at"] <= known]


class BadPin(ValueError):
    """A `rev` that names no state of the record; the message says which there are."""


@contextlib.contextmanager
def at_rev(text: str | None) -> Iterator[Pin | None]:
    """Inside it every question is answered from the state that the text names; empty: from the present one, held."""
    pin = pin_named(text) if text else None
    token = _given.set({"pin": pin} if pin else {})
    try:
        with _read_from(pin):
            yield pin
    finally:
        _given.reset(token)


def _read_from(pin: Pin | None) -> contextlib.AbstractContextManager[None]:
    if pin is None:
        return held()
    return pinned(str(pin), pin.sequence, pin.statements, pin.asks, pin.codebooks)


def pinned_day() -> datetime.date | None:
    """The day on which the address of the state that is being read was given out; None for the present one."""
    name = pinned_as()
    return pin_named(name).day if name else None


def pin_named(text: str) -> Pin:
    """The state that an address names."""
    parts = REV.fullmatch(text.strip())
    newest = Revision.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    if parts is None or not 1 <= int(parts[1]) <= newest:
        raise BadPin(
            gettext(
                "rev must be a revision from 1 to %(last)d, as citations give it, for instance rev=%(last)d."
            )
            % {"last": newest}
        )
    sequence, ordinal = int(parts[1]), int(parts[2] or 1)
    found = Pin.objects.filter(sequence=sequence, ordinal=ordinal).first()
    if found is None and ordinal > 1:
        raise BadPin(gettext("rev=%(text)s was never given out.") % {"text": text.strip()})
    return found or _pin_never_given(sequence)


def _pin_never_given(sequence: int) -> Pin:
    """The state at a revision of which no address was ever given out: with what stood beside the one before it."""
    rows = Pin.objects.order_by("sequence", "ordinal")
    beside = rows.filter(sequence__lt=sequence).last() or rows.first() or _present_pin()
    written = Revision.objects.values_list("written_at", flat=True).get(sequence=sequence)
    return Pin(
        sequence=sequence,
        ordinal=1,
        statements=beside.statements,
        asks=beside.asks,
        codebooks=beside.codebooks,
        method=beside.method,
        day=written.astimezone(datetime.UTC).date(),
    )


def _present_pin() -> Pin:
    return Pin(ordinal=1, method=CURRENT, day=timezone.now().date(), **counted())


def pin(as_of: datetime.date, known_at: datetime.date | None) -> Pin | None:
    """The address of the state that is being read, given out now if it never was; None while the record is empty. Of a
    day of knowledge that is over it is that of the state on which its figures rest, whatever came later."""
    past = known_at if known_at and known_at < timezone.now().date() else None
    held = _given.get()
    if held is None:
        return _pin_given_out(as_of, past)
    key = f"{as_of}:{past}" if past and "pin" not in held else "pin"
    if key not in held:
        held[key] = _pin_given_out(as_of, past)
    return held[key]


def _pin_given_out(as_of: datetime.date, past: datetime.date | None) -> Pin | None:
    if name := pinned_as():
        return pin_named(name)
    state: dict[str, Any] = counted(as_of, past) | {"method": CURRENT}
    if not state["sequence"]:
        return None
    while (found := Pin.objects.filter(**state).first()) is None:
        ordinal = Pin.objects.filter(sequence=state["sequence"]).count() + 1
        try:
            with contextlib.suppress(IntegrityError), transaction.atomic():  # another was given out meanwhile
                return Pin.objects.create(ordinal=ordinal, day=timezone.now().date(), **state)
        except (
            OperationalError
        ):  # nothing can be written just now; reading goes on without an address to cite
            return None
    return found

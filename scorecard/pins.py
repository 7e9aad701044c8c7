"""Addresses that give the same figures for ever: `?rev=337` names the state of the record on which an answer rests.

The log alone does not say it: beside it stand the statements of completeness, the asks set by hand, the codebook and
the method in service. So whoever is the first to be given a state's address leaves a row (`Pin`), and `337.2` is the
second state that was ever named at revision 337. What comes later, however late it is recorded, stays outside.
"""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from scorecard import standings
from scorecard.method import CURRENT
from scorecard.models import Pin
from tracker.models import Revision

# What one answer has found: an answer names its state several times.
_given: ContextVar[dict[str, Pin | None] | None] = ContextVar("given", default=None)
WRITTEN = re.compile(r"([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,5}))?")


class BadPin(ValueError):
    """A `rev` that names no state of the record; the message says which there are."""


@contextlib.contextmanager
def at(text: str | None) -> Iterator[Pin | None]:
    """Inside it every question is answered from the state that the text names; empty: from the present one, held."""
    pin = named(text) if text else None
    token = _given.set({"pin": pin} if pin else {})
    try:
        with _state(pin):
            yield pin
    finally:
        _given.reset(token)


def _state(pin: Pin | None) -> contextlib.AbstractContextManager[None]:
    if pin is None:
        return standings.held()
    return standings.pinned(str(pin), pin.sequence, pin.statements, pin.asks, pin.codebooks)


def day() -> datetime.date | None:
    """The day on which the address of the state that is being read was given out; None for the present one."""
    name = standings.pinned_as()
    return named(name).day if name else None


def named(text: str) -> Pin:
    """The state that an address names."""
    parts = WRITTEN.fullmatch(text.strip())
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
    return found or _never_given(sequence)


def _never_given(sequence: int) -> Pin:
    """The state at a revision of which no address was ever given out: with what stood beside the one before it."""
    rows = Pin.objects.order_by("sequence", "ordinal")
    beside = rows.filter(sequence__lt=sequence).last() or rows.first() or _present()
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


def _present() -> Pin:
    return Pin(ordinal=1, method=CURRENT, day=timezone.now().date(), **standings.footing())


def current(as_of: datetime.date, known_at: datetime.date | None) -> Pin | None:
    """The address of the state that is being read, given out now if it never was; None while the record is empty. Of a
    day of knowledge that is over it is that of the state on which its figures rest, whatever came later."""
    past = known_at if known_at and known_at < timezone.now().date() else None
    held = _given.get()
    if held is None:
        return _given_out(as_of, past)
    key = f"{as_of}:{past}" if past and "pin" not in held else "pin"
    if key not in held:
        held[key] = _given_out(as_of, past)
    return held[key]


def _given_out(as_of: datetime.date, past: datetime.date | None) -> Pin | None:
    if name := standings.pinned_as():
        return named(name)
    state: dict[str, Any] = standings.footing(as_of, past) | {"method": CURRENT}
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

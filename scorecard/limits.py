"""What every public door refuses: too many requests, forms that robots fill in, fields that cannot be taken, and bodies
that are nested too deeply.

The law of forms: no account, no cookie, no puzzle, no third party. A signed time in the form says when it was shown, a
field that people do not see stays empty, and one address sends only so much in an hour. What is wrong with fields is
said of all at once.

So many requests a minute: for each address without a key, for each key with one. "Not modified" is given back.

Counted in fixed minutes by one atomic step of the cache, so that it costs the same at any rate. What is left stands in
the headers RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers).

What a reader may make us compute: so many pages a minute that are not kept, the time that answers of the API and files
take, and downloads, which hold a thread each while they are written and sent, only so many at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.throttling import BaseThrottle

from tracker.operations import middleware

WINDOW = 60
COSTLY = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one caller may still do in the running minute."""

    name: str
    limit: int
    used: int
    seconds: int
    place: str = ""  # where it is counted

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={WINDOW}',
            "RateLimit": f'"{self.name}";r={self.left};t={self.seconds}',
        }


class TooMany(Exception):
    """More than one caller may ask for just now; `seconds` later it may again."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(_("Too many pages were asked for from your address. Please come back in a moment."))
        self.seconds = seconds


class NoPlace(TooMany):
    """As many as there may be at once are at work, whoever asked for them."""

    status = 503


@contextlib.contextmanager
def spend_page(request: Any, *, of_its_own: bool = True) -> Iterator[None]:
    """Count one page that must be made anew, and one more for each `COSTLY` seconds that it takes of a processor and
    of the database; `TooMany` when this address has had its share of the minute. What has a ration elsewhere, as the
    API has, and is no page `of_its_own`, is counted by its time alone."""
    if middleware.is_from_here(request):
        yield
        return
    allowance = count("pages", middleware.caller_address(request), settings.PAGE_RATE, by=int(of_its_own))
    if allowance.used + (not of_its_own) > allowance.limit:
        raise TooMany(allowance.seconds)
    began, asked = time.thread_time(), _Asked()
    try:
        with connection.execute_wrapper(asked):
            yield
    finally:
        if more := int((time.thread_time() - began + asked.waited) / COSTLY):
            with contextlib.suppress(ValueError):  # it left the cache meanwhile
                cache.incr(allowance.place, more)


class _Asked:
    """How long a thread waited for its database, which computes meanwhile in a process of its own."""

    def __init__(self) -> None:
        self.waited = 0.0

    def __call__(self, execute: Callable[..., Any], *question: Any) -> Any:
        began, worked = time.perf_counter(), time.thread_time()
        try:
            return execute(*question)
        finally:
            self.waited += max(0.0, time.perf_counter() - began - (time.thread_time() - worked))


class Places:
    """So many at once; whoever finds none is told to come back."""

    def __init__(self, number: int) -> None:
        self._free = threading.BoundedSemaphore(number)

    def take(self) -> Callable[[], None]:
        """A place, and how to give it back, which may be done more than once; `NoPlace` when there is none."""
        if not self._free.acquire(blocking=False):
            raise NoPlace(AGAIN)
        held = [1]

        def give_back() -> None:
            if held:
                held.clear()
                self._free.release()

        return give_back


AGAIN = 30  # seconds
downloads = Places(max(1, settings.WEB_THREADS // 2))


class PerMinute(BaseThrottle):
    name = "anonymous"

    def allow_request(self, request: Any, view: Any) -> bool:
        key = request.auth
        name = "key" if key else self.name
        limit = settings.API_RATE_KEY if key else settings.API_RATE_ANONYMOUS
        who = key.prefix if key else middleware.caller_address(request)
        self.allowance = count(name, who, limit)
        # Views write it into the headers of every answer, refused ones too.
        request._request.allowance = self.allowance
        return self.allowance.used <= self.allowance.limit

    def wait(self) -> float:
        return self.allowance.seconds


def give_back(allowance: Allowance) -> Allowance:
    """Uncount a request that cost us nothing: what the caller holds is still what stands."""
    with contextlib.suppress(ValueError):  # it left the cache meanwhile
        cache.decr(allowance.place)
    return replace(allowance, used=max(0, allowance.used - 1))


def count(name: str, who: str, limit: int, window: int = WINDOW, by: int = 1) -> Allowance:
    """Count one request of `who`, or `by` so many."""
    now = time.time()
    number, passed = divmod(now, window)
    held = hashlib.sha256(who.encode("utf-8", "backslashreplace")).hexdigest()[:24]
    place = f"rate:{name}:{held}:{int(number)}"
    cache.add(place, 0, window + 5)
    try:
        used = cache.incr(place, by)
    except ValueError:  # it left the cache between the two steps
        cache.add(place, by, window + 5)
        used = by
    return Allowance(name, limit, used, max(1, int(window - passed)), place)


SALT = "scorecard.forms"
TRAP = "website"
OPEN_AT_MOST = 24 * 3600
OPEN_AT_LEAST = 2
HOUR = 3600
SENT_AN_HOUR, SENT_A_DAY = 10, 20
KEPT_A_DAY = {"disputes": 100, "alerts": 500, "keys": 500}  # from strangers, whatever their addresses


class Turned(ValueError):
    """A form that is not taken; the message says what to do."""


def stamp() -> str:
    """The time at which a form is shown, signed."""
    return signing.dumps("shown", salt=SALT)


def check(request: Any, form: Any) -> None:
    """`Turned` unless the form looks like a person's."""
    if form.get(TRAP):
        raise Turned(_("The form was filled in by a robot."))
    try:
        signing.loads(form.get("stamp", ""), salt=SALT, max_age=OPEN_AT_MOST)
    except signing.BadSignature:
        raise Turned(_("The form was open for too long. Please send it once more.")) from None
    try:
        signing.loads(form.get("stamp", ""), salt=SALT, max_age=OPEN_AT_LEAST)
    except signing.SignatureExpired:
        pass
    else:
        raise Turned(_("That was quick. Please wait a moment and send it once more."))


def spend(request: Any, form: str, kept: int) -> None:
    """Count one form of this name that is taken from this address, so that mistakes in typing cost nothing; `Turned`
    when too many were taken in this hour or day, or from everybody together, of whom so many are `kept` since
    yesterday: people read them, and each keeps a row."""
    if kept >= KEPT_A_DAY[form]:
        words = _(
            "So many of these forms came in within a day that no more are taken. Nothing of yours was kept."
        )
        if settings.CONTACT:
            write = _("Please send it again tomorrow, or write to %(contact)s.") % {
                "contact": settings.CONTACT
            }
        else:
            write = _("Please send it again tomorrow.")
        raise Turned(f"{words} {write}")
    who = middleware.caller_address(request)
    for window, most in ((HOUR, SENT_AN_HOUR), (24 * HOUR, SENT_A_DAY)):
        if count(f"{form}:{window}", who, most, window).used > most:
            raise Turned(_("Too many forms came from your address in this hour. Please come back later."))


class Fault(ValueError):
    """A field that cannot be taken, and the `others` of the same form."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.others: tuple[Fault, ...] = ()

    def by_field(self) -> dict[str, str]:
        """field -> what is wrong with it, in the order of the form."""
        return {fault.field: str(fault) for fault in (self, *self.others)}


def none_in(checks: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What every check gives, by name; the first `Fault` with all others where one fails."""
    found, faults = {}, []
    for name, check in checks.items():
        try:
            found[name] = check()
        except Fault as fault:
            faults += [fault, *fault.others]
    if faults:
        faults[0].others = tuple(faults[1:])
        raise faults[0]
    return found


class Json(JSONParser):
    """Bodies as JSON, however it is nested."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None

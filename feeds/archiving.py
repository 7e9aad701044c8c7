"""Copies of sources at an archive that saves what it is asked for, as the Wayback Machine's save endpoint does:
`ARCHIVER_URL` with the source's address behind it, answered by a redirect to the copy.

The law: nobody is asked unless ARCHIVER_URL is set; one page at a time, one for each nudge, by a lease that the
database keeps; an archive that says it is asked too often is left alone for as long as it says; a page that it
refuses is asked for three times over weeks and then no more.
"""

import asyncio
import datetime
import logging
import re
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from feeds import polling
from feeds.http import fetch, guard
from feeds.http.fetch import Answer, Ask, FetchError
from tracker import log as record_log
from tracker.models import ArchivedCopy, Event, Lease
from tracker.models.articles import key_of

log = logging.getLogger(__name__)

NAME = "archiver"
DEADLINE = 90.0  # seconds; an archive fetches the page before it answers
LEASE = int(DEADLINE) + 60
BUSY = 600  # seconds without a call after an archive that is asked too often says nothing of its own, or is in trouble
HOPS = 3  # redirects within the archive before the copy
NOTED = 200  # sources that are noted at a time
TOLD_AFTER = 20  # copies; the pages are told of so many at once, as each time costs them what they keep
DAY = datetime.timedelta(days=1)
PAUSES = {"refused": (DAY, 14 * DAY), "trouble": (DAY / 24, DAY / 4, DAY, 3 * DAY, 7 * DAY)}
# The moment of a copy in its address, as archives of the Memento kind have it.
STAMP = re.compile(r"/(\d{14})[a-z_]*/")


def ask() -> bool:
    """Ask for one copy, if an archive is configured and may be called just now; whether one was found."""
    if not settings.ARCHIVER_URL:
        return False
    token = Lease.objects.take(NAME, LEASE)
    if token is None:
        return False
    wait = 0
    try:
        row = _due() or (_note() and _due())
        if not row:
            return False
        found, wait = _asked(row)
        return found
    finally:
        _rest(token, wait)


def _rest(token: str, seconds: int) -> None:
    """The archive is called no earlier than so many seconds from now, whoever calls."""
    if seconds:
        until = Now() + datetime.timedelta(seconds=seconds)
        Lease.objects.filter(name=NAME, token=token).update(until=until)
    else:
        Lease.objects.give_back(NAME, token)


def _due() -> ArchivedCopy | None:
    return ArchivedCopy.objects.filter(copy="", next_at__lte=Now()).order_by("id").first()


def _note() -> int:
    """Rows for sources that have none yet, those of the newest acts first; how many."""
    archive = urlsplit(settings.ARCHIVER_URL).hostname
    wanted: dict[str, str] = {}
    for sources in Event.objects.accepted().order_by("-date", "-pk").values_list("sources", flat=True):
        for source in sources:
            url = source["url"]
            if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname != archive:
                wanted.setdefault(key_of(url), url)
    held = set(ArchivedCopy.objects.values_list("key", flat=True))
    new = [(key, url) for key, url in wanted.items() if key not in held][:NOTED]
    rows = [ArchivedCopy(url=url, key=key) for key, url in new]
    ArchivedCopy.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _asked(row: ArchivedCopy) -> tuple[bool, int]:
    """Ask for the copy of one source: whether it was found, and for how many seconds to leave the archive alone."""
    try:
        copy, stamp = asyncio.run(_saved(settings.ARCHIVER_URL + row.url.split("#")[0]))
    except (FetchError, guard.GuardError) as error:
        return False, _failed(row, error)
    ArchivedCopy.objects.filter(pk=row.pk, copy="").update(
        copy=copy, made_on=_day(stamp), found_at=timezone.now(), next_at=None, trouble=""
    )
    if row.pk % TOLD_AFTER == 0 or _due() is None:
        record_log.turn()
    return True, 0


def _day(stamp: str) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(stamp, "%Y%m%d%H%M%S").date()
    except ValueError:
        return None


def _failed(row: ArchivedCopy, error: FetchError | guard.GuardError) -> int:
    """Write down why there is no copy, and when to ask again; for how many seconds to leave the archive alone."""
    kind = getattr(error, "kind", "blocked")
    status, retry_after = getattr(error, "status", None), getattr(error, "retry_after", None)
    words = f"The archive answered {status}." if status else str(error)
    if kind == "rate_limited":  # says nothing about the page
        ArchivedCopy.objects.filter(pk=row.pk).update(trouble=words)
        return retry_after or BUSY
    refused = kind in ("http_4xx", "gone", "blocked", "protocol")
    pauses = PAUSES["refused" if refused else "trouble"]
    after = pauses[row.attempts] if row.attempts < len(pauses) else None
    ArchivedCopy.objects.filter(pk=row.pk).update(
        attempts=row.attempts + 1, next_at=Now() + after if after else None, trouble=words[:300]
    )
    log.info("no archived copy of %s: %s", row.url, words)
    return 0 if refused else retry_after or BUSY


async def _saved(address: str) -> tuple[str, str]:
    """The address of the copy, and its moment. What an archive leads to that is no copy, a page to sign in for
    instance, is none."""
    allowed = settings.FETCH_ALLOW_PRIVATE
    async with fetch.session(user_agent=polling.user_agent(), allow_private=allowed) as client:
        for _hop in range(HOPS):
            question = Ask(address, accept="text/html, */*;q=0.1", follow=False)
            answer = await fetch.fetch(client, question, allow_private=allowed, deadline=DEADLINE)
            led = _led_to(answer, address)
            if stamp := _stamp(led):
                return led, stamp
            if not led.startswith(settings.ARCHIVER_URL):
                break
            address = led
    raise FetchError("protocol", "The archive answered without the address of a copy.")


def _stamp(led: str) -> str:
    """The moment in the address of a copy; "" for what is none: readers follow it, so it is a page of the web, and its
    moment stands before the source's own address, which may hold anything."""
    try:
        parts = urlsplit(led)
    except ValueError:
        return ""
    found = STAMP.search(parts.path.partition("http")[0])
    return found[1] if found and parts.scheme in ("http", "https") and len(led) <= 2000 else ""


def _led_to(answer: Answer, address: str) -> str:
    """Where an answer says that the copy is: by its redirect, or by its Content-Location."""
    if answer.status in fetch.MOVED:
        return answer.url
    given = {name.lower(): value for name, value in answer.headers}
    return urljoin(address, given.get("content-location", "")) if "content-location" in given else ""

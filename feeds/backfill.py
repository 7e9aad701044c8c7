"""A feed's archive, page by page: what its publisher still lists of the time before we read it.

The law: pages go through the fetcher and the guard of all our calls, one at a time and spaced like polls, while
the feed's lease is held; only pages of the feed's own host are called. A page's articles, and where to go on,
are written in one transaction, so that whoever is interrupted goes on there. It ends where the publisher names
no older page, where pages repeat, and after `MOST`.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from feeds import parsing, polling, scheduling, storing
from feeds.http import fetch, fetch_many
from feeds.http.fetch import Answer, Ask, FetchError
from feeds.models import Feed, Poll
from feeds.parsing import Document
from feeds.scheduling import Batch
from tracker import sql
from tracker.text import lenient

PAGES = 20  # in one go
MOST = 500  # of one feed
WORDPRESS = "wordpress.org"
END = ("http_4xx", "gone")  # how WordPress answers for the page after its last


class Held(RuntimeError):
    """The feed cannot be had now; the message says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an archive. `text` says why it was the last of this walk, `more` whether there are others."""

    number: int
    url: str
    entries: int = 0
    new: int = 0
    articles: int = 0
    text: str = ""
    more: bool = True


def backfill(feed: Feed, *, pages: int = PAGES, again: bool = False) -> Iterator[Page]:
    """Walk on through a feed's archive, from where the last walk ended or, `again`, from its beginning."""
    token = scheduling.take_now(Feed.objects.filter(pk=feed.pk))
    held = scheduling.begin(Batch(token, (feed.pk,)))
    if not held:
        raise Held(_("%(feed)s is paused, or another worker polls it now.") % {"feed": feed})
    try:
        if again:
            held[0].archive_next, held[0].archive_pages = "", 0
        yield from Walk(held[0]).pages(pages)
    finally:
        scheduling.give_back([feed.pk], token)


class Walk:
    """A walk through the archive of a feed whose lease is held."""

    def __init__(self, feed: Feed):
        self.feed = feed
        self._called: set[str] = set()
        self._listed: set[frozenset[str]] = set()

    def pages(self, count: int) -> Iterator[Page]:
        """At most `count` pages; the last one says why it is the last."""
        if self.feed.archive_pages and not self.feed.archive_next:
            yield Page(
                self.feed.archive_pages, self.feed.url, text=_("The archive is read to its end."), more=False
            )
            return
        for number in range(count):
            if number and fetch_many.wants_courtesy(self.feed.host):
                time.sleep(fetch_many.SPACING)
            page = self._page(self.feed.archive_next or self.feed.url)
            yield page
            if page.text:
                return

    def _page(self, url: str) -> Page:
        self._called.add(url)
        number = self.feed.archive_pages + 1
        try:
            answer = asyncio.run(_fetched(url))
            document = parsing.parse(answer.body, content_type=answer.content_type, base=answer.url)
        except FetchError as error:
            return (
                self._ended(url)
                if number > 1 and error.kind in END
                else self._failed(url, error.kind, str(error))
            )
        except parsing.NotAFeed as error:
            return self._ended(url) if number > 1 else self._failed(url, "not_a_feed", str(error))
        following, text = self._following(url, document)
        return self._kept(
            Page(number, url, len(document.entries), text=text, more=bool(following)),
            document,
            following,
            answer,
        )

    def _following(self, url: str, document: Document) -> tuple[str, str]:
        """Where the older items are, or why nobody knows."""
        listed = frozenset(entry.identity for entry in document.entries)
        repeated = listed in self._listed
        self._listed.add(listed)
        older = document.older or _next_of_wordpress(url, document)
        if not older or not listed:
            return "", _("The publisher names no older page.")
        if repeated or older in self._called:
            return "", _("The pages repeat themselves.")
        if Feed.host_of(older) != self.feed.host:
            return "", _("The next page is on another host: %(url)s") % {"url": older[:200]}
        if len(older) > 1000 or self.feed.archive_pages + 1 >= MOST:
            return "", _("That is as far as an archive is read.")
        return older, ""

    def _kept(self, page: Page, document: Document, following: str, answer: Answer) -> Page:
        self.feed.title = self.feed.title or lenient(document.title, 500)
        with transaction.atomic():
            kept = storing.keep(self.feed, document.entries, now=timezone.now())
            page = Page(page.number, page.url, page.entries, kept.new, kept.articles, page.text, page.more)
            if not self._move_on(following, page.number):
                transaction.set_rollback(True)
                return Page(
                    page.number, page.url, text=_("Another worker holds this feed now; nothing was written.")
                )
            self._note(
                page, outcome=Poll.Outcome.READ if document.entries else Poll.Outcome.EMPTY, answer=answer
            )
        return page

    def _ended(self, url: str) -> Page:
        self._move_on("", self.feed.archive_pages)
        return Page(self.feed.archive_pages + 1, url, text=_("That was the last page."), more=False)

    def _failed(self, url: str, kind: str, text: str) -> Page:
        """The place is kept: the next walk tries this page again."""
        page = Page(self.feed.archive_pages + 1, url, text=text)
        self._note(page, outcome=Poll.Outcome.FAILED, trouble=kind)
        return page

    def _move_on(self, following: str, pages: int) -> bool:
        """Write where to go on, and hold the feed a while longer; False when somebody else has it."""
        self.feed.archive_next, self.feed.archive_pages = following, pages
        end = sql.Later(settings.FEEDS_LEASE)
        changes = {
            "archive_next": following,
            "archive_pages": pages,
            "leased_until": end,
            "next_poll_at": end,
        }
        return bool(sql.update(Feed, changes, id=self.feed.pk, lease_token=self.feed.lease_token))

    def _note(self, page: Page, *, outcome: str, trouble: str = "", answer: Answer | None = None) -> None:
        said = _("Archive, page %(number)d: %(url)s") % {"number": page.number, "url": page.url}
        Poll.objects.create(
            feed=self.feed,
            outcome=outcome,
            trouble=trouble,
            text=f"{said} {page.text}".strip(),
            status=answer.status if answer else None,
            seconds=answer.seconds if answer else 0,
            sent=answer.sent if answer else 0,
            entries=page.entries,
            new=page.new,
        )


def _next_of_wordpress(url: str, document: Document) -> str:
    """WordPress names no older page, but has them all: `?paged=2`, `?paged=3` and so on."""
    if WORDPRESS not in document.generator:
        return ""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    paged = query.get("paged", "1")
    query["paged"] = str(int(paged) + 1) if paged.isdecimal() and len(paged) < 6 else "2"
    return parts._replace(query=urlencode(query)).geturl()


async def _fetched(url: str) -> Answer:
    allowed = settings.FETCH_ALLOW_PRIVATE
    async with fetch.session(user_agent=polling.user_agent(), allow_private=allowed) as client:
        return await fetch.fetch(client, Ask(url), allow_private=allowed)

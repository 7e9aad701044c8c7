"""What a person brings by its address: a feed, or a page that names one, or a page as the article that it is.

The law: looking for a feed writes nothing; what is shown is what a poll would keep. A page is called only because a
person pasted its address; what cannot be read is said in one sentence and nothing is kept of it, then the same person
may say title, publisher and day by hand.
"""

import asyncio
import datetime
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from feeds import entries, opml, parsing, polling, storing
from feeds.http import fetch, guard
from feeds.http.fetch import Answer, Ask, FetchError
from feeds.models import Feed
from feeds.parsing import Entry, charsets, dates, webpages
from tracker import addresses, text
from tracker.models import Article

SHOWN = 10
CANDIDATES = 20
PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class Finding:
    """What an address leads to: a feed with its newest entries, a page's feeds to choose from, or trouble."""

    url: str
    title: str = ""
    site_url: str = ""
    language: str = ""
    entries: tuple[Entry, ...] = ()
    count: int = 0
    candidates: tuple[tuple[str, str], ...] = ()
    trouble: str = ""
    known: Feed | None = field(default=None)

    @property
    def is_feed(self) -> bool:
        return not self.trouble and not self.candidates


def look(address: str) -> Finding:
    """Call the address once and tell what is there."""
    text = address.strip()
    try:
        url = opml.normal(text if "://" in text else f"https://{text}")
        answer = asyncio.run(_fetched(url))
    except guard.GuardError as error:
        return Finding(text, trouble=str(error))
    except FetchError as error:
        return Finding(url, trouble=str(error), known=known(url))
    return _read(url, answer)


def known(url: str) -> Feed | None:
    """The feed that is polled at this address, or was before it moved."""
    return Feed.objects.filter(url=url).first() or Feed.objects.filter(former_url=url).first()


async def _fetched(url: str) -> Answer:
    allowed = settings.FETCH_ALLOW_PRIVATE
    async with fetch.session(user_agent=polling.user_agent(), allow_private=allowed) as client:
        return await fetch.fetch(client, Ask(url), allow_private=allowed)


def _read(url: str, answer: Answer) -> Finding:
    # A permanent redirect is the publisher's word on where the feed lives.
    url = answer.moved_to or url
    try:
        document = parsing.parse(answer.body, content_type=answer.content_type, base=answer.url)
    except parsing.NotAFeed as error:
        return _page(url, answer, error)
    return Finding(
        url,
        title=document.title,
        site_url=document.link,
        language=document.language,
        entries=document.entries[:SHOWN],
        count=len(document.entries) + document.left_out,
        known=known(url),
    )


def _page(url: str, answer: Answer, error: parsing.NotAFeed) -> Finding:
    text, _charset = charsets.decoded(answer.body, answer.content_type)
    found = webpages.feeds_of(text, answer.url)[:CANDIDATES]
    if not found:
        return Finding(url, trouble=_("%(error)s The page names no feed either.") % {"error": error})
    return Finding(url, candidates=tuple(found))


class Unreadable(ValueError):
    """The page could not be read; the message is for the person who pasted its address."""


def article_at(
    address: str, *, title: str = "", publisher: str = "", day: datetime.date | None = None
) -> Article:
    """The article at an address. One that nobody knows yet is fetched, unless its title is given by hand."""
    asked = address.strip()
    asked = asked if "://" in asked else f"https://{asked}"
    spelled = addresses.canonical_or_empty(asked)
    if not spelled:
        raise Unreadable(_("“%(address)s” is no web address.") % {"address": address[:100]})
    if known := _known(spelled):
        return known
    if title.strip():
        moment = datetime.datetime.combine(day, datetime.time(12), dates.UNSTATED) if day else None
        return _kept(Entry(asked, asked, " ".join(title.split()), published=moment), publisher, "")
    answer = _page_fetched(asked)
    if known := _known(addresses.canonical_or_empty(answer.url)):
        return known
    page, _charset = charsets.decoded(answer.body, answer.content_type)
    head = webpages.head_of(page)
    if not head.title:
        raise Unreadable(_("%(address)s names no title; write it by hand.") % {"address": asked[:200]})
    published = dates.first(head.dates, dates.habit(head.language))
    entry = Entry(answer.url, answer.url, head.title, head.summary, published)
    return _kept(entry, head.site, head.language)


def _known(spelled: str) -> Article | None:
    key = entries.url_key(spelled, publisher="", title="", day="")
    return Article.objects.filter(url_key=key).first() if spelled else None


def _page_fetched(address: str) -> Answer:
    try:
        return asyncio.run(_called(address))
    except (FetchError, guard.GuardError) as error:
        raise Unreadable(
            _("%(address)s could not be read: %(error)s Write title and day by hand.")
            % {"address": address[:200], "error": error}
        ) from error


async def _called(address: str) -> Answer:
    allowed = settings.FETCH_ALLOW_PRIVATE
    async with fetch.session(user_agent=polling.user_agent(), allow_private=allowed) as client:
        return await fetch.fetch(client, Ask(address, accept=PAGE), allow_private=allowed)


def _kept(entry: Entry, publisher: str, language: str) -> Article:
    draft = entries.draft(
        entry,
        publisher=text.lenient(publisher, 300) or addresses.site(entry.link),
        language=language,
        now=timezone.now(),
    )
    with transaction.atomic():
        ids, new = storing.store([draft])
        pk = ids[draft.url_key]
        # Nobody but the person who pasted it decides what becomes of it: the filer leaves it alone.
        if draft.url_key in new:
            Article.objects.filter(pk=pk).update(state=Article.State.BACKGROUND)
        return Article.objects.get(pk=pk)

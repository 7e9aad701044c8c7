"""A feed by its address, or by the address of a page that names it: look first, then add.

The law: looking writes nothing. What is shown is what a poll would keep.
"""

import asyncio
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _

from feeds import opml, parsing, polling
from feeds.http import fetch, guard
from feeds.http.fetch import Answer, Ask, FetchError
from feeds.models import Feed
from feeds.parsing import Entry, charsets, webpages

SHOWN = 10
CANDIDATES = 20


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

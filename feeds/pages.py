"""A page by its address, as the article that it is: the one we know, or fetched through the guard and kept.

The law: a person pasted the address; nothing is called otherwise. What cannot be read is said in one sentence and
nothing is kept of it; then the same person may say title, publisher and day by hand.
"""

import asyncio
import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from feeds import entries, polling, storing
from feeds.http import fetch, guard
from feeds.http.fetch import Answer, Ask, FetchError
from feeds.parsing import Entry, charsets, dates, webpages
from tracker import addresses, text
from tracker.models import Article

PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


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
    answer = _fetched(asked)
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


def _fetched(address: str) -> Answer:
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

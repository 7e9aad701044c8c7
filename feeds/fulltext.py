"""The full text of relevant articles, where a setting, the feed and the publisher allow it.

The law: nothing is fetched unless FETCH_FULL_TEXT is on, the article passed the relevance gate, its feed
says so and the host's robots.txt admits us (RFC 9309, wildcards and the longest match); one page at a time per
host, each tried once. Text is extracted in the parser's child process, which can be killed.
"""

import asyncio
import importlib.util
import logging
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db.models.functions import Now
from protego import Protego

from feeds import entries, parsing, polling
from feeds.http import fetch, fetch_many
from feeds.http.fetch import Answer, Ask, FetchError
from feeds.models import Delivery, Feed
from feeds.parsing import charsets
from feeds.parsing.sandbox import CHILD
from tracker.models import Article

log = logging.getLogger(__name__)

BATCH = 20
ROBOT = "PolicyRecommendationTracker"
ROBOTS_KEPT = 24 * 3600  # seconds
ROBOTS_MAXIMUM = 500_000  # bytes
PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


def fetch_waiting() -> int:
    """Fetch the texts that are wanted and not tried yet; how many were kept."""
    if not settings.FETCH_FULL_TEXT:
        return 0
    if importlib.util.find_spec("trafilatura") is None:
        log.error("FETCH_FULL_TEXT is on, but no page can be read: install requirements/fulltext.txt.")
        return 0
    wanted = {delivery.pk: delivery for delivery in waiting()[:BATCH]}
    Delivery.objects.filter(pk__in=wanted).update(text_tried_at=Now())
    asks = {
        pk: (Feed.host_of(delivery.article.url), Ask(delivery.article.url, accept=PAGE))
        for pk, delivery in wanted.items()
        if admitted(delivery.article.url)
    }
    answers = fetch_many.Gathering(
        asks, user_agent=polling.user_agent(), allow_private=settings.FETCH_ALLOW_PRIVATE
    )
    return sum(keep(wanted[pk].article, answer) for pk, answer in answers)


def waiting():
    """Leading deliveries of relevant articles whose feeds allow it, newest first."""
    relevant = Article.objects.filter(state=Article.State.FILED, text="", unresolved=False).exclude(url="")
    deliveries = Delivery.objects.filter(article__in=relevant, leads=True, text_tried_at=None)
    return deliveries.filter(feed__full_text=True).select_related("article").order_by("-id")


def keep(article: Article, answer: Answer | FetchError) -> bool:
    """Store the page's text when it says more than the feed did."""
    if isinstance(answer, FetchError):
        return False
    page, _charset = charsets.decoded(answer.body, answer.content_type)
    try:
        text = CHILD.text_of(page.encode("utf-8", "replace"))
    except parsing.NotAFeed:
        return False
    if len(text) <= len(article.summary):
        return False
    return bool(Article.objects.filter(pk=article.pk, text="").update(text=text))


def admitted(url: str) -> bool:
    """Whether the host's robots.txt lets us read this page. No file means yes, a host in trouble means no."""
    host = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    key = f"robots-{entries.key_of(host)}"
    rules = cache.get(key)
    if rules is None:
        rules = _robots(host)
        cache.set(key, rules, ROBOTS_KEPT)
    return Protego.parse(rules).can_fetch(url, ROBOT)


def _robots(host: str) -> str:
    try:
        answer = asyncio.run(_called(urljoin(host, "/robots.txt")))
    except FetchError as error:
        return "" if error.kind in ("http_4xx", "gone") else "User-agent: *\nDisallow: /"
    return answer.body.decode("utf-8", "replace")


async def _called(url: str) -> Answer:
    allowed = settings.FETCH_ALLOW_PRIVATE
    async with fetch.session(user_agent=polling.user_agent(), allow_private=allowed) as client:
        ask = Ask(url, accept="text/plain, */*;q=0.1")
        return await fetch.fetch(client, ask, allow_private=allowed, maximum_body=ROBOTS_MAXIMUM)

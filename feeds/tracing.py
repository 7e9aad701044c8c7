"""Where did this item go? Any address typed in returns its path through the pipeline, or that it is unknown.

The law: every step is read from what is stored, with its time; nothing is guessed.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feeds import entries
from feeds.models import Delivery, Feed, MetAddress
from tracker import addresses
from tracker.models import Article

STATES = {
    Article.State.NEW: gettext_lazy("It waits to be filed; that happens within minutes."),
    Article.State.CHANGED: gettext_lazy("It was edited after it was filed, and waits to be looked at again."),
    Article.State.FILED: gettext_lazy("It was filed under an event."),
    Article.State.BACKGROUND: gettext_lazy("It was found not relevant, and proposes nothing."),
    Article.State.FAILED: gettext_lazy("It could not be filed."),
}
NEAR = 10


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime | None
    text: str
    feed: Feed | None = None
    event: object | None = None
    item: str = ""  # its key within the feed


@dataclass(frozen=True, slots=True)
class Trace:
    """`article` is None for what was never seen; then `feeds` are those of its publisher."""

    asked: str
    spelled: str
    article: Article | None = None
    steps: tuple[Step, ...] = ()
    feeds: tuple[Feed, ...] = field(default=())
    trouble: str = ""


def trace(asked: str) -> Trace:
    """The path of the item at this address. An identity as delivered, or an exact title, finds it as well."""
    asked = asked.strip()
    spelled = addresses.canonical_or_empty(asked if "://" in asked else f"https://{asked}")
    article = _article(asked, spelled)
    if article is not None:
        return Trace(asked, spelled, article, tuple(_steps(article)))
    if not spelled:
        return Trace(asked, "", trouble=_("This is no web address, and no identity or title that we know."))
    host = addresses.site(spelled)
    feeds = Feed.objects.filter(Q(host=host) | Q(host__endswith=f".{host}") | Q(site_url__contains=host))
    return Trace(asked, spelled, feeds=tuple(feeds[:NEAR]))


def _article(asked: str, spelled: str) -> Article | None:
    key = entries.url_key(spelled, publisher="", title="", day="") if spelled else ""
    found = Article.objects.filter(url_key=key).first() if key else None
    if found is None and key:
        met = MetAddress.objects.filter(key=key).select_related("article").first()
        found = met.article if met else None
    if found is None and asked:
        delivery = Delivery.objects.filter(guid_key=entries.key_of(asked)).select_related("article").first()
        found = delivery.article if delivery else None
    if found is None and (title := entries.title_key(asked)):
        found = Article.objects.filter(title_key=title).order_by("-id").first()
    return found


def _steps(article: Article):
    if article.published_at:
        yield Step(article.published_at, _("Published, by its own account."))
    deliveries = Delivery.objects.filter(article=article).select_related("feed").order_by("id")
    for number, delivery in enumerate(deliveries):
        text = _("Delivered; the article was kept.") if not number else _("Delivered again; it was known.")
        yield Step(delivery.first_seen_at, text, feed=delivery.feed, item=delivery.guid_key)
    if not deliveries:
        yield Step(article.first_seen_at, _("Kept; no feed delivered it, it was imported."))
    for met in MetAddress.objects.filter(article=article).exclude(url="").order_by("key"):
        yield Step(None, _("Met under another address: %(url)s") % {"url": met.url})
    for version in article.versions.order_by("id"):
        yield Step(
            version.seen_at, _("Edited by its publisher; until then: “%(title)s”.") % {"title": version.title}
        )
    yield Step(article.filed_at, _state(article))
    for report in article.reports.select_related("event").order_by("id"):
        yield Step(report.added_at, _report(report), event=report.event)


def _state(article: Article) -> str:
    text = str(STATES[Article.State(article.state)])
    if article.relevance is not None:
        text += " " + _("Relevance %(chance)d %%.") % {"chance": round(100 * article.relevance)}
    elif article.state == Article.State.BACKGROUND:
        text += " " + _("It is older than the record, and was not judged.")
    return f"{text} {article.trouble}".strip()


def _report(report) -> str:
    return _("Reports “%(event)s” (%(how)s); the event is %(status)s.") % {
        "event": report.event,
        "how": report.get_how_display(),
        "status": report.event.get_status_display(),
    }

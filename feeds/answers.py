"""What each feed answered last, byte for byte and told field by field, and what became of any item, by its address.

The law: one row a feed, written inside the poll's own transaction, refused documents included; forgotten after a
month. Every step of an item's way is read from what is stored, with its time; nothing is guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from backports import zstd
from django.db.models import DurationField, Q, Value
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feeds import entries
from feeds.http.fetch import Answer
from feeds.models import Delivery, Feed, LastAnswer, MetAddress
from feeds.parsing import Entry, NotAFeed, origins
from feeds.parsing.origins import Candidate
from tracker import addresses, sql
from tracker.models import Article
from tracker.text import lenient

LARGEST = 1_000_000  # bytes of a document that are kept
KEPT = timedelta(days=30)
SHOWN = 25  # items
QUICK = 1  # zstd's level: the poll waits for it
NAMES = ("feed", "at", "url", "hops", "status", "headers", "content_type", "size", "body", "refusal")
STATES = {
    Article.State.NEW: gettext_lazy("It waits to be filed; that happens within minutes."),
    Article.State.CHANGED: gettext_lazy("It was edited after it was filed, and waits to be looked at again."),
    Article.State.FILED: gettext_lazy("It was filed under an event."),
    Article.State.BACKGROUND: gettext_lazy("It was found not relevant, and proposes nothing."),
    Article.State.FAILED: gettext_lazy("It could not be filed."),
}
NEAR = 10


def keep(feed: Feed, answer: Answer, *, refusal: str = "") -> None:
    """Keep an answer in place of the one before it."""
    size = len(answer.body)
    row = (
        feed.pk,
        timezone.now(),
        lenient(answer.url, 4_000),
        _lines(f"{status} {url}" for status, url in answer.hops),
        answer.status,
        _lines(f"{name}: {value}" for name, value in answer.headers),
        lenient(answer.content_type, 200),
        size,
        zstd.compress(answer.body, QUICK) if size <= LARGEST else None,
        refusal,
    )
    sql.insert(LastAnswer, NAMES, [row], replacing="feed")


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(lenient(line, 4_000) for line in lines)


def is_kept(feed: Feed) -> bool:
    return bool(sql.select(LastAnswer, ("feed",), feed=feed.pk))


def forget() -> int:
    """Delete answers older than a month."""
    horizon = Now() - Value(KEPT, output_field=DurationField())
    return LastAnswer.objects.filter(at__lt=horizon).delete()[0]


def body_of(answer: LastAnswer) -> bytes | None:
    """The document as it came; None when it was larger than is kept."""
    return None if answer.body is None else zstd.decompress(bytes(answer.body))


FIELDS = {
    "identity": gettext_lazy("Identity"),
    "title": gettext_lazy("Title"),
    "link": gettext_lazy("Link"),
    "text": gettext_lazy("Text"),
    "day": gettext_lazy("Day"),
    "author": gettext_lazy("Author, publisher"),
}
WHY = {
    "later": gettext_lazy("another came first"),
    "else": gettext_lazy("says something else"),
    "caption": gettext_lazy("shorter than the one that was taken, or only a caption"),
    "no_words": gettext_lazy("has no words"),
    "relation": gettext_lazy("its relation is not “alternate”: it leads elsewhere"),
    "rendering": gettext_lazy("a rendering for programs or players, not the page"),
    "no_permalink": gettext_lazy("says of itself that it is no link"),
    "no_address": gettext_lazy("is no web address"),
    "no_day": gettext_lazy("names no day that can be read"),
    "day_or_month": gettext_lazy("day or month first? Nothing in this feed tells, so no day is invented"),
    "before_1990": gettext_lazy("before 1990: nobody set it"),
    "ahead": gettext_lazy("more than a day ahead of our clock"),
}
VOICES = {
    "mark": gettext_lazy("byte order mark"),
    "declaration": gettext_lazy("the document's declaration"),
    "header": gettext_lazy("the server's header"),
    "detector": gettext_lazy("a detector, by the bytes"),
}
READERS = {
    "fast": gettext_lazy("the fast reader"),
    "json": gettext_lazy("the reader of JSON Feed"),
    "reference": gettext_lazy("the forgiving reader"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One candidate in words."""

    name: str
    raw: str
    said: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One item as it was read: its fields in words, and what it became."""

    title: str
    fields: list[tuple[str, str, list[Line]]]
    article: Article | None


@dataclass(frozen=True, slots=True)
class Telling:
    """What a page says of an answer; `refused` instead of items where it is no feed."""

    refused: str = ""
    reader: str = ""
    is_told: bool = True
    charset: str = ""
    voices: list[tuple[str, str]] = field(default_factory=list)
    errors: tuple[str, ...] = ()
    has_doctype: bool = False
    language: str = ""
    order: str = ""
    count: int = 0
    items: list[Told] = field(default_factory=list)


def tell(feed: Feed, answer: LastAnswer, *, item: str = "") -> Telling:
    """How the kept document was read: its first items, or the one with that key. None of it is stored."""
    body = body_of(answer)
    if body is None:
        return Telling(refused=_("The document is larger than the megabyte that is kept of each feed."))
    try:
        told = origins.account(
            body,
            now=answer.at,
            content_type=answer.content_type,
            base=answer.url,
            reference_only=feed.reference_only,
            wanted=lambda place, entry: item in _keys(entry) if item else place < SHOWN,
        )
    except NotAFeed as error:
        return Telling(refused=answer.refusal or str(error))
    return Telling(
        reader=str(READERS.get(told.document.reader, told.document.reader)),
        is_told=told.document.reader != "reference",
        charset=told.charset,
        voices=[(str(VOICES[voice]), name) for voice, name in told.voices.items()],
        errors=told.errors,
        has_doctype=told.has_doctype,
        language=told.document.language,
        order=_order(told.habit.day_first),
        count=len(told.document.entries),
        items=_items(feed, told),
    )


def _keys(entry: Entry) -> tuple[str, ...]:
    """All keys under which an entry may have been delivered."""
    steady = entries.steadied(entry)
    return entries.guid_key(steady), entries.closer_key(steady), entries.guid_key(entry)


def _order(day_first: bool | None) -> str:
    if day_first is None:
        return _("not told by its language or its other dates")
    return _("day, month, year") if day_first else _("month, day, year")


def _items(feed: Feed, told: origins.Account) -> list[Told]:
    keys = {key for item in told.items for key in _keys(item.entry)}
    found = Delivery.objects.filter(feed=feed, guid_key__in=keys).select_related("article")
    became = {delivery.guid_key: delivery.article for delivery in found}
    return [
        Told(
            title=item.entry.title or item.entry.link or item.entry.identity,
            fields=[
                (str(FIELDS[origin.field]), origin.value, [_line(one) for one in origin.candidates])
                for origin in item.origins
            ],
            article=next((became[key] for key in _keys(item.entry) if key in became), None),
        )
        for item in told.items
    ]


def _line(candidate: Candidate) -> Line:
    said = [_("taken") if candidate.taken else str(WHY.get(candidate.why, candidate.why))]
    if candidate.moment is not None:
        said.append(f"{candidate.moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        if not origins.names_zone(candidate.raw):
            said.append(_("no zone named: taken as UTC"))
    return Line(candidate.name, candidate.raw, " · ".join(said), candidate.taken)


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

"""Entries into the database: new articles once, edits as versions, and nothing at all for what is known.

The law: call it inside the transaction that settles the poll. One question finds what is known; only what is
new or edited is cleaned and written. An article shows the words of the delivery that leads it; other feeds
only confirm it, or give it words where it had none. An edit is a text that this article never had before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Value, When
from django.db.models.functions import Now

from feeds import recognising
from feeds.models import Delivery, Feed
from feeds.parsing import Entry, cleaning, dates
from feeds.recognising import Known
from tracker import addresses, languages
from tracker.models import Article, ArticleVersion

LOOKED_AT = 600  # characters of a summary that help to tell the language


@dataclass(frozen=True, slots=True)
class Kept:
    """How many entries were new to this feed, how many articles new to all, and how many edited."""

    new: int = 0
    articles: int = 0
    edited: int = 0


def keep(feed: Feed, entries: Iterable[Entry], *, now: datetime) -> Kept:
    """Store what `feed` delivered. Writes nothing when all of it is known."""
    keyed = recognising.keyed(entries)
    sorted_ = recognising.sort(keyed, known_deliveries(feed, keyed))
    unknown, edited = sorted_.unknown, 0
    if sorted_.changed:
        strangers, edited = _keep_changed(feed, sorted_.changed, now)
        unknown = unknown + strangers
    articles = _keep_unknown(feed, unknown, now) if unknown else 0
    return Kept(len(unknown), articles, edited)


def known_deliveries(feed: Feed, keys: Iterable[str]) -> dict[str, Known]:
    """What this feed delivered under these keys."""
    rows = Delivery.objects.filter(feed_id=feed.pk, guid_key__in=list(keys))
    return {
        key: Known(delivery, article, digest)
        for key, delivery, article, digest in rows.values_list("guid_key", "pk", "article_id", "digest")
    }


def draft(entry: Entry, *, publisher: str, language: str, now: datetime) -> Article:
    """The article of an entry, clean and complete, not yet saved."""
    canonical, url, unresolved = recognising.address(entry.link)
    published = dates.believable(entry.published, now=now)
    summary = cleaning.summary(entry.html)
    title = entry.title or cleaning.summary(entry.html, limit=120) or url
    outlet = entry.source or publisher or addresses.site(url)
    day = published.date().isoformat() if published else ""
    return Article(
        url=url if len(url) <= 2000 else "",
        url_key=recognising.url_key(canonical, publisher=outlet, title=title, day=day),
        unresolved=unresolved,
        title=title[:500],
        title_key=recognising.title_key(title),
        summary=summary,
        html=cleaning.body(entry.html),
        author=entry.author[:300],
        publisher=outlet[:300],
        language=languages.language_of(f"{title}\n{summary[:LOOKED_AT]}", language)[:20],
        published_at=published,
    )


def store(articles: Iterable[Article]) -> tuple[dict[str, int], set[str]]:
    """Save articles, each key once; returns the ids by key and the keys that were new."""
    by_key = {article.url_key: article for article in articles}
    found = ids_of(by_key)
    new = by_key.keys() - found.keys()
    if new:
        # In the order of their keys, so that two workers with the same articles never wait for each other.
        Article.objects.bulk_create(
            (by_key[key] for key in sorted(new)), ignore_conflicts=True, batch_size=500
        )
        found |= ids_of(new)
    return found, new


def ids_of(keys: Iterable[str]) -> dict[str, int]:
    return dict(Article.objects.filter(url_key__in=list(keys)).values_list("url_key", "pk"))


def revise(article: Article, fresh: Article) -> None:
    """Replace an article's words and keep the old ones as a version; a filed article is looked at again."""
    ArticleVersion.objects.bulk_create(
        [
            ArticleVersion(
                article=article,
                title=article.title,
                summary=article.summary,
                html=article.html,
                digest=_version(article),
            )
        ],
        ignore_conflicts=True,
    )
    _rewrite(article, fresh)


def _keep_unknown(feed: Feed, unknown: list[tuple[str, str, Entry]], now: datetime) -> int:
    drafts = [
        (key, digest, entry, draft(entry, publisher=feed.title, language=feed.language, now=now))
        for key, digest, entry in unknown
    ]
    # A page listed twice in one document keeps the words of its first place.
    ids, new = store(article for *_, article in reversed(drafts))
    leading = set(new)
    leading |= _give_words(
        {ids[article.url_key]: article for *_, article in drafts if article.url_key not in new}
    )
    deliveries = []
    for key, digest, entry, article in drafts:
        leads = article.url_key in leading
        leading.discard(article.url_key)
        deliveries.append(
            Delivery(
                feed_id=feed.pk,
                article_id=ids[article.url_key],
                guid=entry.identity,
                guid_key=key,
                digest=digest,
                leads=leads,
            )
        )
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True, batch_size=500)
    return len(new)


def _give_words(drafts: dict[int, Article]) -> set[str]:
    """Fill articles that had nothing but a title from a feed that brings more; returns their keys."""
    wordy = {pk: fresh for pk, fresh in drafts.items() if fresh.summary and fresh.summary != fresh.title}
    bare = Article.objects.filter(pk__in=wordy, summary="", html="") if wordy else ()
    given = set()
    for article in bare:
        Delivery.objects.filter(article=article, leads=True).update(leads=False)
        _rewrite(article, wordy[article.pk])
        given.add(article.url_key)
    return given


def _keep_changed(feed: Feed, changed: list[tuple[Known, str, Entry]], now: datetime):
    """Returns the entries that only borrowed a known id, and the number of real edits."""
    articles = Article.objects.in_bulk({known.article for known, _, _ in changed})
    strangers, edits = [], []
    for known, digest, entry in changed:
        article = articles[known.article]
        if _is_another(entry, article):
            strangers.append((recognising.closer_key(entry), digest, entry))
        else:
            edits.append((known, digest, entry, article))
    if strangers:
        seen = known_deliveries(feed, [key for key, _, _ in strangers])
        strangers = [row for row in strangers if row[0] not in seen]
    return strangers, sum(_edit(feed, *edit, now) for edit in edits)


def _is_another(entry: Entry, article: Article) -> bool:
    canonical = recognising.address(entry.link)[0]
    same_address = (
        not canonical or recognising.url_key(canonical, publisher="", title="", day="") == article.url_key
    )
    same_title = recognising.title_key(entry.title) == article.title_key
    return recognising.is_another_item(same_address=same_address, same_title=same_title)


def _edit(feed: Feed, known: Known, digest: str, entry: Entry, article: Article, now: datetime) -> bool:
    """Keep an edit as a version. False when another feed leads, or the words are none or known already."""
    fresh = draft(entry, publisher=feed.title, language=feed.language, now=now)
    if _version(fresh) == _version(article):
        return False
    if not Delivery.objects.filter(pk=known.delivery, leads=True).exists():
        return False
    if article.versions.filter(digest=_version(fresh)).exists():
        return False
    revise(article, fresh)
    Delivery.objects.filter(pk=known.delivery).update(digest=digest)
    return True


def _rewrite(article: Article, fresh: Article) -> None:
    Article.objects.filter(pk=article.pk).update(
        title=fresh.title,
        title_key=fresh.title_key,
        summary=fresh.summary,
        html=fresh.html,
        language=fresh.language,
        published_at=article.published_at or fresh.published_at,
        changed_at=Now(),
        # What waits to be filed goes on waiting; everything else re-enters the queue, once.
        state=Case(
            When(state=Article.State.NEW, then=Value(Article.State.NEW)), default=Value(Article.State.CHANGED)
        ),
    )


def _version(article: Article) -> str:
    return recognising.version_digest(article.title, article.html, article.summary)

"""Entries into the database: new articles once, edits as versions, and nothing at all for what is known.

The law: call it inside the transaction that settles the poll. One question finds what is known; only what is
new or edited is cleaned and written, and what another feed brought before is neither. An article shows the words of
the delivery that leads it; other feeds only confirm it, or give it words where it had none. An edit is a text that
this article never had before.

One page is one article: it keeps the key that it got first, and the addresses under which it was met. What was learnt
is asked only for what is new, and only where the path by itself names the article; of a host a parameter is noise
after three cases of one page and title whatever it said, and none against.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from feeds import entries as entry_rules
from feeds.entries import Draft, Known, Place
from feeds.models import Delivery, Feed, MetAddress, Parameter
from feeds.parsing import Entry
from tracker import addresses, sql
from tracker.models import Article, ArticleVersion

DELIVERY = ("feed", "article", "guid", "guid_key", "digest", "leads")
Row = tuple[str, str, Entry, Place]  # the entry's key and digest, itself, where it belongs
LONGEST_NAME = 100
MOST_COMPARED = 60  # items of one document whose addresses are compared for cases against


@dataclass(frozen=True, slots=True)
class Kept:
    """How many entries were new to this feed, how many articles new to all, and how many edited."""

    new: int = 0
    articles: int = 0
    edited: int = 0


def keep(feed: Feed, entries: Iterable[Entry], *, now: datetime) -> Kept:
    """Store what `feed` delivered. Writes nothing when all of it is known."""
    entries = list(entries)
    keyed = entry_rules.keyed(map(entry_rules.steadied, entries))
    sorted_ = entry_rules.sort(keyed, _known(feed, keyed, entries))
    unknown, edited = sorted_.unknown, 0
    if sorted_.changed:
        strangers, edited = _keep_changed(feed, sorted_.changed, now)
        unknown = unknown + strangers
    articles = _keep_unknown(feed, unknown, now) if unknown else 0
    return Kept(len(unknown), articles, edited)


def _known(feed: Feed, keyed: Iterable[str], entries: Iterable[Entry]) -> dict[str, Known]:
    """What this feed delivered under these keys, or under the ids that an aggregator used to give."""
    former = {
        entry_rules.guid_key(steady): entry_rules.guid_key(entry)
        for entry in entries
        if (steady := entry_rules.steadied(entry)) is not entry
    }
    known = known_deliveries(feed, {*keyed, *former.values()})
    return known | {key: known[old] for key, old in former.items() if key not in known and old in known}


def known_deliveries(feed: Feed, keys: Iterable[str]) -> dict[str, Known]:
    """What this feed delivered under these keys."""
    rows = sql.select(Delivery, ("guid_key", "id", "article", "digest"), feed=feed.pk, guid_key=list(keys))
    return {row[0]: Known._make(row[1:]) for row in rows}


def store(drafts: Iterable[Draft]) -> tuple[dict[str, int], set[str]]:
    """Save articles, each key once; returns the ids by key and the keys that were new."""
    by_key = {draft.url_key: draft for draft in drafts}
    # In the order of their keys, so that two workers with the same articles never wait for each other.
    rows = [by_key[key] for key in sorted(by_key)]
    new = dict(sql.insert(Article, Draft._fields, rows, returning=("url_key", "id")))
    known = by_key.keys() - new.keys()
    return (new | ids_of(known) if known else new), set(new)


def ids_of(keys: Iterable[str]) -> dict[str, int]:
    return dict(sql.select(Article, ("url_key", "id"), url_key=list(keys)))


def revise(article: Article, fresh: Draft) -> None:
    """Replace an article's words and keep the old ones as a version; a filed article is looked at again."""
    sql.insert(
        ArticleVersion,
        ("article", "title", "summary", "html", "digest"),
        [(article.pk, article.title, article.summary, article.html, _version(article))],
    )
    _rewrite(article, fresh)


def _keep_unknown(feed: Feed, unknown: list[tuple[str, str, Entry]], now: datetime) -> int:
    zone = feed.zone
    rows = [
        (key, digest, entry, entry_rules.placed(entry, publisher=feed.title, now=now, zone=zone))
        for key, digest, entry in unknown
    ]
    own = {key: place for key, *_, place in rows}
    rows = met(rows)
    shared = [key for key, times in Counter(place.url_key for *_, place in rows).items() if times > 1]
    rows = _apart(rows, _delivered(feed, ids_of(shared)) if shared else {})
    ids, new = _stored(feed, rows)
    if titles := _delivered(feed, {key: pk for key, pk in ids.items() if key not in new}):
        rows = _apart(rows, titles)
        others, fresh = _stored(feed, [row for row in rows if row[3].url_key not in ids])
        ids, new = ids | others, new | fresh
    known = {ids[row[3].url_key]: row for row in rows if row[3].url_key not in new}
    leading = new | _give_words(feed, known)
    deliveries = []
    for key, digest, entry, place in rows:
        leads = place.url_key in leading
        leading.discard(place.url_key)
        deliveries.append((feed.pk, ids[place.url_key], entry.identity, key, digest, leads))
    sql.insert(Delivery, DELIVERY, deliveries)
    remember(own, rows, ids)
    return len(new)


def _stored(feed: Feed, rows: list[Row]) -> tuple[dict[str, int], set[str]]:
    """Save the articles of these that nobody has yet, and read only their words; as `store` otherwise."""
    known = ids_of({place.url_key for *_, place in rows})
    # A page listed twice in one document keeps the words of its first place.
    unknown = {place.url_key: (entry, place) for *_, entry, place in reversed(rows)}
    ids, new = store(
        _worded(feed, entry, place) for key, (entry, place) in unknown.items() if key not in known
    )
    return known | ids, new


def _apart(rows: list[Row], titles: dict[str, str]) -> list[Row]:
    """The same with a key of its own for whatever shares its address with an item of another title.

    `titles` are the title keys of articles that have the address already, by their keys.
    """
    first, found = dict(titles), []
    for key, digest, entry, place in rows:
        if place.title_key and first.setdefault(place.url_key, place.title_key) != place.title_key:
            place = place._replace(url_key=entry_rules.shared_key(place.url_key, place.title_key))
        found.append((key, digest, entry, place))
    return found


def _delivered(feed: Feed, ids: dict[str, int]) -> dict[str, str]:
    """The title keys of those articles that this feed leads already, under another id, by their keys."""
    rows = sql.select(Delivery, ("article",), feed=feed.pk, article=list(ids.values()), leads=True)
    mine = [pk for (pk,) in rows]
    return dict(sql.select(Article, ("url_key", "title_key"), id=mine))


def _give_words(feed: Feed, rows: dict[int, Row]) -> set[str]:
    """Fill articles that had nothing but a title from a feed that brings more; returns their keys."""
    bare = sql.select(Article, ("id",), id=list(rows), summary="", html="")
    drafts = {pk: _worded(feed, *rows[pk][2:]) for (pk,) in bare}
    wordy = {pk: fresh for pk, fresh in drafts.items() if fresh.has_words}
    given = set()
    for article in Article.objects.filter(pk__in=wordy) if wordy else ():
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
            strangers.append((entry_rules.closer_key(entry), digest, entry))
        else:
            edits.append((known, digest, entry, article))
    if strangers:
        seen = known_deliveries(feed, [key for key, _, _ in strangers])
        strangers = [row for row in strangers if row[0] not in seen]
    return strangers, sum(_edit(feed, *edit, now) for edit in edits)


def _worded(feed: Feed, entry: Entry, place: Place) -> Draft:
    return entry_rules.worded(entry, place, language=feed.language)


def _is_another(entry: Entry, article: Article) -> bool:
    canonical = entry_rules.address(entry.link)[0]
    same_address = not canonical or canonical == addresses.canonical_or_empty(article.url)
    same_address |= entry_rules.url_key(canonical, publisher="", title="", day="") == article.url_key
    same_title = entry_rules.title_key(entry.title) == article.title_key
    return entry_rules.is_another_item(same_address=same_address, same_title=same_title)


def _edit(feed: Feed, known: Known, digest: str, entry: Entry, article: Article, now: datetime) -> bool:
    """Keep an edit as a version. False when another feed leads, or the words are none or known already."""
    fresh = entry_rules.draft(entry, publisher=feed.title, language=feed.language, now=now, zone=feed.zone)
    if fresh.version == _version(article):
        return False
    if not Delivery.objects.filter(pk=known.delivery, leads=True).exists():
        return False
    if article.versions.filter(digest=fresh.version).exists():
        return False
    revise(article, fresh)
    Delivery.objects.filter(pk=known.delivery).update(digest=digest)
    return True


def _rewrite(article: Article, fresh: Draft) -> None:
    Article.objects.filter(pk=article.pk).update(
        title=fresh.title,
        title_key=fresh.title_key,
        summary=fresh.summary,
        html=fresh.html,
        language=fresh.language,
        published_at=article.published_at or fresh.published_at,
        published_offset=article.published_offset if article.published_at else fresh.published_offset,
        changed_at=Now(),
        # What waits to be filed goes on waiting; everything else re-enters the queue, once.
        state=Case(
            When(state=Article.State.NEW, then=Value(Article.State.NEW)), default=Value(Article.State.CHANGED)
        ),
    )


def _version(article: Article) -> str:
    return entry_rules.version_digest(article.title, article.html, article.summary)


def met(rows: list[Row]) -> list[Row]:
    """The same under the keys of the articles that they are: by an address met before, else by title and page.

    A parameter that nobody knows may name the article or only the list that led to it. Where the path names the
    article, and the title is the same, it is the latter.
    """
    rows = _known_addresses(rows)
    asked = {
        place.title_key for *_, place in rows if "?" in place.url and place.title_key and _page(place.url)
    }
    if not asked:
        return rows
    kept = sql.select(Article, ("title_key", "url_key", "url"), title_key=list(asked))
    known = {(title, _page(url)): (key, url) for title, key, url in reversed(kept) if _page(url)}
    found, cases = [], Counter(_against(rows))
    for key, digest, entry, place in rows:
        if place.title_key in asked and (page := _page(place.url)):
            same, url = known.setdefault((place.title_key, page), (place.url_key, place.url))
            if same != place.url_key and (name := _differing(url, place.url)):
                cases[page.split("/")[2], name, "same"] += 1
            place = place._replace(url_key=same)
        found.append((key, digest, entry, place))
    _learn(cases)
    return found


def remember(own: Mapping[str, Place], rows: Iterable[Row], ids: Mapping[str, int]) -> None:
    """Keep the addresses of `own`, by the entry's key, under which articles were met that have another one.

    `rows` are the same entries under their articles' keys, `ids` these articles.
    """
    noise = _noise(own.values())
    made: dict[str, tuple[str, int, str]] = {}
    for entry_key, _digest, _entry, place in rows:
        before = own[entry_key]
        keys = {before.url_key, _reduced_key(before, noise) if noise else ""} - {"", place.url_key}
        made |= {key: (key, ids[place.url_key], before.url) for key in keys if before.url}
    if made:
        taken = {key for (key,) in sql.select(Article, ("url_key",), url_key=list(made))}
        sql.insert(MetAddress, ("key", "article", "url"), [made[key] for key in sorted(made.keys() - taken)])


def _known_addresses(rows: list[Row]) -> list[Row]:
    """The same under the keys of the articles that were met under these addresses before."""
    noise = _noise(place for *_, place in rows)
    reduced = {place.url_key: _reduced_key(place, noise) for *_, place in rows} if noise else {}
    asked = list({place.url_key for *_, place in rows} | set(reduced.values()) - {""})
    kept = dict(sql.select(MetAddress, ("key", "article"), key=asked))
    if not kept and not noise:
        return rows
    keys = dict(sql.select(Article, ("id", "url_key"), id=list(set(kept.values()))))
    theirs = {key: keys[article] for key, article in kept.items()}
    theirs |= {key: key for (key,) in sql.select(Article, ("url_key",), url_key=asked)}
    found = []
    for key, digest, entry, place in rows:
        # Its own key comes first: an article that has it needs nothing learnt.
        for candidate in (place.url_key, reduced.get(place.url_key, "")):
            if candidate in theirs:
                place = place._replace(url_key=theirs[candidate])
                break
        found.append((key, digest, entry, place))
    return found


def _noise(places: Iterable[Place]) -> dict[str, set[str]]:
    """The parameters that never change a page, by host; asked only where an address has any."""
    hosts = {page.split("/")[2] for place in places if "?" in place.url and (page := _page(place.url))}
    noise: dict[str, set[str]] = {}
    for parameter in Parameter.objects.filter(host__in=hosts, other=0) if hosts else ():
        if parameter.is_noise:
            noise.setdefault(parameter.host, set()).add(parameter.name)
    return noise


def _reduced_key(place: Place, noise: Mapping[str, set[str]]) -> str:
    """The key of the address without what is noise at its host; "" where there is none."""
    page = _page(place.url) if noise and "?" in place.url else ""
    names = noise.get(page.split("/")[2], set()) if page else set()
    canonical = addresses.canonical_or_empty(place.url)
    pairs = _pairs(canonical)
    if not names & pairs.keys():
        return ""
    kept = "&".join(
        f"{name}={value}" if value else name for name, value in pairs.items() if name not in names
    )
    return entry_rules.url_key(f"{page}?{kept}" if kept else page, publisher="", title="", day="")


def _against(rows: list[Row]) -> Iterable[tuple[str, str, str]]:
    """Cases of one document where one parameter alone makes another title at the same page."""
    pages: dict[str, list[Place]] = {}
    for *_, place in rows[:MOST_COMPARED]:
        if "?" in place.url and place.title_key and (page := _page(place.url)):
            pages.setdefault(page, []).append(place)
    for page, places in pages.items():
        for one, other in combinations(places, 2):
            if one.title_key != other.title_key and (name := _differing(one.url, other.url)):
                yield page.split("/")[2], name, "other"


def _differing(one: str, other: str) -> str:
    """The only parameter in which two addresses differ, by another value or by none; "" where it is not one."""
    mine, theirs = (_pairs(addresses.canonical_or_empty(url)) for url in (one, other))
    names = {name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)}
    name = names.pop() if len(names) == 1 else ""
    return name if len(name) <= LONGEST_NAME else ""


def _pairs(canonical: str) -> dict[str, str]:
    query = canonical.partition("#")[0].partition("?")[2]
    return {name: value for name, _, value in (pair.partition("=") for pair in query.split("&")) if name}


def _learn(cases: Mapping[tuple[str, str, str], int]) -> None:
    for (host, name, side), count in sorted(cases.items()):
        row, _made = Parameter.objects.get_or_create(host=host[:255], name=name)
        Parameter.objects.filter(pk=row.pk).update(**{side: F(side) + count})


def _page(url: str) -> str:
    return addresses.named_page(addresses.canonical_or_empty(url)) if url else ""


def learnt(host: str) -> list[Parameter]:
    """What was seen of the parameters of a host's addresses, those that never change a page first."""
    return sorted(Parameter.objects.filter(host=host)[:50], key=lambda one: (not one.is_noise, one.name))

"""An entry as the article it will be: clean, dated, in a known language, under its one key. Pure.

Which delivered entries are known, new or edited. Pure: plain values in, decisions out.

The law: identity decides, never a date. An entry is known by its publisher's id within its feed, and its
article by the one spelling of its address. Ids that a publisher uses twice are told apart by address and
title; ids that change meet their article again at its address; an entry without a link is known by its
publisher, its title and its day. An address that one feed gives to items of several ids and titles (a page of
changes, a portal) is that of the first; the others are known by address and title.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from urllib.parse import urlsplit

from feeds.parsing import Entry, cleaning, dates
from tracker import addresses, text

_LINK = re.compile(r"</?a\b[^<>]*>", re.I)
_NO_WORD = bytes(code for code in range(128) if not chr(code).isalnum())


class Known(NamedTuple):
    """What the database remembers of one delivery."""

    delivery: int
    article: int
    digest: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """Entries by what is to be done: `changed` and `unknown` hold (guid_key, digest, entry)."""

    changed: list[tuple[Known, str, Entry]]
    unknown: list[tuple[str, str, Entry]]


def steadied(entry: Entry) -> Entry:
    """The entry by what stays: an aggregator that renames its links at every call names an item by its words.

    Its publisher, title and day are the identity; the links in its body are none.
    """
    if not addresses.is_renaming(entry.link):
        return entry
    day = entry.published.date().isoformat() if entry.published else ""
    words = "\n".join((entry.source, title_key(entry.title) or entry.title, day))
    return entry._replace(identity=f"words:{_digest(words)}", html=_LINK.sub("", entry.html))


def guid_key(entry: Entry) -> str:
    """How a delivery is found again within its feed."""
    return key_of(entry.identity)


def key_of(identity: str) -> str:
    """The key of a publisher's id."""
    return _digest(identity)


def closer_key(entry: Entry) -> str:
    """The key of an entry whose publisher has used its id for something else already."""
    return _digest("\n".join((entry.identity, entry.link, entry.title)))


def digest(entry: Entry) -> str:
    """Of all that was delivered, as it was delivered: equal means that nothing has to be looked at."""
    link = "" if addresses.is_renaming(entry.link) else entry.link
    return _digest("\x00".join((entry.title, link, entry.author, entry.html)))


def version_digest(title: str, html: str, summary: str) -> str:
    """Of an article's words, after cleaning: equal means that no reader would see a difference."""
    words = " ".join(f"{title}\x00{html or summary}".split())
    return hashlib.sha256(words.encode()).hexdigest()


def keyed(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by guid key, each once; where several share an id but not their words, by the closer key."""
    groups: dict[str, dict[tuple[str, str], Entry]] = {}
    for entry in entries:
        groups.setdefault(guid_key(entry), {}).setdefault((entry.link, entry.title), entry)
    found = {}
    for key, group in groups.items():
        for entry in group.values():
            found[key if len(group) == 1 else closer_key(entry)] = entry
    return found


def sort(entries: Mapping[str, Entry], known: Mapping[str, Known]) -> Sorted:
    """Compare with what is known, by key: nothing but digests is looked at."""
    changed, unknown = [], []
    for key, entry in entries.items():
        before, now = known.get(key), digest(entry)
        if before is None:
            unknown.append((key, now, entry))
        elif before.digest != now:
            changed.append((before, now, entry))
    return Sorted(changed, unknown)


def is_another_item(*, same_address: bool, same_title: bool) -> bool:
    """Whether a known id has come back for something else: address and title both differ."""
    return not same_address and not same_title


def url_key(canonical: str, *, publisher: str, title: str, day: str) -> str:
    """The key of an article: of its address; without one, of publisher, title and day."""
    return hashlib.sha256((canonical or "\n".join((publisher, title, day))).encode()).hexdigest()


def shared_key(url_key: str, title_key: str) -> str:
    """The key of an article at an address that its feed has given to another article already."""
    return hashlib.sha256(f"{url_key}\n{title_key}".encode()).hexdigest()


def title_key(title: str) -> str:
    """Equal for titles that differ in case, punctuation, spaces or Chinese script only; "" without a word."""
    if title.isascii():
        words = title.encode().lower().translate(None, _NO_WORD)
    else:
        words = "".join(filter(str.isalnum, text.simplified(title).casefold())).encode()
    return hashlib.sha256(words).hexdigest() if words else ""


def address(link: str) -> tuple[str, str, bool]:
    """(canonical address to compare by, address to visit, whether it hides where it leads).

    The first is "" where not even the link itself is known again.
    """
    canonical = addresses.canonical_or_empty(link) if link else ""
    if not canonical:
        return "", "", False
    if addresses.is_unresolved(link):
        return "" if addresses.is_renaming(link) else canonical, link, True
    return canonical, visited(link, canonical), False


def visited(link: str, canonical: str) -> str:
    """The canonical address in the publisher's own host, scheme and slash.

    The one spelling is for comparing: not every publisher answers without `www.` or under https.
    """
    if link.partition("://")[2].removeprefix("www.").rstrip("/") == canonical.partition("://")[2].rstrip("/"):
        return link
    given, plain = urlsplit(link), urlsplit(canonical)
    if given.netloc.lower().removeprefix("www.") != plain.netloc:
        return canonical
    path = given.path if given.path.rstrip("/") == plain.path.rstrip("/") else plain.path
    return plain._replace(scheme=given.scheme.lower(), netloc=given.netloc.lower(), path=path).geturl()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


LOOKED_AT = 300  # characters of a summary that help to tell the language
LONGEST_URL = 2000


class Place(NamedTuple):
    """Where an entry belongs: what tells whether its article is known, before anybody cleans its words."""

    url: str
    url_key: str
    unresolved: bool
    title: str  # as delivered
    title_key: str
    publisher: str
    published: datetime | None


class Draft(NamedTuple):
    """An article not yet kept; fields as in `tracker.models.Article`."""

    url: str
    url_key: str
    unresolved: bool
    title: str
    title_key: str
    summary: str
    html: str
    author: str
    publisher: str
    language: str
    published_at: datetime | None
    published_offset: int | None

    @property
    def version(self) -> str:
        return version_digest(self.title, self.html, self.summary)

    @property
    def has_words(self) -> bool:
        """Whether there is more than a title."""
        return bool(self.summary) and self.summary != self.title


def draft(entry: Entry, *, publisher: str, language: str, now: datetime, zone: tzinfo | None = None) -> Draft:
    """The article of an entry. `publisher`, `language` and `zone` are the feed's, for entries that name none."""
    return worded(entry, placed(entry, publisher=publisher, now=now, zone=zone), language=language)


def placed(entry: Entry, *, publisher: str, now: datetime, zone: tzinfo | None = None) -> Place:
    """Where the article of an entry belongs."""
    canonical, url, unresolved = address(entry.link)
    given = (dates.at_home(moment, zone) for moment in (entry.published, entry.updated))
    published = next(filter(None, (dates.believable(moment, now=now) for moment in given)), None)
    title = entry.title or cleaning.summary(cleaning.body(entry.html), limit=120) or url
    outlet = entry.source or publisher or addresses.site(url)
    # In UTC as ever: what has no address is known again by it.
    day = published.astimezone(UTC).date().isoformat() if published and not canonical else ""
    return Place(
        url=url if len(url) <= LONGEST_URL else "",
        url_key=url_key(canonical, publisher=outlet, title=title, day=day),
        unresolved=unresolved,
        title=title,
        title_key=title_key(title),
        publisher=outlet,
        published=published,
    )


def worded(entry: Entry, place: Place, *, language: str) -> Draft:
    """The article of an entry that belongs there, its words cleaned and their language told."""
    html = cleaning.body(entry.html)
    summary = cleaning.summary_of_clean(html)
    return Draft(
        url=place.url,
        url_key=place.url_key,
        unresolved=place.unresolved,
        title=text.lenient(place.title, 500),
        title_key=place.title_key,
        summary=text.lenient(summary, len(summary)),
        html=html,
        author=text.lenient(entry.author, 300),
        publisher=text.lenient(place.publisher, 300),
        language=text.language_of(_sample(place.title, summary), language)[:20],
        published_at=place.published and place.published.astimezone(UTC),
        published_offset=_offset(place.published),
    )


def _offset(moment: datetime | None) -> int | None:
    """Minutes by which the publisher's clock is ahead of UTC; None where nobody said."""
    if moment is None or moment.tzinfo is dates.UNSTATED:
        return None
    ahead = moment.utcoffset()
    return None if ahead is None else int(ahead.total_seconds() // 60)


def _sample(title: str, summary: str) -> str:
    """What tells an article's language; a summary that only says the title again tells nothing more."""
    return summary[:LOOKED_AT] if summary.startswith(title) else f"{title}\n{summary[:LOOKED_AT]}"

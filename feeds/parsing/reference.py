"""The reference reader: feedparser, without its sanitiser. The only module that knows feedparser. Pure."""

import warnings
from io import BytesIO

import feedparser

from feeds.parsing import cleaning, dates, repair
from feeds.parsing.document import MAXIMUM_ENTRIES, Document, Entry, NotAFeed, absolute, identity, newest
from feeds.parsing.elements import mended

# Of more items than that only the first are shown to feedparser, which takes 0.1 ms for each.
BULK = 4 * MAXIMUM_ENTRIES


def read(body: bytes, base: str = "") -> Document:
    """The document as feedparser sees it. Raises NotAFeed when it sees none."""
    body, gone = mended(body), 0
    if repair.items(body) > BULK:
        body, gone = repair.without_the_middle(body, MAXIMUM_ENTRIES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # BytesIO, never the bytes themselves: feedparser may take those for a file name. Its sanitiser
            # takes seconds for a large body; what is new is cleaned by nh3.
            seen = feedparser.parse(
                BytesIO(body),
                sanitize_html=False,
                resolve_relative_uris=True,
                response_headers={"content-location": base} if base else {},
            )
    except (UnicodeError, LookupError, ValueError, RecursionError, AssertionError) as error:
        raise NotAFeed(f"The document cannot be read as a feed: {str(error)[:200]}") from error
    if not seen.get("version") and not seen.entries:
        reason = seen.get("bozo_exception")
        said = f" ({str(reason)[:200]})" if reason else ""
        raise NotAFeed(f"The document is neither RSS, RDF, Atom nor JSON Feed{said}.")
    head, here, atom = repair.read_head(body), _based(body, base), repair.is_atom(body)
    habit = dates.habit(head.language, (entry.get("published") or "" for entry in seen.entries))
    entries = [_entry(entry, base, here, habit, atom=atom) for entry in seen.entries]
    entries = [entries[place] for place in newest([entry.published for entry in entries])]
    return Document(
        title=cleaning.title(seen.feed.get("title")),
        link=absolute(seen.feed.get("link"), base),
        language=str(seen.feed.get("language") or "")[:40],
        entries=tuple(entries),
        reader="reference",
        ttl=head.ttl,
        older=absolute(head.older, base),
        generator=head.generator,
        left_out=gone + len(seen.entries) - len(entries),
    )


def _based(body: bytes, base: str) -> str:
    """The address to which links are relative: the one that the document's root names, else its own; "" when items
    name their own."""
    named = repair.base_named(body)
    if named is None:
        return ""
    return absolute(named, base) if named else base


def _entry(entry, base: str, here: str, habit: dates.Habit, *, atom: bool) -> Entry:
    title = cleaning.title(entry.get("title"))
    contents = entry.get("content") or []
    html = (contents[0].get("value") if contents else "") or entry.get("summary") or ""
    link = absolute(entry.get("link"), base)
    if link and link == here:  # an empty link leads to the document itself, which is nobody's page
        link = absolute(entry.get("id"), "") if atom else ""
    # feedparser's own dates name days that nobody wrote: its last resorts read 2026/10/29 as a first of the month.
    updated = dates.read(entry.get("updated"), habit)
    source = entry.get("source") or {}
    return Entry(
        identity=identity(entry.get("id"), link, title, html),
        link=link,
        title=title,
        html=html,
        published=dates.first((entry.get("published"), entry.get("updated"), entry.get("created")), habit),
        updated=updated,
        author=cleaning.title(entry.get("author"))[:200],
        source=cleaning.title(source.get("title"))[:200],
    )

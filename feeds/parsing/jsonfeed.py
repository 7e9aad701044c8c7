"""JSON Feed 1.0 and 1.1. Pure."""

import json
import re
from html import escape, unescape

from feeds.parsing import cleaning, dates
from feeds.parsing.document import Document, Entry, NotAFeed, absolute, identity, newest

MARKED = re.compile(r"</(?:p|a|b|i|em|strong|div|span|ul|ol|li|h\d)>|<(?:br|img|p)\b", re.I)


def looks_like(body: bytes, content_type: str) -> bool:
    """Whether the bytes want to be JSON."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") or ("json" in content_type.lower() and start.startswith(b"["))


def read(body: bytes, base: str = "") -> Document:
    """The document. Raises NotAFeed for JSON that is no feed."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(f"The document starts like JSON but cannot be read: {str(error)[:200]}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise NotAFeed("The document is JSON, but no JSON Feed: it has no list of items.")
    read_items = [entry(item, base) for item in items if isinstance(item, dict)]
    kept = [read_items[place] for place in newest([one.published for one in read_items])]
    hubs = [hub for hub in feed.get("hubs") or () if isinstance(hub, dict)]
    return Document(
        title=cleaning.title(_text(feed.get("title"))),
        link=absolute(_text(feed.get("home_page_url")), base),
        language=_text(feed.get("language"))[:40],
        entries=tuple(kept),
        reader="json",
        left_out=len(read_items) - len(kept),
        older=absolute(_text(feed.get("next_url")), base),
        hub=next((absolute(_text(hub.get("url")), base) for hub in hubs), ""),
        topic=absolute(_text(feed.get("feed_url")), base),
    )


def entry(item: dict, base: str) -> Entry:
    """One item of the list."""
    # Titles and texts are text; many a publisher escapes them all the same.
    title = cleaning.title(_text(item.get("title")))
    html = _text(item.get("content_html"))
    if not cleaning.has_words(html):
        text = _text(item.get("content_text")) or _text(item.get("summary"))
        html = (text if MARKED.search(text) else escape(unescape(text), quote=False)) or html
    link = absolute(_text(item.get("url")) or _text(item.get("external_url")), base)
    updated = dates.read(_text(item.get("date_modified")))
    several = item.get("authors")
    authors = several if isinstance(several, list) else [item.get("author")]
    names = [_text(author.get("name")) for author in authors if isinstance(author, dict)]
    return Entry(
        identity=identity(item.get("id"), link, title, html),
        link=link or absolute(_text(item.get("id")), ""),
        title=title or cleaning.summary(html, limit=120),
        html=html,
        published=dates.first((_text(item.get("date_published")), _text(item.get("date_modified")))),
        updated=updated,
        author=cleaning.title(", ".join(name for name in names if name))[:200],
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""

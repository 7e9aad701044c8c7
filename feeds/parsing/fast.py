"""The fast reader: one strict pass over the XML, then six fields of each item, each from its own element. Pure.

The law: an element is known by its namespace, and read whole. A title of another vocabulary is no title; a link
is the article's by its relation and its type, or it is none. Where a document cannot be made well-formed, `read`
returns None and the reference reader decides.

What a feed says of itself before its first item, which the fast reader passes over. Pure.
"""

import base64
import functools
import html
import re
from collections.abc import Iterable, Iterator, Sequence

from feeds.parsing import cleaning, dates, repair
from feeds.parsing.dates import Habit
from feeds.parsing.document import (
    MAXIMUM_ENTRIES,
    Document,
    Entry,
    NotAFeed,
    absolute,
    identity,
    newest,
    storable,
)
from feeds.parsing.elements import (
    Element,
    Fields,
    Vocabulary,
    first,
    inside,
    local,
    person,
    said,
    text_of,
    tree,
)

OLDER = ("prev-archive", "next")  # RFC 5005: the archive before this document, else the next page
TITLES = ("title", "dc:title", "media:title", "dcterms:title", "atom:title", "itunes:title", "news:title")
BODIES = (
    *("content:encoded", "content", "atom:content", "xhtml:body", "fulltext", "description", "summary"),
    *(
        "atom:summary",
        "media:description",
        "itunes:summary",
        "dc:description",
        "dcterms:abstract",
        "abstract",
    ),
)
PUBLISHED = (
    *("pubdate", "published", "dc:date", "dcterms:issued", "dcterms:created", "atom:published", "issued"),
    *("created", "date", "dcterms:date", "dc:created", "news:publication_date"),
)
UPDATED = ("updated", "atom:updated", "modified", "dcterms:modified", "dc:modified", "lastmod")
PERSONS = ("dc:creator", "author", "atom:author", "itunes:author", "news:author")
SOURCES = frozenset({"source", "atom:source", "news:publication"})
IDENTITIES = ("guid", "id", "atom:id")
ORIGINAL = ("feedburner:origlink", "pheedo:origlink")
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ROOTS = frozenset({"rss", "rdf", "feed", "channel", "urlset", "entry"})
PAGES = frozenset({"", "text/html", "application/xhtml+xml"})
# Renderings of an article for programs or players are not its page.
NO_PAGE = re.compile(r"json|atom\+|rss\+|rdf\+|/xml|^(?:audio|video|image)/|calendar|activity|oembed", re.I)

NO_LINK = ("false", "no", "0")
SHORT = 40  # characters of text of a body that may be nothing but a caption
LOOSE = re.compile(r"<[a-z!/][^<>]*>|&(?:#\d+|#x[0-9a-f]+|[a-z]+\d?);", re.I)
# What UTF-8 read as Western and written as UTF-8 again must contain somewhere.
GARBLED = re.compile(rb"\xc3[\x82-\xb4](?:[\xc2\xc5\xc6\xcb]|\xe2[\x80\x82\x84])")
GARBLED_REFERENCES = re.compile(rb"&#(?:19[4-9]|2[0-3]\d);&#1\d\d;")
HAN = re.compile("[\u4e00-\u9fff]")
KANA = re.compile("[\u3040-\u30ff]")


def read(body: bytes, base: str = "") -> Document | None:
    """The document, or None when feedparser should have a look. `body` is UTF-8.

    Raises NotAFeed for what says itself that it lists no articles.
    """
    root, untouched = tree(body, base)
    if root is None or local(root) not in (*ROOTS, "sitemapindex"):
        return None
    if local(root) == "sitemapindex":
        raise NotAFeed("The document is an index of sitemaps. Add one of the news sitemaps that it names.")
    reader = Reader(root, untouched, base, body)
    if not reader.items and (repair.items(body) or not reader.is_feed):
        return None
    return reader.document()


class Reader:
    """One document's items, in the words of its own vocabulary."""

    def __init__(self, root: Element, untouched: bool, base: str, body: bytes):
        """`body`: the UTF-8 that the root was read from, without repairs or with them."""
        self._root, self._base, self._bytes, self._untouched = root, base, body, untouched
        self._atom = local(root) in ("feed", "entry")
        self._vocabulary = Vocabulary(root, atom=self._atom)
        self.items = self._items()
        if not self._atom and self.items and local(self.items[0]) == "entry":
            self._atom, self._vocabulary = True, Vocabulary(root, atom=True)
        self._head = self._heading()
        self._fields = [self._vocabulary.fields(item) for item in self.items]
        present = set(self._head).union(*self._fields)
        # Atom's own titles and bodies say by their type how they are to be read.
        self._typed = frozenset(
            name
            for name in (*TITLES, *BODIES)
            if name.startswith("atom:") or (self._atom and ":" not in name)
        )
        (
            self._titles,
            self._bodies,
            self._published,
            self._updated,
            self._persons,
            self._ids,
            self._originals,
        ) = (
            tuple(name for name in names if name in present)
            for names in (TITLES, BODIES, PUBLISHED, UPDATED, PERSONS, IDENTITIES, ORIGINAL)
        )
        self._site = ""
        self._habit: Habit = dates.UNKNOWN

    def document(self) -> Document:
        """All that the document says, the newest items of too many."""
        head = self._head
        title = self._title(head)
        self._site = self._address(head, of_feed=True)
        language = self._language()
        self._habit = dates.habit(language or self._guessed(title), self._raw_dates())
        places: Sequence[int] = range(len(self.items))
        if len(places) > MAXIMUM_ENTRIES:
            places = newest([self._moments(fields)[0] for fields in self._fields])
        ttl = first(map(text_of, head.get("ttl", ())))
        relations = self._relations()
        return Document(
            title=title,
            link=self._site,
            language=language[:40],
            entries=tuple(self._entry(place) for place in places),
            reader="fast",
            ttl=int(ttl) * 60 if ttl.isdecimal() and len(ttl) < 7 else None,
            left_out=len(self.items) - len(places),
            older=next((relations[name] for name in OLDER if relations.get(name)), ""),
            generator=self._generator(),
            hub=relations.get("hub", ""),
            topic=relations.get("self", ""),
        )

    def _items(self) -> list[Element]:
        if local(self._root) == "urlset":
            return [
                url
                for url in self._root
                if self._vocabulary.key(url.tag) == "url" and "news:title" in self._vocabulary.fields(url)
            ]
        found = [
            item
            for item in self._root.iter("{*}item", "{*}entry")
            if self._vocabulary.key(item.tag) in ("item", "entry", "atom:entry") and not inside(item)
        ]
        return found or ([self._root] if local(self._root) == "entry" else [])

    def _heading(self) -> Fields:
        """What the feed says of itself: in its root, its channel, wherever before or after the items."""
        found = self._vocabulary.fields(self._root) if local(self._root) != "entry" else {}
        for channel in (child for child in self._root if self._vocabulary.key(child.tag) == "channel"):
            for name, elements in self._vocabulary.fields(channel).items():
                found.setdefault(name, []).extend(elements)
        return found

    @property
    def is_feed(self) -> bool:
        """Whether a document without items says all the same that it is a feed."""
        return local(self._root) in ("rss", "feed", "urlset") or any(
            self._vocabulary.key(child.tag) == "channel" for child in self._root
        )

    def _entry(self, place: int) -> Entry:
        fields, item = self._fields[place], self.items[place]
        given = said(fields, self._ids) or item.get(ABOUT, "")
        title, body = self._title(fields), self._body(fields)
        link = self._address(fields)
        published, updated = self._moments(fields)
        given = given or link or first(map(text_of, fields.get("dc:identifier", ())))
        return Entry(
            identity(given, link, title, body),
            link,
            title,
            body,
            published,
            updated,
            self._author(fields)[:200],
            self._source(fields)[:200],
        )

    # Words

    @functools.cached_property
    def _garbled(self) -> bool:
        """Whether to look at every body: few documents hold what was read in a wrong charset before, as bytes, as
        numbers, or as names, which are no characters before a repair."""
        # One byte, or four rare ones, are found many times as fast as an expression.
        return (
            (not self._untouched and (b"circ;" in self._bytes or b"tilde;" in self._bytes))
            or (b"\xc3" in self._bytes and GARBLED.search(self._bytes) is not None)
            or (b";&#1" in self._bytes and GARBLED_REFERENCES.search(self._bytes) is not None)
        )

    def _healed(self, body: str) -> str:
        return body if body.isascii() or not self._garbled else cleaning.healed(body)

    def _title(self, fields: Fields) -> str:
        for name in self._titles:
            for element in fields.get(name, ()):
                if words := self._words(element, name):
                    return words
        return ""

    def _words(self, element: Element, name: str) -> str:
        """A title as one line. Only a title that says that it is text may hold markup as its words."""
        text = text_of(element)
        if element.get("mode") == "base64":
            text = _decoded(text)
        if len(element) or (name in self._typed and element.get("type", "") in ("text", "text/plain")):
            return cleaning.plain(cleaning.healed(text))
        return cleaning.healed(cleaning.title(cleaning.healed(text)))

    def _body(self, fields: Fields) -> str:
        """The first body with words; of two, a caption gives way to the longer one."""
        found = [
            body
            for name in self._bodies
            for element in fields.get(name, ())
            if (body := self._markup(element, name)) and not body.isspace()
        ]
        if len(found) < 2:
            return self._healed(found[0]) if found else ""
        worded = [body for body in found if cleaning.has_words(body)] or found[:1]
        best = worded[0]
        if len(best) < 10 * SHORT and len(worded) > 1 and len(cleaning.summary(best)) < SHORT:
            best = max(worded, key=lambda body: len(cleaning.summary(body)))
        return self._healed(best)

    def _markup(self, element: Element, name: str) -> str:
        """A body as HTML."""
        if len(element):
            return self._inner(element)
        text = element.text or ""
        if name not in self._typed:
            return text
        kind, mode = element.get("type", "").lower(), element.get("mode", "")
        if mode == "base64":
            text = _decoded(text)
        if kind in ("html", "text/html", "xhtml", "application/xhtml+xml") or mode == "escaped":
            return text
        if "/" in kind and not kind.startswith("text/"):
            return text if kind.endswith(("+xml", "/xml")) else _decoded(text)
        # Many say nothing and mean HTML; what says that it is text is text.
        return text if not kind and LOOSE.search(text) else html.escape(text, quote=False)

    def _inner(self, element: Element) -> str:
        """What stands inside an element, as HTML."""
        parts = [html.escape(element.text or "", quote=False)]
        for child in element:
            if (name := local(child)).isalnum():
                given = (
                    f' {key}="{html.escape(self._absolute(value, child) if key != "title" else value)}"'
                    for key, value in child.attrib.items()
                    if key in ("href", "src", "title")
                )
                end = "" if name in ("br", "img", "hr") else f"</{name}>"
                parts.append(f"<{name}{''.join(given)}>{self._inner(child)}{end}")
            parts.append(html.escape(child.tail or "", quote=False))
        return "".join(parts)

    def _author(self, fields: Fields) -> str:
        for name in self._persons:
            names = [person(element) for element in fields.get(name, ())]
            if named := ", ".join(dict.fromkeys(filter(None, names))):
                return cleaning.title(named)
        return self._of_source(fields, "author")

    def _source(self, fields: Fields) -> str:
        if not fields.keys() & SOURCES:
            return ""
        for element in fields.get("source", ()):
            if len(element) == 0 and (name := cleaning.title(text_of(element))):
                return name
        for element in fields.get("news:publication", ()):
            if name := cleaning.title(first(text_of(child) for child in element if local(child) == "name")):
                return name
        return self._of_source(fields, "title")

    def _of_source(self, fields: Fields, name: str) -> str:
        """A field of the feed that an aggregator took the entry from."""
        if "source" not in fields and "atom:source" not in fields:
            return ""
        for element in (*fields.get("source", ()), *fields.get("atom:source", ())):
            for child in self._vocabulary.fields(element).get(name, ()):
                if words := person(child) if name == "author" else self._words(child, "title"):
                    return words
        return ""

    # Addresses

    def _address(self, fields: Fields, *, of_feed: bool = False) -> str:
        """The article's page: where the publisher says it is, never a rendering of it for players or programs."""
        if self._originals and (link := absolute(said(fields, self._originals), "")):
            return link
        links = [*fields.get("link", ()), *fields.get("loc", ())]
        if not self._atom:
            for element in links:
                if not element.get("href") and (link := self._absolute(text_of(element), element)):
                    return link
            if link := self._permanent(fields):
                return link
        if link := self._alternate([*links, *fields.get("atom:link", ())]):
            return link
        if self._atom:
            ids = (absolute(text_of(element), "") for element in fields.get("id", ()) if not of_feed)
            sources = (
                self._absolute(element.get("src"), element)
                for element in fields.get("content", ())
                if element.get("type", "") in PAGES
            )
            return first((*ids, *sources))
        return ""

    def _permanent(self, fields: Fields) -> str:
        for element in fields.get("guid", ()):
            stated = next((value for name, value in element.items() if name.lower() == "ispermalink"), "")
            if stated.strip().lower() not in NO_LINK and (link := absolute(text_of(element), "")):
                return link
            if stated.strip().lower() == "true" and text_of(element).startswith("/"):
                return self._absolute(text_of(element), element)
        return ""

    def _alternate(self, links: Iterable[Element]) -> str:
        """Of links with a relation and a type: an alternate page, else an alternate document."""
        documents = []
        for element in links:
            kind = element.get("type", "").split(";")[0].strip().lower()
            relations = (element.get("rel") or "alternate").lower().split()
            named = {relation.rpartition("/")[2] for relation in relations}  # some name the registry as well
            if "alternate" not in named or NO_PAGE.search(kind):
                continue
            link = self._absolute(element.get("href") or (text_of(element) if self._atom else ""), element)
            if link and link != self._base:
                rank = kind not in PAGES, not self._is_ours(element.get("hreflang", ""))
                if not any(rank):
                    return link
                documents.append((*rank, link))
        return min(documents, key=lambda one: one[:2])[2] if documents else ""

    def _is_ours(self, language: str) -> bool:
        return not language or language[:2].lower() == self._language()[:2].lower()

    def _relations(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in (*self._head.get("link", ()), *self._head.get("atom:link", ())):
            for relation in element.get("rel", "").lower().split():
                found.setdefault(relation, self._absolute(element.get("href"), element))
        return found

    @functools.cached_property
    def _marked(self) -> bool:
        return b"xml:base" in self._bytes

    def _absolute(self, link: str | None, element: Element) -> str:
        """A link made absolute by the base of its element."""
        base = self._base
        if link and not link.startswith(("http://", "https://")) and self._marked:
            base = element.base or ""
        return absolute(link, base if base.startswith(("http://", "https://")) else self._base, self._site)

    # Days

    def _moments(self, fields: Fields):
        """When an item was published and updated: the first of its dates that can be meant."""
        updated = [text_of(element) for name in self._updated for element in fields.get(name, ())]
        published = [text_of(element) for name in self._published for element in fields.get(name, ())]
        last = dates.first(updated, self._habit) if updated else None
        first = dates.first(published, self._habit) if published and published != updated else last
        return first if first and first >= dates.EARLIEST else last or first, last

    def _raw_dates(self) -> Iterator[str]:
        for fields in self._fields:
            for name in self._published:
                for element in fields.get(name, ()):
                    yield element.text or ""

    # The feed itself

    def _language(self) -> str:
        words = (
            text_of(element) for name in ("language", "dc:language") for element in self._head.get(name, ())
        )
        channels = [
            child.get(LANGUAGE) or "" for child in self._root if self._vocabulary.key(child.tag) == "channel"
        ]
        return first((*words, self._root.get(LANGUAGE) or "", *channels))

    def _guessed(self, title: str) -> str:
        """Chinese by its letters, where a feed says nothing: its clocks depend on it."""
        text = title + "".join(self._title(fields) for fields in self._fields[:3])
        return "zh" if HAN.search(text) and not KANA.search(text) else ""

    def _generator(self) -> str:
        for element in self._head.get("generator", ()):
            return storable(f"{text_of(element)} {element.get('uri', '')}".strip())[:200]
        return ""


def _decoded(text: str) -> str:
    """What base64 holds, if it is text."""
    try:
        return base64.b64decode(text).decode("utf-8")
    except ValueError:
        return ""

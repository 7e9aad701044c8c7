"""XML as elements that are known by their vocabulary, not by their prefix; whole words of each. Pure.

Nothing is expanded, fetched or believed of what a document declares of itself.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from lxml import etree

from feeds.parsing import repair

Element: TypeAlias = Any  # lxml's own, which it does not type
Fields = dict[str, list[Element]]

# What we call a vocabulary, by its namespace in lower case without a last slash or hash.
SPACES = {
    **dict.fromkeys(
        ("http://www.w3.org/2005/atom", "http://purl.org/atom/ns", "http://purl.org/net/atom/ns"), "atom"
    ),
    **dict.fromkeys(("http://purl.org/dc/elements/1.1", "http://purl.org/dc/elements/1.0"), "dc"),
    **dict.fromkeys(("http://search.yahoo.com/mrss", "http://search.yahoo.com/rss"), "media"),
    **dict.fromkeys(("http://rssnamespace.org/feedburner/ext/1.0",), "feedburner"),
    "http://purl.org/dc/terms": "dcterms",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://www.pheedo.com/namespace/pheedo": "pheedo",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.google.com/schemas/sitemap-news/0.9": "news",
    "http://www.sitemaps.org/schemas/sitemap/0.9": "",
}
SPACES |= dict.fromkeys(
    (
        *("http://purl.org/rss/1.0", "http://my.netscape.com/rdf/simple/0.9", "http://purl.org/net/rss1.1"),
        *(
            "http://channel.netscape.com/rdf/simple/0.9",
            "http://backend.userland.com/rss",
            "http://blogs.law.harvard.edu/tech/rss",
        ),
        *(
            "http://backend.userland.com/rss2",
            "http://backend.userland.com/rss091",
            "http://purl.org/rss/2.0",
        ),
        *("http://cyber.law.harvard.edu/rss/rss.html", "http://backend.userland.com/rss092"),
    ),
    "",
)
GROUPS = frozenset({"media:group", "news:news"})  # what is inside belongs to the item
VOCABULARIES = frozenset(SPACES.values())
DOCTYPE = b"<!DOCTYPE"
MAILED = re.compile(r"[^\s<>()@]+@[^\s<>()@]+")


def tree(body: bytes, base: str = "") -> tuple[Element | None, bool]:
    """The document's root, None when it stays broken; and whether it is read as it stands, without repairs."""
    root = None if DOCTYPE in body[:4000] else _parsed(body, base)
    return (_parsed(_mended(body), base), False) if root is None else (root, True)


def mended(body: bytes) -> bytes:
    """The document as it is where it is well-formed, and repaired where not."""
    return body if DOCTYPE not in body[:4000] and _parsed(body, "") is not None else _mended(body)


def _mended(body: bytes) -> bytes:
    return b'<?xml version="1.0" encoding="utf-8"?>' + repair.repaired(
        body.decode("utf-8", "replace")
    ).encode("utf-8", "replace")


def _parsed(body: bytes, base: str) -> Element | None:
    """The root, unless something in the document kept it from being read to its end as it stands."""
    parser = etree.XMLParser(
        recover=True,
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,  # nobody asks for an element by its id
    )
    try:
        root = etree.fromstring(body, parser, base_url=base or None)
    except (etree.XMLSyntaxError, ValueError):
        return None
    # Undeclared prefixes lose nothing. After anything fatal, be it an attribute given twice, ampersands do.
    return None if any(error.level == etree.ErrorLevels.FATAL for error in parser.error_log) else root


class Vocabulary:
    """The words of one document: bare in its own vocabulary, with a prefix of ours in others that we know."""

    def __init__(self, root: Element, *, atom: bool):
        self._keys: dict[str, str] = {}
        self._own = root.tag.rpartition("}")[0][1:]  # as written: it need be no address
        self._atom = atom

    def fields(self, item: Element) -> Fields:
        """An element's children by what they are, those of unknown vocabularies left out."""
        found: Fields = {}
        keys = self._keys
        for child in item:
            tag = child.tag
            key = keys[tag] if tag in keys else self.key(tag)
            if key in found:
                found[key].append(child)
            elif key in GROUPS:
                for inner in child:
                    found.setdefault(self.key(inner.tag), []).append(inner)
            elif key:
                found[key] = [child]
        return found

    def key(self, tag: str) -> str:
        """The name by which we know an element: bare in the document's own vocabulary, "" in an unknown one."""
        known = self._keys.get(tag)
        if known is None:
            known = self._keys[tag] = self._named(tag)
        return known

    def _named(self, tag: str) -> str:
        if not isinstance(tag, str):
            return ""
        space, _, name = tag.rpartition("}")
        space, name = space[1:], name.lower()
        prefix, colon, rest = name.rpartition(":")
        if colon:  # a prefix that nobody declared: its usual meaning
            own = prefix == "rss" or (self._atom and prefix == "atom")
            return rest if own else name if prefix in VOCABULARIES else ""
        vocabulary = SPACES.get(space.lower().rstrip("/#")) if space else ""
        if not vocabulary and (vocabulary == "" or space == self._own):
            return name
        if vocabulary == "atom" and (self._atom or space == self._own):
            return name
        return f"{vocabulary}:{name}" if vocabulary else ""


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def inside(item: Element) -> bool:
    parent = item.getparent()
    return parent is not None and local(parent) in ("item", "entry", "source")


def text_of(element: Element) -> str:
    """All the words of an element, those inside markup included."""
    text = element.text or "" if len(element) == 0 else "".join(element.itertext())
    return text.strip()


def said(fields: Fields, names: Iterable[str]) -> str:
    """The first words among the elements of these names."""
    for name in names:
        for element in fields.get(name, ()):
            if text := text_of(element):
                return text
    return ""


def person(element: Element) -> str:
    """The name of a person: without the address of a mail where there is a name."""
    if len(element) == 0:
        text = text_of(element)
    else:
        names = (text_of(child) for child in element if local(child) == "name")
        mails = (text_of(child) for child in element if local(child) == "email")
        text = first(names) or first(mails)
    if "@" in text:
        return " ".join(MAILED.sub("", text).split()).strip("()<>,;\"' ").removeprefix("mailto:") or text
    return text


def first(values: Iterable[str]) -> str:
    return next(filter(None, values), "")

"""A web page's own feeds, by autodiscovery. Pure.

What a web page says of itself in its head: title, outlet, day, language. Pure.

The main text of a web page, by trafilatura. Runs in the killable child. Pure.
"""

import importlib
import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin

from feeds.parsing import cleaning

# Each remark is taken once, up to its first end: tried in all other ways, 4,000 bytes of them take minutes.
START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*+<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
TYPES = {
    *("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"),
    *("application/x.atom+xml", "text/xml", "application/xml", "application/json"),
}
FEED = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]")
LOOKED_AT = 500_000  # characters of a page


def is_page(body: bytes) -> bool:
    """Whether the bytes begin as an HTML page does and hold no feed inside (some servers wrap theirs)."""
    return START.match(body[:4000]) is not None and FEED.search(body) is None


def feeds_of(page: str, base: str) -> list[tuple[str, str]]:
    """(address, title) of the feeds a page names in its head, in its order, each once."""
    reader = _Links()
    reader.feed(page[:LOOKED_AT])
    base = urljoin(base, reader.base) if reader.base else base
    found: dict[str, str] = {}
    for href, title in reader.found:
        try:
            address = urljoin(base, href)
        except ValueError:
            continue
        if address.startswith(("http://", "https://")):
            found.setdefault(address, title)
    return list(found.items())


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self.base = ""

    def handle_starttag(self, tag, attrs):
        given = {name: unescape(value or "") for name, value in attrs}
        if tag == "base" and not self.base:
            self.base = given.get("href", "")
        relations = given.get("rel", "").lower().split()
        kind = given.get("type", "").lower().split(";")[0].strip()
        if tag == "link" and given.get("href") and kind in TYPES and {"alternate", "feed"} & set(relations):
            self.found.append((given["href"].strip(), given.get("title", "").strip()))


NAMES_OF = {
    "title": ("og:title", "twitter:title", "dc.title", "citation_title"),
    "site": ("og:site_name", "application-name", "dc.publisher"),
    "summary": ("og:description", "description", "twitter:description", "dc.description"),
    "dates": (
        *(
            "article:published_time",
            "og:article:published_time",
            "datepublished",
            "date",
            "pubdate",
            "dc.date",
        ),
        *("publishdate", "publish-date", "dc.date.issued", "citation_publication_date", "parsely-pub-date"),
    ),
}
IN_SCRIPT = re.compile(r'"datePublished"\s*:\s*"([^"]{8,60})"')


@dataclass(frozen=True, slots=True)
class PageHead:
    """Texts may be empty; `dates` are as the page writes them, the most trustworthy first."""

    title: str = ""
    site: str = ""
    summary: str = ""
    language: str = ""
    dates: tuple[str, ...] = ()


def head_of(page: str) -> PageHead:
    """What the page says of itself."""
    page = page[:LOOKED_AT]
    reader = _Head()
    reader.feed(page)
    told = {
        name: [reader.named[key] for key in keys if reader.named.get(key)] for name, keys in NAMES_OF.items()
    }
    titles = [*told["title"], *reader.titles]
    return PageHead(
        title=_one_line(titles[0]) if titles else "",
        site=_one_line(told["site"][0]) if told["site"] else "",
        summary=told["summary"][0] if told["summary"] else "",
        language=reader.language[:20],
        dates=(*told["dates"], *IN_SCRIPT.findall(page)[:3], *reader.times[:3]),
    )


def _one_line(words: str) -> str:
    return cleaning.UNSEEN.sub("", " ".join(words.split()))


class _Head(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.named: dict[str, str] = {}
        self.titles: list[str] = []
        self.times: list[str] = []
        self.language = ""
        self._open = ""

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given.get("lang", "").strip()
        elif tag == "meta":
            name = given.get("property") or given.get("name") or given.get("itemprop") or ""
            self.named.setdefault(name.strip().lower(), given.get("content", "").strip())
        elif tag == "time" and given.get("datetime"):
            self.times.append(given["datetime"])
        elif tag in ("title", "h1") and not (tag == "h1" and self.titles):
            self._open = tag
            self.titles.append("")

    def handle_endtag(self, tag):
        if tag == self._open:
            self._open = ""
            if not self.titles[-1].strip():
                self.titles.pop()

    def handle_data(self, data):
        if self._open:
            self.titles[-1] += data


LONGEST = 200_000  # characters kept
DEEPEST = 400  # levels of nesting; deeper is no article


def main_text(page: bytes) -> str:
    """Plain text in paragraphs, without menus, comments and advertisements; "" when there is none."""
    trafilatura = importlib.import_module("trafilatura")  # heavy, and only a child that reads pages pays
    html = page.decode("utf-8", "replace")
    if cleaning.depth(html) > DEEPEST:
        return ""
    text = trafilatura.extract(html, include_comments=False, include_tables=True, favor_precision=True)
    return cleaning.UNSEEN.sub("", text or "")[:LONGEST]

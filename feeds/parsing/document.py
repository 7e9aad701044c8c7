"""What a feed document says, as plain values: its entries, how each is known again, their links made absolute. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

MAXIMUM_ENTRIES = 500  # kept per document; the rest is counted
MAXIMUM_TITLE = 500  # characters
MAXIMUM_HTML = 64_000  # characters of one body that are looked at; cleaning HTML is quadratic in nesting
MAXIMUM_IDENTITY = 2_000
HOST = re.compile(r"www\.(?:[a-z0-9-]+\.)+[a-z]{2,}(?=[/?#:]|\Z)", re.I)
TWICE = re.compile(r"https?:/*\s*(?=https?:/)|(?<=://)\s+", re.I)
BREAKS = re.compile(r"[\r\n]+")
SLASHES = re.compile(r"(https?):[/\\]*(?=[^/\\])", re.I)


class NotAFeed(ValueError):
    """The bytes are no feed; the message says what they look like."""


class Entry(NamedTuple):  # made by the ten thousand, three times as fast as a frozen dataclass
    """One item as delivered. Texts may be empty; `published` is None when missing or unreadable.

    `identity` is the publisher's own id, else the link, else a digest of the title; never empty.
    """

    identity: str
    link: str
    title: str
    html: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    source: str = ""  # the outlet that an aggregator names


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed feed. `left_out` counts entries beyond the cap, `reader` names who read it."""

    title: str
    link: str
    language: str
    entries: tuple[Entry, ...]
    reader: str
    ttl: int | None = None  # seconds
    left_out: int = 0
    older: str = ""  # the publisher's own page with the items before these
    generator: str = ""
    hub: str = ""  # where WebSub subscriptions are made, by the feed's own word
    topic: str = ""  # the address that the hub knows the feed by


def newest(moments: Sequence[datetime | None]) -> list[int]:
    """The places of the items to keep, by their dates: the newest of too many; of those without one, both ends."""
    places = range(len(moments))
    if len(moments) <= MAXIMUM_ENTRIES:
        return list(places)
    dated = sorted((moment, place) for place, moment in enumerate(moments) if moment)
    undated = [place for place in places if not moments[place]]
    room = max(MAXIMUM_ENTRIES - len(dated), MAXIMUM_ENTRIES // 10)
    if len(undated) > room:
        undated = undated[: room // 2] + undated[-(room - room // 2) :]
    left = MAXIMUM_ENTRIES - len(undated)
    return sorted([place for _moment, place in dated[max(0, len(dated) - left) :]] + undated)


def identity(given: object, link: str, title: str, html: str = "") -> str:
    """The publisher's id, else the link, else a digest of the words. Never empty, never longer than 2,000."""
    text = str(given or "").strip() or link.strip()
    if not text:
        words = title or html
        return "sha256:" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
    if len(text) > MAXIMUM_IDENTITY:
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return storable(text)


def storable(text: str) -> str:
    """The text without what no database takes: NUL and halves of surrogate pairs."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def absolute(link: object, base: str, site: str = "") -> str:
    """The link made absolute, or nothing when it is not one of the web."""
    text = storable(str(link or "")).strip()
    if not text:
        return ""
    if "\n" in text or "\r" in text:
        text = "".join(part.strip() for part in BREAKS.split(text))
    text = TWICE.sub("", text) if "http" in text[4:] or " " in text else text
    if not text.startswith(("http://", "https://")):
        text = _with_scheme(text, base, site)
        try:
            text = urljoin(base, text) if base else text
        except ValueError:
            return ""
    if "&" in text:
        text = text.replace("&amp;", "&").replace("&#038;", "&").replace("&#38;", "&")
    text = text.replace(" ", "%20")
    return text[:MAXIMUM_IDENTITY] if text.lower().startswith(("http://", "https://")) else ""


def _with_scheme(text: str, base: str, site: str) -> str:
    """A link as browsers read it: without its scheme, or with too few or too many slashes."""
    if found := SLASHES.match(text):
        return f"{found[1].lower()}://{text[found.end() :]}"
    scheme = "http" if base.startswith("http://") and not site.startswith("https://") else "https"
    if text.startswith("//") and not base:
        return f"{scheme}:{text}"
    first = re.split(r"[/?#:]", text, maxsplit=1)[0].lower()
    if HOST.match(text) or (first and first in (_host(base), _host(site))):
        return f"{scheme}://{text}"
    return text


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if "." in host else ""

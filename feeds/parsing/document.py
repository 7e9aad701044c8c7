"""What a feed document says, as plain values, and how an entry is known again within its feed. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

MAXIMUM_ENTRIES = 500  # kept per document; the rest is counted
MAXIMUM_TITLE = 500  # characters
MAXIMUM_HTML = 64_000  # characters of one body that are looked at; cleaning HTML is quadratic in nesting
MAXIMUM_IDENTITY = 2_000


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

"""What a feed document says, as plain values. Pure."""

from dataclasses import dataclass
from datetime import datetime

MAXIMUM_ENTRIES = 500  # kept per document; the rest is counted
MAXIMUM_TITLE = 500  # characters
MAXIMUM_HTML = 64_000  # characters of one body that are looked at; cleaning HTML is quadratic in nesting
MAXIMUM_IDENTITY = 2_000


class NotAFeed(ValueError):
    """The bytes are no feed; the message says what they look like."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as delivered. Texts may be empty; `published` is None when missing or not believable.

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

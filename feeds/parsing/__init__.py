"""Bytes of a feed to plain values. Pure but for one killable child process; knows no Django and no network.

RSS 0.9x to 2.0, RDF, Atom and JSON Feed. The fast reader goes first; whatever its guards doubt, and every
large document, is read in a child that can be killed.
"""

import codecs

from feeds.parsing import charsets, fast, jsonfeed
from feeds.parsing.document import Document, Entry, NotAFeed
from feeds.parsing.sandbox import CHILD
from feeds.parsing.webpages import is_page

__all__ = ["LARGE", "Document", "Entry", "NotAFeed", "parse"]

LARGE = 1_000_000  # bytes; more than this is read in the child from the start


def parse(body: bytes, *, content_type: str = "", base: str = "", reference_only: bool = False) -> Document:
    """Read a feed. `base` is the address it came from, for relative links. Raises NotAFeed, nothing else."""
    if not body or body.isspace():
        raise NotAFeed("The server sent an empty document.")
    if body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        body = charsets.as_utf8(body)
    if jsonfeed.looks_like(body, content_type):
        text, _ = charsets.decoded(body, content_type)
        return jsonfeed.read(text.encode("utf-8", "replace"), base)
    clear = charsets.as_utf8(body, content_type)
    if is_page(clear):
        raise NotAFeed(
            "The server sent a web page, not a feed. Has the feed moved, or does a login stand before it?"
        )
    if len(clear) > LARGE:
        return CHILD.read(clear, base, reference_only=reference_only)
    document = None if reference_only else fast.read(clear, base)
    return document or CHILD.read(clear, base, reference_only=True)

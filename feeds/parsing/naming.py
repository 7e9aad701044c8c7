"""How an entry is known again within its feed. Pure."""

import hashlib

from feeds.parsing.shapes import MAXIMUM_IDENTITY


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

"""What a feed says of itself before its first item, by its text alone; for documents that are no XML. Pure."""

import html
import re
from dataclasses import dataclass

ITEM = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s>/]", re.I)
LONGEST = 50_000  # bytes before the first item that are looked at
BASE = re.compile(rb"xml:base\s{0,9}=\s{0,9}[\"']([^\"'<>]{1,1000})[\"']")
BODY_BASE = re.compile(rb"<(?:content|summary)\b[^<>]{0,300}?\sxml:base\s{0,9}=")
LANGUAGE = re.compile(rb"<(?:dc:)?language>\s{0,99}(?:<!\[CDATA\[)?\s{0,99}([A-Za-z0-9_-]{2,40})")
TTL = re.compile(rb"<ttl>\s{0,99}(?:<!\[CDATA\[)?\s{0,99}(\d{1,6})\s{0,99}[<\]]")
GENERATOR = re.compile(rb"<generator\b[^<>]{0,999}>\s{0,99}([^<]{1,200})")
LINK = re.compile(rb"<(?:[\w.-]+:)?link\s([^<>]{1,3000})>")
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
# RFC 5005: the archive before this document, else the next page of a feed that is paged.
OLDER = ("prev-archive", "next")


@dataclass(frozen=True, slots=True)
class Head:
    """`ttl` in seconds; `older` is the address of the page with older items, as written."""

    language: str = ""
    ttl: int | None = None
    older: str = ""
    generator: str = ""


def items(body: bytes) -> int:
    """How many items the text begins."""
    return len(ITEM.findall(body))


def is_atom(body: bytes) -> bool:
    """Whether the items are Atom's entries."""
    first = ITEM.search(body)
    return first is not None and b"entry" in first.group().lower()


def base_named(body: bytes) -> str | None:
    """The base that the root names for the whole document, "" for none; None where items have bases of their own.

    That of a body counts for the links inside it, not for the item's own.
    """
    named = body.count(b"xml:base")
    if not named:
        return ""
    first = ITEM.search(body)
    at_root = BASE.search(body, 0, first.start() if first else len(body))
    if bool(at_root) + len(BODY_BASE.findall(body)) != named:
        return None
    return html.unescape(at_root.group(1).decode("utf-8", "replace")) if at_root else ""


def without_the_middle(body: bytes, most: int) -> tuple[bytes, int]:
    """The document with its first and its last `most` items, whichever the newest are; and how many are gone."""
    starts = [found.start() for found in ITEM.finditer(body)]
    gone = max(0, len(starts) - 2 * most)
    return (body[: starts[most]] + body[starts[-most] :], gone) if gone else (body, 0)


def read_head(body: bytes) -> Head:
    """The head of a document in UTF-8."""
    first = ITEM.search(body)
    head = body[: min(LONGEST, first.start() if first else LONGEST)]
    language, ttl, generator = LANGUAGE.search(head), TTL.search(head), GENERATOR.search(head)
    return Head(
        language=language.group(1).decode() if language else "",
        ttl=int(ttl.group(1)) * 60 if ttl else None,
        older=_older(head),
        generator=generator.group(1).decode("utf-8", "replace").strip() if generator else "",
    )


def _older(head: bytes) -> str:
    found: dict[str, str] = {}
    for link in LINK.findall(head):
        said = {
            name.lower(): one or other
            for name, one, other in ATTRIBUTE.findall(link.decode("utf-8", "replace"))
        }
        for relation in said.get("rel", "").lower().split():
            found.setdefault(relation, html.unescape(said.get("href", "")))
    return next((found[relation] for relation in OLDER if found.get(relation)), "")

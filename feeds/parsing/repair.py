"""Feeds that are no well-formed XML, made so without losing a word; what their head says by its text alone. Pure.

The law: text stays text. A bare ampersand is an ampersand, an entity of HTML is its character, two halves of an
emoji are the emoji, markup written raw into a title or a body is that field's markup. What a document declares
of its own (a document type) is taken away before any parser sees it, so that nothing is ever fetched.
"""

import html
import re
from dataclasses import dataclass
from html.entities import html5

from feeds.parsing import cleaning

ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|rdf|feed|channel|urlset|sitemapindex|entry))(?=[\s>/])", re.I)
DECLARED = re.compile(r"<!ENTITY\s+(\w+)\s+(?:\"([^\"<&%]{0,200})\"|'([^'<&%]{0,200})')\s*>")
CHARACTER = re.compile(r"&#(?:x([0-9a-f]{1,8})|([0-9]{1,8}));", re.I)
ENTITY = re.compile(r"&(?:(#(?:x[0-9a-f]{1,8}|[0-9]{1,8})|\w{1,40});)?", re.I)
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
NO_TAG = re.compile(r"<(?:(?![A-Za-z_/!?])|(?=/(?![A-Za-z_]))|(?=!(?!--|\[CDATA\[))|(?=\?(?![A-Za-z])))")
XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
FIELDS = (
    "title description summary subtitle content:encoded dc:title dc:description itunes:summary itunes:subtitle "
    "media:title media:description content"
)
FIELD = re.compile(rf"<({'|'.join(FIELDS.split())})(?:\s[^<>]*)?(?<!/)>", re.I)
SECTION = "<![CDATA["
QUOTES = ("'", '"')
TAG = re.compile(r"<(/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*+)\s*+(/?)>")
START = re.compile(r"<[A-Za-z_](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>")
GIVEN = re.compile(r"([A-Za-z_][\w:.-]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>/]+(?:/[^\s\"'<>/]+)*))?")
ITEM = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>/]", re.I)
ITEM_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.I)
# The ends of an item's fields that may stand before the place where a document was cut off.
FIELD_END = re.compile(
    r"</(?:title|link|guid|id|pubDate|published|updated|description|summary|dc:\w+|author)>", re.I
)
OUTER = re.compile(
    r"<(/?)((?:[\w.-]+:)?(?:rss|rdf|feed|channel|items|urlset|item|entry))(?=[\s>])[^<>]*(?<!/)>", re.I
)
ITEM_START = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s>/]", re.I)
LONGEST_HEAD = 50_000  # bytes before the first item that are looked at
BASE = re.compile(rb"xml:base\s{0,9}=\s{0,9}[\"']([^\"'<>]{1,1000})[\"']")
BODY_BASE = re.compile(rb"<(?:content|summary)\b[^<>]{0,300}?\sxml:base\s{0,9}=")
LANGUAGE = re.compile(rb"<(?:dc:)?language>\s{0,99}(?:<!\[CDATA\[)?\s{0,99}([A-Za-z0-9_-]{2,40})")
TTL = re.compile(rb"<ttl>\s{0,99}(?:<!\[CDATA\[)?\s{0,99}(\d{1,6})\s{0,99}[<\]]")
GENERATOR = re.compile(rb"<generator\b[^<>]{0,999}>\s{0,99}([^<]{1,200})")
LINK = re.compile(rb"<(?:[\w.-]+:)?link\s([^<>]{1,3000})>")
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
# RFC 5005: the archive before this document, else the next page of a feed that is paged.
OLDER = ("prev-archive", "next")


def repaired(text: str) -> str:
    """The document as XML a strict parser takes, as far as that can be had; without declaration and doctype."""
    prolog, text = _rooted(text)
    own = (
        {name: one or other for name, one, other in DECLARED.findall(prolog)} if "<!ENTITY" in prolog else {}
    )
    text = ILLEGAL.sub("", CHARACTER.sub(_character, cleaning.whole_characters(text)))
    text = _fields_escaped(text)
    return "".join(
        part if place % 2 else _marked(part, own) for place, part in enumerate(cleaning.parts(text))
    )


def _rooted(text: str) -> tuple[str, str]:
    """What stands before the root, and the document from there to its root's end."""
    for start in ROOT.finditer(text):
        if text.rfind("<!--", 0, start.start()) <= text.rfind("-->", 0, start.start()):
            break
    else:
        return "", text
    end = text.rfind(f"</{start[1]}")
    whole = text.find(">", end) + 1 if end > start.start() else 0
    prolog = text[: start.start()]
    return prolog, text[start.start() : whole] if whole else _ended(text[start.start() :])


def _ended(text: str) -> str:
    """A document that was cut off, with an end: up to its last whole item, and the whole fields of the next one."""
    whole = [found.end() for found in ITEM_END.finditer(text)]
    if not whole:
        return text
    end, following = whole[-1], ITEM.search(text, whole[-1])
    ends = list(FIELD_END.finditer(text, following.end())) if following else []
    if any(found[0].lower() == "</title>" for found in ends):
        end = ends[-1].end()
    text, opened = text[:end], []
    for found in OUTER.finditer(text):
        if not found[1]:
            opened.append(found[2])
        elif opened and opened[-1] == found[2]:
            opened.pop()
    return text + "".join(f"</{name}>" for name in reversed(opened))


def _character(found: re.Match[str]) -> str:
    """A reference as XML takes it, or nothing; 128 to 159 mean Windows' letters, as in browsers."""
    number = int(found[1], 16) if found[1] else int(found[2])
    if (number < 32 and number not in (9, 10, 13)) or number > 0x10FFFF:
        return ""
    if 0xD800 <= number < 0xE000 or number in (0xFFFE, 0xFFFF):
        return ""
    return html.unescape(found[0]) if 128 <= number < 160 else found[0]


def _marked(text: str, own: dict[str, str]) -> str:
    """Text between sections with nothing in it that is no XML: ampersands, angles, entities."""
    if "&" in text:
        text = ENTITY.sub(lambda found: _entity(found, own), text)
    text = NO_TAG.sub("&lt;", text).replace("]]>", "]]&gt;")
    return START.sub(_quoted, text)


def _quoted(found: re.Match[str]) -> str:
    """A tag with its attributes in quotation marks, each once."""
    well_formed = TAG.fullmatch(found[0]) is not None
    if well_formed and found[0].count("=") < 2:
        return found[0]
    name, *rest = re.split(r"(?=[\s/>])", found[0][1:-1], maxsplit=1)
    pairs = GIVEN.findall("".join(rest))
    given = dict(reversed(pairs))  # of two the first counts, as in browsers
    if well_formed and len(given) == len(pairs):
        return found[0]
    told = "".join(
        f" {key}={value if value[:1] in QUOTES and value else chr(34) + value + chr(34)}"
        for key, value in reversed(given.items())
    )
    return f"<{name}{told}{'/' if found[0].endswith('/>') else ''}>"


def _entity(found: re.Match[str], own: dict[str, str]) -> str:
    name = found[1]
    if name is None:
        return "&amp;"
    if name in XML_NAMES or name.startswith("#"):
        return found[0]
    if name in own:
        return html.escape(own[name])
    character = html5.get(f"{name};") or html5.get(f"{name.lower()};")
    return html.escape(character) if character else f"&amp;{name};"


def _fields_escaped(text: str) -> str:
    """Titles and bodies whose raw markup does not nest, as XML would have them: their markup escaped."""
    kept, place, looked = [], 0, 0
    missing: set[str] = set()
    while found := FIELD.search(text, looked):
        looked = found.end()
        inner = None if found[1] in missing else _inner(text, found)
        if inner is None:
            missing.add(found[1])
        if inner is None or ITEM.search(cleaning.without(inner)):
            # A title that is never closed ends where the next element begins.
            end = text.find("<", found.end()) if found[1].lower() == "title" else -1
            if end > 0 and not text.startswith("<!", end):
                kept += [text[place:end], f"</{found[1]}>"]
                place = looked = end
        else:
            kept += [text[place : found.end()], inner if _nests(inner) else _escaped(inner)]
            place = looked = found.end() + len(inner)
    return "".join((*kept, text[place:]))


def _inner(text: str, field: re.Match[str]) -> str | None:
    """What a field holds; None when it is never closed. An end inside a CDATA section is none."""
    start = begin = field.end()
    blank = len(text[start : start + 100]) - len(text[start : start + 100].lstrip())
    if text.startswith(SECTION, start + blank):
        closed = text.find("]]>", start)
        if closed > 0 and SECTION not in text[start + blank + 1 : closed]:
            begin = closed
    end = text.find(f"</{field[1]}", begin)
    return text[start:end] if end >= 0 else None


def _nests(inner: str) -> bool:
    """Whether a strict parser finds every tag of a field closed, in order and with its attributes quoted."""
    bare = cleaning.without(inner)
    opened: list[str] = []
    count = 0
    for found in TAG.finditer(bare):
        count += 1
        if not found[1] and not found[4]:
            opened.append(found[2])
        elif found[1] and (not opened or opened.pop() != found[2]):
            return False
    return not opened and count == bare.count("<") - len(NO_TAG.findall(bare))


def _escaped(inner: str) -> str:
    """Raw markup as text. A section stays as it is; one that is never closed ends with its field."""
    if inner.lstrip().startswith(SECTION) and "]]>" not in inner:
        return inner + "]]>"
    return "".join(
        part if part.startswith(SECTION) else part.replace("&", "&amp;").replace("<", "&lt;")
        for part in cleaning.parts(inner)
    )


@dataclass(frozen=True, slots=True)
class Head:
    """`ttl` in seconds; `older` is the address of the page with older items, as written."""

    language: str = ""
    ttl: int | None = None
    older: str = ""
    generator: str = ""


def items(body: bytes) -> int:
    """How many items the text begins."""
    return len(ITEM_START.findall(body))


def is_atom(body: bytes) -> bool:
    """Whether the items are Atom's entries."""
    first = ITEM_START.search(body)
    return first is not None and b"entry" in first.group().lower()


def base_named(body: bytes) -> str | None:
    """The base that the root names for the whole document, "" for none; None where items have bases of their own.

    That of a body counts for the links inside it, not for the item's own.
    """
    named = body.count(b"xml:base")
    if not named:
        return ""
    first = ITEM_START.search(body)
    at_root = BASE.search(body, 0, first.start() if first else len(body))
    if bool(at_root) + len(BODY_BASE.findall(body)) != named:
        return None
    return html.unescape(at_root.group(1).decode("utf-8", "replace")) if at_root else ""


def without_the_middle(body: bytes, most: int) -> tuple[bytes, int]:
    """The document with its first and its last `most` items, whichever the newest are; and how many are gone."""
    starts = [found.start() for found in ITEM_START.finditer(body)]
    gone = max(0, len(starts) - 2 * most)
    return (body[: starts[most]] + body[starts[-most] :], gone) if gone else (body, 0)


def read_head(body: bytes) -> Head:
    """The head of a document in UTF-8."""
    first = ITEM_START.search(body)
    head = body[: min(LONGEST_HEAD, first.start() if first else LONGEST_HEAD)]
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

"""Lists of feeds in and out as OPML 2.0, folders kept.

The law: importing adds what is missing, known by its address, and changes nothing that is there; a file with
an error adds nothing. Reading knows no database.

The starter feeds of the instance's `feeds.opml`, if it has one. What is there already, paused or edited by an
analyst, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from xml.etree import ElementTree  # nosec B405  # only writes; expat reads, without doctypes
from xml.parsers import expat

from django.conf import settings
from django.db import transaction
from w3lib.url import safe_url_string

from feeds.http import guard
from feeds.models import Feed
from tracker import text

LARGEST = 20_000_000  # bytes
DEEPEST = 20  # folders
SEPARATOR = "/"
LONGEST = {"title": 500, "folder": 500, "category": 1000}  # characters
LANGUAGES = {
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-hans": "zh-Hans",
    "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant",
}


class BadOpml(ValueError):
    """The file cannot be taken; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One feed of an OPML file."""

    url: str
    title: str = ""
    folder: str = ""
    site_url: str = ""
    language: str = ""
    category: str = ""
    paused: bool = False
    row: int = 0


def read(source: bytes) -> list[Line]:
    """The feeds of an OPML document in its order. Raises BadOpml."""
    if len(source) > LARGEST:
        raise BadOpml(f"The file has {len(source):,} bytes; the limit is {LARGEST:,}.")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, given: reader.start(name, given, parser.CurrentLineNumber)
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(source, True)
    except expat.ExpatError as error:
        raise BadOpml(
            f"Line {error.lineno}: no well-formed XML ({expat.errors.messages[error.code]})."
        ) from error
    except (LookupError, ValueError) as error:
        raise error if isinstance(error, BadOpml) else BadOpml(f"The file cannot be read: {error}") from error
    if not reader.is_opml:
        raise BadOpml("The file is XML, but no OPML: its first element is not <opml>.")
    return reader.lines


def checked(lines: Iterable[Line]) -> tuple[list[Line], list[str]]:
    """The lines whose addresses can be taken, spelt as they are stored, and a sentence for each other one."""
    good: dict[str, Line] = {}
    refused: list[str] = []
    for line in lines:
        try:
            url = normal(line.url)
            title, folder, category = (
                text.strict(getattr(line, name), name, longest) for name, longest in LONGEST.items()
            )
            good.setdefault(url, replace(line, url=url, title=title, folder=folder, category=category))
        except (guard.GuardError, text.BadText) as error:
            refused.append(f"line {line.row}: {error}")
    return list(good.values()), refused


def add(lines: list[Line]) -> tuple[int, int]:
    """Add the feeds that are not there yet; returns how many were added and how many were there."""
    urls = [line.url for line in lines]
    with transaction.atomic():
        known = set(Feed.objects.filter(url__in=urls).values_list("url", flat=True))
        known |= set(Feed.objects.filter(former_url__in=urls).values_list("former_url", flat=True))
        missing = [_feed(line) for line in lines if line.url not in known]
        Feed.objects.bulk_create(missing, ignore_conflicts=True, batch_size=500)
    return len(missing), len(lines) - len(missing)


def write(feeds: Iterable[Feed], *, title: str = "Feeds") -> str:
    """OPML 2.0 of the feeds, in their order, folders nested as they were."""
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = title
    folders = {"": ElementTree.SubElement(root, "body")}
    for feed in feeds:
        ElementTree.SubElement(
            _folder(folders, text.without_forbidden(feed.folder)), "outline", _attributes(feed)
        )
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def normal(url: str) -> str:
    """A feed's address as it is stored: ASCII, without fragment and with a scheme. Raises GuardError."""
    spelt = re.sub(r"^feed:(?://)?(?=https?:)", "", url.strip())
    spelt = re.sub(r"^feed://", "http://", spelt).split("#")[0]
    # Private addresses may be listed: whether they are called is decided at each call.
    guard.check_url(spelt, allow_private=True)
    try:
        spelt = spelt if spelt.isascii() else safe_url_string(spelt)
    except (ValueError, UnicodeError) as error:
        raise guard.GuardError(f"The address cannot be read ({error}): {url[:200]}") from error
    if len(spelt) > 1000:
        raise guard.GuardError(f"The address is longer than 1000 characters: {spelt[:100]}…")
    return spelt


class _Reader:
    """Collects outlines while the parser walks."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.is_opml = False
        self._folders: list[str | None] = []
        self._depth = 0

    def start(self, name: str, given: dict[str, str], row: int) -> None:
        self._depth += 1
        if self._depth == 1:
            self.is_opml = name.lower() == "opml"
        if name.lower() != "outline":
            return
        told = {key.lower(): " ".join(value.split()) for key, value in given.items()}
        title = told.get("title") or told.get("text", "")
        if told.get("xmlurl"):
            self._folders.append(None)
            self.lines.append(self._line(told, title, row))
            return
        if len(self._folders) >= DEEPEST:
            raise BadOpml(f"Line {row}: folders nest more than {DEEPEST} deep.")
        self._folders.append(title.replace(SEPARATOR, "∕"))

    def end(self, name: str) -> None:
        self._depth -= 1
        if name.lower() == "outline":
            self._folders.pop()

    def _line(self, told: dict[str, str], title: str, row: int) -> Line:
        return Line(
            url=told["xmlurl"],
            title=title,
            folder=SEPARATOR.join(folder for folder in self._folders if folder),
            site_url=told.get("htmlurl", "")[:1000],
            language=LANGUAGES.get(told.get("language", "").lower(), told.get("language", ""))[:20],
            category=told.get("category", ""),
            paused=told.get("paused", "").lower() in ("1", "true", "yes"),
            row=row,
        )


def _refuse_doctype(*_) -> None:
    raise BadOpml("The file declares a document type, which no OPML needs; remove the <!DOCTYPE …> line.")


def _feed(line: Line) -> Feed:
    site = line.site_url if line.site_url.startswith(("http://", "https://")) else ""
    names = ("url", "title", "folder", "language", "category", "paused")
    feed = Feed(host=Feed.host_of(line.url), site_url=site, **{name: getattr(line, name) for name in names})
    if feed.paused:
        feed.next_poll_at = None
    return feed


def _folder(folders: dict[str, ElementTree.Element], path: str) -> ElementTree.Element:
    if path not in folders:
        above, _, name = path.rpartition(SEPARATOR)
        folders[path] = ElementTree.SubElement(
            _folder(folders, above), "outline", {"text": name, "title": name}
        )
    return folders[path]


def _attributes(feed: Feed) -> dict[str, str]:
    name = feed.title or feed.url
    told = {"type": "rss", "text": name, "title": name, "xmlUrl": feed.url, "htmlUrl": feed.site_url}
    told |= {"language": feed.language, "category": feed.category, "paused": "true" if feed.paused else ""}
    return {key: text.without_forbidden(value) for key, value in told.items() if value}


OPML = settings.INSTANCE_FOLDER / "feeds.opml"


def seed() -> Iterator[tuple[str, int, int]]:
    """Add the feeds that are missing; yields what was added and how many there are now."""
    if not OPML.exists():
        yield "feeds", 0, Feed.objects.count()
        return
    lines, _refused = checked(read(OPML.read_bytes()))
    added, _known = add(lines)
    yield "feeds", added, Feed.objects.count()

"""Lists of feeds in and out as OPML 2.0, folders kept.

The law: importing adds what is missing, known by its address, and changes nothing that is there. What can be
read of a file is read; what cannot is named with its line, and adds nothing unless somebody says to leave it out.
Reading knows no database.

The starter feeds of the instance's `feeds.opml`, if it has one. What is there already, paused or edited by an
analyst, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from xml.etree import ElementTree  # nosec B405  # only writes

from django.conf import settings
from django.db import transaction
from w3lib.url import safe_url_string

from feeds.http import guard
from feeds.models import Feed, zone_of
from feeds.parsing import charsets, cleaning
from tracker import text

LARGEST = 20_000_000  # bytes
DEEPEST = 20  # folders
SEPARATOR = "/"
LONGEST = {"title": 500, "folder": 500, "category": 1000}  # characters
ROOT = re.compile(r"<(?:\w+:)?opml(?=[\s>/]|\Z)", re.I)
OUTLINE = re.compile(r"<(/?)(?:\w+:)?outline(?=[\s>/])", re.I)
TAG = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>")
GIVEN = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+?)(?=\s|/?>))")
NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
DOCTYPE_WITH_WORDS = re.compile(r"<!DOCTYPE[^<>\[]*\[", re.I)
ADDRESSES = ("xmlurl", "feedurl", "rssurl", "xml_url", "feed")
FEED_TYPES = ("rss", "atom", "feed", "rdf", "rss1", "rss2", "json", "jsonfeed")
UNREADABLE = "the outline cannot be read; a quotation mark or its end may be missing."
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
    time_zone: str = ""
    category: str = ""
    paused: bool = False
    row: int = 0
    fault: str = ""


def read(source: bytes) -> list[Line]:
    """The feeds of an OPML document in its order, in any charset and with whatever is wrong between them.

    A line that names a feed and cannot be read has a `fault`. Raises BadOpml for what is no OPML.
    """
    if len(source) > LARGEST:
        raise BadOpml(f"The file has {len(source):,} bytes; the limit is {LARGEST:,}.")
    text, _charset = charsets.decoded(source)
    text = _without_comments(text)
    start = ROOT.search(text)
    first = start or OUTLINE.search(text)
    if first is None:
        raise BadOpml("Line 1: the file is no OPML; there is no <opml> in it.")
    if DOCTYPE_WITH_WORDS.search(text[: first.start()]):
        raise BadOpml(
            "The file declares a document type with words of its own, which no OPML needs; "
            "remove the <!DOCTYPE …> lines."
        )
    if start and not TAG.match(text, start.start()):
        raise BadOpml(f"Line {_row(text, start.start())}: the <opml> tag is never closed.")
    reader = _Reader(text)
    reader.walk()
    return reader.lines


def checked(lines: Iterable[Line]) -> tuple[list[Line], list[str]]:
    """The lines whose addresses can be taken, spelt as they are stored, and a sentence for each other one."""
    good: dict[str, Line] = {}
    refused: list[str] = []
    for line in lines:
        if line.fault:
            refused.append(f"line {line.row}: {line.fault}")
            continue
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
    """Collects outlines tag by tag, so that what is wrong with one is no other's fault."""

    def __init__(self, text: str) -> None:
        self.lines: list[Line] = []
        self._text = text
        self._folders: list[str | None] = []
        self._counted, self._row = 0, 1

    def walk(self) -> None:
        place = 0
        while found := OUTLINE.search(self._text, place):
            row = self._row_of(found.start())
            tag = TAG.match(self._text, found.start())
            if found[1]:
                place = found.end()
                if self._folders:
                    self._folders.pop()
            elif tag is None or OUTLINE.search(tag[0], 1):
                # A quotation mark is missing; the next outline begins anew.
                place = found.end()
                self.lines.append(Line("", row=row, fault=UNREADABLE))
            else:
                place = tag.end()
                self._outline(tag[0], row)

    def _outline(self, tag: str, row: int) -> None:
        told = {
            name.lower(): " ".join(
                NO_TEXT.sub("", unescape(cleaning.whole_characters(one or other or bare))).split()
            )
            for name, one, other, bare in GIVEN.findall(tag)
        }
        leaf = tag.endswith("/>")
        title = told.get("title") or told.get("text", "")
        url = _address(told)
        if url:
            self.lines.append(self._line(told, url, title, row))
        elif told.get("type", "").lower() in (*FEED_TYPES, "link", "include") or (
            leaf and told.get("htmlurl")
        ):
            named = f"“{title[:80]}”" if title else "the outline"
            self.lines.append(Line("", title=title[:500], row=row, fault=f"{named} names no feed (xmlUrl)."))
        if leaf:
            return
        if len(self._folders) >= DEEPEST:
            raise BadOpml(f"Line {row}: folders nest more than {DEEPEST} deep.")
        self._folders.append(None if url else title.replace(SEPARATOR, "∕"))

    def _line(self, told: dict[str, str], url: str, title: str, row: int) -> Line:
        return Line(
            url=url,
            title=title,
            folder=SEPARATOR.join(folder for folder in self._folders if folder),
            site_url=told.get("htmlurl", "")[:1000],
            language=LANGUAGES.get(told.get("language", "").lower(), told.get("language", ""))[:20],
            time_zone=told.get("timezone", "") if zone_of(told.get("timezone", "")) else "",
            category=told.get("category", ""),
            paused=told.get("paused", "").lower() in ("1", "true", "yes"),
            row=row,
        )

    def _row_of(self, place: int) -> int:
        """The line of a place; places are asked for in their order."""
        self._row += self._text.count("\n", self._counted, place)
        self._counted = place
        return self._row


def _address(told: dict[str, str]) -> str:
    """A feed's address, by whatever name programs give it; that of a page or of another list is none."""
    for name in ADDRESSES:
        if told.get(name):
            return told[name]
    kind = told.get("type", "").lower()
    return told.get("url", "") if kind in FEED_TYPES or (not kind and "htmlurl" in told) else ""


def _row(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _without_comments(text: str) -> str:
    """The text with nothing but its line breaks where comments stood."""
    return "".join(
        "\n" * part.count("\n") if place % 2 and part.startswith("<!--") else part
        for place, part in enumerate(cleaning.parts(text))
    )


def _feed(line: Line) -> Feed:
    site = line.site_url if line.site_url.startswith(("http://", "https://")) else ""
    names = ("url", "title", "folder", "language", "time_zone", "category", "paused")
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
    told |= {"language": feed.language, "timeZone": feed.time_zone, "category": feed.category}
    told |= {"paused": "true" if feed.paused else ""}
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

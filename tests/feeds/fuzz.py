"""Damaged documents without end: `python -m tests.feeds.fuzz --documents 200000`.

Whatever a publisher's server, a proxy or an attacker does to a feed. Half of the documents are damaged anywhere: each
must end in clean entries or in a sentence that says why there are none. The other half is damaged around an item that
stays well-formed: its title must arrive. No crash, no hang. The same documents at every run of the same seed.

The documents are our samples, and the recorded ones where FEED_CORPUS names their folder.
"""

import argparse
import functools
import os
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from feeds import parsing
from feeds.parsing import document as document_shapes

SAMPLES = Path(__file__).parents[1] / "samples"
CORPUS = os.environ.get("FEED_CORPUS", "")
LARGEST = 3_000  # bytes of a document damaged anywhere: shapes matter, and small ones are read quickly
LARGEST_WHOLE = 40_000  # bytes of a document whose items are counted
MOST_ITEMS = 6
SLOW = 5.0  # seconds of our own CPU; the child that reads doubtful documents has limits of its own
BASE = "https://publisher.example/feed"
PIECES = (
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE x [<!ENTITY a 'aa'>]>", b"&a;", b"&#x0;", b"&#xD800;",
    b"&#99999999;", b"&amp;lt;script>", b"<script>alert(1)</script>", b"\x00", b"\xff\xfe", b"\xed\xa0\x80",
    b"<" * 200, b"<item>", b"</item>", b"<entry/>", b"</channel>", b"</rss>", b"<title/>", b"<link>javascript:x",
    b"<guid>", b"<pubDate>31 Feb 99999 25:61 +9999</pubDate>", b'xml:base="http://["', b"<a" + b" b=''" * 50,
    b"<?xml version='1.0' encoding='punycode'?>", b"<?xml-stylesheet", b'"' * 40, b"{", b"}", b"[", b"null,",
    b"1e999", b"\xe4\xb8", "片".encode() * 30, "\u202e".encode(), b"<html><body>", b"<content type='xhtml'>",
)  # fmt: skip
# What publishers let slip into one item. None of it opens what swallows the items behind it.
SLIPS = (
    b" AT&T & Huawei ", b"&nbsp;&rsquo;", b"&undeclared;", b"&#xD83D;&#xDE00;", b"&#0;", b"\x0b\x1f", b"a < b > c",
    b"<3", b"<br>", b"<p>one<p>two", b"<b><i>crossed</b></i>", b"<img src=a.jpg alt=x>", b"<a href='x' href='y'>z</a>",
    b"\xed\xa0\x80", b"\x93quoted\x94", b"]]>", b"<x:unknown>prefix</x:unknown>", b"</p>", b"<?php echo 1 ?>",
    b"<!-- a remark -->", b"<![CDATA[ <b>a section</b> ]]>", b"<input disabled>", b"<a title='5 > 4'>angle</a>",
)  # fmt: skip
# Elements of other vocabularies, which name nothing of the item.
NAMESAKES = (
    b'<z:title xmlns:z="http://elsewhere.example/ns">Another title</z:title>',
    b'<z:link xmlns:z="http://elsewhere.example/ns">https://elsewhere.example/</z:link>',
    b'<media:title xmlns:media="http://search.yahoo.com/mrss/">A picture</media:title>',
    b'<itunes:title xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">An episode</itunes:title>',
    b"<!-- between two items -->",
    b"<?pi between two items?>",
    b"\n\t \r\n",
)
ITEM = re.compile(rb"<(item|entry)[\s>].*?</\1\s*>", re.S)


@dataclass(slots=True)
class Findings:
    """What a run came to: how documents ended, and each fault with the document that shows it."""

    ends: Counter = field(default_factory=Counter)
    faults: list[tuple[str, bytes]] = field(default_factory=list)
    slowest: float = 0.0


@functools.cache
def documents(largest=LARGEST):
    """Small documents of every shape, in an order of their own: ours, and the recorded ones where they are."""
    folders = [SAMPLES, *(Path(CORPUS, kind) for kind in ("conformance", "malformed", "real") if CORPUS)]
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [path.read_bytes() for path in paths if 0 < path.stat().st_size <= largest]


def damaged(chance, body, other):
    """One document with one to four things done to it."""
    body = bytearray(body)
    for _time in range(chance.randint(1, 4)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.randint(1, 200))
        match chance.randrange(7):
            case 0:
                body[start:end] = chance.randbytes(end - start)
            case 1:
                del body[start:end]
            case 2:
                body[start:start] = body[start:end] * chance.randint(1, 20)
            case 3:
                body[start:start] = chance.choice(PIECES)
            case 4:
                body[start:] = other[min(start, len(other)) :]
            case 5:
                del body[start:]
            case _:
                for at in chance.sample(range(len(body)), min(len(body), 5)):
                    body[at] ^= 1 << chance.randrange(8)
    return bytes(body)


def faults_of(body, kind):
    """What is wrong with how a document is read, and whether it was read at all."""
    try:
        document = parsing.parse(body, content_type=kind, base=BASE)
    except parsing.NotAFeed as error:
        return [] if 20 < len(str(error)) < 1000 else [f"a sentence that says nothing: {error}"], None
    found = []
    if len(document.entries) > document_shapes.MAXIMUM_ENTRIES:
        found.append("too many entries")
    for entry in document.entries:
        if not 0 < len(entry.identity) <= document_shapes.MAXIMUM_IDENTITY:
            found.append(f"an identity of {len(entry.identity)} letters")
        if len(entry.title) > document_shapes.MAXIMUM_TITLE or set(entry.title) & set("\x00\r\n\u202e"):
            found.append(f"a title that is no line: {entry.title!r:.100}")
        if "<script" in entry.title.lower():
            found.append(f"a script in a title: {entry.title!r:.100}")
        if entry.link and not entry.link.startswith(("http://", "https://")):
            found.append(f"a link that is none: {entry.link!r:.100}")
        for text in (entry.title, entry.link, entry.identity):
            text.encode()  # no half characters, which no database takes
    return found, document


@dataclass(frozen=True, slots=True)
class Whole:
    """A well-formed document in UTF-8, taken apart at its items; `titles` are those of the items."""

    head: bytes
    items: tuple[bytes, ...]
    tail: bytes
    titles: tuple[str, ...]


@functools.cache
def wholes():
    """Documents whose every item has a title of its own, which a strict parser and ours read alike."""
    return [whole for body in documents(LARGEST_WHOLE) if (whole := _taken_apart(body)) is not None]


def _taken_apart(body):
    try:
        body.decode()
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
        plain = {"".join(title.itertext()).strip() for title in root.iter("{*}title")}
        document = parsing.parse(body, base=BASE)
    except (ValueError, etree.XMLSyntaxError):
        return None
    found = list(ITEM.finditer(body))[:MOST_ITEMS]
    titles = tuple(entry.title for entry in document.entries[: len(found)])
    apart = len(set(titles)) == len(found) > 0 and b"<!DOCTYPE" not in body and document.reader == "fast"
    if not apart or not all(title in plain and len(title) > 3 for title in titles):
        return None
    if not all(b"<title" in item[0] for item in found):  # by a name of another vocabulary
        return None
    if any(f"<{letter}" in title for title in titles for letter in "abcdefghijklmnopqrstuvwxyz!/?"):
        return None
    end = list(ITEM.finditer(body))[-1].end()
    return Whole(body[: found[0].start()], tuple(item[0] for item in found), body[end:], titles)


def spoilt(chance):
    """A document damaged around items that stay as they are, the titles of these, and what was done."""
    whole = chance.choice(wholes())
    kept = list(zip(whole.items, whole.titles, strict=True))
    head, tail, done = whole.head, whole.tail, []
    pieces = [item for item, _title in kept]
    titles = dict(enumerate(title for _item, title in kept))
    # What is cut off is the end: nothing is done after it.
    for deed in sorted(chance.choices(DEEDS, k=chance.randint(1, 3)), key=lambda deed: deed is cut_off):
        done.append(deed.__name__)
        head, pieces, tail, titles = deed(chance, head, pieces, tail, titles)
    body = head + b"".join(pieces) + tail
    return body, list(titles.values()), done


def slipped(chance, head, pieces, tail, titles):
    """Something that is no XML in one item, whose own title is then not asked for."""
    at = chance.randrange(len(pieces))
    inner = [found.end() for found in re.finditer(rb"</[\w:.-]+>", pieces[at])][:-1]
    text = [
        found.end() for found in re.finditer(rb"<(?:description|summary|content)(?: [^<>]*)?>", pieces[at])
    ]
    if not (places := text or inner):
        return head, pieces, tail, titles
    place = chance.choice(places)
    pieces = list(pieces)
    pieces[at] = pieces[at][:place] + chance.choice(SLIPS) + pieces[at][place:]
    return head, pieces, tail, {number: title for number, title in titles.items() if number != at}


def cut_off(chance, head, pieces, tail, titles):
    """The end of the document is missing, from somewhere in its last item on."""
    last = pieces[-1]
    pieces = [*pieces[:-1], last[: chance.randint(0, len(last))]]
    return head, pieces, b"", {number: title for number, title in titles.items() if number < len(pieces) - 1}


def shuffled(chance, head, pieces, tail, titles):
    """The items in another order."""
    order = list(range(len(pieces)))
    chance.shuffle(order)
    moved = {order.index(number): title for number, title in titles.items()}
    return head, [pieces[number] for number in order], tail, moved


def joined_by_others(chance, head, pieces, tail, titles):
    """Something of another vocabulary, a remark or blanks between the items or inside one."""
    at, piece = chance.randrange(len(pieces)), chance.choice(NAMESAKES)
    pieces = list(pieces)
    if chance.random() < 0.5 and (start := re.match(rb"<(?:item|entry)(?:\s[^<>]*)?>", pieces[at])):
        pieces[at] = start[0] + piece + pieces[at][start.end() :]
    else:
        pieces[at] = piece + pieces[at]
    return head, pieces, tail, titles


def lengthened(chance, head, pieces, tail, titles):
    """A word in the head that is no XML, or blanks and a byte order mark before everything."""
    if chance.random() < 0.5:
        return (
            chance.choice((b"\xef\xbb\xbf", b"\n\n", b" \t", b"\xef\xbb\xbf\n")) + head,
            pieces,
            tail,
            titles,
        )
    place = head.rfind(b"</title>")
    slip = chance.choice((b" & ", b"&nbsp;", b"&#xD83D;&#xDE00;", b" < ", b"\x0b", b"&copy"))
    return (head[:place] + slip + head[place:] if place > 0 else head), pieces, tail, titles


def told_otherwise(chance, head, pieces, tail, titles):
    """What follows the document: a remark of a server, another end, nothing."""
    ends = (
        b"<!-- generated in 0.1 s -->",
        b"\n\n\x00",
        b"<script>track()</script>",
        b"<br />Warning: memory",
        b"</rss>",
    )
    return head, pieces, tail + chance.choice(ends), titles


DEEDS = (slipped, slipped, cut_off, shuffled, joined_by_others, lengthened, told_otherwise)
PLAIN_KINDS = ("", "text/xml", "application/json")
KINDS = (*PLAIN_KINDS, "text/html; charset=gb2312", "text/xml; charset=iso-8859-1")


def _is_utf8(body):
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def run(number, seed=0):
    """Read that many damaged documents."""
    chance, findings, small = random.Random(seed), Findings(), documents()
    for _number in range(number):
        started = time.process_time()
        if chance.random() < 0.5:
            body, titles, done = damaged(chance, chance.choice(small), chance.choice(small)), [], ["damaged"]
        else:
            body, titles, done = spoilt(chance)
        try:
            # With broken bytes and few letters a server that names another charset may be right.
            kinds = PLAIN_KINDS if titles and not _is_utf8(body) else KINDS
            found, document = faults_of(body, chance.choice(kinds))
        except Exception as error:
            found, document = [f"a crash: {type(error).__name__}: {error}"], None
        there = {entry.title for entry in document.entries} if document else set()
        found += [f"a lost title: {title!r:.100}" for title in titles if title not in there]
        findings.ends["kept" if titles else "read" if document else "refused"] += 1
        taken = time.process_time() - started
        findings.slowest = max(findings.slowest, taken)
        if taken > SLOW:
            found.append(f"a hang of {taken:.0f} seconds")
        findings.faults += [(f"{' + '.join(done)}: {fault}", body) for fault in found]
    return findings


def main():
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--documents", type=int, default=10_000)
    given.add_argument("--seed", type=int, default=0)
    given.add_argument("--keep", type=Path, help="a folder for the documents that show faults")
    asked = given.parse_args()
    started, ends, faults, slowest = time.monotonic(), Counter(), 0, 0.0
    while (done := sum(ends.values())) < asked.documents:
        part = run(min(1_000, asked.documents - done), seed=f"{asked.seed}-{done}")
        ends, slowest = ends + part.ends, max(slowest, part.slowest)
        for fault, body in part.faults:
            print(fault, flush=True)
            if asked.keep:
                asked.keep.mkdir(parents=True, exist_ok=True)
                (asked.keep / f"{faults:05}.txt").write_bytes(fault.encode() + b"\n\n" + body)
            faults += 1
        print(f"{sum(ends.values())} documents, {faults} faults", file=sys.stderr, flush=True)
    print(
        f"{sum(ends.values())} documents in {time.monotonic() - started:.0f} s: {dict(ends)}; "
        f"{faults} faults; the slowest took {slowest:.1f} s"
    )
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()

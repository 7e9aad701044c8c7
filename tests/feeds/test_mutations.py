"""10,000 damaged documents: each ends in clean entries or in a sentence that says why there are none.

Whatever a publisher's server, a proxy or an attacker does to a feed: bytes changed, cut off, doubled, spliced
into another document, hostile pieces put in. The same documents at every run; MUTATIONS sets their number.
"""

import os
import random
from pathlib import Path

import pytest

from feeds import parsing
from feeds.parsing import document as document_shapes

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[1] / "samples"
CORPUS = os.environ.get("FEED_CORPUS", "")
MUTATIONS = int(os.environ.get("MUTATIONS", "10000"))
PARTS = 4
LARGEST = 3_000  # bytes: the shapes are what matters, and small documents are read quickly
PIECES = (
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE x [<!ENTITY a 'aa'>]>", b"&a;", b"&#x0;", b"&#xD800;",
    b"&#99999999;", b"&amp;lt;script>", b"<script>alert(1)</script>", b"\x00", b"\xff\xfe", b"\xed\xa0\x80",
    b"<" * 200, b"<item>", b"</item>", b"<entry/>", b"</channel>", b"</rss>", b"<title/>", b"<link>javascript:x",
    b"<guid>", b"<pubDate>31 Feb 99999 25:61 +9999</pubDate>", b'xml:base="http://["', b"<a" + b" b=''" * 50,
    b"<?xml version='1.0' encoding='punycode'?>", b"<?xml-stylesheet", b'"' * 40, b"{", b"}", b"[", b"null,",
    b"1e999", b"\xe4\xb8", "片".encode() * 30, "\u202e".encode(), b"<html><body>", b"<content type='xhtml'>",
)  # fmt: skip


def documents():
    """Small documents of every shape, in an order of their own: ours, and the recorded ones where they are."""
    folders = [SAMPLES, *(Path(CORPUS, kind) for kind in ("conformance", "malformed", "real") if CORPUS)]
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [path.read_bytes() for path in paths if 0 < path.stat().st_size <= LARGEST]


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


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_document_ends_in_clean_entries_or_in_a_sentence(part):
    chance, kept = random.Random(part), documents()
    ends = {"read": 0, "refused": 0}
    for _number in range(MUTATIONS // PARTS):
        body = damaged(chance, chance.choice(kept), chance.choice(kept))
        kind = chance.choice(("", "text/xml", "application/json", "text/html; charset=gb2312"))
        ends["read" if clean(body, kind) else "refused"] += 1
    assert min(ends.values()) > MUTATIONS / PARTS / 20, ends


def clean(body, kind):
    document, sentence = None, ""
    try:
        document = parsing.parse(body, content_type=kind, base="https://publisher.example/feed")
    except parsing.NotAFeed as error:
        sentence = str(error)
    if document is None:
        assert 20 < len(sentence) < 1000
        return False
    assert len(document.entries) <= document_shapes.MAXIMUM_ENTRIES
    for entry in document.entries:
        assert 0 < len(entry.identity) <= document_shapes.MAXIMUM_IDENTITY
        assert len(entry.title) <= document_shapes.MAXIMUM_TITLE
        assert not set(entry.title) & set("\x00\r\n\u202e"), entry.title
        assert "<script" not in entry.title.lower()
        assert entry.link == "" or entry.link.startswith(("http://", "https://")), entry.link
        for text in (entry.title, entry.link, entry.identity):
            text.encode()  # no half characters, which no database takes
    return True

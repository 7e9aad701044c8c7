"""What a feed says of itself before its first item; and documents that are slow to read on purpose."""

from datetime import UTC, datetime

import pytest

from feeds import entries, parsing
from feeds.parsing import cleaning, repair

BASE = "https://publisher.example/feed"
ITEM = "<item><title>Act</title><link>https://publisher.example/1</link></item>"
ENTRY = "<entry><id>1</id><title>Act</title><link href='https://publisher.example/1'/></entry>"
RSS = "<rss version='2.0'><channel><title>Desk</title><link>https://publisher.example/</link>{head}{items}</channel></rss>"
ATOM = (
    "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='zh-CN'><title>Desk</title>{head}" + ENTRY + "</feed>"
)


def rss(head="", items=ITEM):
    return RSS.format(head=head, items=items).encode()


@pytest.mark.parametrize("reference_only", [False, True])
@pytest.mark.parametrize(
    ("body", "language", "ttl"),
    [
        (rss("<language>en-us</language><ttl>60</ttl>"), "en-us", 3600),
        (rss("<language><![CDATA[ zh-cn ]]></language><ttl><![CDATA[5]]></ttl>"), "zh-cn", 300),
        (rss(items=ITEM + "<language>fr</language><ttl>9</ttl>"), "fr", 540),
        (rss("<ttl>an hour</ttl><language>  </language>"), "", None),
        (ATOM.format(head="").encode(), "zh-CN", None),
    ],
)
def test_a_feed_names_its_language_and_how_long_it_keeps(body, language, ttl, reference_only):
    document = parsing.parse(body, base=BASE, reference_only=reference_only)
    if not (reference_only and ttl == 540):  # what stands behind the items only the fast reader sees
        assert (document.language, document.ttl) == (language, ttl)


@pytest.mark.parametrize(
    ("link", "older"),
    [
        (
            "<atom:link rel='next' href='/feed?page=2&amp;of=9'/>",
            "https://publisher.example/feed?page=2&of=9",
        ),
        (
            "<atom:link href=\"/2025/\" rel=\"prev-archive\"/><atom:link rel='next' href='/2'/>",
            "https://publisher.example/2025/",
        ),
        ("<atom:link rel='self' href='/feed'/><atom:link rel='previous' href='/0'/>", ""),
        ("<atom:link rel='next' href='javascript:alert(1)'/>", ""),
        ("<atom:link rel='next'/>", ""),
    ],
)
def test_a_feed_names_the_page_with_its_older_items(link, older):
    head = f"<x xmlns:atom='http://www.w3.org/2005/Atom'/>{link}".replace(
        "<atom:link", "<atom:link xmlns:atom='http://www.w3.org/2005/Atom'"
    )
    for reference_only in (False, True):
        assert parsing.parse(rss(head), base=BASE, reference_only=reference_only).older == older
    in_json = b'{"version": "https://jsonfeed.org/version/1.1", "title": "D", "items": [], "next_url": "/2"}'
    assert parsing.parse(in_json, base=BASE).older == "https://publisher.example/2"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a<!-- b -->c<![CDATA[ d ]]>e", "ace"),
        ("a<!-- <![CDATA[ --> ]]>b", "a ]]>b"),
        ("a<!-- b <![CDATA[c]]>d", "a<!-- b d"),
        ("a<!-->b-->c", "a c".replace(" ", "")),
        ("<!--", "<!--"),
    ],
)
def test_comments_and_sections_are_passed_over(text, left):
    assert cleaning.without(text) == left


# With an expression that looks for the end from every beginning, each of these would take minutes or hours.
SLOW = {
    "comments": b"<!--" * 200_000,
    "sections": b"<![CDATA[" * 90_000,
    "sources": b"<source " * 100_000,
    "blanks": b"<source>" + b" " * 800_000,
    "blanks again": (b"<ttl>" + b" " * 100) * 8_000,
    "links": b"<link " * 120_000,
    "titles": b"<title type='xhtml'>" * 40_000,
    "a title": b"<title type='xhtml'>" + b"<b>" * 250_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_what_is_never_closed_does_not_hold_a_worker(name):
    body = rss(items=ITEM).replace(b"<channel>", b"<channel>" + SLOW[name], 1)
    assert repair.read_head(body).older == ""
    assert cleaning.title(SLOW[name].decode()) is not None
    many = ITEM.replace("Act", f"<![CDATA[{SLOW[name][:9_000].decode().replace(']]>', '')}]]>") * 80
    document = parsing.parse(rss(items=many), base=BASE)
    for entry in document.entries:
        assert entries.draft(
            entry, publisher="Desk", language="en", now=datetime(2026, 11, 25, tzinfo=UTC)
        ).title

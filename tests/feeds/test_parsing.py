"""Bytes to entries: our samples, charsets, dates, markup, and agreement with the reference reader."""

import calendar
import os
import re
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import feedparser
import pytest

from feeds import parsing
from feeds.parsing import charsets, cleaning, dates, sandbox, webpages

SAMPLES = Path(__file__).parents[1] / "samples"
BASE = "https://publisher.example/feed"
TITLES = {
    "wordpress.xml": "Commerce Department tightens export controls on advanced AI chips sold to China",
    "federal_register.xml": "Revisions to Export Administration Regulations: Advanced Computing Items "
    "Destined for the People's Republic of China",
    "gov_atom.xml": "UK and China laboratories to run joint safety tests of frontier AI models",
    "rdf.xml": "General Assembly adopts resolution on AI governance co-sponsored by China and the "
    "United States",
    "json_feed.json": "NSF and China's science ministry renew joint research programme on AI for climate",
    "google_news.xml": "China suspends export ban on gallium and germanium to the United States - "
    "Harbour Wire",
    "chinese_gb18030.xml": "商务部公布对美人工智能芯片反制措施",
    "chinese_utf8.xml": "工信部发布人工智能安全治理标准体系建设指南",
    "chinese_traditional.xml": "美國國會通過法案限制對華人工智慧投資",
    "nikkei_without_dates.xml": "Japan joins US rule on AI chip transshipment to China",
    "rss_091.xml": "Senate passes bill to fund AI evaluations at standards institute",
    "think_tank_atom.xml": "China and US extend science & technology agreement with AI annex",
    "newspaper_reused_guid.xml": "China and US trade negotiators agree to pause new chip curbs for a year",
    "ministry_future_dates.xml": "China publishes draft rules for frontier AI risk reporting",
}


@pytest.mark.parametrize(("name", "title"), TITLES.items())
def test_every_shape_of_publisher_is_read(name, title):
    document = parsing.parse((SAMPLES / name).read_bytes(), base=BASE)
    assert document.entries[0].title == title
    assert all(entry.link.startswith("https://") and entry.identity for entry in document.entries)


def test_no_sample_is_left_out_of_the_table():
    assert {path.name for path in SAMPLES.iterdir() if path.suffix in (".xml", ".json")} == set(TITLES)


def test_both_readers_agree_on_our_samples():
    for name in TITLES:
        if name.endswith(".json"):
            continue
        body = (SAMPLES / name).read_bytes()
        fast, careful = (parsing.parse(body, base=BASE, reference_only=only) for only in (False, True))
        assert [(e.title, e.link, e.published) for e in fast.entries] == [
            (e.title, e.link, e.published) for e in careful.entries
        ], name


def item(title="T", rest=""):
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>C</title><item><title>{title}</title>{rest}'
        "</item></channel></rss>"
    ).encode()


def test_an_item_without_link_and_id_is_known_by_its_words():
    once, again = (parsing.parse(item("Only words")).entries[0] for _ in range(2))
    assert once.identity == again.identity
    assert once.identity.startswith("sha256:")
    assert once.link == ""


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Q&amp;amp;A: <b>chips</b>", "Q&A: chips"),
        ("<script>alert(1)</script>Ban lifted", "Ban lifted"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Ban lifted", "Ban lifted"),
        ("a < b and c > d", "a < b and c > d"),
        ("two\n  lines\t here", "two lines here"),
        ("\u202eevil\u202c \u200bspace\x00", "evil space"),
        ("x" * 9999, "x" * 500),
        (None, ""),
        ("中美&nbsp;对话", "中美 对话"),
    ],
)
def test_titles_are_one_clean_line(raw, clean):
    assert cleaning.title(raw) == clean


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        "<iframe src=//evil.example></iframe>",
        '<math><mtext></p><style><img src onerror="alert(1)">',
        "<form action=//evil.example><input>",
        '<p style="background:url(javascript:alert(1))">x</p>',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    ],
)
def test_stored_html_cannot_run_anything(attack):
    clean = cleaning.body(attack).lower()
    assert not re.search(
        r"<(script|img|svg|iframe|form|input|style|math)|\son\w+=|javascript:|data:|style=", clean
    )


def test_absurd_nesting_is_cut_down_to_text_at_once():
    assert "<" not in cleaning.body("<div>" * 50_000 + "deep")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Mon, 16 Nov 2026 14:05:11 +0000", datetime(2026, 11, 16, 14, 5, 11, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 14:05:11 EST", datetime(2026, 11, 16, 19, 5, 11, tzinfo=UTC)),
        ("2026-11-16T14:05:11+08:00", datetime(2026, 11, 16, 6, 5, 11, tzinfo=UTC)),
        ("2026年11月16日 09:12", datetime(2026, 11, 16, 9, 12, tzinfo=UTC)),
        ("2026/11/6", datetime(2026, 11, 6, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_in_the_ways_publishers_write_them(value, moment):
    assert dates.read(value) == moment


@pytest.mark.parametrize("guid", ["12", "act-5", "3 March", "monday", "yesterday", "20261116"])
def test_a_guid_is_no_date(guid):
    (entry,) = parsing.parse(item("T", f"<link>https://a.example/1</link><guid>{guid}</guid>")).entries
    assert (entry.identity, entry.published) == (guid, None)


def test_an_odd_date_that_names_its_year_is_still_read():
    (entry,) = parsing.parse(
        item("T", "<link>https://a.example/1</link><pubDate>16 Nov 2026, 14:05</pubDate>")
    ).entries
    assert entry.published == datetime(2026, 11, 16, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize("year", [1970, 1989, 2027, 2089])
def test_dates_of_1970_and_of_the_future_are_not_believed(year):
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert dates.believable(datetime(year, 1, 1, tzinfo=UTC), now=now) is None
    assert dates.believable(datetime(2026, 11, 24, 20, tzinfo=UTC), now=now)


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8", "utf-16", "big5"])
@pytest.mark.parametrize("declared", ["utf-8", "gb2312", None])
def test_chinese_is_read_whatever_the_document_says_of_itself(encoding, declared):
    text = "中美人工智能政府間對話" if encoding == "big5" else "中美人工智能政府间对话"
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = f"{head}<rss><channel><item><title>{text}</title></item></channel></rss>".encode(encoding)
    content_type = "text/xml; charset=big5" if encoding == "big5" else "text/xml"
    assert text in charsets.as_utf8(body, content_type).decode("utf-8")


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "rot13", "zip", "unicode_escape", "undefined", "x" * 40]
)
def test_codecs_that_are_no_charsets_are_never_tried(name):
    body = f'<?xml version="1.0" encoding="{name}"?><rss><channel><title>é</title></channel></rss>'.encode(
        "latin-1"
    )
    assert charsets.as_utf8(body, f"text/xml; charset={name}").decode("utf-8")


def test_a_page_names_its_feeds_in_their_order():
    page = (
        '<html><head><base href="https://a.example/x/"><link rel="alternate" type="application/rss+xml" '
        'title="News" href="../feed.xml"><link rel=stylesheet href=a.css><link rel="alternate" '
        'type="application/atom+xml" href="https://b.example/atom"><link rel="alternate" '
        'type="application/rss+xml" href="javascript:alert(1)"></head>'
    )
    found = webpages.feeds_of(page, "https://a.example/x/y")
    assert found == [("https://a.example/feed.xml", "News"), ("https://b.example/atom", "")]


def test_a_document_that_would_keep_the_reader_busy_for_minutes_is_given_up(monkeypatch):
    attributes = " ".join(f'a{n}="1"' for n in range(150_000))
    body = f'<rss version="2.0"><channel {attributes}><item><title>T</title></item></channel></rss>'.encode()
    with monkeypatch.context() as hurried, pytest.raises(parsing.NotAFeed, match="given up"):
        hurried.setattr(sandbox, "SECONDS", 1.0)
        sandbox.CHILD.read(body, "", reference_only=True)
    assert sandbox.CHILD.read(item("Next"), "", reference_only=True).entries[0].title == "Next"


CORPUS = os.environ.get("FEED_CORPUS", "")
# Where ours differs from feedparser alone, each argued; counts over the recorded corpus.
IMPROVED = {
    "netnewswire_kc0011.rss": "2020/1/10 is the tenth of January; feedparser reads the first of October",
    "feed-rs_atom_example_7.xml": "a tag: URI is an id, not an address anybody could open",
    "node-feedparser_complexNamespaceFeed.xml": "rel=self is the entry's own document, and no page",
    "feed-rs__fixture__rss2__rss_2.0_nbcny.xml": "02:02:33 PM is in the afternoon",
    "feedreader_Rss20YandexRussia.xml": "Cyrillic that was read as Western is put right, word by word",
    "rome_ep1_v4a.xml": "a title is better than none: media:title where an item has no other",
    "rome_ep2_v4a.xml": "the same",
    "feedreader_Rss20LeParisien.xml": "half a character at a title's end is left as it came",
    "feedparser__wellformed__atom10__entry_content_src.xml": "an entry whose body lies elsewhere leads there",
    "feedparser__wellformed__atom__entry_link_no_href_link_priority.xml": "the alternate, as the file says itself",
    "feedparser__wellformed__atom__entry_link_rel_enclosure_no_href.xml": "the same",
    "feedparser__wellformed__node_precedence__atom10_id.xml": "words with a space are an id, and no address",
    "netnewswire_OneFootTsunami.atom": "an empty link leads nowhere, not three items to the feed's own address",
    "feedreader_Rss20TheMirror.xml": "£ that was read as Latin-1 is put right",
}


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS, reason="FEED_CORPUS names no folder of recorded feeds")
@pytest.mark.parametrize("kind", ["real", "conformance"])
def test_recorded_feeds_read_as_the_reference_reads_them(kind):
    differences, read = [], 0
    for path in sorted(Path(CORPUS, kind).rglob("*")):
        if path.suffix not in (".xml", ".rss", ".atom", ".rdf") or path.name in IMPROVED:
            continue
        body = path.read_bytes()
        said = feedparser.parse(
            BytesIO(body), response_headers={"content-location": BASE}, sanitize_html=False
        )
        try:
            ours = parsing.parse(body, base=BASE)
        except parsing.NotAFeed:
            if said.entries:
                differences.append((path.name, "refused"))
            continue
        read += 1
        if len(said.entries) != len(ours.entries) + ours.left_out:
            differences.append((path.name, "count", len(said.entries), len(ours.entries)))
            continue
        differences += [(path.name, *pair) for pair in map(differing, said.entries, ours.entries) if pair]
    assert read > 300
    assert differences == []


def differing(theirs, ours):
    # Letters that were read as Western though they were UTF-8 are put right.
    if "".join(cleaning.title(cleaning.healed(theirs.get("title") or "")).split()) != "".join(
        ours.title.split()
    ):
        return "title", theirs.get("title"), ours.title
    # The publisher's own page, not the counter before it; spaces as in an address.
    link = theirs.get("feedburner_origlink") or theirs.get("pheedo_origlink") or theirs.get("link") or ""
    if link.strip().replace(" ", "%20") != ours.link:
        return "link", theirs.get("link"), ours.link
    parsed = theirs.get("published_parsed") or theirs.get("updated_parsed")
    if parsed and _second(ours.published) != calendar.timegm(parsed):
        return "date", theirs.get("published"), ours.published
    return None


def _second(moment):
    return moment and int(moment.timestamp())


ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"{}><title>C</title><entry><title>T</title>{}</entry></feed>'


@pytest.mark.parametrize(
    ("root", "inside", "reader"),
    [
        ("", "<id>tag:a.example,2025:1</id>", "fast"),
        ("", "<id>https://a.example/1</id>", "fast"),
        ("", '<link rel="alternate" href="/1.html"/><link rel="related" href=""/>', "fast"),
        (' xml:base="https://a.example/news/"', '<link href="1.html"/>', "fast"),
        (' xml:base="/news/"', '<link href="1.html"/>', "fast"),
        ("", '<link href="/1.html"/><content type="html" xml:base="/1/">x</content>', "fast"),
        ("", '<link xml:base="https://b.example/" href="1.html"/>', "fast"),
        (
            ' xml:base="https://a.example/"',
            '<id xml:base="https://b.example/">1</id><link href="1.html"/>',
            "fast",
        ),
        ("", '<title mode="base64">QWN0</title><link href="/1.html"/>', "fast"),
    ],
)
def test_links_are_those_of_the_careful_reader_whoever_reads(root, inside, reader):
    body = ATOM.format(root, inside).encode()
    ours, theirs = (parsing.parse(body, base=BASE, reference_only=only) for only in (False, True))
    assert ours.reader == reader
    assert [(entry.link, entry.title) for entry in ours.entries] == [
        (entry.link, entry.title) for entry in theirs.entries
    ]


@pytest.mark.parametrize(
    ("tag", "kind"), [("title", ' type="xhtml"'), ("a:title", ' type="xhtml"'), ("title", "")]
)
def test_a_title_with_markup_inside_keeps_its_words(tag, kind):
    inside = '<div xmlns="http://www.w3.org/1999/xhtml">An <b>act</b> &amp; more</div>'
    body = ATOM.format(
        ' xmlns:a="http://www.w3.org/2005/Atom"', '<id>1</id><link href="/1"/><summary>S</summary>'
    )
    body = body.replace("<title>T</title>", f"<{tag}{kind}>{inside}</{tag}>").encode()
    document = parsing.parse(body, base=BASE)
    assert document.reader == "fast"
    assert [entry.title for entry in document.entries] == ["An act & more"]


@pytest.mark.parametrize("careful", [False, True])
def test_an_empty_link_leads_nowhere(careful):
    """Else every such item would be one article, at the feed's own address."""
    entries = "".join(
        f'<entry><title>Act {n}</title><id>{key}</id><link href=""/></entry>'
        for n, key in enumerate(("https://a.example/1", "tag:a.example,2025:2"))
    )
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>C</title>{entries}</feed>'.encode()
    document = parsing.parse(body, base=BASE, reference_only=careful)
    assert document.reader == ("reference" if careful else "fast")
    assert [entry.link for entry in document.entries] == ["https://a.example/1", ""]


def test_rss_090_is_read_by_either():
    items = "".join(f"<item><title>Act {n}</title><link>https://a.example/{n}</link></item>" for n in "12")
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>C</title></channel>'
        f"{items}</rdf:RDF>"
    ).encode()
    fast, careful = (parsing.parse(body, base=BASE, reference_only=only) for only in (False, True))
    assert (fast.reader, careful.reader) == ("fast", "reference")
    assert fast.entries == careful.entries
    assert [entry.title for entry in fast.entries] == ["Act 1", "Act 2"]


@pytest.mark.parametrize("end", ["</channel></rss>", ""])
def test_a_flood_of_items_costs_the_careful_reader_no_more_than_what_is_kept(end):
    items = "".join(f"<item><title>Act {n}</title><guid>{n}</guid></item>" for n in range(9_000))
    body = f"<rss version='2.0'><channel><title>C</title>{items}{end}".encode()
    document = parsing.parse(body, base=BASE, reference_only=True)
    ends = [*range(250), *range(8_750, 9_000)]  # nothing says which end is the newer one
    assert [entry.title for entry in document.entries] == [f"Act {n}" for n in ends]
    assert (document.reader, document.left_out) == ("reference", 8_500)


@pytest.mark.skipif(not CORPUS, reason="FEED_CORPUS names no folder of recorded feeds")
def test_recorded_malformed_documents_end_in_entries_or_in_a_clear_error():
    for path in Path(CORPUS, "malformed").rglob("*"):
        if path.is_file():
            assert read_or_refused(path.read_bytes())


def read_or_refused(body):
    """Entries, or a sentence that says why there are none."""
    try:
        return isinstance(parsing.parse(body, base=BASE).entries, tuple)
    except parsing.NotAFeed as error:
        return len(str(error)) > 20


def test_many_remarks_before_the_root_take_no_time():
    """Found by the fuzzer: a document of 4 KB held a worker for minutes."""
    started = time.process_time()
    with pytest.raises(parsing.NotAFeed):
        parsing.parse(b"<!-- a remark -->\n" * 200 + b"<words>")
    assert time.process_time() - started < 2

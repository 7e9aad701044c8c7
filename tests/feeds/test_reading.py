"""Which words, which element, which link: ill-formed XML, namesakes of other vocabularies, plain text."""

import json

import pytest

from feeds import entries, parsing
from feeds.parsing import cleaning, repair
from tests.feeds.test_dates import NOW

BASE = "https://desk.example/feed"
SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "atom": "http://www.w3.org/2005/Atom",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "x": "http://x.example/ns",
}
DECLARED = "".join(f' xmlns:{name}="{space}"' for name, space in SPACES.items())


def rss(items, *, head="", tail="</channel></rss>"):
    return (
        f'<?xml version="1.0"?>\n<rss version="2.0"{DECLARED}><channel><title>Desk</title>{head}{items}{tail}'
    )


def atom(entries):
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{DECLARED}><title>Desk</title>{entries}</feed>'


def rdf(items):
    return (
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"{DECLARED}>'
        f"<channel><title>Desk</title></channel>{items}</rdf:RDF>"
    )


SHAPES = {
    "rss": lambda title: rss(f"<item><title>{title}</title><guid>1</guid></item>"),
    "atom": lambda title: atom(f'<entry><id>1</id><title type="html">{title}</title></entry>'),
    "rdf": lambda title: rdf(f"<item><title>{title}</title><link>https://desk.example/1</link></item>"),
}


def read(text, **how):
    return parsing.parse(text if isinstance(text, bytes) else text.encode(), base=BASE, **how)


def only(text, **how):
    (entry,) = read(text, **how).entries
    return entry


def words(entry):
    return entries.draft(entry, publisher="Desk", language="en", now=NOW).summary


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("China&rsquo;s AI rule &mdash; first step", "China’s AI rule — first step"),
        ("《芯片法》&middot;解读", "《芯片法》·解读"),
        ("AT&T and Huawei settle", "AT&T and Huawei settle"),
        ("R&D spending up &", "R&D spending up &"),
        ("Q&A; what next", "Q&A; what next"),
        ("US <em>not</em> to ban chips", "US not to ban chips"),
        ("US <em>not</em> to ban<br>chips", "US not to banchips"),
        ("Growth < 3 % and > 2 %", "Growth < 3 % and > 2 %"),
        ("Launch &#55357;&#56960; of AI plan", "Launch 🚀 of AI plan"),
        ("Launch &#xD83D;&#xDE80; of AI plan", "Launch 🚀 of AI plan"),
        ("<![CDATA[Launch &#55357;&#56960; of AI plan]]>", "Launch 🚀 of AI plan"),
        ("Half &#55357; an emoji", "Half an emoji"),
        ("Bell \x07 and \x1b escape", "Bell and escape"),
        ("Code &#0;&#1; of &#146;s", "Code of ’s"),
        ("End ]]> of nothing", "End ]]> of nothing"),
        ("<![CDATA[Never closed", "Never closed"),
        ("Caf&eacute; &amp; bar", "Café & bar"),
        ("It&#146;s &#147;law&#148;", "It’s “law”"),
        ("<![CDATA[A <![CDATA[B]]> C]]>", "A B C"),
        ("&lt;![CDATA[A law]]&gt;", "A law"),
    ],
)
def test_no_word_is_lost_to_xml_that_is_none(shape, written, title):
    document = read(SHAPES[shape](written))
    assert [entry.title for entry in document.entries] == [title]
    assert document.reader == "fast"


def test_a_body_with_raw_markup_keeps_its_words_well_nested_or_not():
    for body in (
        "<p>The <b>ministry</b> said no</p>",
        "<p>The <b>ministry</b> said no<br>",
        "The <a href=x>ministry</a> said no",
    ):
        entry = only(rss(f"<item><title>T</title><guid>1</guid><description>{body}</description></item>"))
        assert words(entry) == "The ministry said no"


def test_a_title_that_is_never_closed_takes_nothing_from_the_next_item():
    items = "<item><title>Act 1<link>https://desk.example/1</link></item>"
    items += "<item><title>Act 2</title><guid>2</guid></item>"
    assert [entry.title for entry in read(rss(items)).entries] == ["Act 1", "Act 2"]


@pytest.mark.parametrize("careful", [False, True])
def test_one_broken_reference_does_not_lose_the_other_items(careful):
    items = "".join(
        f"<item><title>Act {n}&#55357;&#56960;&nbsp;</title><guid>{n}</guid></item>" for n in range(3)
    )
    assert [entry.title for entry in read(rss(items), reference_only=careful).entries] == [
        f"Act {n}🚀" for n in range(3)
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n\n  ", ""),
        ("Warning: Undefined variable in /var/www/feed.php on line 3<br/>\n", ""),
        ("<!-- rss <rss> -->\n", ""),
        ("", "\n<script>track()</script>"),
        ("", "</html>"),
        ('<?xml version="1.1"?>', ""),
        (
            '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "x.dtd">',
            "",
        ),
    ],
)
def test_what_stands_before_and_after_a_feed_is_passed_over(before, after):
    body = rss("<item><title>China&rsquo;s act</title><guid>1</guid></item>").partition("\n")[2]
    assert only(before + body + after).title == "China’s act"


def test_a_document_type_names_characters_and_nothing_else():
    declared = '<!DOCTYPE rss [<!ENTITY who "Envoys"><!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY b "&who;&who;">]>'
    body = rss("<item><title>&who; meet &f; &b;</title><guid>1</guid></item>").partition("\n")[2]
    assert only(declared + body).title == "Envoys meet &f; &b;"


def test_a_document_that_was_cut_off_gives_its_whole_items_and_no_half_title():
    body = rss("".join(f"<item><title>Act {n} on chips</title><guid>{n}</guid></item>" for n in range(3)))
    cut = body[: body.index("Act 2 on") + 5]
    assert [entry.title for entry in read(cut).entries] == ["Act 0 on chips", "Act 1 on chips"]
    cut = body[: body.index("<guid>2") + 4]
    assert [entry.title for entry in read(cut).entries] == [f"Act {n} on chips" for n in range(3)]


def test_prefixes_that_nobody_declared_have_their_usual_meaning():
    body = (
        "<rss><channel><item><title>T</title><guid>1</guid><content:encoded>All of it</content:encoded>"
        "<dc:date>2026-11-16</dc:date><x:title>No</x:title></item></channel></rss>"
    )
    entry = only(body)
    assert (entry.title, entry.html, str(entry.published)[:10]) == ("T", "All of it", "2026-11-16")


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("name", ["itunes:title", "media:title", "dc:title", "x:title", "atom:title"])
def test_a_namesake_is_no_title(name, place):
    other, own = f"<{name}>Short</{name}>", "<title>Envoys meet in Geneva</title>"
    pair = other + own if place == "before" else own + other
    assert only(rss(f"<item>{pair}<guid>1</guid></item>")).title == "Envoys meet in Geneva"
    if name != "atom:title":
        assert only(atom(f"<entry><id>1</id>{pair}</entry>")).title == "Envoys meet in Geneva"


def test_a_picture_inside_an_item_gives_it_neither_title_nor_link():
    body = rss(
        "<item><media:group><media:title>Caption</media:title></media:group><image><title>Logo</title>"
        "<link>https://desk.example/logo</link></image><title>Act</title><link>https://desk.example/1</link></item>"
    )
    assert (only(body).title, only(body).link) == ("Act", "https://desk.example/1")


@pytest.mark.parametrize(
    ("inside", "link"),
    [
        (
            "<x:link>https://wrong.example/</x:link><link>https://desk.example/1</link>",
            "https://desk.example/1",
        ),
        (
            "<atom:link rel='self' href='https://desk.example/1.atom'/><link>https://desk.example/1</link>",
            "https://desk.example/1",
        ),
        ("<link/><link>https://desk.example/1</link>", "https://desk.example/1"),
        ("<guid>https://desk.example/1</guid>", "https://desk.example/1"),
        ("<guid isPermaLink='false'>https://api.desk.example/1</guid>", ""),
        ("<guid ispermalink='False'>https://api.desk.example/1</guid>", ""),
        ("<guid isPermaLink='true'>/1</guid>", "https://desk.example/1"),
        ("<guid>one</guid><enclosure url='https://cdn.example/1.mp3' type='audio/mpeg'/>", ""),
        ("<guid>1</guid><atom:link href='https://desk.example/1'/>", "https://desk.example/1"),
        (
            "<link>http://feedproxy.example/~r/1</link><feedburner:origLink>https://desk.example/1</feedburner:origLink>",
            "https://desk.example/1",
        ),
        ("<link>www.desk.example/1</link>", "https://www.desk.example/1"),
        ("<link>desk.example/1</link>", "https://desk.example/1"),
        ("<link>//desk.example/1</link>", "https://desk.example/1"),
        ("<link>http:/desk.example/1</link>", "http://desk.example/1"),
        ("<link>HTTPS://desk.example/1</link>", "https://desk.example/1"),
        ("<link>\n https://desk.example/\n1 \n</link>", "https://desk.example/1"),
        ("<link>https://desk.example/a b</link>", "https://desk.example/a%20b"),
        ("<link>https://desk.example/?a=1&amp;amp;b=2</link>", "https://desk.example/?a=1&b=2"),
        ("<link>https://desk.example/?a=1&b=2&copy=3</link>", "https://desk.example/?a=1&b=2&copy=3"),
        ("<link><![CDATA[https://desk.example/?a=1&b=2]]></link>", "https://desk.example/?a=1&b=2"),
        ("<link>1.html</link>", "https://desk.example/1.html"),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>http://https://desk.example/1</link>", "https://desk.example/1"),
        ("<link>https:// desk.example/1</link>", "https://desk.example/1"),
    ],
)
def test_the_link_of_an_item_is_its_page(inside, link):
    assert only(rss(f"<item><title>T</title>{inside}</item>")).link == link


@pytest.mark.parametrize(
    ("links", "link"),
    [
        (
            "<link rel='enclosure' type='audio/mpeg' href='https://cdn.example/1.mp3'/>",
            "https://desk.example/id",
        ),
        ("<link rel='self' href='https://desk.example/1.atom'/>", "https://desk.example/id"),
        (
            "<link rel='replies' href='/r'/><link rel='related' href='/o'/><link href='/1'/>",
            "https://desk.example/1",
        ),
        (
            "<link rel='alternate' type='application/json' href='/1.json'/><link href='/1'/>",
            "https://desk.example/1",
        ),
        ("<link rel='alternate' type='application/json' href='/1.json'/>", "https://desk.example/id"),
        (
            "<link type='application/pdf' href='/1.pdf'/><link type='text/html' href='/1'/>",
            "https://desk.example/1",
        ),
        ("<link type='application/pdf' href='/1.pdf'/>", "https://desk.example/1.pdf"),
        (
            "<link rel='http://www.iana.org/assignments/relation/alternate' href='/1'/>",
            "https://desk.example/1",
        ),
        ("<link rel='' href='/1'/>", "https://desk.example/1"),
        ("<link href='/zh' hreflang='zh'/><link href='/en' hreflang='en'/>", "https://desk.example/en"),
        ("<link>https://desk.example/1</link>", "https://desk.example/1"),
        ("<link xml:base='https://b.example/' href='1'/>", "https://b.example/1"),
    ],
)
def test_of_the_links_of_an_entry_the_alternate_page_is_taken(links, link):
    body = atom(f"<entry><id>https://desk.example/id</id><title>T</title>{links}</entry>")
    assert only(body.replace("<feed ", "<feed xml:lang='en' ")).link == link


def test_an_aggregators_entry_names_its_source_and_is_not_taken_for_it():
    source = (
        "<source><id>urn:wire</id><title>Harbour Wire</title><updated>2020-01-01T00:00:00Z</updated>"
        "<link href='https://wire.example/'/><author><name>Wire Desk</name></author></source>"
    )
    entry = only(atom(f"<entry>{source}<id>1</id><title>T</title><link href='/1'/></entry>"))
    assert (entry.title, entry.source, entry.author) == ("T", "Harbour Wire", "Wire Desk")
    assert (entry.identity, entry.link, entry.published) == ("1", "https://desk.example/1", None)
    entry = only(
        rss(
            "<item><title>T</title><guid>1</guid><source url='https://wire.example/'>Harbour Wire</source></item>"
        )
    )
    assert entry.source == "Harbour Wire"


@pytest.mark.parametrize(
    ("inside", "author"),
    [
        ("<author>mail@desk.example (A. Reporter)</author>", "A. Reporter"),
        ("<author>A. Reporter &lt;mail@desk.example&gt;</author>", "A. Reporter"),
        ("<author>mail@desk.example</author><dc:creator>A. Reporter</dc:creator>", "A. Reporter"),
        ("<dc:creator>A. Reporter</dc:creator><dc:creator>B. Writer</dc:creator>", "A. Reporter, B. Writer"),
        ("<author>mail@desk.example</author>", "mail@desk.example"),
    ],
)
def test_an_author_is_a_name(inside, author):
    assert only(rss(f"<item><title>T</title><guid>1</guid>{inside}</item>")).author == author


@pytest.mark.parametrize(
    "inside",
    [
        "<media:group><media:title>No</media:title><media:description>Senators asked about chips."
        "</media:description></media:group>",
        "<description>Senators asked about chips.</description><content:encoded><![CDATA[<img src='/x.jpg'/>]]>"
        "</content:encoded>",
        "<content:encoded>&nbsp;</content:encoded><description>Senators asked about chips.</description>",
        "<description>Photo: AP</description><content:encoded>Senators asked about chips.</content:encoded>",
        "<content:encoded>Photo</content:encoded><description>Senators asked about chips.</description>",
        "<itunes:summary>Senators asked about chips.</itunes:summary><description> </description>",
    ],
)
def test_the_body_is_the_one_with_words(inside):
    entry = only(rss(f"<item><title>T</title><guid>1</guid>{inside}</item>"))
    assert words(entry) == "Senators asked about chips."


@pytest.mark.parametrize(
    ("kind", "written", "title"),
    [
        ("text", "Why &lt;iframe&gt; sandboxing matters", "Why <iframe> sandboxing matters"),
        ("text", "The &lt;b&gt; and &lt;em&gt; tags", "The <b> and <em> tags"),
        ("text", "How to write &amp;amp;", "How to write &amp;"),
        (None, "Why &lt;iframe&gt; sandboxing matters", "Why <iframe> sandboxing matters"),
        (None, "List&lt;String&gt; in Java", "List<String> in Java"),
        ("html", "Why &amp;lt;iframe&amp;gt; sandboxing matters", "Why <iframe> sandboxing matters"),
        ("html", "An &lt;b&gt;act&lt;/b&gt; of 5 &lt; 6", "An act of 5 < 6"),
        ("html", "&lt;script&gt;alert(1)&lt;/script&gt;Act", "Act"),
    ],
)
def test_a_title_that_is_text_keeps_its_angles(kind, written, title):
    named = f' type="{kind}"' if kind else ""
    assert only(atom(f"<entry><id>1</id><title{named}>{written}</title></entry>")).title == title


@pytest.mark.parametrize(
    "body", ["Why &lt;iframe&gt; sandboxing matters", "<![CDATA[Why <iframe> sandboxing matters]]>"]
)
def test_a_body_that_speaks_of_an_element_keeps_its_end(body):
    for text in (
        rss(f"<item><title>T</title><guid>1</guid><description>{body}</description></item>"),
        atom(f"<entry><id>1</id><title>T</title><summary type='text'>{body}</summary></entry>"),
    ):
        entry = only(text)
        draft = entries.draft(entry, publisher="Desk", language="en", now=NOW)
        assert draft.summary == "Why <iframe> sandboxing matters"
        assert draft.html == "Why &lt;iframe&gt; sandboxing matters"


def test_the_text_of_a_json_feed_is_text():
    item = {"id": "1", "title": "Why <iframe> matters", "content_text": "A <b> is bold & <canvas> draws"}
    entry = only(json.dumps({"items": [item]}))
    assert (entry.title, words(entry)) == ("Why <iframe> matters", "A <b> is bold & <canvas> draws")


def test_code_that_is_never_closed_is_still_no_text():
    assert cleaning.summary("Act <script>var a = 1; document.write(a)") == "Act"


def test_a_news_sitemap_is_read_like_a_feed():
    body = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://desk.example/1</loc><news:news>'
        "<news:publication><news:name>Harbour Desk</news:name><news:language>en</news:language></news:publication>"
        "<news:publication_date>2026-11-16T14:05:11+08:00</news:publication_date>"
        "<news:title>China&amp;s act</news:title></news:news></url><url><loc>https://desk.example/about</loc></url></urlset>"
    )
    entry = only(body)
    assert (entry.title, entry.link, entry.source) == (
        "China&s act",
        "https://desk.example/1",
        "Harbour Desk",
    )
    assert str(entry.published) == "2026-11-16 14:05:11+08:00"
    with pytest.raises(parsing.NotAFeed, match="index of sitemaps"):
        read('<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap/></sitemapindex>')


def test_a_feed_names_its_hub():
    head = '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://desk.example/all"/>'
    document = read(rss("<item><title>T</title><guid>1</guid></item>", head=head))
    assert (document.hub, document.topic) == ("https://hub.example/", "https://desk.example/all")


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("careful", [False, True])
def test_the_newest_items_of_many_are_kept_whichever_end_they_stand_at(dated, careful):
    day = "<pubDate>Mon, {:02} Nov 2026 {:02}:{:02}:00 GMT</pubDate>" if dated else ""
    items = [
        f"<item><title>Act {n}</title><guid>{n}</guid>{day.format(1 + n // 60, 0, n % 60)}</item>"
        for n in range(600)
    ]
    for order in (items, items[::-1]):
        document = read(rss("".join(order)), reference_only=careful)
        titles = {entry.title for entry in document.entries}
        assert len(titles) == 500
        assert "Act 599" in titles
        assert document.left_out == 100
        assert not dated or "Act 99" not in titles


def test_repairing_takes_time_in_line_with_the_size():
    for piece in (
        "<![CDATA[",
        "<title>",
        "<a b='",
        "&#55357;",
        "<!--",
        "<title><![CDATA[",
        "</title>",
        "<item>",
        "&amp",
    ):
        assert repair.repaired("<rss><channel>" + piece * 60_000)


def test_an_attribute_given_twice_costs_no_ampersand_of_any_item():
    """Found by the fuzzer: after such a tag a lenient parser drops every reference of the document."""
    items = (
        "<item><title>One</title><description><a href='x' href='y'>z</a></description></item>"
        "<item><title>AT&amp;T &#38; Huawei &lt; 5G</title><link>https://desk.example/2</link></item>"
    )
    first, second = parsing.parse(rss(items).encode(), base=BASE).entries
    assert second.title == "AT&T & Huawei < 5G"
    assert "href='y'" not in first.html

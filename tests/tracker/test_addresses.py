"""Spellings of one page meet; different pages never do."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import addresses

PAGE = "https://example.com/news/2026/chip-rule"

ONE_PAGE = [
    "http://example.com/news/2026/chip-rule",
    "https://www.example.com/news/2026/chip-rule/",
    "HTTPS://WWW.EXAMPLE.COM:443/news/2026/chip-rule",
    "http://example.com:80/news/./2026/old/../chip-rule",
    "https://m.example.com/news/2026/chip-rule",
    "https://mobile.example.com/news/2026/chip-rule#comments",
    "https://amp.example.com/news/2026/chip-rule?amp=1",
    "https://www.example.com/amp/news/2026/chip-rule",
    "https://www.example.com/news/2026/chip-rule/amp/",
    "https://www.example.com/news/2026/chip-rule.amp.html",
    "https://example.com/news/2026/chip-rule?outputType=amp",
    "https://example.com/news/2026/chip-rule?utm_source=rss&utm_medium=feed&UTM_Campaign=x",
    "https://example.com/news/2026/chip-rule?fbclid=IwAR0&gclid=1&spm=a2.b&srnd=technology",
    "https://example.com/news/2026/chip-rule?",
    "https://editor:secret@example.com/news/2026/chip-rule",
    "https://example.com./news/2026/chip-rule",
    "  https://example.com/news/2026/\nchip-rule\u200b ",
    "//example.com/news/2026/chip-rule",
    "https://example.com/news/2026/chip-rule?utm_campaign=rss#comments",
    "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/news/2026/chip-rule?usqp=mq331",
    "https://www.google.com/amp/s/www.example.com/news/2026/chip-rule",
    "https://www.google.com/url?rct=j&sa=t&url=https://www.example.com/news/2026/chip-rule&ct=ga&usg=AOv",
    "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3A%2F%2Fexample.com%2Fnews%2F2026%2Fchip-rule",
    "https://example.com/news/2026/chip-rule?mod=rss_whats_news&maca=chi-rss-1127-rdf",
    "https://example.com/news/2026/chip-rule?mod=hp_lead_pos1&partner=rss&emc=rss",
    "https://example.com/news/2026/chip-rule?ref=rss&source=googlenews&from=timeline&isappinstalled=0",
    "https://example.com/news/2026/chip-rule;jsessionid=0A1B2C3D4E5F.node1?rss=1",
    "https://example.com/news/2026/chip-rule?PHPSESSID=n4ku2d8v0q6t1s3r5p7m9o1l2k",
    "https://example.com/news/2026/chip-rule?sid=71f635efe72e699a979471f523a282f4",
    "https://example.com/(S(lit3py55t21z5v55vlm25s55))/news/2026/chip-rule",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.com%2Fnews%2F2026%2Fchip-rule%3Ffbclid%3D9&h=AT",
]

DIFFERENT_PAGES = [
    ("https://example.com/forum?mod=viewthread&tid=1", "https://example.com/forum?mod=redirect&tid=1"),
    ("https://example.com/article?source=5", "https://example.com/article?source=6"),
    ("https://example.com/article?sid=5", "https://example.com/article?sid=6"),
    ("https://example.com/a?channel=world", "https://example.com/a?channel=tech"),
    ("https://example.com/a;v=1", "https://example.com/a;v=2"),
    ("https://example.com/article?id=5", "https://example.com/article?id=6"),
    ("https://example.com/?p=5", "https://example.com/?p=6"),
    ("https://example.com/story?ref=5", "https://example.com/story?ref=6"),
    ("https://example.com/?a=1&b=2", "https://example.com/"),
    ("https://example.com/Story-A", "https://example.com/story-a"),
    ("https://news.example.com/a", "https://example.com/a"),
    ("https://example.com:8443/a", "https://example.com/a"),
    ("https://example.com/#!/news/1", "https://example.com/#!/news/2"),
    ("https://example.com/#/news/1", "https://example.com/#/news/2"),
    ("https://example.com/s?q=%D6%D0", "https://example.com/s?q=%D6%D1"),
    ("https://example.com/a%2Fb", "https://example.com/a/b"),
    ("https://example.com/a;v=1", "https://example.com/a;v=2"),
    ("https://example.com/tag/amp", "https://example.com/tag"),
    ("https://example.com/timestamp", "https://example.com/timest"),
    ("https://news.google.com/rss/articles/CBMiA", "https://news.google.com/rss/articles/CBMiB"),
    ("https://example.com/新闻/一", "https://example.com/新闻/二"),
]


@pytest.mark.parametrize("spelling", ONE_PAGE)
def test_every_spelling_of_a_page_is_one(spelling):
    assert addresses.canonical(spelling) == PAGE


@pytest.mark.parametrize(("one", "other"), DIFFERENT_PAGES)
def test_different_pages_stay_apart(one, other):
    assert addresses.canonical(one) != addresses.canonical(other)


def test_parameters_are_put_in_order_and_non_ascii_is_spelled_one_way():
    assert addresses.canonical("https://example.com/s?b=2&a=1") == addresses.canonical(
        "https://example.com/s?a=1&b=2"
    )
    assert addresses.canonical("https://例子.cn/新闻?q=中") == addresses.canonical(
        "https://xn--fsqu00a.cn/%E6%96%B0%e9%97%bb?q=%e4%b8%ad"
    )


def test_mobile_wikipedia_is_wikipedia():
    assert addresses.canonical("https://zh.m.wikipedia.org/wiki/芯片") == addresses.canonical(
        "https://zh.wikipedia.org/wiki/芯片"
    )


def test_links_of_google_news_stay_unresolved_and_have_one_spelling():
    links = [
        "https://news.google.com/rss/articles/CBMiX?oc=5",
        "https://news.google.com/articles/CBMiX?hl=en-US&gl=US&ceid=US%3Aen",
        "https://news.google.com/read/CBMiX",
    ]
    assert {addresses.canonical(link) for link in links} == {"https://news.google.com/articles/CBMiX"}
    assert all(addresses.is_unresolved(link) for link in links)


@pytest.mark.parametrize(
    "link",
    [
        "https://bit.ly/3abc",
        "https://t.co/x",
        "https://t.co/x?utm_source=rss#top",
        "http://feedproxy.google.com/~r/a/~3/b",
        "https://t-co.cdn.ampproject.org/c/s/t.co/x",
    ],
)
def test_short_links_hide_their_page(link):
    assert addresses.is_unresolved(link)


@pytest.mark.parametrize("link", [PAGE, ONE_PAGE[-3], "mailto:a@b", ""])
def test_what_names_its_page_is_resolved(link):
    assert not addresses.is_unresolved(link)


def test_the_site_stands_for_the_outlet():
    assert addresses.site("https://www.m.scmp.com/news/1") == "scmp.com"
    assert addresses.site("nonsense") == ""


NO_PAGES = [
    *("", "x", "ftp://e.com/a", "javascript:alert(1)", "http://", "http://[::1", "https://e.com:99999/"),
    *("http://a b/c", "http://./", "https://" + "a" * 5_000, "http://\ud800.com/", "data:text/html,hi"),
    *("http://xn--\u202e.com:b/", "http://¨/", "http://a\\@b/", "http://%00/"),
]


@pytest.mark.parametrize("text", NO_PAGES, ids=range(len(NO_PAGES)))
def test_what_names_no_page_is_refused_in_words(text):
    with pytest.raises(addresses.BadAddress, match=r"address"):
        addresses.canonical(text)
    assert addresses.canonical_or_empty(text) == ""


def test_wrappers_that_carry_themselves_come_to_an_end():
    url = "https://www.google.com/url?url=" * 40 + "https://example.com/"
    assert addresses.canonical(url).startswith("https://google.com/url")


@given(st.text(max_size=200))
def test_any_text_gives_an_address_or_a_refusal(text):
    for url in (text, f"https://{text}", f"https://example.com/{text}", f"https://example.com/?{text}"):
        found = addresses.canonical_or_empty(url)
        assert found == "" or addresses.canonical(found) == found


def test_among_the_pages_of_the_seeds_only_twins_meet():
    rows = [json.loads(line) for line in Path("seeds/articles.jsonl").read_text("utf-8").splitlines()]
    spellings = {}
    for url in {row["url"] for row in rows}:
        spellings.setdefault(addresses.canonical(url), set()).add(url)
    met = [sorted(urls) for urls in spellings.values() if len(urls) > 1]
    assert [[url.replace("/amp/", "/") for url in urls] for urls in met] == [[urls[1]] * 2 for urls in met]

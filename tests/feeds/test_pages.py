"""A pasted address becomes an article: known, or read once through the guard, or written by hand."""

import datetime

import pytest

from feeds import adding
from tests.feeds.publisher import Publisher, answering
from tracker.models import Article

pytestmark = pytest.mark.django_db
PAGE = """<!doctype html><html lang="zh-CN"><head><title>发改委 | 站点</title>
<meta property="og:title" content="发改委发布&lt;人工智能&gt;规则"><meta property="og:site_name" content="海港报">
<meta property="article:published_time" content="2026-11-20T00:10:00+08:00"></head><body><h1>x</h1></body></html>"""
BARE = (
    "<html><head><title>Rules  adopted</title></head>"
    '<script type="application/ld+json">{"datePublished": "2026-11-20"}</script></html>'
)


@pytest.fixture
def publisher(settings):
    settings.FETCH_ALLOW_PRIVATE = True
    with Publisher() as started:
        started.pages = {"/page": PAGE.encode(), "/bare": BARE.encode(), "/none": b"<html></html>"}
        yield started


def test_a_page_is_read_for_title_day_and_outlet_and_left_to_its_finder(publisher):
    article = adding.article_at(publisher.url("/page"))
    assert (article.title, article.publisher) == ("发改委发布<人工智能>规则", "海港报")
    assert article.language.startswith("zh")
    assert article.day == datetime.date(2026, 11, 20)
    assert article.state == Article.State.BACKGROUND
    calls = len(publisher.requests)
    assert adding.article_at(publisher.url("/page") + "?utm_source=x").pk == article.pk
    assert len(publisher.requests) == calls


def test_a_bare_page_names_title_and_day_in_its_script(publisher):
    article = adding.article_at(publisher.url("/bare"))
    assert (article.title, article.day) == ("Rules adopted", datetime.date(2026, 11, 20))


@pytest.mark.parametrize(
    ("address", "says"),
    [("no address", "is no web address"), ("/none", "names no title"), ("/gone", "could not be read")],
)
def test_what_cannot_be_read_is_said_and_can_be_written_by_hand(publisher, address, says):
    publisher.pages["/gone"] = answering(500)
    asked = publisher.url(address) if address.startswith("/") else address
    with pytest.raises(ValueError, match=says):
        adding.article_at(asked)
    assert not Article.objects.exists()
    if address.startswith("/"):
        article = adding.article_at(asked, title="By hand", day=datetime.date(2026, 11, 20))
        assert (article.title, article.day) == ("By hand", datetime.date(2026, 11, 20))


def test_no_address_inside_the_house_is_called(publisher, settings):
    settings.FETCH_ALLOW_PRIVATE = False
    with pytest.raises(ValueError, match="could not be read"):
        adding.article_at(publisher.url("/page"))
    assert publisher.requests == []

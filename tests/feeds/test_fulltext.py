"""Full texts come only where they are wanted and allowed, once, and harmless."""

import pytest

from feeds import fulltext
from feeds.models import Delivery, Feed
from tests.feeds.publisher import Publisher, answering
from tests.feeds.test_polling import item, poll, rss
from tracker.models import Article

pytestmark = pytest.mark.django_db
SENTENCE = "The ministry published rules for advanced systems and named a date for each of them. "
PAGE = (
    "<!doctype html><html><head><title>Rules</title></head><body><nav>Menu Home Sport</nav><article><h1>Rules</h1>"
    + "".join(f"<p>{SENTENCE * 3}</p>" for _ in range(5))
    + "<script>alert(1)</script></article><footer>Imprint</footer></body></html>"
).encode()


@pytest.fixture(autouse=True)
def switched_on(settings):
    settings.FETCH_FULL_TEXT = settings.FETCH_ALLOW_PRIVATE = True


@pytest.fixture
def publisher():
    """A feed whose one item leads to a page on the same host."""
    with Publisher() as started:
        started.pages = {"/page": PAGE}
        started.pages["/feed"] = rss(item("a", "Rules", "Short.", link=started.url("/page")))
        poll(Feed.objects.create(url=started.url("/feed")))
        Article.objects.update(state=Article.State.FILED)
        yield started


def called(publisher):
    return [path for path, _ in publisher.requests if path == "/page"]


def test_the_text_of_a_relevant_article_is_kept_without_menus_and_scripts(publisher):
    assert fulltext.fetch_waiting() == 1
    text = Article.objects.get().text
    assert SENTENCE.strip() in text
    assert "Menu" not in text
    assert "alert" not in text


def test_it_is_tried_once(publisher):
    publisher.pages["/page"] = answering(500)
    assert [fulltext.fetch_waiting() for _ in range(3)] == [0, 0, 0]
    assert len(called(publisher)) == 1
    assert Delivery.objects.get().text_tried_at


@pytest.mark.parametrize("why", ["setting", "feed", "irrelevant", "unresolved", "not yet filed"])
def test_nothing_is_called_unless_everybody_agrees(publisher, settings, why):
    if why == "setting":
        settings.FETCH_FULL_TEXT = False
    elif why == "feed":
        Feed.objects.update(full_text=False)
    elif why == "irrelevant":
        Article.objects.update(state=Article.State.BACKGROUND)
    elif why == "unresolved":
        Article.objects.update(unresolved=True)
    else:
        Article.objects.update(state=Article.State.NEW)
    assert fulltext.fetch_waiting() == 0
    assert called(publisher) == []


@pytest.mark.parametrize(
    ("robots", "comes"),
    [
        (b"User-agent: *\nDisallow: /page", False),
        (b"User-agent: PolicyRecommendationTracker\nDisallow: /", False),
        (b"User-agent: GPTBot\nDisallow: /", True),
        (b"User-agent: *\nDisallow: /*age$", False),
        (b"User-agent: *\nDisallow: /\nAllow: /page", True),
        (b"\xff\xfe nonsense \x00", True),
        (answering(404), True),
        (answering(503), False),
    ],
)
def test_robots_rules_are_kept(publisher, robots, comes):
    publisher.pages["/robots.txt"] = robots
    assert bool(fulltext.fetch_waiting()) is comes
    assert bool(called(publisher)) is comes


@pytest.mark.parametrize("body", [b"", b"\x00" * 1000, b"<div>" * 50_000, bytes(range(256)) * 99, b"<html>"])
def test_hostile_pages_give_no_text_and_no_trouble(publisher, body):
    publisher.pages["/page"] = body
    assert fulltext.fetch_waiting() == 0
    assert Article.objects.get().text == ""

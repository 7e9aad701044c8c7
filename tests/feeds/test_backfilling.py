"""An archive is walked page by page, politely, once, and to an end, whatever its publisher names as the next."""

import io

import pytest
from django.core.management import CommandError, call_command

from feeds import backfill, scheduling, tasks
from feeds.models import Delivery, Feed, Poll
from tests.feeds.publisher import Publisher, answering, feed_of, reply
from tracker.models import Article

pytestmark = pytest.mark.django_db
LINK = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='{rel}' href='{href}'/>"
WORDPRESS = "<generator>https://wordpress.org/?v=6.8</generator>"


@pytest.fixture(autouse=True)
def own_machine_allowed(settings):
    settings.FETCH_ALLOW_PRIVATE = True


@pytest.fixture
def publisher():
    with Publisher() as started:
        yield started


@pytest.fixture
def feed(publisher):
    return Feed.objects.create(url=publisher.url("/feed"), title="Desk")


def page(*keys, older="", rel="next", head=""):
    named = LINK.format(rel=rel, href=older) if older else ""
    return feed_of(*keys).replace(b"<link>", f"{named}{head}<link>".encode(), 1)


def walked(feed, **options):
    pages = list(backfill.backfill(feed, **options))
    feed.refresh_from_db()
    assert (feed.lease_token, feed.attempts) == ("", 0)
    return pages


def titles():
    return set(Article.objects.values_list("title", flat=True))


@pytest.fixture
def archive(publisher):
    publisher.pages |= {
        "/feed": page("six", "five", older="/2"),
        "/2": page("four", "five", older="/1", rel="prev-archive"),
        "/1": page("one", "two"),
    }


def test_an_archive_is_read_to_its_end_and_every_item_kept_once(feed, archive):
    pages = walked(feed)
    assert [(told.number, told.entries, told.new) for told in pages] == [(1, 2, 2), (2, 2, 1), (3, 2, 2)]
    assert pages[-1].text == "The publisher names no older page."
    assert titles() == {"Act six", "Act five", "Act four", "Act one", "Act two"}
    assert Delivery.objects.count() == 5
    assert (feed.archive_pages, feed.archive_next) == (3, "")
    assert [poll.new for poll in Poll.objects.order_by("id")] == [2, 1, 2]
    assert "Archive, page 3" in Poll.objects.latest("id").text


def test_a_second_walk_calls_nobody_and_from_the_beginning_it_keeps_nothing_new(feed, archive, publisher):
    walked(feed)
    calls = len(publisher.requests)
    assert walked(feed)[0].text == "The archive is read to its end."
    assert len(publisher.requests) == calls
    assert sum(told.new for told in walked(feed, again=True)) == 0
    assert Delivery.objects.count() == 5


def test_a_walk_goes_on_where_the_last_one_ended(feed, archive, publisher):
    assert [told.more for told in walked(feed, pages=2)] == [True, True]
    assert feed.archive_next == publisher.url("/1")
    assert [told.number for told in walked(feed)] == [3]
    assert [path for path, _ in publisher.requests] == ["/feed", "/2", "/1"]


def test_a_page_that_fails_is_tried_again_by_the_next_walk(feed, archive, publisher):
    good, publisher.pages["/2"] = publisher.pages["/2"], answering(503)
    assert "(503)" in walked(feed)[-1].text
    assert (feed.archive_pages, feed.state) == (1, Feed.State.NEW)
    publisher.pages["/2"] = good
    assert [told.number for told in walked(feed)] == [2, 3]


def test_the_pages_of_wordpress_are_counted_until_it_has_no_more(feed, publisher):
    def serve(handler):
        number = int(handler.path.partition("paged=")[2] or 1)
        body = page(f"item {number}", head=WORDPRESS)
        reply(handler, 200 if number < 4 else 404, body, {"Content-Type": "application/rss+xml"})

    publisher.pages["/feed"] = serve
    Feed.objects.filter(pk=feed.pk).update(url=publisher.url("/feed?cat=5"))
    assert [told.new for told in walked(feed)] == [1, 1, 1, 0]
    assert [path for path, _ in publisher.requests] == [
        "/feed?cat=5",
        *(f"/feed?cat=5&paged={n}" for n in (2, 3, 4)),
    ]
    assert (feed.archive_pages, feed.archive_next) == (3, "")


def test_pages_without_end_are_read_as_far_as_asked(feed, publisher, monkeypatch):
    def serve(handler):
        number = int(handler.path.partition("=")[2] or 0)
        reply(handler, 200, page(f"item {number}", older=f"/feed?page={number + 1}"))

    publisher.pages["/feed"] = serve
    monkeypatch.setattr(backfill, "MOST", 5)
    assert len(walked(feed, pages=3)) == 3
    assert walked(feed, pages=30)[-1].text == "That is as far as an archive is read."
    assert feed.archive_pages == 5


HOSTILE = {
    "itself": ("/feed", "The pages repeat themselves."),
    "a circle": ("/2", "The pages repeat themselves."),
    "another host": (
        "http://elsewhere.example/2",
        "The next page is on another host: http://elsewhere.example/2",
    ),
    "a file": ("file:///etc/passwd", "The publisher names no older page."),
    "nothing to read": ("/page", "That was the last page."),
    "metadata": (
        "http://169.254.169.254/latest",
        "The next page is on another host: http://169.254.169.254/latest",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_come_to_an_end(name, feed, publisher):
    older, text = HOSTILE[name]
    publisher.pages |= {
        "/feed": page("one", older=older),
        "/2": page("two", older="/feed"),
        "/page": b"<html><body>404, but polite</body></html>",
    }
    assert walked(feed)[-1].text == text
    assert len(publisher.requests) <= 2


def test_a_server_that_ignores_the_page_asked_for_is_found_out(feed, publisher):
    publisher.pages["/feed"] = page("one", "two", head=WORDPRESS)
    assert walked(feed)[-1].text == "The pages repeat themselves."
    assert len(publisher.requests) == 2


def test_a_redirect_to_a_private_host_is_refused(feed, publisher, settings):
    settings.FETCH_ALLOW_PRIVATE = False
    (told,) = walked(feed)
    assert "private" in told.text or "Port" in told.text
    assert Poll.objects.get().trouble == "blocked"


def test_a_feed_in_other_hands_is_left_to_them(feed, archive):
    scheduling.take_now(Feed.objects.all())
    with pytest.raises(backfill.Held, match="another worker"):
        next(backfill.backfill(feed))


def test_a_lease_lost_on_the_way_keeps_nothing_of_that_page(feed, archive):
    walk = backfill.backfill(feed)
    next(walk)
    Feed.objects.update(lease_token="f" * 32)
    assert "Another worker" in next(walk).text
    assert titles() == {"Act six", "Act five"}


def test_the_command_tells_each_page_and_where_to_go_on(feed, archive):
    out = io.StringIO()
    call_command("backfill", "Desk", "--pages", "2", stdout=out)
    *pages, last = out.getvalue().splitlines()
    assert len(pages) == 2
    assert pages[1].endswith("/2: 2 items, 1 new")
    assert last == "Desk: 3 new articles. There is more: run it again to go on."
    with pytest.raises(CommandError, match="No feed is called 'Nobody'"):
        call_command("backfill", "Nobody")


def test_the_task_asks_for_what_is_left(feed, archive, monkeypatch):
    asked = []
    monkeypatch.setattr(backfill, "PAGES", 2)
    monkeypatch.setattr(tasks, "nudge_filing", lambda: asked.append("filing"))
    monkeypatch.setattr(tasks.backfill, "apply_async", lambda given, **_: asked.append(given))
    assert tasks.backfill(feed.pk, 5) == 2
    assert tasks.backfill(feed.pk, 3) == 1
    assert tasks.backfill(feed.pk, 3) == 1
    assert asked == ["filing", (feed.pk, 3), "filing"]
    assert tasks.backfill(0) == 0

"""`manage.py poll`: one line per feed and a summary, whatever the network does."""

import io

import pytest
from django.core.management import CommandError, call_command

from feeds import scheduling
from feeds.models import Feed
from tests.feeds.publisher import Publisher, answering, feed_of
from tracker.models import Article

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_machine_allowed(settings):
    settings.FETCH_ALLOW_PRIVATE = True


@pytest.fixture
def publisher():
    with Publisher() as started:
        started.pages = {"/good": feed_of("one", "two"), "/down": answering(503)}
        for path in started.pages:
            Feed.objects.create(url=started.url(path), title=path)
        yield started


def polled(*given):
    out = io.StringIO()
    call_command("poll", *given, stdout=out)
    return out.getvalue().splitlines()


def test_due_feeds_are_polled_one_line_each_and_summed_up(publisher):
    *lines, summary = polled()
    assert len(lines) == 2
    assert any("/good: 2 items, 2 new" in line for line in lines)
    assert any("/down: publisher's server in trouble" in line and "(503)" in line for line in lines)
    assert summary == "2 feeds: 1 read, 0 unchanged, 1 failed; 2 new articles in 2 deliveries, 0 edited."


def test_nothing_due_is_said_to_be_so_and_all_polls_all_the_same(publisher):
    polled()
    assert polled() == ["No feed is due. Poll them all the same with --all."]
    assert polled("--all")[-1].startswith("2 feeds: 0 read, 1 unchanged, 1 failed")


def test_feeds_are_named_by_id_address_or_title(publisher):
    good = Feed.objects.get(title="/good")
    for name in (str(good.pk), good.url, "goo"):
        assert polled(name)[-1].startswith("1 feeds")
    with pytest.raises(CommandError, match="No feed is called 'nonsense'"):
        polled("nonsense")


def test_a_feed_that_a_worker_holds_is_left_to_it(publisher):
    scheduling.claim()
    assert "2 left to the worker" in polled("--all")[-1]
    assert not Article.objects.exists()


def test_without_feeds_it_says_how_to_add_some(db):
    assert polled() == ["There are no feeds yet. Add some: manage.py feeds import FILE.opml"]


def test_without_a_network_every_feed_says_so_in_words():
    Feed.objects.create(url="https://nowhere.invalid/feed", title="Far")
    line, summary = polled()
    assert "Far: name not found" in line
    assert "1 failed" in summary


def test_a_feed_that_was_named_and_failed_ends_the_command_with_an_error():
    Feed.objects.create(url="https://nowhere.invalid/feed", title="Far")
    with pytest.raises(CommandError, match="1 of the feeds that were named failed"):
        polled("Far")

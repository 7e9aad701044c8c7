"""A poll keeps what is new, once, and gives the feed back; whatever goes wrong stays with its feed."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from feeds import entries, polling, scheduling
from feeds.models import Delivery, Feed, Poll
from feeds.parsing import document
from feeds.scheduling import Batch
from tests.feeds.publisher import RSS, Publisher, answering, feed_of
from tracker.models import Article, ArticleVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def publisher():
    with Publisher() as started:
        yield started


@pytest.fixture(autouse=True)
def own_machine_allowed(settings):
    settings.FETCH_ALLOW_PRIVATE = True


@pytest.fixture
def feed(publisher):
    publisher.pages["/feed"] = feed_of("one", "two")
    return Feed.objects.create(url=publisher.url("/feed"))


def poll(*feeds):
    """Poll now, due or not; the outcomes in the order of the feeds."""
    chosen = Feed.objects.filter(pk__in=[feed.pk for feed in feeds]) if feeds else Feed.objects.all()
    token = scheduling.take_now(chosen)
    batch = Batch(token, tuple(chosen.values_list("pk", flat=True)))
    outcomes = sorted(polling.poll_batch(batch), key=lambda outcome: outcome.feed.pk)
    for feed in feeds:
        feed.refresh_from_db()
    return outcomes


def item(key, title=None, body="Words.", link=None, rest=""):
    link = f"<link>{link or 'https://desk.example/' + key}</link>" if link != "" else ""
    return (
        f"<item><title>{title or 'Act ' + key}</title>{link}<guid isPermaLink='false'>{key}</guid>"
        f"<description>{body}</description>{rest}</item>"
    )


def rss(*items):
    return RSS.format(items="".join(items)).encode()


def test_what_is_new_is_kept_and_the_feed_given_back(feed):
    (outcome,) = poll(feed)
    assert (outcome.kind, outcome.entries, outcome.new, outcome.articles) == ("read", 2, 2, 2)
    assert set(Article.objects.values_list("title", flat=True)) == {"Act one", "Act two"}
    assert (feed.state, feed.lease_token, feed.attempts, feed.title) == ("green", "", 0, "Desk")
    assert feed.next_poll_at > timezone.now() + timedelta(minutes=5)


def test_a_second_poll_of_the_same_bytes_writes_nothing(feed):
    poll(feed)
    (outcome,) = poll(feed)
    assert outcome.kind == "unchanged"
    assert (Article.objects.count(), Delivery.objects.count(), Poll.objects.count()) == (2, 2, 1)
    assert feed.unchanged_polls == 1


def test_validators_are_sent_back_and_a_304_is_enough(feed, publisher):
    def conditional(handler):
        known = handler.headers.get("If-None-Match") == '"v1"'
        answering(304 if known else 200, b"" if known else feed_of("one"), {"ETag": '"v1"'})(handler)

    publisher.pages["/feed"] = conditional
    assert [poll(feed)[0].kind for _ in range(2)] == ["read", "unchanged"]


def test_one_article_in_five_feeds_is_one_row_with_five_deliveries(publisher):
    links = [
        "https://www.desk.example/act",
        "https://desk.example/act?utm_source=rss",
        "https://m.desk.example/act",
        "http://desk.example/act#top",
        "https://desk.example/act/",
    ]
    for number, link in enumerate(links):
        publisher.pages[f"/{number}"] = rss(item(f"guid-{number}", "One act", link=link))
        Feed.objects.create(url=publisher.url(f"/{number}"))
    assert sum(outcome.articles for outcome in poll()) == 1
    assert Delivery.objects.filter(article=Article.objects.get()).count() == 5
    assert Delivery.objects.filter(leads=True).count() == 1


def test_a_guid_used_for_everything_hides_nothing(feed, publisher):
    publisher.pages["/feed"] = rss(
        *(item("same", f"Act {n}", link=f"https://desk.example/{n}") for n in range(5))
    )
    assert poll(feed)[0].articles == 5
    publisher.pages["/feed"] = rss(
        *(item("same", f"Act {n}", link=f"https://desk.example/{n}") for n in range(1, 6))
    )
    outcome = poll(feed)[0]
    assert (outcome.new, outcome.articles, outcome.edited) == (1, 1, 0)
    assert Article.objects.count() == 6


def test_the_same_item_60000_times_is_one_article(feed, publisher):
    publisher.pages["/feed"] = rss("<item><guid>same</guid><title>Act</title></item>" * 60_000)
    outcome = poll(feed)[0]
    assert (outcome.kind, outcome.new, outcome.articles) == ("read", 1, 1)
    assert (Article.objects.count(), Delivery.objects.count()) == (1, 1)
    assert f"{60_000 - document.MAXIMUM_ENTRIES}" in outcome.text


def test_a_title_of_a_megabyte_is_cut(feed, publisher):
    publisher.pages["/feed"] = rss(item("long", "words " * 170_000))
    assert poll(feed)[0].articles == 1
    assert 400 < len(Article.objects.get().title) <= document.MAXIMUM_TITLE


def test_a_feed_that_floods_is_kept_whole_told_once_and_read_again_tomorrow(
    feed, publisher, mailoutbox, django_capture_on_commit_callbacks
):
    for wave in range(5):
        publisher.pages["/feed"] = rss(*(item(f"{wave}-{n}") for n in range(450)))
        with django_capture_on_commit_callbacks(execute=True):
            poll(feed)
        assert feed.trouble == ("flood" if wave == 4 else "")
    assert Article.objects.count() == 5 * 450
    assert (feed.state, len(mailoutbox)) == ("amber", 1)
    assert "2250 new items within a day" in feed.health()
    assert feed.next_poll_at > timezone.now() + timedelta(hours=23)
    Poll.objects.update(at=timezone.now() - timedelta(days=1, hours=1))
    poll(feed)
    assert (feed.state, feed.trouble) == ("green", "")
    assert feed.next_poll_at < timezone.now() + timedelta(hours=7)


def test_a_guid_that_comes_back_with_another_act_is_another_article(feed, publisher):
    publisher.pages["/feed"] = rss(item("latest", "Ban announced", link="https://desk.example/1"))
    poll(feed)
    for _ in range(2):
        publisher.pages["/feed"] = (
            rss(item("latest", "Talks resumed", link="https://desk.example/2")) + b"<!-- -->"
        )
        poll(feed)
    assert set(Article.objects.values_list("title", flat=True)) == {"Ban announced", "Talks resumed"}
    assert not ArticleVersion.objects.exists()


def test_an_address_shared_by_all_items_hides_none(feed, publisher):
    """A page of changes, a portal: another id and another title at the same address are another item."""
    page = "https://desk.example/changes"
    one, two, three = (
        item(key, link=page + (f"#{key}" if key == "two" else "")) for key in ("one", "two", "three")
    )
    publisher.pages["/feed"] = answering(200, rss(two, one))
    assert poll(feed)[0].articles == 2
    publisher.pages["/feed"] = answering(200, rss(three, two, one))
    assert poll(feed)[0].articles == 1
    # Its ids change: each item meets its own article again.
    renamed = [text.replace("isPermaLink='false'>", "isPermaLink='false'>new-") for text in (three, two, one)]
    publisher.pages["/feed"] = answering(200, rss(*renamed))
    outcome = poll(feed)[0]
    assert (outcome.new, outcome.articles, Article.objects.count()) == (3, 0, 3)
    edited = [text.replace("</title>", ", as amended</title>") for text in renamed]
    publisher.pages["/feed"] = answering(200, rss(*edited))
    assert (poll(feed)[0].new, Article.objects.count()) == (0, 3)


def test_another_feed_at_a_shared_address_adds_nothing_that_is_known(feed, publisher):
    page = "https://desk.example/changes"
    body = rss(*(item(key, link=page) for key in ("one", "two")))
    publisher.pages["/feed"] = publisher.pages["/other"] = answering(200, body)
    other = Feed.objects.create(url=publisher.url("/other"))
    poll(feed, other)
    assert Article.objects.count() == 2
    assert sorted(Delivery.objects.values_list("article", flat=True)) == sorted(
        2 * list(Article.objects.values_list("pk", flat=True))
    )


def test_guids_that_change_at_every_poll_double_nothing(feed, publisher):
    for poll_number in range(3):
        publisher.pages["/feed"] = rss(item(f"random-{poll_number}", "Act", link="https://desk.example/act"))
        poll(feed)
    assert Article.objects.count() == 1


def test_items_without_link_are_known_by_their_words_and_day(feed, publisher):
    day = "<pubDate>Mon, 16 Nov 2026 14:05:11 +0000</pubDate>"
    publisher.pages["/feed"] = rss(item("a", "Daily briefing", link="", rest=day), item("b", "Else", link=""))
    poll(feed)
    publisher.pages["/feed"] = rss(
        item("c", "Daily briefing", link="", rest=day.replace("16", "17")), item("b", "Else", link="")
    )
    poll(feed)
    assert Article.objects.filter(title="Daily briefing").count() == 2
    assert Article.objects.filter(title="Else", url="").count() == 1


def test_equal_missing_and_late_dates_hide_nothing(feed, publisher):
    equal = "<pubDate>Mon, 16 Nov 2026 14:05:11 +0000</pubDate>"
    publisher.pages["/feed"] = rss(item("a", rest=equal), item("b", rest=equal), item("c"))
    poll(feed)
    late = "<pubDate>Mon, 02 Nov 2026 14:05:11 +0000</pubDate>"
    publisher.pages["/feed"] = rss(item("a", rest=equal), item("d", rest=equal), item("late", rest=late))
    assert poll(feed)[0].articles == 2


def test_dates_of_1970_and_of_the_future_are_not_kept(feed, publisher):
    publisher.pages["/feed"] = rss(
        item("old", rest="<pubDate>Thu, 01 Jan 1970 00:00:00 +0000</pubDate>"),
        item("far", rest="<pubDate>Tue, 01 Mar 2089 00:00:00 +0000</pubDate>"),
    )
    poll(feed)
    assert list(Article.objects.values_list("published_at", flat=True)) == [None, None]


def test_an_edit_keeps_the_former_words_and_re_enters_the_queue_once(feed, publisher):
    publisher.pages["/feed"] = rss(item("a", "Ban proposed", "First words.", link="https://desk.example/a"))
    poll(feed)
    Article.objects.update(state=Article.State.FILED)
    publisher.pages["/feed"] = rss(item("a", "Ban adopted", "Other words.", link="https://desk.example/a"))
    assert poll(feed)[0].edited == 1
    article = Article.objects.get()
    assert (article.title, article.state) == ("Ban adopted", Article.State.CHANGED)
    assert article.changed_at
    assert [version.title for version in article.versions.all()] == ["Ban proposed"]


def test_two_headlines_in_turn_are_two_versions_and_no_more(feed, publisher):
    outcomes = []
    for title in ("Ban", "Curbs", "Ban", "Curbs", "Ban"):
        publisher.pages["/feed"] = rss(item("a", title, link="https://desk.example/a"))
        outcomes += poll(feed)
    assert [outcome.edited for outcome in outcomes] == [0, 1, 0, 0, 0]


def test_an_advertisement_that_changes_in_the_markup_is_no_edit(feed, publisher):
    for number in range(3):
        body = f"&lt;p&gt;Words.&lt;/p&gt;&lt;img src='https://ads.example/{number}.gif'&gt;"
        publisher.pages["/feed"] = rss(item("a", body=body))
        outcome = poll(feed)[0]
    assert (outcome.edited, ArticleVersion.objects.count()) == (0, 0)


def test_a_feed_with_words_fills_an_article_that_had_only_a_title(publisher):
    for name, body in (("bare", ""), ("full", "The commission adopted the rules.")):
        publisher.pages[f"/{name}"] = rss(item(name, "Rules", body, link="https://desk.example/rules"))
        poll(Feed.objects.create(url=publisher.url(f"/{name}")))
    assert Article.objects.get().summary == "The commission adopted the rules."
    assert Delivery.objects.get(leads=True).feed.url.endswith("/full")


def test_the_address_stays_the_publishers_own_where_it_is_visited(feed, publisher):
    publisher.pages["/feed"] = rss(item("a", link="http://www.desk.example/act/?utm_medium=rss#top"))
    poll(feed)
    assert Article.objects.get().url == "http://www.desk.example/act/"


def test_a_link_of_google_news_is_kept_as_unresolved(feed, publisher):
    publisher.pages["/feed"] = rss(item("a", link="https://news.google.com/rss/articles/CBMiabc?oc=5"))
    poll(feed)
    assert Article.objects.get().unresolved


def test_stored_html_and_titles_are_harmless(feed, publisher):
    attack = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;b onclick=alert(1)&gt;Ban&lt;/b&gt;"
    publisher.pages["/feed"] = rss(item("a", attack, attack))
    poll(feed)
    article = Article.objects.get()
    assert (article.title, article.html, article.summary) == ("Ban", "<b>Ban</b>", "Ban")


def test_trouble_of_one_feed_leaves_the_others_alone(feed, publisher):
    publisher.pages["/down"] = answering(503)
    publisher.pages["/page"] = b"<!doctype html><html><p>Sign in</p></html>"
    others = [Feed.objects.create(url=publisher.url(path)) for path in ("/down", "/page", "/nothing")]
    kinds = [outcome.kind for outcome in poll(feed, *others)]
    assert kinds == ["read", "http_5xx", "not_a_feed", "http_4xx"]
    assert [(other.state, other.trouble) for other in others] == [
        ("amber", "http_5xx"),
        ("amber", "not_a_feed"),
        ("amber", "http_4xx"),
    ]
    assert "(503)" in others[0].trouble_text


def test_a_304_after_a_failure_does_not_make_a_feed_well(feed, publisher):
    poll(feed)
    publisher.pages["/feed"] = answering(500)
    poll(feed)
    publisher.pages["/feed"] = answering(304)
    poll(feed)
    assert (feed.state, feed.trouble) == ("amber", "http_5xx")
    publisher.pages["/feed"] = feed_of("one", "two")
    poll(feed)
    assert (feed.state, feed.trouble, feed.failing_since) == ("green", "", None)


def test_a_feed_in_trouble_is_asked_for_the_whole_document(feed, publisher):
    publisher.pages["/feed"] = answering(200, feed_of("one"), {"ETag": '"v1"'})
    poll(feed)
    Feed.objects.update(trouble="http_5xx", state="amber")
    poll(feed)
    assert "If-None-Match" not in publisher.requests[-1][1]


def test_a_failing_feed_turns_red_raises_one_alert_and_is_tried_daily(
    feed, publisher, mailoutbox, django_capture_on_commit_callbacks
):
    publisher.pages["/feed"] = answering(404)
    poll(feed)
    Feed.objects.update(failing_since=timezone.now() - timedelta(days=4))
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            poll(feed)
        assert feed.next_poll_at < timezone.now() + timedelta(days=1, minutes=1)
    assert feed.state == "red"
    # The people are those of the environment (tests/settings.py): no test may set what the product does not.
    assert [(mail.subject, mail.to) for mail in mailoutbox] == [
        (f"[Scorecard] A feed fails: {feed}", ["editor@desk.example"])
    ]


def test_gone_for_good_stops_a_feed_until_somebody_asks_again(feed, publisher):
    publisher.pages["/feed"] = answering(410)
    poll(feed)
    assert (feed.state, feed.next_poll_at) == ("stopped", None)
    Feed.objects.poll_soon()
    publisher.pages["/feed"] = feed_of("one")
    poll(feed)
    assert feed.state == "green"


def test_retry_after_is_kept(feed, publisher):
    publisher.pages["/feed"] = answering(429, b"", {"Retry-After": "7200"})
    poll(feed)
    assert feed.next_poll_at > timezone.now() + timedelta(seconds=7100)


def test_a_permanent_redirect_is_followed_for_good_after_three_days(feed, publisher):
    old, new = feed.url, publisher.url("/new")
    publisher.pages["/new"] = feed_of("one")
    publisher.pages["/feed"] = answering(301, b"", {"Location": "/new"})
    poll(feed)
    assert (feed.url, feed.moved_to) == (old, new)
    Feed.objects.update(moved_since=timezone.now() - timedelta(days=4))
    poll(feed)
    assert (feed.url, feed.former_url, feed.moved_to) == (new, old, "")
    assert Poll.objects.filter(outcome="moved").count() == 1


def test_an_empty_feed_is_no_failure(feed, publisher):
    publisher.pages["/feed"] = rss()
    assert poll(feed)[0].kind == "empty"
    assert feed.state == "green"


def test_a_worker_that_lost_its_lease_writes_nothing(feed):
    scheduling.take_now(Feed.objects.all())
    stale = Feed.objects.get()
    Feed.objects.update(lease_token="somebody else")
    outcome = polling.settle(stale, answered(feed_of("one")))
    assert (outcome.kind, Article.objects.count(), Poll.objects.count()) == ("lost", 0, 0)


def answered(body):
    return polling.Answer(url="https://desk.example/feed", status=200, body=body)


def test_a_paused_feed_is_not_polled(feed, publisher):
    Feed.objects.pause()
    assert poll(feed) == []
    assert publisher.requests == []


def test_private_addresses_are_not_called_unless_allowed(feed, settings, publisher):
    settings.FETCH_ALLOW_PRIVATE = False
    assert poll(feed)[0].kind == "blocked"
    assert publisher.requests == []


def sent(publisher):
    """The validators of each request."""
    names = ("If-None-Match", "If-Modified-Since")
    return [
        next((headers[name] for name in names if name in headers), None)
        for _path, headers in publisher.requests
    ]


@pytest.mark.parametrize("status", [200, 304])
def test_validators_are_renewed_by_every_answer(feed, publisher, status):
    tags = iter(("a", "b", "c"))

    def renewing(handler):
        fresh = status == 200 or "If-None-Match" not in handler.headers
        answering(200 if fresh else 304, feed_of("one") if fresh else b"", {"ETag": next(tags)})(handler)

    publisher.pages["/feed"] = renewing
    for _ in range(3):
        poll(feed)
    assert sent(publisher) == [None, "a", "b"]


def test_a_304_without_validators_keeps_the_old_ones(feed, publisher):
    def once(handler):
        known = "If-None-Match" in handler.headers
        answering(304 if known else 200, b"" if known else feed_of("one"), {} if known else {"ETag": "a"})(
            handler
        )

    publisher.pages["/feed"] = once
    for _ in range(3):
        poll(feed)
    assert sent(publisher) == [None, "a", "a"]


def test_a_server_that_says_304_for_ever_is_asked_for_the_whole_document(feed, publisher):
    keys = ["one"]

    def frozen(handler):
        known = "If-Modified-Since" in handler.headers
        stamp = {"Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"}
        answering(304 if known else 200, b"" if known else feed_of(*keys), stamp)(handler)

    publisher.pages["/feed"] = frozen
    poll(feed)
    keys.append("two")
    for _ in range(polling.WHOLE_POLLS):
        poll(feed)
    assert Article.objects.filter(title="Act two").exists()


@pytest.mark.parametrize("why", ["a day", "poll now", "named"])
def test_the_whole_document_is_asked_for_daily_and_by_whoever_asks(feed, publisher, why):
    publisher.pages["/feed"] = answering(200, feed_of("one"), {"ETag": "a"})
    poll(feed)
    if why == "a day":
        Feed.objects.update(whole_at=timezone.now() - timedelta(hours=25))
    elif why == "poll now":
        Feed.objects.poll_soon()
    if why == "named":
        call_command("poll", str(feed.pk), stdout=io.StringIO())
    else:
        poll(feed)
    poll(feed)
    assert sent(publisher) == [None, None, "a"]


def test_a_first_answer_of_304_is_a_trouble(feed, publisher):
    publisher.pages["/feed"] = answering(304)
    poll(feed)
    assert (feed.state, feed.trouble) == ("amber", "protocol")
    assert "never read" in feed.trouble_text


def test_a_feed_that_says_304_to_everything_for_a_week_is_doubted(feed, publisher):
    poll(feed)
    publisher.pages["/feed"] = answering(304)
    Feed.objects.update(whole_at=timezone.now() - timedelta(days=9))
    poll(feed)
    assert feed.state == "green"
    assert "even when asked for the whole document" in feed.health()
    assert list(Feed.objects.quiet()) == [feed]


def test_a_document_that_changes_without_anything_new_is_doubted(feed, publisher):
    for number in range(12):
        publisher.pages["/feed"] = feed_of("one") + f"<!-- {number} -->".encode()
        poll(feed)
    assert feed.barren_reads == 11
    Feed.objects.update(
        newest_at=timezone.now() - timedelta(days=30), quiet_after=timezone.now() - timedelta(days=9)
    )
    feed.refresh_from_db()
    assert "Its document changes" in feed.health()


def test_the_newest_of_too_many_items_arrives_though_it_stands_last(feed, publisher):
    for count in (600, 601):
        publisher.pages["/feed"] = feed_of(*range(count))
        poll(feed)
    assert Article.objects.filter(title__in=["Act 599", "Act 600"]).count() == 2


def test_a_spent_limit_is_waited_out_though_the_answer_was_good(feed, publisher):
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30000"}
    publisher.pages["/feed"] = answering(200, feed_of("one"), limits)
    poll(feed)
    assert feed.next_poll_at > timezone.now() + timedelta(seconds=29_000)


def google(number, day=16):
    """A story of Google News as the nth call lists it: its link, its id and the link in its body are new."""
    link = f"https://news.google.com/rss/articles/CBMi{number}?oc=5"
    return (
        f"<item><title>Senate passes chip bill - Harbour Wire</title><link>{link}</link>"
        f"<guid isPermaLink='false'>CBMi{number}</guid><pubDate>Mon, {day} Nov 2026 14:05:11 GMT</pubDate>"
        f"<description>&lt;a href='{link}'&gt;Senate passes chip bill&lt;/a&gt; Harbour Wire</description>"
        "<source url='https://wire.example'>Harbour Wire</source></item>"
    )


def test_a_story_that_an_aggregator_renames_at_every_call_is_one_article(feed, publisher):
    other = Feed.objects.create(url=publisher.url("/other"))
    for number in range(3):
        publisher.pages["/feed"] = rss(google(f"A{number}"))
        publisher.pages["/other"] = rss(google(f"B{number}"))
        outcomes = poll(feed, other)
        assert [outcome.new for outcome in outcomes] == ([0, 0] if number else [1, 1])
    assert (Article.objects.count(), Delivery.objects.count(), ArticleVersion.objects.count()) == (1, 2, 0)
    publisher.pages["/feed"] = rss(google("C", day=17))
    poll(feed)
    assert Article.objects.count() == 2


def test_what_was_known_by_an_aggregators_id_stays_known(feed, publisher):
    publisher.pages["/feed"] = rss(google("A"))
    poll(feed)
    Delivery.objects.update(guid="CBMiA", guid_key=entries.key_of("CBMiA"))
    Article.objects.update(url_key="before")
    publisher.pages["/feed"] = rss(google("A")) + b"<!-- another call -->"
    assert poll(feed)[0].new == 0


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("/2026/us-and-china-resume-talks?list=a", "/2026/us-and-china-resume-talks?list=b", 1),
        ("/2026/us-and-china-resume-talks", "/2026/us-and-china-resume-talks?list=b", 1),
        ("/a-75730109?x=1", "/a-75730109?x=2", 1),
        ("/article?id=1", "/article?id=2", 2),
        ("/view.php?id=1", "/view.php?id=2", 2),
    ],
)
def test_a_page_listed_with_other_parameters_is_one_article_where_its_path_names_it(
    feed, publisher, one, other, count
):
    second = Feed.objects.create(url=publisher.url("/other"))
    for path, link in (("/feed", one), ("/other", other)):
        publisher.pages[path] = rss(
            item(link, title="US and China resume talks", link=f"https://desk.example{link}")
        )
    poll(feed)
    poll(second)
    assert (Article.objects.count(), Delivery.objects.count()) == (count, 2)

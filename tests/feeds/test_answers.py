"""A feed's last answer: kept as it came, told field by field, and its day argued."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone, translation

from feeds import answers, entries
from feeds.models import Delivery, Feed, LastAnswer
from feeds.parsing import NotAFeed, origins
from tests.feeds.publisher import Publisher, answering, feed_of
from tests.feeds.test_polling import poll
from tests.feeds.test_reading import atom, rss

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def told(body, **given):
    body = body if isinstance(body, bytes) else body.encode()
    return origins.account(body, now=NOW, base="https://desk.example/feed", **given)


def of(account, field, item=0):
    """The value of a field, and its candidates as (name, raw, why), the taken one with the word "taken"."""
    origin = next(origin for origin in account.items[item].origins if origin.field == field)
    said = [(one.name, one.raw, "taken" if one.taken else one.why) for one in origin.candidates]
    return origin.value, said


def test_of_two_titles_the_one_of_another_vocabulary_is_told_as_passed_over():
    account = told(rss("<item><media:title>A picture</media:title><title>Rule on chips</title></item>"))
    assert of(account, "title") == (
        "Rule on chips",
        [("title", "Rule on chips", "taken"), ("media:title", "A picture", "later")],
    )


def test_why_a_link_is_not_the_article():
    links = (
        '<link rel="self" href="/me"/><link rel="alternate" type="application/json" href="/a.json"/>'
        '<link href="/a"/>'
    )
    value, said = of(told(atom(f"<entry><title>One</title>{links}</entry>")), "link")
    assert value == "https://desk.example/a"
    assert [why for *_, why in said] == ["relation", "rendering", "taken"]
    guid = '<item><title>One</title><guid isPermaLink="false">https://desk.example/no</guid></item>'
    assert of(told(rss(guid)), "link") == ("", [("guid", "https://desk.example/no", "no_permalink")])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("soon", "no_day"),
        ("04/05/2026", "day_or_month"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "before_1990"),
        ("2027-03-01T00:00:00Z", "ahead"),
    ],
)
def test_why_a_date_is_not_believed_and_which_one_is(raw, why):
    item = f"<item><title>One</title><pubDate>{raw}</pubDate><dc:date>2026-11-16T09:00:00Z</dc:date></item>"
    value, said = of(told(rss(item)), "day")
    if why != "ahead":  # the first date that anybody can have meant is taken, and then not believed
        assert value.startswith("2026-11-16 09:00")
        assert said[1][0::2] == ("dc:date", "taken")
    assert said[0] == ("pubdate", raw, why)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ("2026年11月16日 09:12", False),
        ("2026-11-16 09:12", False),
        ("2026-11-16", False),
        ("16 Nov 2026 09:12:00", False),
        ("2026-11-16T09:12:00Z", True),
        ("Mon, 16 Nov 2026 09:12:00 GMT", True),
        ("2026-11-16 09:12 +08:00", True),
        ("Mon, 16 Nov 2026 09:12 CST", True),
        ("2026-11-16 09:12 北京时间", True),
    ],
)
def test_whether_a_date_names_its_zone(raw, named):
    assert origins.names_zone(raw) is named


def test_repairs_and_charsets_are_told():
    body = (
        '<?xml version="1.0" encoding="gb2312"?>'
        + rss("<item><title>A & B：芯片出口管制</title></item>").split("?>")[1]
    )
    account = told(body.encode("gb18030"), content_type="text/xml; charset=iso-8859-1")
    assert account.charset == "gb18030"
    assert account.voices["declaration"] == "gb2312"
    assert account.voices["header"] == "iso-8859-1"
    assert len(account.errors) > 0
    assert of(account, "title")[0] == "A & B：芯片出口管制"


def test_json_feeds_tell_their_keys_and_the_forgiving_reader_says_nothing_it_does_not_know():
    body = b'{"items": [{"id": "7", "title": "One", "content_text": "Words", "external_url": "https://x.example/1"}]}'
    account = told(body)
    assert of(account, "text")[1] == [("content_text", "Words", "taken")]
    assert of(account, "link") == (
        "https://x.example/1",
        [("external_url", "https://x.example/1", "taken"), ("id", "7", "later")],
    )
    account = told(rss("<item><title>One</title></item>"), reference_only=True)
    assert account.document.reader == "reference"
    assert of(account, "title") == ("One", [])
    with pytest.raises(NotAFeed):
        told("<html><body>no</body></html>")


@pytest.fixture
def publisher():
    with Publisher() as started:
        yield started


@pytest.fixture
def feed(db, publisher, settings):
    settings.FETCH_ALLOW_PRIVATE, settings.SECOND_FACTOR = True, False
    publisher.pages["/feed"] = feed_of("one", "two")
    with translation.override("en"):
        yield Feed.objects.create(url=publisher.url("/feed"))


def test_one_answer_is_kept_whole_and_the_next_takes_its_place(feed, publisher):
    poll(feed)
    kept = LastAnswer.objects.get()
    assert answers.body_of(kept) == publisher.pages["/feed"]
    assert "Content-Type: application/rss+xml" in kept.headers
    publisher.pages["/feed"] = answering(
        200, b"<html><body>Please log in</body></html>", {"Set-Cookie": "a=b"}
    )
    poll(feed)
    kept = LastAnswer.objects.get()
    assert answers.body_of(kept) == b"<html><body>Please log in</body></html>"
    assert "web page" in kept.refusal
    assert "Cookie" not in kept.headers


def test_a_forgotten_answer_comes_again_with_the_next_whole_document(feed):
    poll(feed)
    LastAnswer.objects.update(at=timezone.now() - timedelta(days=31))
    assert answers.forget() == 1
    poll(feed)
    assert LastAnswer.objects.exists()


def test_a_large_document_leaves_its_size_and_no_body(feed, publisher, client, analyst):
    publisher.pages["/feed"] = feed_of("one") + b" " * answers.LARGEST
    poll(feed)
    client.force_login(analyst)
    assert (
        "larger than the megabyte"
        in client.get(reverse("admin:feeds_answer", args=[feed.pk])).content.decode()
    )
    assert client.get(reverse("admin:feeds_answer_download", args=[feed.pk])).status_code == 404


def test_the_page_tells_every_field_and_the_download_is_byte_for_byte(feed, publisher, client, analyst):
    poll(feed)
    client.force_login(analyst)
    page = client.get(reverse("admin:feeds_answer", args=[feed.pk])).content.decode()
    for words in (
        "Act one",
        "Act two",
        "<code>guid</code>",
        "taken",
        "kept with",
        "Content-Type: application/rss+xml",
    ):
        assert (words in page) is (words != "kept with"), words  # these items have no day
    download = client.get(reverse("admin:feeds_answer_download", args=[feed.pk]))
    assert download.content == publisher.pages["/feed"]
    assert download["Content-Type"] == "application/octet-stream"
    assert download["Content-Disposition"].startswith("attachment")
    assert download["X-Content-Type-Options"] == "nosniff"


def test_one_item_is_found_from_where_it_went(feed, client, analyst):
    poll(feed)
    client.force_login(analyst)
    where = client.get(reverse("admin:feeds_where"), {"url": "https://desk.example/two"}).content.decode()
    key = Delivery.objects.get(guid="two").guid_key
    address = f"{reverse('admin:feeds_answer', args=[feed.pk])}?item={key}"
    assert address in where
    page = client.get(address).content.decode()
    assert "Act two" in page
    assert "Act one" not in page
    gone = client.get(address, {"item": entries.key_of("other")}).content.decode()
    assert "no longer lists this item" in gone


def test_only_those_who_may_see_feeds_see_their_answers(feed, client, django_user_model):
    poll(feed)
    stranger = django_user_model.objects.create_user("eve", password="correct horse battery", is_staff=True)
    client.force_login(stranger)
    for name in ("admin:feeds_answer", "admin:feeds_answer_download"):
        assert client.get(reverse(name, args=[feed.pk])).status_code == 403
    stranger.groups.add(Group.objects.get(name="viewer"))
    assert client.get(reverse("admin:feeds_answer", args=[feed.pk])).status_code == 200
    assert client.get(reverse("admin:feeds_answer", args=[feed.pk + 1])).status_code == 404


@pytest.mark.django_db
def test_the_page_is_chinese_for_who_reads_chinese(feed, client, analyst):
    poll(feed)
    client.force_login(analyst)
    with translation.override("zh-hans"):
        page = client.get(reverse("admin:feeds_answer", args=[feed.pk])).content.decode()
    assert "逐字节下载" in page

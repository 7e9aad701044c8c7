"""The feeds in the admin: a queue, a feed's story, looking before adding, lists in and out, an item's way."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation

from feeds import admin_views, tasks
from feeds.models import Feed, Poll
from tests.feeds.publisher import Publisher, feed_of
from tests.feeds.test_polling import poll
from tracker.models import Article

pytestmark = pytest.mark.django_db
LIST = reverse("admin:feeds_feed_changelist")


@pytest.fixture
def publisher():
    with Publisher() as started:
        yield started


@pytest.fixture(autouse=True)
def own_machine_allowed(settings):
    settings.FETCH_ALLOW_PRIVATE = True
    settings.SECOND_FACTOR = False
    with translation.override("en"):
        yield


@pytest.fixture
def editor(client, analyst):
    client.force_login(analyst)
    return client


@pytest.fixture
def feed(publisher):
    publisher.pages["/feed"] = feed_of("one", "two")
    return Feed.objects.create(url=publisher.url("/feed"))


def feeds_in_every_condition():
    now = timezone.now()
    well = {"state": "green", "last_polled_at": now, "newest_at": now}
    trouble = {"trouble": "dns", "trouble_text": "No name.", "failing_since": now - timedelta(days=5)}
    conditions = {
        "quiet": well | {"newest_at": now - timedelta(days=90), "quiet_after": now - timedelta(days=60)},
        "well": well,
        "fresh": {},
        "red": {"state": "red"} | trouble,
        "paused": {"paused": True, "next_poll_at": None},
        "amber": {"state": "amber"} | trouble,
    }
    for title, fields in conditions.items():
        Feed.objects.create(url=f"https://{title}.example/feed", title=title, **fields)


def titles(page):
    return [feed.title for feed in page.context["cl"].result_list]


def test_the_list_is_a_queue_with_the_worst_on_top(editor):
    feeds_in_every_condition()
    page = editor.get(LIST)
    assert titles(page) == ["red", "amber", "quiet", "fresh", "well", "paused"]
    text = page.content.decode()
    assert "Name not found, for 5 days: No name." in text
    assert "brought nothing new for 90 days" in text


@pytest.mark.parametrize(
    ("health", "found"),
    [("ailing", ["red", "amber"]), ("quiet", ["quiet"]), ("paused", ["paused"]), ("new", ["fresh"])],
)
def test_the_list_is_filtered_by_health(editor, health, found):
    feeds_in_every_condition()
    assert titles(editor.get(LIST, {"health": health})) == found


def test_the_list_asks_as_few_questions_for_fifty_feeds_as_for_one(editor, django_assert_max_num_queries):
    Feed.objects.bulk_create(Feed(url=f"https://a{n}.example/", host=f"a{n}.example") for n in range(50))
    with django_assert_max_num_queries(12):
        editor.get(LIST)


def test_poll_now_pause_and_resume_are_actions(editor, feed):
    def act(action):
        editor.post(LIST, {"action": action, "_selected_action": [feed.pk]})
        feed.refresh_from_db()

    act("pause")
    assert (feed.paused, feed.next_poll_at) == (True, None)
    act("resume")
    assert feed.next_poll_at <= timezone.now()
    Feed.objects.update(next_poll_at=timezone.now() + timedelta(hours=5))
    act("poll_now")
    assert feed.next_poll_at <= timezone.now()


def test_a_feeds_page_tells_its_polls_and_what_became_of_its_items(
    editor, feed, django_assert_max_num_queries
):
    poll(feed)
    Article.objects.filter(title="Act one").update(state=Article.State.BACKGROUND)
    Poll.objects.create(feed=feed, outcome="failed", trouble="timeout", text="Too slow.")
    with django_assert_max_num_queries(25):
        text = editor.get(reverse("admin:feeds_feed_change", args=[feed.pk])).content.decode()
    for words in ("Act one", "Act two", "not relevant", "failed: Too slow.", "every 30 minutes"):
        assert words in text, words


def test_changing_the_address_forgets_what_the_old_one_said(editor, feed, publisher):
    poll(feed)
    fields = {"url": "https://new.example/feed#top", "title": "Desk", "full_text": "on"}
    editor.post(reverse("admin:feeds_feed_change", args=[feed.pk]), fields)
    feed.refresh_from_db()
    assert (feed.url, feed.host, feed.body_digest) == ("https://new.example/feed", "new.example", "")


def test_a_page_with_an_unknown_feed_is_answered_calmly(editor):
    assert editor.get(reverse("admin:feeds_feed_change", args=["99"])).status_code == 302
    assert editor.get(reverse("admin:feeds_feed_change", args=["x"])).status_code == 302


def look(editor, address):
    return editor.get(reverse("admin:feeds_feed_add"), {"address": address})


def test_looking_shows_the_items_and_writes_nothing(editor, publisher):
    publisher.pages["/feed"] = feed_of("one", "two")
    text = look(editor, publisher.url("/feed")).content.decode()
    assert "Act one" in text
    assert "2 items now." in text
    assert not Feed.objects.exists()


def test_a_page_leads_to_its_feed(editor, publisher):
    publisher.pages["/feed"] = feed_of("one")
    link = '<link rel="alternate" type="application/rss+xml" title="News" href="/feed">'
    publisher.pages["/"] = f"<!doctype html><html><head>{link}</head></html>".encode()
    found = look(editor, publisher.url("/")).context["finding"]
    assert found.candidates == ((publisher.url("/feed"), "News"),)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://user:pw@a.example/", "http://", "javascript:1"]
)
def test_what_must_not_be_called_is_refused_in_words(editor, address):
    assert look(editor, address).context["finding"].trouble


def test_a_page_without_feeds_and_a_dead_address_are_told(editor, publisher):
    publisher.pages["/"] = b"<!doctype html><html><p>Hello</p></html>"
    assert "names no feed" in look(editor, publisher.url("/")).content.decode()
    assert "(404)" in look(editor, publisher.url("/nothing")).content.decode()


def test_adding_makes_the_feed_due_and_adding_again_changes_nothing(editor, publisher):
    publisher.pages["/feed"] = feed_of("one")
    for title in ("First", "Second"):
        order = {"address": publisher.url("/feed"), "title": title, "folder": "Press/Wires", "add": "1"}
        page = editor.post(reverse("admin:feeds_feed_add"), order)
        assert page.status_code == 302
    feed = Feed.objects.get()
    assert (feed.title, feed.folder) == ("First", "Press/Wires")
    assert feed.next_poll_at <= timezone.now()


def upload(editor, body, **more):
    return editor.post(
        reverse("admin:feeds_import"), {"file": SimpleUploadedFile("feeds.opml", body), **more}
    )


def test_opml_comes_in_and_goes_out(editor):
    body = b'<opml version="2.0"><body><outline text="A"><outline text="F" xmlUrl="https://f.example/"/></outline>'
    assert upload(editor, body + b"</body></opml>").status_code == 302
    exported = editor.get(reverse("admin:feeds_export"))
    assert exported["Content-Disposition"] == 'attachment; filename="feeds.opml"'
    assert 'xmlUrl="https://f.example/"' in exported.content.decode()


def test_an_opml_file_with_an_error_adds_nothing_unless_told_to(editor):
    outlines = (
        b'<outline text="F" xmlUrl="https://f.example/"/>\n<outline text="B" xmlUrl="file:///etc/passwd"/>'
    )
    body = b"<opml><body>" + outlines + b"</body></opml>"
    assert "line 2" in upload(editor, body).content.decode()
    assert not Feed.objects.exists()
    upload(editor, body, skip_bad="on")
    assert Feed.objects.get().url == "https://f.example/"


def where(editor, url):
    return editor.get(reverse("admin:feeds_where"), {"url": url})


def test_where_did_this_item_go(editor, feed):
    poll(feed)
    for asked in ("http://www.desk.example/one/?utm_source=x#y", "desk.example/one", "Act one", "one"):
        text = where(editor, asked).content.decode()
        assert "Delivered; the article was kept." in text, asked
        assert "waits to be filed" in text, asked


def test_what_was_never_seen_is_said_to_be_so(editor, feed):
    Feed.objects.filter(pk=feed.pk).update(title="Desk", host="desk.example")
    text = where(editor, "https://desk.example/unknown").content.decode()
    assert "Never seen" in text
    assert "Not polled yet." in text
    assert "We read no feed of this publisher" in where(editor, "https://else.example/").content.decode()
    assert "no web address" in where(editor, "!!! ???").content.decode()


@pytest.mark.parametrize(
    "asked", ["<script>alert(1)</script>", "https://a.example/<script>", "'\"; DROP", "x" * 4000]
)
def test_hostile_questions_are_answered_as_text(editor, asked):
    page = where(editor, asked)
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    "name", ["feeds_feed_add", "feeds_import", "feeds_export", "feeds_where", "feeds_look"]
)
def test_pages_are_for_those_who_may(client, django_user_model, name):
    assert client.get(reverse(f"admin:{name}")).status_code == 302
    client.force_login(django_user_model.objects.create_user("eve", password="x", is_staff=True))
    assert client.get(reverse(f"admin:{name}")).status_code == 403


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "这条新闻去了哪里"),
        ("where/", "去了哪里"),
        ("import/", "导入"),
        ("look/", "添加订阅源"),
        ("1/change/", "条目的去向"),
    ],
)
def test_every_page_speaks_chinese(editor, feed, path, words):
    poll(feed)
    path = path.replace("1", str(feed.pk))
    assert words in editor.get(f"/zh-hans{LIST}{path}").content.decode()


def test_rhythms_are_told_in_one_unit():
    assert [admin_views.every(seconds) for seconds in (600, 3600, 6 * 3600, 3 * 86400)] == [
        "every 10 minutes",
        "every 60 minutes",
        "every 6 hours",
        "every 3 days",
    ]


@pytest.mark.parametrize(("role", "adds"), [("viewer", False), ("analyst", False), ("editor", True)])
def test_everybody_on_staff_looks_and_editors_add(client, django_user_model, role, adds):
    user = django_user_model.objects.create_user("eve", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    assert client.get(LIST).status_code == 200
    assert client.get(reverse("admin:feeds_where")).status_code == 200
    assert (client.get(reverse("admin:feeds_feed_add")).status_code == 200) is adds
    feed = Feed.objects.create(url="https://a.example/feed")
    client.post(LIST, {"action": "pause", "_selected_action": [feed.pk]})
    assert Feed.objects.get().paused is adds


def test_archives_are_read_in_the_background(editor, feed, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.backfill, "apply_async", lambda args, **_options: asked.extend(args))
    paused = Feed.objects.create(url="https://paused.example/feed", paused=True, next_poll_at=None)
    chosen = {"action": "read_archive", "_selected_action": [feed.pk, paused.pk]}
    answer = editor.post(LIST, chosen, follow=True)
    assert asked == [feed.pk]
    assert "The archive of 1 feed is read page by page" in answer.content.decode()

"""Hubs: asked, verified, renewed, denied; a push is a nudge and nothing more. With a real hub on the loopback."""

import hashlib
import hmac
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from feeds import websub
from feeds.models import Feed, Subscription
from tests.feeds.publisher import Publisher
from tests.feeds.test_polling import poll

FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Desk</title><link rel="hub" href="{hub}"/>'
    '<link rel="self" href="https://desk.example/topic"/><entry><id>1</id><title>Act one</title></entry></feed>'
)


class Hub(ThreadingHTTPServer):
    """Verifies intent while it is being asked, as real hubs do; `answer` is the status of its answer."""

    daemon_threads = True

    def __init__(self):
        self.asked, self.replies, self.answer, self.denies = [], [], 202, False
        super().__init__(("127.0.0.1", 0), Asked)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hub"

    def verify(self, form, **changed):
        given = {
            "hub.mode": "subscribe",
            "hub.topic": form["hub.topic"],
            "hub.challenge": "c4",
            "hub.lease_seconds": "864000",
        }
        if self.denies:
            given = {"hub.mode": "denied", "hub.topic": form["hub.topic"], "hub.reason": "members only"}
        return call(f"{form['hub.callback']}?{urlencode(given | changed)}")

    def push(self, body=b"<feed>anything</feed>", **headers):
        form = self.asked[-1]
        signature = hmac.new(form["hub.secret"].encode(), body, hashlib.sha256).hexdigest()
        return call(form["hub.callback"], body, {"X-Hub-Signature": f"sha256={signature}"} | headers)


class Asked(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.asked.append(form)
        if self.server.answer == 202:
            self.server.replies.append(self.server.verify(form))
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()


def call(url, body=None, headers=None):
    """Status and text of an answer."""
    asked = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


@pytest.fixture
def hub():
    with Hub() as started:
        yield started
        started.shutdown()


@pytest.fixture
def feed(filled_again, transactional_db, live_server, hub, settings):
    settings.FETCH_ALLOW_PRIVATE, settings.FEEDS_WEBSUB, settings.SITE_URL = True, True, live_server.url
    with Publisher() as publisher, translation.override("en"):
        publisher.pages["/feed"] = FEED.format(hub=hub.url).encode()
        feed = Feed.objects.create(url=publisher.url("/feed"))
        poll(feed)
        yield feed


def due(feed):
    return Feed.objects.due().filter(pk=feed.pk).exists()


def rest(feed):
    Feed.objects.filter(pk=feed.pk).update(next_poll_at=timezone.now() + timedelta(hours=1))


def test_a_feed_with_a_hub_is_subscribed_nudged_and_renewed(feed, hub):
    assert websub.ask_hubs() == 1
    assert hub.asked[0]["hub.topic"] == "https://desk.example/topic"
    assert hub.replies == [(200, "c4")]
    subscription = Subscription.objects.get()
    assert subscription.state == "active"
    assert "tells us of news" in websub.sentence(subscription, timezone.now())
    assert (
        timedelta(days=7)
        < subscription.next_try_at - timezone.now()
        < timedelta(days=9)
        < subscription.lease_until - timezone.now()
    )

    rest(feed)
    assert hub.push() == (202, "")
    assert due(feed)
    rest(feed)
    assert hub.push()[0] == 202  # within the minute: later, once
    assert not due(feed)
    feed.refresh_from_db()
    assert feed.next_poll_at < timezone.now() + timedelta(minutes=1)

    assert websub.ask_hubs() == 0
    Subscription.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert websub.ask_hubs() == 1
    assert len(hub.asked) == 2


def test_what_nobody_signed_or_nobody_asked_for_changes_nothing(feed, hub):
    websub.ask_hubs()
    rest(feed)
    form = hub.asked[0]
    assert hub.push(**{"X-Hub-Signature": "sha256=00"}) == (202, "")
    assert hub.push(**{"X-Hub-Signature": "md5=00"})[0] == 202
    assert hub.push(b"x" * (websub.LARGEST + 1))[0] == 413
    assert not due(feed)
    assert hub.verify(form, **{"hub.topic": "https://other.example/"}) == (404, "")
    assert hub.verify(form, **{"hub.mode": "unsubscribe"}) == (404, "")
    assert hub.verify(form, **{"hub.challenge": "c" * 501}) == (404, "")
    assert call(form["hub.callback"].replace("/push/", "/push/0")) == (404, "")
    assert Subscription.objects.get().state == "active"


def test_a_hub_that_denies_or_fails_is_told_in_words_and_asked_later(feed, hub, client, analyst, settings):
    hub.denies = True
    websub.ask_hubs()
    subscription = Subscription.objects.get()
    assert subscription.state == "denied"
    settings.SECOND_FACTOR = False
    client.force_login(analyst)
    page = client.get(reverse("admin:feeds_feed_change", args=[feed.pk])).content.decode()
    assert "refused to tell us of news" in page
    assert "members only" in page
    Subscription.objects.update(next_try_at=timezone.now() - timedelta(seconds=1), state="wanted")
    hub.answer = 500
    assert websub.ask_hubs() == 0
    subscription.refresh_from_db()
    assert (subscription.state, subscription.said) == ("failed", "the hub answered 500")
    assert subscription.next_try_at > timezone.now()


def test_another_hub_or_topic_makes_another_subscription(feed, hub):
    before = Subscription.objects.get()
    websub.note(feed, hub.url, "https://desk.example/topic")
    assert Subscription.objects.get().token == before.token
    websub.note(feed, hub.url, "https://desk.example/other")
    assert Subscription.objects.get().token != before.token


@pytest.mark.parametrize(
    ("site", "said", "on"),
    [
        ("https://scorecard.org", None, True),
        ("http://scorecard.org", None, False),
        ("https://localhost", None, False),
        ("https://10.0.0.4", None, False),
        ("https://scorecard.org", False, False),
        ("http://localhost:8000", True, True),
    ],
)
def test_hubs_are_asked_where_they_can_reach_us(site, said, on, settings):
    settings.SITE_URL, settings.FEEDS_WEBSUB = site, said
    assert websub.is_on() is on

"""A machine whose clock is set, forward or back, neither steals work nor keeps it, nor tears the log."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from feeds import scheduling
from feeds.models import Feed
from scorecard import keys
from scorecard.alerts import mailing, webhooks
from scorecard.models import Mail, Subscription, Webhook
from tracker import filing, log, triage
from tracker.models import Article, Event, Head, Lease, Recommendation
from tracker.operations import health

pytestmark = pytest.mark.django_db
STEPS = [datetime.timedelta(days=days) for days in (-400, -1, 1, 400)]


@pytest.fixture(params=STEPS, ids=lambda step: f"{step.days:+d} days")
def set_clock(request):
    """Sets this machine's clock, not the database's, as when a virtual machine wakes up."""
    return lambda: time_machine.travel(timezone.now() + request.param)


def test_a_feed_in_somebodys_hands_stays_there_and_is_found_when_due(set_clock):
    Feed.objects.create(url="https://news.example/feed")
    (batch,) = scheduling.claim()
    with set_clock():
        assert scheduling.claim() == []
        assert scheduling.settle(batch.feeds[0], batch.token, wait=0)
        assert [again.feeds for again in scheduling.claim()] == [batch.feeds]


def test_the_filers_turn_is_not_taken_from_it(set_clock):
    token = Lease.objects.take("filing", 60)
    with set_clock():
        assert Lease.objects.take("filing", 60) is None
        Lease.objects.give_back("filing", token)
        assert Lease.objects.take("filing", 60)


def test_an_article_that_failed_waits_minutes_not_years(set_clock):
    article = Article.objects.create(url="https://news.example/1", url_key="1", title="A title")
    with set_clock():
        filing._set_aside(article, ValueError("no"))
    waits = Article.objects.get(pk=article.pk).leased_until - timezone.now()
    assert datetime.timedelta(minutes=4) < waits < datetime.timedelta(minutes=6)


def test_calls_and_mails_under_way_are_not_sent_by_another(set_clock, analyst):
    key, _text = keys.issue("program", analyst, ["webhooks"])
    webhooks.ping(Webhook.objects.create(key=key, url="https://a.example/", secret=webhooks.new_secret()))
    reader = Subscription.objects.create(email="reader@example.org", confirmed_at=timezone.now())
    Mail.objects.create(
        subscription=reader, period="daily:2026-01-01", first=0, last=1, subject="s", body="b"
    )
    assert len(webhooks._claimed()) == 1
    assert mailing._claimed() is not None
    with set_clock():
        mailing.sweep()
        assert webhooks._claimed() == []
        assert mailing._claimed() is None
    assert Mail.objects.get().state == Mail.State.SENDING


def test_the_log_stays_whole_and_in_order_whatever_the_clock_says(set_clock):
    Recommendation.objects.create(slug="trust", number=1, name_en="Trust", summary_en="Trust")
    act = {
        "id": "act",
        "date": "2025-06-01",
        "title": "An act",
        "actors": ["us"],
        "assessments": [{"rec": "trust", "direction": 1, "strength": 3}],
    }
    triage.enter(act, who="seed")
    with set_clock():
        triage.enter(act | {"id": "other"}, who="seed")
    triage.enter(act | {"id": "third"}, who="seed")
    days = [row.record["recorded_at"] or "" for row in log.Revision.objects.order_by("sequence")]
    assert log.verify() == Event.objects.count() == 3
    assert days == sorted(days)


def test_clocks_that_differ_are_said_by_the_health_check(set_clock):
    Head.objects.get_or_create(id=1)
    assert health.clock().well
    with set_clock():
        finding = health.clock()
    assert not finding.well
    assert "set this machine's clock" in finding.words

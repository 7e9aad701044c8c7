"""An analyst declares to which day coding is complete, with a reason, beside what supports it."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from feeds import monitoring
from feeds.models import Delivery, Feed
from scorecard import footing, standings
from tracker import triage
from tracker.models import Article, Completeness, Event

ADD = "admin:tracker_completeness_add"


@pytest.fixture
def inside(client, analyst, settings):
    settings.SECOND_FACTOR = False
    client.force_login(analyst)
    return client


def test_importing_later_acts_does_not_move_the_last_coded_day(seeded):
    before = footing.coded_to()
    triage.enter(
        {"id": "late", "date": str(timezone.now().date() - datetime.timedelta(1)), "title": "Late"}, "Ada"
    )
    assert footing.coded_to() == before == datetime.date(2026, 7, 7)


def test_a_statement_needs_a_reason_and_a_day_that_is_over(inside, seeded):
    tomorrow = timezone.now().date() + datetime.timedelta(1)
    for given in ({"day": "2026-08-31", "note": ""}, {"day": str(tomorrow), "note": "Ahead of time."}):
        assert inside.post(reverse(ADD), given).status_code == 200, "the form comes back"
    assert Completeness.objects.count() == 1
    done = inside.post(reverse(ADD), {"day": "2026-08-31", "note": "Every feed read to the end of August."})
    assert done.status_code == 302
    stated = Completeness.objects.latest("id")
    assert (stated.recorded_at, stated.by.username) == (timezone.now().date(), "ada")
    assert footing.coded_to() == datetime.date(2026, 8, 31)
    assert standings.read_on(datetime.date(2026, 9, 30)) == datetime.date(2026, 8, 31)


def test_the_form_shows_what_each_feed_brought_and_what_waits(inside, db):
    feed = Feed.objects.create(url="https://example.org/feed", title="A paper")
    for day, state in (("2026-08-03", "filed"), ("2026-08-20", "new"), ("2026-09-02", "background")):
        moment = datetime.datetime.fromisoformat(f"{day}T08:00:00+00:00")
        article = Article.objects.create(
            url=f"https://example.org/{day}", url_key=day, title=day, published_at=moment, state=state
        )
        Delivery.objects.create(feed=feed, article=article, guid=day, guid_key=day, digest=day)
    Event.objects.create(
        id="open", title="Proposed", date=datetime.date(2026, 8, 3), status=Event.Status.PROPOSED
    )
    article = Article.objects.get(title="2026-08-03")
    article.reports.create(event_id="open")
    found = monitoring.by_month(datetime.date(2026, 9, 15))
    assert [month.isoformat() for month in found["months"]][-2:] == ["2026-08-01", "2026-09-01"]
    assert found["feeds"][0]["cells"][-2:] == [(2, 2), (1, 0)]
    assert found["total"][-2:] == [(2, 2), (1, 0)]
    shown = inside.get(reverse(ADD)).content.decode()
    assert "A paper" in shown
    assert "What supports it" in shown

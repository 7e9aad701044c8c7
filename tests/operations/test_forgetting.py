"""Old texts are emptied where the setting says so; what the record rests on is kept."""

import datetime

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.utils import timezone

from tracker import monitoring
from tracker.models import Article, ArticleVersion, Event, Report

pytestmark = pytest.mark.django_db


def article(key, *, days):
    made = Article.objects.create(
        url=f"https://news.example/{key}",
        url_key=key,
        title=key,
        summary="kept",
        html="<p>long</p>",
        text="long",
    )
    Article.objects.filter(pk=made.pk).update(first_seen_at=timezone.now() - datetime.timedelta(days=days))
    ArticleVersion.objects.create(article=made, title=key, html="<p>older</p>", digest=key)
    return made


@pytest.fixture
def cast():
    event = Event.objects.create(id="act", status="accepted", date="2026-01-01", title="Act")
    young, old, cited = article("young", days=29), article("old", days=31), article("cited", days=400)
    Report.objects.create(article=cited, event=event)
    return young, old, cited


def test_nothing_is_forgotten_by_default(cast, settings):
    settings.ARTICLE_TEXT_DAYS = 0
    assert monitoring.forget_texts() == 0
    assert not Article.objects.filter(text="").exists()


def test_only_the_old_and_uncited_lose_their_texts(cast, settings):
    settings.ARTICLE_TEXT_DAYS = 30
    young, old, cited = cast
    assert monitoring.forget_texts() == 1
    assert monitoring.forget_texts() == 0
    for kept in (young, cited):
        kept.refresh_from_db()
        assert (kept.text, kept.html) == ("long", "<p>long</p>")
        assert kept.versions.get().html == "<p>older</p>"
    old.refresh_from_db()
    assert (old.title, old.summary, old.url) == ("old", "kept", "https://news.example/old")
    assert (old.text, old.html, old.versions.get().html) == ("", "", "")


def test_many_are_forgotten_in_batches(settings, monkeypatch):
    settings.ARTICLE_TEXT_DAYS = 30
    monkeypatch.setattr(monitoring, "TEXTS_AT_ONCE", 2)
    for number in range(5):
        article(f"a{number}", days=100)
    assert monitoring.forget_texts() == 5


def test_who_tried_to_sign_in_is_forgotten_after_ninety_days(client, analyst):
    client.post("/admin/login/", {"username": "ada", "password": "wrong"})
    client.post("/admin/login/", {"username": "ada", "password": "correct horse battery"})
    client.post("/admin/login/", {"username": "nobody", "password": "wrong"})
    tables = [AccessAttempt, AccessLog]
    assert [table.objects.count() for table in tables] == [1, 1]
    for days, left in ((89, [1, 1]), (91, [0, 0])):
        for table in tables:
            table.objects.update(attempt_time=timezone.now() - datetime.timedelta(days=days))
        monitoring.forget_sessions()
        assert [table.objects.count() for table in tables] == left
    assert Session.objects.exists()
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(seconds=1))
    monitoring.forget_sessions()
    assert not Session.objects.exists()

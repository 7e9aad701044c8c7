"""Copies of sources are asked for politely, by an archive that behaves like the Wayback Machine's save endpoint."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from feeds import archiving, tasks
from tests.feeds.publisher import Publisher, answering
from tests.scorecard import cast, told
from tracker import record
from tracker.models import ArchivedCopy, Head, Lease, Recommendation, Revision

pytestmark = pytest.mark.django_db
LAW, OTHER = "https://gazette.example/law", "https://gazette.example/other"
REDIRECT = {"Location": f"/web/20261201093000/{LAW}"}


@pytest.fixture
def archive(settings, recommendations):
    """An archive, and an act on record with one source."""
    with Publisher() as started:
        settings.FETCH_ALLOW_PRIVATE = True
        settings.ARCHIVER_URL = started.url("/save/")
        cast.put("law")
        yield started


@pytest.fixture
def recommendations(db):
    for number, slug in enumerate(record.ASKS, start=1):
        Recommendation.objects.create(slug=slug, number=number, name_en=slug, summary_en=slug)


def saves(archive, url=LAW, *answers):
    """The archive's answers for a page, the last one for ever."""
    left = list(answers)
    archive.pages[f"/save/{url}"] = lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def nudge():
    return tasks.ask_archiver.apply(throw=True).get()


def asked(archive):
    return [path for path, _headers in archive.requests]


def later():
    """Everything that waits is due, as if so much time had gone by."""
    Lease.objects.update(until=None)
    ArchivedCopy.objects.filter(copy="").exclude(next_at=None).update(
        next_at=timezone.now() - datetime.timedelta(1)
    )


def test_nobody_is_asked_without_a_setting(archive, settings):
    settings.ARCHIVER_URL = ""
    assert nudge() is False
    assert asked(archive) == []
    assert not ArchivedCopy.objects.exists()


def test_a_source_gets_its_copy_and_the_log_nothing(archive):
    saves(archive, LAW, answering(302, headers=REDIRECT))
    lines, aside = Revision.objects.count(), Head.objects.get().aside
    assert nudge() is True
    row = ArchivedCopy.objects.get()
    assert (row.url, row.copy) == (LAW, archive.url(f"/web/20261201093000/{LAW}"))
    assert row.made_on == datetime.date(2026, 12, 1)
    assert asked(archive) == [f"/save/{LAW}"]  # the copy itself is not fetched
    assert "PolicyRecommendationTracker" in archive.requests[0][1]["User-Agent"]
    assert Revision.objects.count() == lines
    assert Head.objects.get().aside > aside  # the pages are told
    assert nudge() is False
    assert len(asked(archive)) == 1  # once found, never asked for again


@pytest.mark.parametrize(
    "answers",
    [
        [answering(200, b"<html>saved", {"Content-Location": f"/web/20261201093000id_/{LAW}"})],
        [answering(302, headers={"Location": f"/save/_wait/{LAW}"})],
    ],
)
def test_archives_name_the_copy_in_either_way(archive, answers):
    saves(archive, LAW, *answers)
    archive.pages[f"/save/_wait/{LAW}"] = answering(302, headers=REDIRECT)
    assert nudge() is True
    assert "/web/20261201093000" in ArchivedCopy.objects.get().copy


@pytest.mark.parametrize(
    "answer",
    [
        answering(200, b"<html>Save page now</html>"),
        answering(302, headers={"Location": "/account/login"}),
        answering(302, headers={"Location": "http://169.254.169.254/latest/"}),
        answering(302, headers={"Location": "javascript:/20261201093000/alert(1)"}),
        answering(200, b"<html>", {"Content-Location": "data:text/html/20261201093000/,x"}),
        answering(302, headers={"Location": "/login?next=https://gazette.example/20261201093000/law"}),
        answering(302, headers={"Location": "/login/https://gazette.example/20261201093000/law"}),
        answering(403, b"excluded by robots.txt"),
        answering(404),
    ],
)
def test_what_is_no_copy_is_none_and_is_asked_for_three_times(archive, answer):
    saves(archive, LAW, answer)
    for _turn in range(6):
        assert nudge() is False
        later()
    row = ArchivedCopy.objects.get()
    assert (row.copy, row.attempts, row.next_at) == ("", 3, None)
    assert row.trouble
    assert len(asked(archive)) == 3


def test_an_archive_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says(archive):
    cast.put("other", "2025-05-01")
    busy = answering(429, headers={"Retry-After": "3600"})
    saves(archive, LAW, busy, answering(302, headers=REDIRECT))
    assert [nudge() for _turn in range(4)] == [False] * 4
    assert len(asked(archive)) == 1
    lease = Lease.objects.get(name=archiving.NAME)
    assert datetime.timedelta(minutes=59) < lease.until - timezone.now() <= datetime.timedelta(hours=1)
    assert ArchivedCopy.objects.get(url=LAW).attempts == 0  # it says nothing about the page
    later()
    assert nudge() is True


def test_an_archive_in_trouble_is_asked_later_and_later(archive):
    saves(archive, LAW, answering(503))
    waits = []
    for _turn in range(7):
        nudge()
        row = ArchivedCopy.objects.get()
        waits.append(row.next_at and round((row.next_at - timezone.now()).total_seconds() / 3600))
        later()
    assert waits[:6] == [1, 6, 24, 72, 168, None]
    assert len(asked(archive)) == 6


def test_one_page_at_a_time(archive):
    saves(archive, LAW, answering(302, headers=REDIRECT))
    Lease.objects.take(archiving.NAME, 60)  # another worker waits for an answer
    assert nudge() is False
    assert asked(archive) == []


def test_no_way_leads_into_our_own_network(archive, settings):
    settings.FETCH_ALLOW_PRIVATE = False
    assert nudge() is False
    assert asked(archive) == []
    assert ArchivedCopy.objects.get().trouble


def test_the_newest_acts_come_first_and_what_lies_at_the_archive_is_not_asked_for(archive):
    at_archive = [
        {"title": "Copy", "publisher": "", "url": archive.url("/web/1"), "date": None, "lang": "en"}
    ]
    cast.put("kept", "2026-01-01", sources=at_archive)
    cast.put("other", "2026-02-01")
    for url in (LAW, OTHER):
        saves(archive, url, answering(302, headers={"Location": f"/web/20261201093000/{url}"}))
    assert [nudge() for _turn in range(3)] == [True, True, False]
    assert asked(archive) == [f"/save/{OTHER}", f"/save/{LAW}"]


def test_readers_see_the_copy_in_pages_api_and_tables_but_not_before_its_day(archive, client):
    with time_machine.travel("2026-12-02T09:00:00+00:00", tick=False):
        saves(archive, LAW, answering(302, headers=REDIRECT))
        rev = cast.get(client, "/scores/")["rev"]
        assert nudge() is True
        copy = ArchivedCopy.objects.get().copy
        page = told.plain(client.get("/events/law/"))
        assert (
            f'<a href="{copy}" rel="nofollow noopener external">archived copy of 1 December 2026</a>' in page
        )
        assert page.count("archived copy") == 1
        cast.put("bare", "2025-06-02")
        assert "archived copy" not in client.get("/events/bare/").content.decode()
        assert "2026年12月1日存档副本" in client.get("/zh-hans/events/law/").content.decode()
        expected = [{"url": LAW, "copy": copy, "made_on": "2026-12-01"}]
        assert cast.get(client, "/events/law/")["archived"] == expected
        assert cast.get(client, "/events/?q=law")["results"][0]["archived"] == expected
        assert cast.get(client, "/events/law/?known_at=2026-12-01")["archived"] == []
    table = "/api/v1/exports/sources.csv"
    assert copy in cast.content(client.get(table)).decode()
    assert copy not in cast.content(client.get(f"{table}?rev={rev}")).decode()  # the same for ever

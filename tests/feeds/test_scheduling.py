"""Each due feed is claimed once, politely; what does not come to an end is set aside."""

from datetime import timedelta

import pytest
from django.utils import timezone

from feeds import health, monitoring, scheduling, tasks
from feeds.models import Feed, Poll
from tests.feeds import plans
from tests.service import Service
from tracker.models import Article, CoverageDay

pytestmark = pytest.mark.django_db


def feeds(count, host="h{n}.example", **fields):
    made = [
        Feed(url=f"https://{host.format(n=n)}/{n}", host=host.format(n=n), **fields) for n in range(count)
    ]
    return Feed.objects.bulk_create(made)


def end_leases():
    past = timezone.now() - timedelta(hours=1)
    Feed.objects.exclude(lease_token="").update(leased_until=past, next_poll_at=past)


@pytest.mark.slow
def test_every_due_feed_is_claimed_exactly_once(settings):
    settings.FEEDS_IN_FLIGHT = 40
    feeds(60)
    first, second = scheduling.claim(), scheduling.claim()
    assert [len(batch.feeds) for batch in first] == [25, 15]
    assert second == []
    claimed = [pk for batch in first for pk in batch.feeds]
    assert len(set(claimed)) == 40
    Feed.objects.filter(pk__in=claimed).update(lease_token="", leased_until=None, next_poll_at=None)
    rest = [pk for batch in scheduling.claim() for pk in batch.feeds]
    assert len(rest) == 20
    assert not set(rest) & set(claimed)


def test_feeds_that_are_not_due_or_are_paused_are_left_alone():
    feeds(2, next_poll_at=timezone.now() + timedelta(minutes=5))
    feeds(2, host="p{n}.example", paused=True, next_poll_at=None)
    assert scheduling.claim() == []


def test_a_claim_whose_message_was_lost_is_made_again_when_the_lease_ends():
    (feed,) = feeds(1)
    (lost,) = scheduling.claim()
    assert scheduling.claim() == []
    end_leases()
    (found,) = scheduling.claim()
    assert found.feeds == lost.feeds == (feed.pk,)
    assert scheduling.begin(lost) == []
    assert [held.attempts for held in scheduling.begin(found)] == [1]


def test_what_did_not_come_to_an_end_is_polled_alone():
    feeds(30)
    begun, lost = scheduling.claim()
    scheduling.begin(begun)
    end_leases()
    sizes = [len(batch.feeds) for batch in scheduling.claim()]
    assert sorted(sizes) == [1] * len(begun.feeds) + [len(lost.feeds)]


def test_after_three_claims_without_an_end_a_feed_is_set_aside_longer_each_time(settings):
    (feed,) = feeds(1)
    waits = []
    for _ in range(5):
        (batch,) = scheduling.claim()
        scheduling.begin(batch)
        end_leases()
        scheduling.quarantine()
        feed.refresh_from_db()
        waits.append((feed.next_poll_at - timezone.now()).total_seconds() / settings.FEEDS_LEASE)
        Feed.objects.update(next_poll_at=timezone.now() - timedelta(seconds=1))
    assert [round(wait) for wait in waits[2:]] == [3, 6, 12]
    assert (feed.state, feed.trouble, feed.lease_token) == ("red", "crashed", "")
    assert Poll.objects.filter(trouble="crashed").count() == 3


def test_giving_back_costs_no_attempt():
    (feed,) = feeds(1)
    (batch,) = scheduling.claim()
    scheduling.begin(batch)
    scheduling.give_back(batch.feeds, batch.token)
    feed.refresh_from_db()
    assert (feed.attempts, feed.lease_token, feed.leased_until) == (0, "", None)
    assert scheduling.claim()


def test_a_stranger_cannot_settle_or_give_back():
    (feed,) = feeds(1)
    scheduling.claim()
    assert not scheduling.settle(feed.pk, "f" * 32, wait=60)
    assert not scheduling.give_back([feed.pk], "f" * 32)
    feed.refresh_from_db()
    assert feed.lease_token


def test_a_host_is_in_one_workers_hands_and_never_in_many_feeds_at_once():
    feeds(30, host="press.example")
    feeds(3, host="other{n}.example")
    first = scheduling.claim()
    assert sum(len(batch.feeds) for batch in first) == scheduling.PER_HOST + 3
    assert scheduling.claim() == []


def test_our_own_machine_needs_no_courtesy():
    feeds(30, host="127.0.0.1")
    assert sum(len(batch.feeds) for batch in scheduling.claim()) == 30


def test_feeds_of_one_host_go_into_one_batch():
    rows = [(pk, "abc"[pk % 3], 0) for pk in range(30)]
    first, second = scheduling.batches(rows, "token")
    assert {pk % 3 for pk in first.feeds} == {0, 1, 2}
    assert {pk % 3 for pk in second.feeds} == {2}


def test_many_articles_waiting_slow_polling_down(monkeypatch):
    monkeypatch.setattr(scheduling, "BACKLOG", 2)
    feeds(60)
    Article.objects.bulk_create(Article(url_key=str(n), title=str(n)) for n in range(3))
    assert sum(len(batch.feeds) for batch in scheduling.claim()) == 5


def test_the_clock_is_the_databases_own(time_machine_of_the_worker):
    feeds(1, next_poll_at=timezone.now() + timedelta(days=300))
    time_machine_of_the_worker(days=400)
    assert scheduling.claim() == []


@pytest.fixture
def time_machine_of_the_worker(monkeypatch):
    real = timezone.now

    def shift(**by):
        monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(**by))

    return shift


def test_no_claim_reads_the_whole_table_of_feeds():
    assert plans.scans() == []


@pytest.mark.slow
@pytest.mark.servers
def test_nor_does_one_on_postgresql(tmp_path, postgres_server):
    code = "from tests.feeds import plans\nanswer = plans.scans()"
    with Service(tmp_path).filled(postgres_server, seeds=False) as service:
        assert service.ask(code) == []


def test_claiming_asks_the_same_few_questions_however_many_feeds(django_assert_max_num_queries):
    feeds(200)
    with django_assert_max_num_queries(10):
        scheduling.claim()


def test_poll_now_makes_due_but_never_takes_from_a_worker():
    held, free = feeds(2)
    Feed.objects.filter(pk=free.pk).update(next_poll_at=timezone.now() + timedelta(hours=1))
    scheduling.claim()
    assert Feed.objects.poll_soon() == 1
    assert [batch.feeds for batch in scheduling.claim()] == [(free.pk,)]
    assert held.pk != free.pk


def test_pausing_takes_the_lease_away():
    (feed,) = feeds(1)
    (batch,) = scheduling.claim()
    Feed.objects.pause()
    assert not scheduling.settle(feed.pk, batch.token, wait=60)
    Feed.objects.resume()
    assert scheduling.claim()


def test_dispatch_sends_one_message_per_batch_that_ends_with_the_lease(monkeypatch, settings):
    sent = []
    monkeypatch.setattr(tasks.poll_feeds, "apply_async", lambda given, **how: sent.append((given, how)))
    feeds(30)
    assert tasks.dispatch() == 2
    assert [how["expires"] for _, how in sent] == [settings.FEEDS_LEASE] * 2
    assert sum(len(given[1]) for given, _ in sent) == 30


def test_coverage_counts_feeds_that_were_tried_and_are_not_down_for_a_day():
    now = timezone.now()
    feeds(3)
    feeds(4, host="w{n}.example", state="green", last_read_at=now)
    feeds(1, host="s{n}.example", state="amber", last_read_at=now, failing_since=now)
    feeds(2, host="d{n}.example", state="amber", last_read_at=now, failing_since=now - timedelta(days=2))
    monitoring.report_coverage()
    day = CoverageDay.objects.get()
    assert (day.feeds_alive, day.feeds_total) == (5, 7)


def test_polls_are_forgotten_after_three_months():
    (feed,) = feeds(1)
    for days in (1, 89, 91, 400):
        Poll.objects.create(feed=feed, outcome="read", at=timezone.now() - timedelta(days=days))
    assert tasks.tidy() == 2
    assert Poll.objects.count() == 2


@pytest.mark.parametrize(
    ("host", "folder", "asked"),
    [("a.example", "", "a.example"), ("b.example", "Labs", "Labs"), ("b.example", "", "")],
)
def test_a_feed_that_falls_silent_beside_others_is_questioned_earlier(host, folder, asked):
    now = timezone.now()
    shared = {"state": "green", "last_polled_at": now, "whole_at": now}
    silent = Feed.objects.create(
        url="https://a.example/1",
        folder="Labs",
        newest_at=now - timedelta(days=4),
        lonely_after=now - timedelta(days=1),
        quiet_after=now + timedelta(days=2),
        **shared,
    )
    busy = Feed.objects.create(
        url=f"https://{host}/2", folder=folder, newest_at=now, last_new_at=now, **shared
    )
    assert (f"other feeds of {asked} go on" in silent.health()) is bool(asked)
    assert list(Feed.objects.quiet()) == ([silent] if asked else [])
    listed = list(Feed.objects.with_neighbours().worst_first())
    assert [feed.busy_beside() for feed in listed if feed == silent] == [asked]
    assert busy.health().startswith("Well")


def test_beside_neighbours_three_usual_gaps_are_strange_instead_of_five():
    newest, gap = timezone.now(), timedelta(days=1)
    assert health.lonely_after(newest, gap) - newest == timedelta(days=3)
    assert health.quiet_after(newest, gap) - newest == timedelta(days=5)

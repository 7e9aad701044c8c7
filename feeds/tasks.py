"""Doors for the worker. Every one may be called again, or never be called, without harm."""

from celery import current_app, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from feeds import answers, archiving, fulltext, monitoring, polling, scheduling, websub
from feeds import backfill as backfilling
from feeds.models import Feed
from feeds.scheduling import Batch

PAUSE = 30  # seconds between two walks through one archive


@shared_task
def dispatch() -> int:
    """Claim what is due and send it out."""
    count = send(scheduling.claim())
    monitoring.report_coverage()
    return count


@shared_task
def poll_feeds(token: str, feeds: list[int]) -> int:
    """Poll what the token holds; then claim at once what else is due."""
    outcomes = list(polling.poll_batch(Batch(token, tuple(feeds))))
    if any(outcome.articles or outcome.edited for outcome in outcomes):
        nudge_filing()
    send(scheduling.claim())
    return len(outcomes)


@shared_task
def backfill(feed_id: int, pages: int = backfilling.MOST) -> int:
    """Read some pages of a feed's archive and ask for the next ones; polls of its host come in between."""
    articles, walked = 0, []
    try:
        for page in backfilling.backfill(Feed.objects.get(pk=feed_id), pages=min(pages, backfilling.PAGES)):
            walked.append(page)
            articles += page.articles
    except (backfilling.Held, Feed.DoesNotExist) as reason:
        polling.log.warning("No archive was read: %s", reason)
    if articles:
        nudge_filing()
    if walked and not walked[-1].text and pages > len(walked):
        backfill.apply_async((feed_id, pages - len(walked)), countdown=PAUSE)
    return len(walked)


@shared_task
def ask_archiver() -> bool:
    """Ask the archiver for a copy of one source, where one is configured."""
    return archiving.ask()


@shared_task
def fetch_texts() -> int:
    """Fetch full texts of relevant articles, where that is allowed at all."""
    return fulltext.fetch_waiting()


def send(batches: list[Batch]) -> int:
    """One message per batch, worth nothing once the lease has ended."""
    for batch in batches:
        poll_feeds.apply_async((batch.token, list(batch.feeds)), expires=settings.FEEDS_LEASE)
    return len(batches)


@shared_task
def ask_hubs() -> int:
    """Subscribe where feeds name a hub, and renew before leases end."""
    return websub.ask_hubs()


@shared_task
def tidy() -> int:
    """Forget old polls and old answers."""
    return monitoring.forget_polls() + answers.forget()


def nudge_filing() -> None:
    """Tell the filing worker that articles wait. It would find them within a minute anyway."""
    try:
        current_app.send_task("tracker.tasks.file_articles", queue="judging", retry=False)
    except OperationalError as error:
        polling.log.warning("No broker to nudge: %s", error)

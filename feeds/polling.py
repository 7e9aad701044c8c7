"""One poll: call, read, keep what is new, give the feed back.

The law: everything a poll comes to is written in one transaction, which begins by giving back the lease and
ends with the articles, or does nothing at all. One feed's trouble never touches another's; a 304 writes
nothing but the next appointment.

One alert per failure: a line in the log and a mail to the administrators (ADMINS), if there are any.

A permanent redirect is followed for good once it has held for some days; the former address is kept.
"""

import hashlib
import logging
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import mail_admins
from django.db import DataError, transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from feeds import answers, health, parsing, scheduling, storing, websub
from feeds.health import Pace
from feeds.http.fetch import Answer, Ask, FetchError
from feeds.http.fetch_many import Gathering
from feeds.models import Feed, Poll
from feeds.parsing import dates
from feeds.scheduling import Batch
from tracker import sql
from tracker.text import lenient

log = logging.getLogger(__name__)


def feed_fails(feed, kind: str, text: str) -> None:
    """Tell that a feed fails lastingly. A mail server out of order is written down and stops nothing."""
    log.error("Feed fails: %s (%s): %s %s", feed, feed.url, health.name_of(kind), text)
    subject = _("A feed fails: %(feed)s") % {"feed": feed}
    body = f"{feed.url}\n\n{health.name_of(kind)}: {text}"
    try:
        mail_admins(" ".join(subject.split())[:200], body)
    except OSError as error:
        log.error("The mail about it could not be sent: %s", error)


MOVES_AFTER = timedelta(days=3)  # until then it may be a publisher's mistake, or a hotel's login


def address_changes(feed: Feed, answer: Answer, now: datetime) -> dict[str, Any]:
    """What an answer that was redirected changes on its feed; {} when nothing."""
    if not answer.moved_to or answer.moved_to == feed.url or len(answer.moved_to) > 1000:
        return {"moved_to": "", "moved_since": None} if feed.moved_to else {}
    if answer.moved_to != feed.moved_to:
        return {"moved_to": answer.moved_to, "moved_since": now}
    if (
        feed.moved_since is None
        or now - feed.moved_since < MOVES_AFTER
        or Feed.objects.filter(url=answer.moved_to).exists()
    ):
        return {}
    text = _("Moved for good from %(old)s to %(new)s.") % {"old": feed.url, "new": answer.moved_to}
    Poll.objects.create(feed=feed, outcome=Poll.Outcome.MOVED, text=text)
    return {
        "url": answer.moved_to,
        "host": Feed.host_of(answer.moved_to),
        "former_url": feed.url,
        "moved_to": "",
        "moved_since": None,
    }


SECONDS = 180  # for one batch; what was not begun by then is given back

WHOLE_AFTER = timedelta(days=1)
WHOLE_POLLS = 10
ONE_MORE = F("unchanged_polls") + 1
ONE_MORE_BARREN = F("barren_reads") + 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a poll came to: `kind` is "read", "empty", "unchanged", "lost" or a trouble of `health`."""

    feed: Feed
    kind: str
    text: str = ""
    entries: int = 0
    new: int = 0
    edited: int = 0
    articles: int = 0
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.kind in health.WEIGHTS


def user_agent() -> str:
    return f"PolicyRecommendationTracker/{settings.RELEASE} (+{settings.FETCH_CONTACT})"


def poll_batch(batch: Batch, *, seconds: float | None = SECONDS) -> Iterator[Outcome]:
    """Poll the feeds of a batch that it still holds, all at once; outcomes in the order of arrival."""
    feeds = {feed.pk: feed for feed in scheduling.begin(batch)}
    asks = {pk: (feed.host, ask(feed)) for pk, feed in feeds.items()}
    waiting, deadline = set(feeds), time.monotonic() + (seconds or float("inf"))
    answers = Gathering(asks, user_agent=user_agent(), allow_private=settings.FETCH_ALLOW_PRIVATE)
    try:
        for pk, result in answers:
            waiting.discard(pk)
            yield settle(feeds[pk], result)
            if time.monotonic() > deadline:
                break
    finally:
        if waiting:
            scheduling.give_back(waiting, batch.token)


def ask(feed: Feed) -> Ask:
    """What to ask for: news since the last time, or the whole document.

    The whole document of a feed in trouble, as only one that is read makes it well; of every feed once a day and
    at every tenth poll, as some servers say for ever that nothing has changed.
    """
    whole = feed.whole_at is None or timezone.now() - feed.whole_at >= WHOLE_AFTER
    if whole or feed.trouble or feed.unchanged_polls % WHOLE_POLLS == WHOLE_POLLS - 1:
        return Ask(feed.url)
    return Ask(feed.url, feed.etag, feed.last_modified)


def settle(feed: Feed, result: Answer | FetchError) -> Outcome:
    """Read an answer and write what the poll came to."""
    started = time.monotonic()
    try:
        outcome = _settled(feed, result)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, DataError) as error:
        # A document that our own code chokes on is this feed's trouble and nobody else's.
        log.exception("Reading %s failed", feed.url)
        text = _("Reading this document failed on our side: %(error)s") % {"error": str(error)[:200]}
        outcome = _failed(feed, "crashed", text, status=None)
    taken = getattr(result, "seconds", 0.0) + time.monotonic() - started
    return replace(outcome, seconds=taken)


def _settled(feed: Feed, result: Answer | FetchError) -> Outcome:
    if isinstance(result, FetchError):
        return _failed(feed, result.kind, str(result), status=result.status, retry_after=result.retry_after)
    if result.status != 304:
        return _answered(feed, result)
    if feed.last_read_at is None and not feed.trouble:
        said = _("The server says that nothing has changed (304), but this feed was never read.")
        return _failed(feed, "protocol", said, status=304)
    return _unchanged(feed, result)


def _answered(feed: Feed, answer: Answer) -> Outcome:
    body_digest = hashlib.sha256(answer.body).hexdigest()
    if body_digest == feed.body_digest and not feed.trouble:
        if not answers.is_kept(feed):
            answers.keep(feed, answer)
        return _unchanged(feed, answer)
    try:
        document = parsing.parse(
            answer.body,
            content_type=answer.content_type,
            base=answer.url,
            reference_only=feed.reference_only,
        )
    except parsing.NotAFeed as error:
        return _failed(feed, "not_a_feed", str(error), status=answer.status, answer=answer)
    return _read(feed, answer, document, body_digest)


def _read(feed: Feed, answer: Answer, document: parsing.Document, body_digest: str) -> Outcome:
    now = timezone.now()
    title, language = lenient(document.title, 500), document.language[:20]
    named = {"title": title, "site_url": document.link[:1000], "language": language}
    changes: dict[str, Any] = {
        name: value for name, value in named.items() if value and not getattr(feed, name)
    }
    for name, value in changes.items():
        setattr(feed, name, value)
    with transaction.atomic():
        kept = storing.keep(feed, document.entries, now=now)
        pace = health.pace_after_document(
            Pace(feed.interval, feed.fresh_polls), entries=len(document.entries), new=kept.new
        )
        wait = health.wait(pace, chance=_chance(), asked=(document.ttl, answer.max_age))
        changes |= _rhythm(feed, document, kept, now) | _validators(answer, body_digest)
        condition = health.after_document(_flood(feed, kept, now), now=now)
        changes |= _stored(condition, alerted_at=now if condition.alert else None)
        wait = max(wait, float(answer.retry_after or 0))
        if condition.trouble:
            wait = float(health.DAY)
            transaction.on_commit(lambda: feed_fails(feed, condition.trouble, condition.text))
        changes |= address_changes(feed, answer, now)
        changes |= {"interval": pace.interval, "fresh_polls": pace.fresh_polls, "unchanged_polls": 0}
        changes |= {"last_polled_at": now, "last_read_at": now, "whole_at": now}
        changes["barren_reads"] = 0 if kept.new or kept.edited else ONE_MORE_BARREN
        outcome = _told(feed, document, kept)
        if kept.new or kept.edited or feed.state != Feed.State.GREEN or not document.entries:
            _note(outcome, answer, document.reader)
        answers.keep(feed, answer)
        if document.hub:
            websub.note(feed, document.hub, document.topic or answer.url)
        if not scheduling.settle(feed.pk, feed.lease_token, wait=wait, **changes):
            transaction.set_rollback(True)
            return _lost(feed)
    return outcome


def _told(feed: Feed, document: parsing.Document, kept: storing.Kept) -> Outcome:
    text = ""
    if document.left_out:
        text = _("%(count)d further items were left out.") % {"count": document.left_out}
    return Outcome(
        feed,
        "read" if document.entries else "empty",
        text,
        entries=len(document.entries),
        new=kept.new,
        edited=kept.edited,
        articles=kept.articles,
    )


def _unchanged(feed: Feed, answer: Answer) -> Outcome:
    now = timezone.now()
    pace = health.pace_after_unchanged(Pace(feed.interval, feed.fresh_polls))
    condition = health.after_unchanged(feed.condition)
    if feed.trouble:
        # The failure stays, and with it its back-off.
        wait = health.wait_after_error(pace.interval, feed.trouble_weight, chance=_chance())
    else:
        wait = health.wait(pace, chance=_chance(), asked=(answer.max_age,))
    kept = scheduling.settle(
        feed.pk,
        feed.lease_token,
        wait=wait,
        interval=pace.interval,
        fresh_polls=pace.fresh_polls,
        state=condition.state,
        last_polled_at=now,
        unchanged_polls=ONE_MORE,
        **_renewed(feed, answer, now),
        **address_changes(feed, answer, now),
    )
    return Outcome(feed, "unchanged") if kept else _lost(feed)


def _failed(
    feed: Feed,
    kind: str,
    text: str,
    *,
    status: int | None,
    retry_after: int | None = None,
    answer: Answer | None = None,
) -> Outcome:
    now = timezone.now()
    alerted = feed.alerted_at is not None
    condition = health.after_error(feed.condition, kind, text, now=now, alerted=alerted)
    stopped = condition.state == Feed.State.STOPPED
    wait = health.wait_after_error(
        feed.interval,
        condition.weight,
        chance=_chance(),
        retry_after=retry_after,
    )
    outcome = Outcome(feed, kind, text)
    with transaction.atomic():
        kept = scheduling.settle(
            feed.pk,
            feed.lease_token,
            wait=None if stopped else wait,
            last_polled_at=now,
            **_stored(condition, alerted_at=now if condition.alert else feed.alerted_at),
        )
        if not kept:
            return _lost(feed)
        _note(outcome, status=status)
        if answer:
            answers.keep(feed, answer, refusal=text)
        if condition.alert:
            transaction.on_commit(lambda: feed_fails(feed, kind, text))
    return outcome


def _rhythm(feed: Feed, document: parsing.Document, kept: storing.Kept, now: datetime) -> dict[str, Any]:
    """What the document tells of the feed's habit."""
    moments = [entry.published for entry in document.entries if entry.published]
    moments = [moment for moment in moments if dates.believable(moment, now=now)]
    gap = health.typical_gap(moments)
    changes: dict[str, Any] = {"usual_gap": min(int(gap.total_seconds()), 10**9)} if gap else {}
    if kept.new:
        newest = max(moments, default=now)
        changes |= {"last_new_at": now, "newest_at": newest}
        changes |= {
            "quiet_after": health.quiet_after(newest, gap),
            "lonely_after": health.lonely_after(newest, gap),
        }
    return changes


def _flood(feed: Feed, kept: storing.Kept, now: datetime) -> str:
    """A sentence on a feed that brought more within a day than anybody reads, else ""."""
    yesterday = now - timedelta(days=1)
    if not health.could_flood(kept.new) or feed.last_new_at is None or feed.last_new_at < yesterday:
        return ""
    lately = feed.polls.filter(at__gt=yesterday).aggregate(new=Sum("new"))["new"] or 0
    if lately + kept.new <= health.FLOOD:
        return ""
    said = _("It brought %(count)d new items within a day. They are kept; it is read again tomorrow.")
    return said % {"count": lately + kept.new}


def _stored(condition: health.Condition, *, alerted_at: datetime | None) -> dict[str, Any]:
    return {
        "state": condition.state,
        "trouble": condition.trouble,
        "trouble_text": condition.text,
        "trouble_weight": condition.weight,
        "failing_since": condition.failing_since,
        "alerted_at": alerted_at,
    }


def _renewed(feed: Feed, answer: Answer, now: datetime) -> dict[str, Any]:
    """The validators of the last answer: those of a whole document, or what a 304 says anew."""
    if answer.status != 304:
        return {"etag": answer.etag, "last_modified": answer.last_modified, "whole_at": now}
    return {
        "etag": answer.etag or feed.etag,
        "last_modified": answer.last_modified or feed.last_modified,
    }


def _validators(answer: Answer, body_digest: str) -> dict:
    return {"etag": answer.etag, "last_modified": answer.last_modified, "body_digest": body_digest}


def _note(
    outcome: Outcome, answer: Answer | None = None, reader: str = "", status: int | None = None
) -> None:
    told = {
        "feed": outcome.feed.pk,
        "outcome": Poll.Outcome.FAILED if outcome.failed else outcome.kind,
        "trouble": outcome.kind if outcome.failed else "",
        "text": outcome.text,
        "status": answer.status if answer else status,
        "seconds": answer.seconds if answer else 0,
        "sent": answer.sent if answer else 0,
        "entries": outcome.entries,
        "new": outcome.new,
        "edited": outcome.edited,
        "reader": reader,
    }
    sql.insert(Poll, tuple(told), [tuple(told.values())])


def _lost(feed: Feed) -> Outcome:
    log.warning("The poll of %s came to its end after its lease; its result is thrown away.", feed.url)
    return Outcome(feed, "lost", _("Another worker holds this feed now; nothing was written."))


def _chance() -> float:
    """Spreads appointments, so that feeds added together do not stay together."""
    return random.random()  # noqa: S311  # nosec B311

"""The service's vital signs, what each day keeps of them for readers, and what is forgotten.

A sign is a figure from the database with its meaning and the limit of what is well. Each day keeps the worst of some,
so that "nothing happened" and "we were blind" never look alike.

Metrics, readiness and the operator's page all read the signs (`operations.health.vitals`). The law: each is a
bounded look-up, even of large tables. Readers' caches turn over only when something that a page shows has changed.

Forgotten are the full texts of old articles, where ARTICLE_TEXT_DAYS says so, sessions that are over, and who tried to
sign in, from where. The law: title, summary, address and dates stay, and so do the texts of articles that an event on
record cites; the log, the decisions and the codings are never touched.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Count, DurationField, Exists, Min, OuterRef, Q, Value
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker import log, model_servers
from tracker.models import Article, ArticleVersion, CoverageDay, Decision, Event, Head, Heartbeat, Report

MANY = 100_000  # what a count stops at
TEXTS_AT_ONCE = 1000  # that are forgotten
SIGN_INS_KEPT = datetime.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Vital:
    name: str  # as Prometheus will know it, without our prefix
    value: float
    words: object  # what it is, in a few words of the operator's language
    limit: float | None = None  # above it, something wants doing
    remedy: object = ""  # what
    decides: bool = False  # above the limit the service is not ready
    rises: bool = False  # a counter
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def is_bad(self) -> bool:
        return self.limit is not None and self.value > self.limit


def of_the_record() -> Iterator[Vital]:
    yield from _articles()
    yield from _proposals()
    yield from _decisions()
    yield from _heartbeats()
    if settings.EMBEDDINGS_URL:
        yield _embeddings()


def _articles() -> Iterator[Vital]:
    waiting = Article.objects.filter(state__in=Article.WAITING)
    yield Vital(
        "articles_waiting",
        waiting[:MANY].count(),
        _("articles wait to be tagged and grouped"),
        limit=5000,
        remedy=_("Start another worker for the queue “judging”."),
    )
    oldest = waiting.order_by("id").annotate(now=Now()).values_list("first_seen_at", "now").first()
    yield Vital(
        "article_oldest_waiting_seconds",
        seconds_between(*oldest) if oldest else 0,
        _("seconds that the oldest of them has waited"),
        limit=1800,
        remedy=_("Is a worker for the queue “judging” running?"),
    )
    yield Vital(
        "articles_failed",
        Article.objects.filter(state=Article.State.FAILED)[:MANY].count(),
        _("articles could not be filed"),
        limit=0,
        remedy=_("Look at them in the admin: each says why."),
    )


def _proposals() -> Iterator[Vital]:
    waiting = Event.objects.waiting()
    yield Vital("proposals_waiting", waiting[:MANY].count(), _("proposals wait for an analyst"))
    oldest = waiting.aggregate(oldest=Min("proposed_at"), now=Min(Now()))
    yield Vital(
        "proposal_oldest_seconds",
        seconds_between(oldest["oldest"], oldest["now"]) if oldest["oldest"] else 0,
        _("seconds that the oldest proposal has waited"),
        limit=14 * 86_400,
        remedy=_("Analysts are behind: the coverage page tells readers so."),
    )


def _decisions() -> Iterator[Vital]:
    for action, count in Decision.objects.order_by("action").values_list("action").annotate(Count("id")):
        yield Vital("decisions_total", count, _("decisions"), rises=True, labels={"action": action})
    sequence = Head.objects.values_list("sequence", flat=True).first() or 0
    yield Vital("revisions_total", sequence, _("versions in the record's log"), rises=True)


def _heartbeats() -> Iterator[Vital]:
    for name, at, count, seconds, now in Heartbeat.objects.annotate(now=Now()).values_list(
        "name", "at", "count", "seconds", "now"
    ):
        task, _space, outcome = name.partition(" ")
        if not outcome:
            yield Vital(
                "heartbeat_age_seconds",
                seconds_between(at, now),
                _("seconds since the last sign of life"),
                limit=120,
                remedy=_("Start it: see the operators' page."),
                labels={"name": name},
            )
            continue
        labels = {"task": task, "outcome": outcome}
        yield Vital("tasks_total", count, _("tasks ended"), rises=True, labels=labels)
        yield Vital("task_seconds_total", seconds, _("seconds spent in tasks"), rises=True, labels=labels)


def _embeddings() -> Vital:
    names = (model_servers.ANSWERED, model_servers.FAILED)
    last = Heartbeat.objects.filter(name__in=names).order_by("-at").values_list("name", flat=True).first()
    return Vital(
        "embeddings_failing",
        float(last == model_servers.FAILED),
        _("endpoints of embeddings fail: articles are read by words alone"),
        limit=0,
        remedy=_("Does the server of EMBEDDINGS_URL answer? The log has its own words."),
    )


def seconds_between(earlier, later) -> float:
    return max(0.0, (later - earlier).total_seconds())


def bad(signs: Iterable[Vital]) -> list[Vital]:
    return [sign for sign in signs if sign.is_bad]


def note_feeds(*, feeds_alive: int, feeds_total: int) -> None:
    """Note how many feeds answer just now; the day keeps its lowest share."""
    day = timezone.now().date()
    row = CoverageDay.objects.filter(day=day).first()
    if row is None or _share(feeds_alive, feeds_total) <= _share(row.feeds_alive, row.feeds_total):
        _note_day(day, feeds_alive=feeds_alive, feeds_total=feeds_total)


def note_queue() -> None:
    """Note what waits for an analyst, and how many articles have been kept today."""
    day = timezone.now().date()
    waiting = Event.objects.waiting()
    oldest = waiting.order_by("proposed_at").values_list("proposed_at", flat=True).first()
    start = datetime.datetime.combine(day, datetime.time.min, datetime.UTC)
    _note_day(
        day,
        waiting=waiting.count(),
        oldest_unreviewed=oldest.date() if oldest else None,
        articles=Article.objects.filter(first_seen_at__gte=start).count(),
    )


def _note_day(day: datetime.date, **values: Any) -> None:
    with transaction.atomic():
        row, new = CoverageDay.objects.get_or_create(day=day, defaults=values)
        if not new and any(getattr(row, name) != value for name, value in values.items()):
            CoverageDay.objects.filter(day=day).update(**values)
        elif not new:
            return
        shown = {"feeds_alive", "feeds_total", "oldest_unreviewed"}
        if new or any(getattr(row, name) != value for name, value in values.items() if name in shown):
            log.turn()


def _share(alive: int, total: int) -> float:
    return alive / total if total else 1.0


def forget_texts() -> int:
    """Empty the texts of articles that are too old; how many. May be stopped and run again at any time."""
    days = settings.ARTICLE_TEXT_DAYS
    if not days:
        return 0
    horizon = Now() - Value(datetime.timedelta(days=days), output_field=DurationField())
    cited = Report.objects.filter(article=OuterRef("pk"), event__status__in=Event.ON_RECORD)
    old = Article.objects.filter(~Q(text="") | ~Q(html=""), ~Exists(cited), first_seen_at__lt=horizon)
    forgotten = 0
    while batch := list(old.order_by("id").values_list("pk", flat=True)[:TEXTS_AT_ONCE]):
        ArticleVersion.objects.filter(article__in=batch).update(html="")
        forgotten += Article.objects.filter(pk__in=batch).update(text="", html="")
    return forgotten


def forget_sessions() -> int:
    """Delete sessions that have ended, and what is known of tries to sign in after three months; how many."""
    horizon = Now() - Value(SIGN_INS_KEPT, output_field=DurationField())
    gone = Session.objects.filter(expire_date__lt=Now()).delete()[0]
    for tries in (AccessAttempt, AccessLog, AccessFailureLog):
        gone += tries.objects.filter(attempt_time__lt=horizon).delete()[0]
    return gone

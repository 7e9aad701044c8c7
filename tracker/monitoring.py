"""The service's vital signs: figures from the database, each with its meaning and the limit of what is well.

Metrics, readiness and the operator's page all read these (`operations.health.vitals`). The law: each is a
bounded look-up, even of large tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, Min
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tracker import embeddings
from tracker.models import Article, Decision, Event, Head, Heartbeat

MANY = 100_000  # what a count stops at


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
    names = (embeddings.ANSWERED, embeddings.FAILED)
    last = Heartbeat.objects.filter(name__in=names).order_by("-at").values_list("name", flat=True).first()
    return Vital(
        "embeddings_failing",
        float(last == embeddings.FAILED),
        _("endpoints of embeddings fail: articles are read by words alone"),
        limit=0,
        remedy=_("Does the server of EMBEDDINGS_URL answer? The log has its own words."),
    )


def seconds_between(earlier, later) -> float:
    return max(0.0, (later - earlier).total_seconds())


def bad(signs: Iterable[Vital]) -> list[Vital]:
    return [sign for sign in signs if sign.is_bad]

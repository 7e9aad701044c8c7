"""Proposals that may hold more than one act, looked at again: many reports of one outlet, or days between them.

The law: only what the machine joined and nobody touched is parted by it; a decision or a join of a person stands. What
leaves becomes a proposal of its own, so that no act is lost, and the journal says so.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from tracker import clustering, grouping, tagger_versions, tagging, triage
from tracker.models import Article, Event, PairJudgement, Report

MOST = 60  # reports of a proposal that are looked at, the first
DAYS = 7  # since the last report came in
WHY = "Looked at again: reports of another act"

log = logging.getLogger(__name__)


def recheck_all(days: int = DAYS) -> int:
    """Look again at what grew in the last days; how many proposals were parted from others."""
    since = timezone.now() - datetime.timedelta(days=days)
    grown = Event.objects.open().filter(last_reported_at__gte=since, reports_count__gt=1)
    return sum(len(recheck(event)) for event in grown.order_by("proposed_at", "id"))


def recheck(event: Event) -> list[Event]:
    """The proposals that were parted from this one; none where it holds together, or a person had a hand in it."""
    if event.status not in Event.OPEN or event.version != 1 or event.reports_count < 2:
        return []
    reports = list(event.reports.select_related("article").defer("article__html", "article__text")[:MOST])
    reports.sort(key=lambda report: report.pk)
    readings = [grouping.reading_of(report.article) for report in reports]
    if not clustering.is_doubtful(readings):
        return []
    groups = clustering.parted(readings)
    if len(groups) == 1 or any(report.how != Report.How.MACHINE for report in reports):
        return []
    if PairJudgement.objects.filter(event=event).exists():
        return []
    return _part(event, [[reports[at].article for at in group] for group in groups])


def _part(event: Event, groups: Sequence[list[Article]]) -> list[Event]:
    stays, *leaving = groups
    with transaction.atomic():
        pooled = _pooled(stays)
        gone = [article for group in leaving for article in group]
        left = triage.let_go(
            event,
            gone,
            WHY,
            suggestion=pooled.as_dict(),
            relevance=pooled.relevance,
            actors=pooled.actors,
            certainty=pooled.certainty,
        )
        return [_proposed(group) for group in leaving] if left else []


def _proposed(group: Sequence[Article]) -> Event:
    pooled, first = _pooled(group), group[0]
    return triage.propose(
        title=first.title,
        summary=first.summary,
        language=first.language,
        date=first.day,
        articles=group,
        suggestion=pooled.as_dict(),
        relevance=pooled.relevance,
        outlets=clustering.outlets([grouping.report_of(article) for article in group]),
    )


def _pooled(articles: Sequence[Article]) -> tagging.Suggestion:
    tagger = tagger_versions.serving()
    told = [tagging.Suggestion.from_dict(each.suggestion) for each in articles if each.suggestion]
    return tagger.pool(
        told or tagger.tag_many([(each.title, each.summary, each.publisher) for each in articles])
    )

"""Which reports an event rests on: attached, taken out, moved to another event; and sources without a report.

The law: what a person attached or took out is remembered as a judgement, so that the machine learns from it and
does not do the contrary again. On record each needs a reason, as the sources that readers see change with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.models import Article, Event, PairJudgement, Report, Revision
from tracker.triage import coding, proposing
from tracker.triage.statuses import DISMISSED, Refused
from tracker.triage.steps import Step

MOST = 100  # reports in one step


def attach(
    event: Event | str,
    articles: Iterable[int],
    by: Any,
    why: str = "",
    *,
    version: int | None = None,
    batch: uuid.UUID | None = None,
) -> Event:
    """Articles become reports of an event, whatever the machine made of them."""
    with Step("join", by, why=why, batch=batch) as step:
        row = _taken(step, event, version)
        found = _articles(articles)
        if not (new := _add(row, found, by)):
            raise Refused(_("Nothing has changed."))
        _written(step, row, new)
    return row


def detach(
    event: Event | str,
    articles: Iterable[int],
    by: Any,
    why: str = "",
    *,
    version: int | None = None,
    batch: uuid.UUID | None = None,
) -> Event:
    """Reports leave an event with the sources that stood for them; an article that reports nothing else then may
    be proposed or attached anew."""
    with Step("part", by, why=why, batch=batch) as step:
        row = _taken(step, event, version)
        leaving = _reporting(row, articles)
        _remove(row, leaving, by)
        _written(step, row, leaving)
    return row


def move(
    event: Event | str,
    articles: Iterable[int],
    into: Event | str,
    by: Any,
    why: str = "",
    *,
    version: int | None = None,
    batch: uuid.UUID | None = None,
) -> Event:
    """Reports of one event become those of another."""
    keys = [each if isinstance(each, str) else each.pk for each in (event, into)]
    if keys[0] == keys[1]:
        raise Refused(_("Choose another event to move them to."))
    with Step("move", by, why=why, batch=batch) as step:
        step.take_all([event, into], {keys[0]: version} if version is not None else {})
        row, target = (_taken(step, key, None) for key in keys)
        leaving = _reporting(row, articles)
        _remove(row, leaving, by)
        _add(target, leaving, by)
        _written(step, row, leaving, related=[target.pk])
        _written(step, target, leaving, related=[row.pk])
    return target


def drop_source(
    event: Event | str,
    source: str,
    by: Any,
    why: str,
    *,
    version: int | None = None,
    batch: uuid.UUID | None = None,
) -> Revision | None:
    """Take a source off an event on record, named by its address, or else by its title."""
    with Step("edit", by, why=why, batch=batch) as step:
        row = _taken(step, event, version)
        left = [each for each in row.sources if source not in (each.get("url"), each.get("title"))]
        if len(left) == len(row.sources):
            raise Refused(_("That is none of its sources."))
        row.sources = left
        return step.write(row)


def free(articles: Iterable[int]) -> None:
    """Note for each article whether it still reports anything; what reports nothing may be proposed anew."""
    for article in Article.objects.filter(pk__in=list(articles)).only("pk", "state"):
        filed = Report.objects.filter(article=article).exists()
        state = Article.State.FILED if filed else Article.State.BACKGROUND
        Article.objects.filter(pk=article.pk).exclude(state=state).update(state=state, trouble="")


def _taken(step: Step, event: Event | str, version: int | None) -> Event:
    row = step.take(event, version)
    coding.check_not_merged(row)
    if row.status == DISMISSED:
        raise Refused(_("“%(title)s” was decided; reopen it first.") % {"title": str(row)[:80]})
    if row.on_record and not step.why:
        raise Refused(_("Say why: readers see the reason beside every change of the record."))
    return row


def _articles(keys: Iterable[int]) -> list[Article]:
    wanted = list(dict.fromkeys(keys))
    found = Article.objects.defer("html", "text").in_bulk(wanted)
    if not wanted or len(wanted) > MOST:
        raise Refused(_("Choose 1 to %(most)d reports.") % {"most": MOST})
    if unknown := [str(key) for key in wanted if key not in found]:
        raise Refused(_("There is no article %(id)s.") % {"id": ", ".join(unknown)[:80]})
    return [found[key] for key in wanted]


def _reporting(row: Event, keys: Iterable[int]) -> list[Article]:
    found = _articles(keys)
    there = set(Report.objects.filter(event=row, article__in=found).values_list("article_id", flat=True))
    if unknown := [str(article.pk) for article in found if article.pk not in there]:
        raise Refused(_("Article %(id)s does not report this event.") % {"id": ", ".join(unknown)[:80]})
    return found


def _add(row: Event, articles: list[Article], by: Any) -> list[Article]:
    new = []
    for article in articles:
        _judge(row, article, by, same=True)
        _report, made = Report.objects.get_or_create(
            event=row, article=article, defaults={"how": Report.How.ANALYST}
        )
        if made:
            new.append(article)
    if new:
        row.last_reported_at = timezone.now()
    return new


def _remove(row: Event, articles: list[Article], by: Any) -> None:
    for article in articles:
        _judge(row, article, by, same=False)
    Report.objects.filter(event=row, article__in=articles).delete()
    gone = {article.url or article.title for article in articles}
    row.sources = [each for each in row.sources if (each.get("url") or each.get("title")) not in gone]


def _judge(row: Event, article: Article, by: Any, *, same: bool) -> None:
    PairJudgement.objects.update_or_create(
        article=article, event=row, defaults={"same": same, "by": by, "at": timezone.now()}
    )


def _written(step: Step, row: Event, articles: list[Article], related: Iterable[str] = ()) -> None:
    free(article.pk for article in articles)
    dated = proposing.count_reports(row)
    if row.on_record:
        row.sources = coding.sources_of(row)
    else:
        labels = coding.ticked(row.suggestion)
        row.priority = proposing.priority_of(row.relevance, labels, row.outlets_count, row.date, dated=dated)
    step.write(row, related=related)

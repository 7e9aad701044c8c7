"""Several events at once: merge reports of the same act, split one article's acts, link a later act to those
it ends.

The law: ids are permanent. A merged event stays as a redirect and counts no longer from today on; what was
known before stays as it was.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import record, text, textfields
from tracker.models import Event, PairJudgement, Report, Revision
from tracker.triage import coding, proposing
from tracker.triage.coding import check_supersedes, superseding
from tracker.triage.proposing import count_reports, new_id
from tracker.triage.statuses import MERGED, NEW, Refused
from tracker.triage.steps import REVIEW, Step, reason


def merge(
    events: Iterable[Event | str],
    into: Event | str,
    by: Any,
    why: str = "",
    *,
    versions: Mapping[str, int] | None = None,
    batch: uuid.UUID | None = None,
    seconds: float | None = None,
) -> Event:
    """Make `events` part of `into`: their reports and sources move there, links to them point there, their
    addresses redirect there for ever."""
    absorbed, target_key = list(events), _key(into)
    if not absorbed:
        raise Refused(_("Choose at least one event to merge."))
    with Step("merge", by, why=why, batch=batch, seconds=seconds) as step:
        # Every event that will be written is locked before anything changes.
        links = {key: [row.pk for row in superseding(key)] for key in map(_key, absorbed)}
        step.take_all(
            [*absorbed, into, *{row for rows in links.values() for row in rows}], dict(versions or {})
        )
        target = step.events[target_key]
        if target.status == MERGED:
            raise Refused(_("The target was itself merged into %(id)s.") % {"id": target.merged_into_id})
        if target.status == "dismissed":
            raise Refused(_("The target was dismissed; reopen it first."))
        rows = [step.events[_key(item)] for item in absorbed]
        if any(row.on_record for row in rows):
            _check_on_record(rows, target, by, why)
        was_on_record = {row.pk: row.on_record for row in rows}
        for row in rows:
            _absorb(step, row, target, was_on_record[row.pk])
        _grow(step, target, [row.pk for row in rows])
        for row in rows:
            for key in links[row.pk]:
                _repoint(step, step.events[key], row.pk, target)
    return target


def split(
    event: Event | str,
    parts: Iterable[Mapping[str, Any]],
    by: Any,
    why: str = "",
    *,
    version: int | None = None,
    batch: uuid.UUID | None = None,
) -> list[Event]:
    """New proposals for further acts that an event's articles report. Each part: `title`, and optionally
    `date`, `articles` (ids; all when absent), `move` (take those articles away from the event)."""
    wanted = list(parts)
    if not 1 <= len(wanted) <= 20:
        raise Refused(_("Split into 1 to 20 further events."))
    with Step("split", by, why=why, batch=batch) as step:
        row = step.take(event, version)
        coding.check_not_merged(row)
        if row.status == "dismissed":
            raise Refused(_("“%(title)s” was decided; reopen it first.") % {"title": str(row)[:80]})
        reports = {report.article_id: report for report in row.reports.all()}
        new, moved = [], False
        for part in wanted:
            new.append(step.add(_part(row, part)))
            chosen = _chosen(reports, part)
            for article in chosen:
                Report.objects.create(event=new[-1], article_id=article, how=Report.How.ANALYST)
            new[-1].reports_count = new[-1].outlets_count = len(chosen)
            step.save(new[-1])
            moved = _take_away(row, chosen, part) or moved
        _after_split(step, row, moved, [each.pk for each in new])
    return new


def supersede(
    event: Event | str,
    earlier: Iterable[Event | str],
    by: Any,
    why: str,
    *,
    version: int | None = None,
    batch: uuid.UUID | None = None,
) -> Revision:
    """Say that an event on record ends the effect of earlier ones, from its date on."""
    ids = [_key(item) for item in earlier]
    with Step("supersede", by, why=why, batch=batch) as step:
        row = step.take(event, version)
        coding.check_on_record(row)
        check_supersedes(row, ids)
        if set(ids) <= set(row.supersedes):
            raise Refused(_("Nothing has changed."))
        row.supersedes = sorted({*row.supersedes, *ids})
        revision = step.write(row, kind=Revision.Kind.SUPERSEDE, related=ids)
    assert revision is not None
    return revision


def _key(event: Event | str) -> str:
    return event if isinstance(event, str) else event.pk


def _check_on_record(rows: list[Event], target: Event, by: Any, why: str) -> None:
    if by is not None and not by.has_perm(REVIEW):
        raise Refused(_("Only a reviewer merges events that are on record."))
    if not reason(why):
        raise Refused(_("Say why: readers see the reason beside every change of the record."))
    if not target.on_record or target.retracted:
        raise Refused(_("An event on record can only be merged into another one on record."))
    if any(row.pk == target.pk for row in rows):
        raise Refused(_("An event cannot be merged into itself."))


def _absorb(step: Step, row: Event, target: Event, on_record: bool) -> None:
    if row.pk == target.pk:
        raise Refused(_("An event cannot be merged into itself."))
    step.move(row, MERGED)
    row.merged_into, row.snoozed_until, row.snoozed_reports = target, None, None
    row.decided_at, row.decided_by = timezone.now(), step.by
    there = set(target.reports.values_list("article_id", flat=True))
    moving = row.reports.exclude(article_id__in=there)
    # Only what a person joined is learned from; the machine must not teach itself.
    articles = row.reports.values_list("article_id", flat=True) if step.by is not None else ()
    for article_id in articles:
        PairJudgement.objects.update_or_create(
            article_id=article_id,
            event=target,
            defaults={"same": True, "by": step.by, "at": timezone.now()},
        )
    moving.update(event=target)
    row.reports_count = row.reports.count()
    target.last_reported_at = max(
        filter(None, (target.last_reported_at, row.last_reported_at)), default=target.last_reported_at
    )
    if on_record:
        target.sources = [*target.sources, *(each for each in row.sources if each not in target.sources)]
        earlier = {*target.supersedes, *row.supersedes} - {row.pk, target.pk}
        target.supersedes = sorted(earlier)
        asleep = {*target.suspends, *(row.suspends if target.until else ())}
        target.suspends = sorted(asleep - earlier - {row.pk, target.pk})
        row.retracted = True
        step.write(row, kind=Revision.Kind.MERGE, related=[target.pk])
    else:
        step.write(row)


def _grow(step: Step, target: Event, absorbed: list[str]) -> None:
    dated = count_reports(target)
    if target.on_record:
        target.supersedes = [key for key in target.supersedes if key not in absorbed]
        target.suspends = [key for key in target.suspends if key not in absorbed]
        check_supersedes(target, [*target.supersedes, *target.suspends])
        target.sources = coding.sources_of(target)
    else:
        labels = coding.ticked(target.suggestion)
        target.priority = proposing.priority_of(
            target.relevance, labels, target.outlets_count, target.date, dated=dated
        )
    step.write(target, related=absorbed)


def _repoint(step: Step, later: Event, absorbed: str, target: Event) -> None:
    """Let an event that superseded the absorbed one supersede the target instead."""
    if later.pk == target.pk or later.status == MERGED:
        return
    if absorbed in later.supersedes:
        later.supersedes = sorted({*later.supersedes, target.pk} - {absorbed})
        later.suspends = [key for key in later.suspends if key not in later.supersedes]
    if absorbed in later.suspends:
        asleep = {*later.suspends, target.pk} - {absorbed, *later.supersedes}
        later.suspends = sorted(asleep)
    check_supersedes(later, [*later.supersedes, *later.suspends])
    step.write(later, related=[target.pk])


def _part(row: Event, part: Mapping[str, Any]) -> Event:
    try:
        title = text.strict(" ".join(str(part.get("title") or "").split()), "title", 500)
    except text.BadText as error:
        raise Refused(textfields.sentence(error)) from error
    if not title:
        raise Refused(_("Each new event needs a title."))
    try:
        day = record.day(str(part["date"]), "date") if part.get("date") else row.date
    except record.RecordError as error:
        raise Refused(textfields.sentence(error)) from error
    chinese = any("\u4e00" <= character <= "\u9fff" for character in title)
    return Event(
        pk=_free_id(day, title),
        status=NEW,
        date=day,
        title="" if chinese else title,
        title_zh=title if chinese else "",
        actors=row.actors,
        certainty=row.certainty,
        priority=row.priority,
        relevance=row.relevance,
        last_reported_at=row.last_reported_at,
    )


def _free_id(day: datetime.date, title: str) -> str:
    stem = new_id(day, title)
    taken = set(Event.objects.filter(pk__startswith=stem).values_list("pk", flat=True))
    names = [stem, *(f"{stem}-{number}" for number in range(2, 100)), f"{stem}-{uuid.uuid4().hex[:8]}"]
    return next(name for name in names if name not in taken)


def _chosen(reports: Mapping[int, Report], part: Mapping[str, Any]) -> list[int]:
    wanted = part.get("articles")
    if wanted is None:
        return list(reports)
    if unknown := [str(article) for article in wanted if article not in reports]:
        raise Refused(_("Article %(id)s does not report this event.") % {"id": ", ".join(unknown)[:80]})
    return list(wanted)


def _take_away(row: Event, articles: list[int], part: Mapping[str, Any]) -> bool:
    if not part.get("move"):
        return False
    leaving = Report.objects.filter(event=row, article__in=articles).select_related("article")
    urls = {report.article.url for report in leaving}
    row.sources = [source for source in row.sources if source.get("url") not in urls]
    leaving.delete()
    return True


def _after_split(step: Step, row: Event, moved: bool, new: list[str]) -> None:
    count_reports(row)
    if row.on_record and moved:
        step.write(row, kind=Revision.Kind.SPLIT, related=new)
    else:
        step.save(row)

"""What belongs together: reports attached to events and taken out, events merged, split, and linked to those they end.

The law: ids are permanent. A merged event stays as a redirect and counts no longer from today on; what was known
before stays as it was. What a person attached or took out is remembered as a judgement, so that the machine learns
from it and does not do the contrary again. On record each needs a reason, as the sources that readers see change with
it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import record, text, wording
from tracker.models import Article, Event, PairJudgement, Report, Revision
from tracker.triage import coding, proposing
from tracker.triage.coding import check_supersedes, superseding
from tracker.triage.proposing import count_reports, new_id
from tracker.triage.statuses import DISMISSED, MERGED, NEW, Refused
from tracker.triage.steps import REVIEW, Step, reason

MOST_REPORTS = 100  # reports in one step


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
        row = _take_open(step, event, version)
        found = _articles_of(articles)
        if not (new := _add_reports(row, found, by)):
            raise Refused(_("Nothing has changed."))
        _write(step, row, new)
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
        row = _take_open(step, event, version)
        leaving = _reporting(row, articles)
        _remove_reports(row, leaving, by)
        _write(step, row, leaving)
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
        row, target = (_take_open(step, key, None) for key in keys)
        leaving = _reporting(row, articles)
        _remove_reports(row, leaving, by)
        _add_reports(target, leaving, by)
        _write(step, row, leaving, related=[target.pk])
        _write(step, target, leaving, related=[row.pk])
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
        row = _take_open(step, event, version)
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
        raise Refused(wording.refusal(error)) from error
    if not title:
        raise Refused(_("Each new event needs a title."))
    try:
        day = record.day(str(part["date"]), "date") if part.get("date") else row.date
    except record.RecordError as error:
        raise Refused(wording.refusal(error)) from error
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


def _take_open(step: Step, event: Event | str, version: int | None) -> Event:
    row = step.take(event, version)
    coding.check_not_merged(row)
    if row.status == DISMISSED:
        raise Refused(_("“%(title)s” was decided; reopen it first.") % {"title": str(row)[:80]})
    if row.on_record and not step.why:
        raise Refused(_("Say why: readers see the reason beside every change of the record."))
    return row


def _articles_of(keys: Iterable[int]) -> list[Article]:
    wanted = list(dict.fromkeys(keys))
    found = Article.objects.defer("html", "text").in_bulk(wanted)
    if not wanted or len(wanted) > MOST_REPORTS:
        raise Refused(_("Choose 1 to %(most)d reports.") % {"most": MOST_REPORTS})
    if unknown := [str(key) for key in wanted if key not in found]:
        raise Refused(_("There is no article %(id)s.") % {"id": ", ".join(unknown)[:80]})
    return [found[key] for key in wanted]


def _reporting(row: Event, keys: Iterable[int]) -> list[Article]:
    found = _articles_of(keys)
    there = set(Report.objects.filter(event=row, article__in=found).values_list("article_id", flat=True))
    if unknown := [str(article.pk) for article in found if article.pk not in there]:
        raise Refused(_("Article %(id)s does not report this event.") % {"id": ", ".join(unknown)[:80]})
    return found


def _add_reports(row: Event, articles: list[Article], by: Any) -> list[Article]:
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


def _remove_reports(row: Event, articles: list[Article], by: Any) -> None:
    for article in articles:
        _judge(row, article, by, same=False)
    Report.objects.filter(event=row, article__in=articles).delete()
    gone = {article.url or article.title for article in articles}
    row.sources = [each for each in row.sources if (each.get("url") or each.get("title")) not in gone]


def _judge(row: Event, article: Article, by: Any, *, same: bool) -> None:
    PairJudgement.objects.update_or_create(
        article=article, event=row, defaults={"same": same, "by": by, "at": timezone.now()}
    )


def _write(step: Step, row: Event, articles: list[Article], related: Iterable[str] = ()) -> None:
    free(article.pk for article in articles)
    dated = proposing.count_reports(row)
    if row.on_record:
        row.sources = coding.sources_of(row)
    else:
        labels = coding.ticked(row.suggestion)
        row.priority = proposing.priority_of(row.relevance, labels, row.outlets_count, row.date, dated=dated)
    step.write(row, related=related)

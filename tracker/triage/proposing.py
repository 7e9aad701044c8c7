"""What the machine puts before analysts: a new proposal, and what becomes of it while it waits.

The law: a proposal counts nowhere. A decided event keeps its codes whatever the machine reads later; it only
gains reports.

How soon a proposal is worth a look. Pure.

First the chance that a person will accept it, in steps of half a nat of its odds; within a step what it would
move, and only then how fresh it is. So an act of last month stands before noise of today. What no report dates is
as likely old as new, since a feed's first poll brings years of it: it stands where what is two weeks older stands.
The number hangs on nothing that passes, so that the order never changes by itself and the queue is one index.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from tracker import record, sql, text
from tracker.codebook import current
from tracker.models import Article, Decision, Event, Report
from tracker.triage import coding
from tracker.triage.statuses import NEW, PROPOSED, SNOOZED, Refused

STEP = 0.5  # nats of odds that count as the same chance
LEAST, MOST = 0.001, 0.999
UNDATED_DAYS = 14
STRENGTH_WORTH = {1: 1.0, 2: 1.5, 3: 2.5, 4: 4.0, 5: 4.0}
_A_DAY = 1e-5  # of a step; a lifetime of days stays below what the worth leaves free
_WORTH = 0.8


def priority_of(
    relevance: float,
    labels: Iterable[Mapping[str, Any]],
    outlets: int,
    date: datetime.date,
    *,
    dated: bool = True,
) -> float:
    """The place in the queue: the greater, the sooner. Not `dated`: `date` is only when it came in."""
    chance = min(MOST, max(LEAST, relevance or 0.0))
    step = math.floor(math.log(chance / (1 - chance)) / STEP)
    weights = [
        float(label.get("probability") or 0.5) * STRENGTH_WORTH.get(int(label.get("strength") or 1), 1.0)
        for label in labels
    ]
    # Taken up by others: more likely an act of weight.
    value = (0.5 + sum(sorted(weights)[-3:])) * (1.0 + math.log2(max(1, outlets)) / 2)
    days = max(0, (date - current().start).days - (0 if dated else UNDATED_DAYS))
    return round(step + _WORTH * value / (1 + value) + days * _A_DAY, 6)


LONGEST_SLUG = 70
REPORT = ("event", "article", "how", "probability", "because")
PROPOSAL = ("event", "action", "status_after", "by", "model_version")


def propose(
    *,
    title: str,
    date: datetime.date,
    suggestion: Mapping[str, Any] | None = None,
    articles: Iterable[Article] = (),
    language: str = "",
    relevance: float = 0.0,
    priority: float | None = None,
    actors: Iterable[str] = (),
    certainty: str = "",
    summary: str = "",
    model_version: str = "",
    probability: float | None = None,
    because: Iterable[Any] = (),
    outlets: int | None = None,
    by: Any = None,
    how: str = Report.How.MACHINE,
) -> Event:
    """A new proposal with its reports. Its id is the date and the title's words, and permanent. `Refused`
    without a title."""
    title = text.lenient(" ".join(title.split()), 500)
    summary = text.lenient(summary, 10_000, lines=True)
    if not title:
        raise Refused(_("A proposal needs a title."))
    suggestion, found = dict(suggestion or {}), list({article.pk: article for article in articles}.values())
    if outlets is None:
        outlets = len({article.publisher for article in found})
    if priority is None:
        dated = not found or any(article.published_at for article in found)
        priority = priority_of(relevance, coding.ticked(suggestion), outlets, date, dated=dated)
    chinese = language.lower().startswith("zh")
    event = Event(
        status=PROPOSED if coding.ticked(suggestion) else NEW,
        date=date,
        title="" if chinese else title,
        title_zh=title if chinese else "",
        summary="" if chinese else summary,
        summary_zh=summary if chinese else "",
        actors=actors_in_order(actors or suggestion.get("actors") or ()),
        certainty=_certainty(certainty or suggestion.get("certainty")),
        suggestion=suggestion or None,
        model_version=model_version or str(suggestion.get("model") or "")[:60],
        relevance=relevance,
        priority=priority,
        reports_count=len(found),
        outlets_count=outlets,
        last_reported_at=timezone.now() if found else None,
    )
    # A caller that holds a transaction gives it up when this fails: no savepoint.
    with transaction.atomic(savepoint=False):
        _insert(event, title, found)
        reasons = list(because)
        sql.insert(Report, REPORT, [(event.pk, article.pk, how, probability, reasons) for article in found])
        told = (event.pk, "propose", event.status, by and by.pk, event.model_version)
        sql.insert(Decision, PROPOSAL, [told])
    return event


def refresh(
    event: Event,
    *,
    articles: Iterable[Article] = (),
    suggestion: Mapping[str, Any] | None = None,
    relevance: float | None = None,
    priority: float | None = None,
    actors: Iterable[str] | None = None,
    certainty: str | None = None,
    model_version: str = "",
    probability: float | None = None,
    because: Iterable[Any] = (),
    outlets: int | None = None,
    how: str = Report.How.MACHINE,
) -> Event:
    """Add reports to an event and, while nobody has decided it, take the machine's newer suggestion.

    A merged event's reports go to the event it was merged into. A proposal snoozed until it grows wakes up.
    """
    with transaction.atomic():
        fresh = Event.objects.select_for_update().get(pk=event.pk)
        while fresh.merged_into_id:
            fresh = Event.objects.select_for_update().get(pk=fresh.merged_into_id)
        if _attach(fresh, list(articles), how, probability, list(because)):
            fresh.last_reported_at = timezone.now()
        dated = count_reports(fresh, outlets)
        changed = ["reports_count", "outlets_count", "last_reported_at"]
        if fresh.status in Event.OPEN:
            changed += _take_suggestion(fresh, suggestion, relevance, actors, certainty, model_version)
            coding.note_searchable(fresh)
            labels = coding.ticked(fresh.suggestion)
            fresh.priority = (
                priority_of(fresh.relevance, labels, fresh.outlets_count, fresh.date, dated=dated)
                if priority is None
                else priority
            )
            changed += ["priority", *coding.SEARCHABLE, *_step(fresh)]
        fresh.save(update_fields=changed)
    return fresh


def let_go(event: Event, articles: Iterable[Article], why: str, **told: Any) -> Event | None:
    """Reports that the machine joined leave a proposal that nobody has touched, which takes the suggestion of what
    stays (`told`, as in `refresh`); None if somebody has touched it by now."""
    with transaction.atomic():
        fresh = Event.objects.select_for_update().get(pk=event.pk)
        if fresh.status not in Event.OPEN or fresh.version != 1:
            return None
        Report.objects.filter(event=fresh, article__in=list(articles), how=Report.How.MACHINE).delete()
        Decision.objects.create(
            event=fresh,
            action="part",
            reason=why,
            status_before=fresh.status,
            status_after=fresh.status,
        )
        return refresh(fresh, **told)


def revisit(event: Event, article: Article) -> bool:
    """An article was edited after its event was decided: put the event before analysts once more, once for
    each article; whether it was."""
    with transaction.atomic():
        fresh = Event.objects.select_for_update().get(pk=event.pk)
        reason = f"article {article.pk}"
        asked = Decision.objects.filter(event=fresh, action="revisit", reason=reason).exists()
        if not fresh.on_record or asked:
            return False
        fresh.look_again = _("“%(title)s” was edited after the event was coded.") % {
            "title": article.title[:150]
        }
        fresh.save(update_fields=["look_again"])
        Decision.objects.create(
            event=fresh,
            action="revisit",
            reason=reason,
            status_before=fresh.status,
            status_after=fresh.status,
        )
    return True


def wake() -> int:
    """Bring back every proposal whose snooze has ended; how many."""
    due = Event.objects.filter(status=SNOOZED, snoozed_until__lte=timezone.now())
    count = 0
    for key in due.values_list("pk", flat=True)[:500]:
        with transaction.atomic():
            event = Event.objects.select_for_update().get(pk=key)
            if event.status == SNOOZED and event.snoozed_until and event.snoozed_until <= timezone.now():
                _wake(event)
                event.save(update_fields=["status", "snoozed_until", "snoozed_reports"])
                count += 1
    return count


def new_id(date: datetime.date, title: str) -> str:
    """Date and the title's own words; a short hash where it has none in Latin letters."""
    slug = slugify(title)
    if len(re.sub(r"[^a-z]", "", slug)) < max(4, len(re.findall(r"[\u3400-\u9fff]", title))):
        slug = hashlib.sha256(title.encode("utf-8", "replace")).hexdigest()[:8]
    if len(slug) > LONGEST_SLUG:
        slug = slug[: LONGEST_SLUG + 1].rpartition("-")[0] or slug[:LONGEST_SLUG]
    return f"{date.isoformat()}-{slug.strip('-_').replace('_', '-')}"


def count_reports(event: Event, outlets: int | None = None) -> bool:
    """Note how many reports and outlets it has; whether its date is that of a report, or was given by hand."""
    counted = event.reports.aggregate(reports=Count("pk"), dated=Count("article__published_at"))
    event.reports_count = counted["reports"]
    if outlets is None:
        outlets = event.reports.values("article__publisher").distinct().count()
    event.outlets_count = outlets
    return counted["dated"] > 0 or not counted["reports"]


def actors_in_order(actors: Iterable[Any]) -> list[str]:
    """The actors that are still coded among those given, in the codebook's order."""
    named = set(actors)
    return [actor.slug for actor in current().offered_actors() if actor.slug in named]


def _certainty(value: Any) -> str:
    return value if value in record.CERTAINTIES else "reported"


def _insert(event: Event, title: str, articles: list[Article]) -> None:
    """Under the first free id: `…`, `…-2`, `…-3`, then a random one."""
    stem = new_id(event.date, title)
    if _added(event, stem, articles):
        return
    taken = set(Event.objects.filter(pk__startswith=stem).values_list("pk", flat=True))
    names = (f"{stem}-{number}" for number in range(2, 200))
    # More than one: somebody may take an id between the look and the writing.
    for name in [name for name in names if name not in taken][:3]:
        if _added(event, name, articles):
            return
    if not _added(event, f"{stem}-{uuid.uuid4().hex[:8]}", articles):
        raise Refused(_("There is no free id for “%(title)s”; try again.") % {"title": title[:80]})


def _added(event: Event, key: str, articles: list[Article]) -> bool:
    """Whether the event could be put in under that id, whose words are searched with the others."""
    event.pk = key
    coding.note_searchable(event, [], articles)
    return sql.add(event)


def _attach(
    event: Event, articles: list[Article], how: str, probability: float | None, because: list[Any]
) -> int:
    there = set(Report.objects.filter(event=event, article__in=articles).values_list("article_id", flat=True))
    new = [article for article in articles if article.pk not in there]
    Report.objects.bulk_create(
        [
            Report(event=event, article=article, how=how, probability=probability, because=because)
            for article in new
        ],
        ignore_conflicts=True,
    )
    return len(new)


def _take_suggestion(
    event: Event,
    suggestion: Mapping[str, Any] | None,
    relevance: float | None,
    actors: Iterable[str] | None,
    certainty: str | None,
    model_version: str,
) -> list[str]:
    if suggestion is not None:
        event.suggestion = dict(suggestion)
        event.model_version = model_version or str(suggestion.get("model") or event.model_version)[:60]
    if relevance is not None:
        event.relevance = relevance
    if actors is not None and event.version == 1:  # nobody has edited them by hand yet
        event.actors = actors_in_order(actors)
    if certainty is not None and event.version == 1:
        event.certainty = _certainty(certainty)
    return ["suggestion", "model_version", "relevance", "actors", "certainty"]


def _step(event: Event) -> list[str]:
    """What growing does to the status of a proposal."""
    if event.status == NEW and coding.ticked(event.suggestion):
        event.status = PROPOSED
    if event.status == SNOOZED and event.snoozed_reports and event.reports_count >= event.snoozed_reports:
        _wake(event)
    return ["status", "snoozed_until", "snoozed_reports"]


def _wake(event: Event) -> None:
    event.status, event.snoozed_until, event.snoozed_reports = PROPOSED, None, None
    Decision.objects.create(
        event=event,
        action="wake",
        status_before=SNOOZED,
        status_after=PROPOSED,
        model_version=event.model_version,
    )

"""Stories as they grow, merge and part: the index that a new report is compared with, and the nightly second looks.

Each process builds the index of open proposals and events on record once and then only takes in what has changed
since, so that the cost of one more article does not grow with the articles on record. What another process wrote a
moment ago may be missing; the nightly pass over the proposals of the last days and the analyst's "same event?" find it.

The law: only proposals that no person has touched are merged by the machine, and only when all their reports
fall into one group; whatever else lies near is offered as "same event?". A merge can be undone. A proposal that may
hold more than one act (many reports of one outlet, or days between them) is looked at again, and only what the machine
joined and nobody touched is parted: a decision or a join of a person stands. What leaves becomes a proposal of its
own, so that no act is lost, and the journal says so.
"""

from __future__ import annotations

import datetime
import functools
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from tracker import clustering, tagger_versions, tagging, triage
from tracker.models import Article, Decision, Event, Lease, PairJudgement, Report

REPORTS_EACH = 12  # the newest reports of a story speak for it
REBUILT_AFTER = 3600.0  # seconds
CHUNK = 500
PAIRED = 3  # reports of the event that a judged article is compared with
REMEMBERED = 500  # readings: those of a batch come back when its events are taken in again

log = logging.getLogger(__name__)

DAYS = 7
LEASE = 1800  # seconds
OFFERED = 3
WHY = "Nightly pass: reports of one act"

MOST_REREAD = 60  # reports of a proposal that are looked at, the first
RECHECKED_DAYS = 7  # since the last report came in
WHY_PARTED = "Looked at again: reports of another act"


class Stories:
    """A clustering index kept in step with the database."""

    def __init__(self) -> None:
        self._index = clustering.Index()
        self._built = -REBUILT_AFTER  # nothing is built yet
        self._decision = self._report = 0

    def index(self) -> clustering.Index:
        """The index, brought up to date."""
        if self._built < 0 or time.monotonic() - self._built > REBUILT_AFTER:
            self._rebuild()
        else:
            self._refresh()
        return self._index

    def _rebuild(self) -> None:
        self._mark()
        self._index = clustering.Index()
        self._index.learn(remembered_pairs())
        self._built = time.monotonic()
        self._take(Event.objects.filter(status__in=(*Event.OPEN, *Event.ON_RECORD)))

    def _refresh(self) -> None:
        decision, report = self._decision, self._report
        self._mark()
        touched = set(Decision.objects.filter(id__gt=decision).values_list("event_id", flat=True))
        touched |= set(Report.objects.filter(id__gt=report).values_list("event_id", flat=True))
        for event_id in touched:
            self._index.remove(event_id)
        for some in _chunks(sorted(touched)):
            self._take(Event.objects.filter(id__in=some, status__in=(*Event.OPEN, *Event.ON_RECORD)))

    def _mark(self) -> None:
        self._decision = Decision.objects.aggregate(last=Max("id"))["last"] or 0
        self._report = Report.objects.aggregate(last=Max("id"))["last"] or 0

    def _take(self, events: Any) -> None:
        events = list(events.filter(retracted=False).defer("suggestion"))
        reports = newest_reports([event.id for event in events])
        for event in events:
            if event.on_record:
                self._index.add_event(
                    event.id,
                    event.date,
                    [event.title, event.title_zh],
                    [event.summary, event.summary_zh],
                )
            for article in reports[event.id]:
                self._index.add(event.id, reading_of(article))


def reading_of(article: Article) -> clustering.Reading:
    """An article as the index of stories compares it."""
    return _read(report_of(article))


@functools.lru_cache(maxsize=REMEMBERED)
def _read(report: clustering.Report) -> clustering.Reading:
    return clustering.default_scorer().reader.read(report)


def report_of(article: Article) -> clustering.Report:
    """An article as the grouping sees it."""
    return clustering.Report(
        key=str(article.pk),
        title=article.title,
        body=article.summary[:2000],
        date=article.day,
        lang=article.language,
        publisher=article.publisher,
        url=article.url,
    )


def newest_reports(event_ids: list[str]) -> dict[str, list[Article]]:
    """The newest articles of each event, at most twelve."""
    found: dict[str, list[Article]] = defaultdict(list)
    # Numbered by the database: an event that everybody writes about has thousands.
    newest_first = Window(RowNumber(), partition_by="event_id", order_by="-id")
    for some in _chunks(event_ids):
        reports = Report.objects.filter(event_id__in=some).annotate(place=newest_first)
        newest = reports.filter(place__lte=REPORTS_EACH).order_by("-id").select_related("article")
        for report in newest.defer("article__html", "article__text").iterator(CHUNK):
            found[report.event_id].append(report.article)
    return found


def remembered_pairs() -> list[clustering.Pair]:
    """What analysts joined and parted, as pairs of reports to learn from."""
    judged = list(PairJudgement.objects.select_related("article").order_by("id"))
    others = newest_reports(sorted({each.event_id for each in judged}))
    return [
        clustering.Pair(report_of(each.article), report_of(other), each.same)
        for each in judged
        for other in others[each.event_id][:PAIRED]
        if other.pk != each.article_id
    ]


def _chunks(items: list[str]) -> Iterable[list[str]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


STORIES = Stories()


def regroup(days: int = DAYS) -> int:
    """Merge and offer; the number of proposals merged into others."""
    token = Lease.objects.take("regrouping", LEASE)
    if token is None:
        return 0
    try:
        since = timezone.now() - datetime.timedelta(days=days)
        events = list(Event.objects.open().filter(last_reported_at__gte=since).order_by("proposed_at", "id"))
        merged = _merge_untouched(events)
        _offer([event for event in events if event.id not in merged])
        return len(merged)
    finally:
        Lease.objects.give_back("regrouping", token)


def _merge_untouched(events: Sequence[Event]) -> set[str]:
    """Merge each untouched proposal into the oldest one of its group; the ids that went."""
    reports = newest_reports([event.id for event in events])
    read = [report_of(article) for found in reports.values() for article in found]
    groups = clustering.regroup(read, pairs=remembered_pairs())
    group_of = {key: number for number, keys in enumerate(groups) for key in keys}
    homes = {event.id: {group_of[str(article.pk)] for article in reports[event.id]} for event in events}
    told = {key: [reading_of(article) for article in reversed(found)] for key, found in reports.items()}
    oldest: dict[int, Event] = {}
    merged: set[str] = set()
    for event in events:
        if len(homes[event.id]) != 1 or event.version != 1:
            continue
        (group,) = homes[event.id]
        target = oldest.setdefault(group, event)
        if target is event:
            continue
        together = [*told[target.id], *told[event.id]]
        if len(_acts(together)) == 1 and _merge(event, target):
            told[target.id] = together
            merged.add(event.id)
    return merged


def _acts(readings: Sequence[clustering.Reading]) -> list[list[int]]:
    """The acts of a story; where nothing speaks for several, it has one."""
    return clustering.parted(readings) if clustering.is_doubtful(readings) else [list(range(len(readings)))]


def _merge(event: Event, target: Event) -> bool:
    try:
        triage.merge([event], target, None, WHY)
    except triage.Refused as refusal:  # an analyst was quicker
        log.info("%s stays apart from %s: %s", event.id, target.id, refusal)
        return False
    return True


def _offer(events: Sequence[Event]) -> None:
    """Write beside each open proposal which others, or which events on record, it may be the same as."""
    index = Stories().index()
    reports = newest_reports([event.id for event in events])
    for event in events:
        found: dict[str, float] = {}
        because: dict[str, list[dict[str, str]]] = {}
        for article in reports[event.id]:
            for offer in index.offers(report_of(article), limit=OFFERED + 1):
                key = str(offer.story)
                if key != event.id and offer.probability > found.get(key, 0.0):
                    found[key] = offer.probability
                    because[key] = [reason.as_dict() for reason in offer.because]
        best = sorted(found.items(), key=lambda item: -item[1])[:OFFERED]
        same = [_line(key, chance, because) for key, chance in best]
        suggestion = dict(event.suggestion or {})
        if suggestion.get("same") != same:
            triage.refresh(event, suggestion=suggestion | {"same": same})


def _line(key: str, chance: float, because: Mapping[str, list[dict[str, str]]]) -> dict[str, object]:
    return {"event": key, "probability": round(chance, 3), "because": because[key]}


def recheck_all(days: int = RECHECKED_DAYS) -> int:
    """Look again at what grew in the last days; how many proposals were parted from others."""
    since = timezone.now() - datetime.timedelta(days=days)
    grown = Event.objects.open().filter(last_reported_at__gte=since, reports_count__gt=1)
    return sum(len(recheck(event)) for event in grown.order_by("proposed_at", "id"))


def recheck(event: Event) -> list[Event]:
    """The proposals that were parted from this one; none where it holds together, or a person had a hand in it."""
    if event.status not in Event.OPEN or event.version != 1 or event.reports_count < 2:
        return []
    reports = list(
        event.reports.select_related("article").defer("article__html", "article__text")[:MOST_REREAD]
    )
    reports.sort(key=lambda report: report.pk)
    readings = [reading_of(report.article) for report in reports]
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
            WHY_PARTED,
            suggestion=pooled.as_dict(),
            relevance=pooled.relevance,
            actors=pooled.actors,
            certainty=pooled.certainty,
        )
        return [_propose_apart(group) for group in leaving] if left else []


def _propose_apart(group: Sequence[Article]) -> Event:
    pooled, first = _pooled(group), group[0]
    return triage.propose(
        title=first.title,
        summary=first.summary,
        language=first.language,
        date=first.day,
        articles=group,
        suggestion=pooled.as_dict(),
        relevance=pooled.relevance,
        outlets=clustering.outlets([report_of(article) for article in group]),
    )


def _pooled(articles: Sequence[Article]) -> tagging.Suggestion:
    tagger = tagger_versions.serving()
    told = [tagging.Suggestion.from_dict(each.suggestion) for each in articles if each.suggestion]
    return tagger.pool(
        told or tagger.tag_many([(each.title, each.summary, each.publisher) for each in articles])
    )

"""One article: find the event it reports, else tag it, weigh what its publisher usually brings, and propose one.

The law: event first. What is on record or proposed already is only joined; a machine's suggestion never touches an
event that a person has decided. One filer works at a time, each event in a transaction with the article that reports
it, so that a killed worker loses nothing and proposes nothing twice.

An item of a laboratory's policy page is likelier to report an act than the same words in a stream of everything, and
the words of one item do not say which of the two it is. How much of what each publisher brings is to the point is
learnt from all that came from it and what people decided. The law: a publisher moves the odds of its items a little
and never decides; one of whom little is known moves them hardly. What the machine itself thought is kept in memory: a
process that starts learns it anew. What people decided comes from the record of decisions.
"""

from __future__ import annotations

import datetime
import logging
import math
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from tracker import (
    clustering,
    grouping,
    monitoring,
    second_opinion,
    sql,
    tagger_examples,
    tagger_versions,
    tagging,
    triage,
)
from tracker.clustering.index import WINDOW
from tracker.codebook import current
from tracker.models import Article, Event, Lease, Report

log = logging.getLogger(__name__)

BATCH = 100
LEASE = 120  # seconds, for one batch
TRIES = 3
# A database that is full, locked or away is no article's fault: all of the batch goes on waiting.
DATABASE_FAILED = (OperationalError, InterfaceError)
# What is less likely to report an act than what is proposed joins nothing either, however like it looks; a copy of a
# text that is filed already may be so much less likely.
COPIES = 0.3
OFFERED = 3
FILED = ("state", "relevance", "suggestion", "model_version", "trouble", "filed_at", "leased_until")

Told = tuple[Article, tagging.Suggestion]

USUAL_ODDS = -5.0  # log-odds of an ordinary item of an ordinary publisher
ITEMS_DOUBT = 10  # items of a usual publisher that each one is thought to have brought already
MOVED_SHARE = 0.3  # of the distance from the usual that an item's own odds are moved by
ITEMS_REMEMBERED = 200  # items of each publisher
LEAST_CHANCE = 1e-4
DECIDED_DOUBT = 8  # decisions at the usual rate that each publisher is thought to have had already
DECIDED_SHARE = 0.5  # of the distance from the usual rate that an item's odds are moved by

Tally = tuple[int, int]  # of what came from a publisher: coded by people, dismissed by people


def file_waiting(seconds: float = 40.0) -> int:
    """File what waits, batch by batch, until nothing waits or the time is over; the number filed."""
    deadline, filed = time.monotonic() + seconds, pass_over_old()
    if Article.objects.to_file().exists():
        HABITS.learn(tagger_examples.decided_by_publisher())
    while time.monotonic() < deadline:
        token = Lease.objects.take("filing", LEASE)
        if token is None:
            return filed
        try:
            done = file_batch()
        finally:
            Lease.objects.give_back("filing", token)
        filed += done
        if not done:
            break
    if filed:
        monitoring.note_queue()
    return filed


def pass_over_old() -> int:
    """Set aside what is older than any report of an act on record, all at once; the number.

    A feed's first poll and its archive bring years of it, and none can be proposed or joined.
    """
    first = current().start - datetime.timedelta(WINDOW)
    start = datetime.datetime.combine(first, datetime.time.min, datetime.UTC)
    old = Article.objects.filter(state=Article.State.NEW, published_at__lt=start)
    return old.update(state=Article.State.BACKGROUND, filed_at=timezone.now())


def file_batch() -> int:
    """File the oldest waiting articles; one that fails is tried again later and never stops the others."""
    articles = list(Article.objects.to_file().defer("html", "text")[:BATCH])
    if not articles:
        return 0
    tagger = tagger_versions.serving()
    border = tagger.model.border(settings.QUEUE_MAY_LOSE)
    texts = [(article.title, article.summary, article.publisher) for article in articles]
    index = grouping.STORIES.index()
    background: list[Told] = []
    # What was said of other words than it has now does not hold.
    said = [None if article.state == Article.State.CHANGED else article.suggestion for article in articles]
    suggestions = second_opinion.weighed(HABITS.weighed(tagger.tag_many(texts)), said)
    for article, suggestion in zip(articles, suggestions, strict=True):
        try:
            if not file(article, suggestion, tagger, index, border):
                background.append((article, suggestion))
        except DATABASE_FAILED:
            raise
        except Exception as error:
            _set_aside(article, error)
    _pass_over(background)
    return len(articles)


def file(article: Article, suggestion: tagging.Suggestion, tagger: Any, index: Any, border: float) -> bool:
    """File one article under the event it reports; False when there is none.

    `border`: the relevance from which on an article is worth a proposal of its own.
    """
    if article.state == Article.State.CHANGED and _revisited(article, suggestion):
        return True
    if suggestion.relevance < border * COPIES:
        return False
    report = grouping.reading_of(article)
    ranking = index.rank(report)
    choice = ranking.choice()
    if choice and not choice.copy and suggestion.relevance < border:
        choice = None
    if choice is None and (suggestion.relevance < border or article.day < current().start):
        return False
    with transaction.atomic():
        if choice is not None:
            event = _join(choice, article, suggestion, tagger)
        else:
            event = _propose(article, suggestion, ranking.offers(OFFERED))
        _write([(article, suggestion)], Article.State.FILED)
    index.add(event.id, report)
    if choice is not None:
        grouping.recheck(event)  # the index learns of it with the next batch
    return True


def _revisited(article: Article, suggestion: tagging.Suggestion) -> bool:
    """An article that was edited after it was filed: its events are looked at once more, none is proposed."""
    with transaction.atomic():
        events = list(Event.objects.filter(reports__article=article))
        for event in events:
            triage.revisit(event, article)
        if events:
            _write([(article, suggestion)], Article.State.FILED)
    return bool(events)


def _join(offer: clustering.Offer, article: Article, suggestion: tagging.Suggestion, tagger: Any) -> Event:
    """Add the report to its event; an open proposal takes the pooled suggestion of all its reports."""
    event = Event.objects.get(id=offer.story)
    reports = [article, *grouping.newest_reports([event.id])[event.id]]
    told = [tagging.Suggestion.from_dict(each.suggestion) for each in reports[1:] if each.suggestion]
    [pooled] = second_opinion.weighed([tagger.pool([suggestion, *told])], [event.suggestion])
    outlets = clustering.outlets([grouping.report_of(each) for each in reports])
    return triage.refresh(
        event,
        articles=[article],
        suggestion=pooled.as_dict(),
        relevance=pooled.relevance,
        actors=pooled.actors,
        certainty="confirmed" if outlets > 1 and pooled.certainty == "reported" else pooled.certainty,
        model_version=pooled.model,
        probability=offer.probability,
        because=[reason.as_dict() for reason in offer.because],
        outlets=outlets,
    )


def _propose(article: Article, suggestion: tagging.Suggestion, offers: Sequence[clustering.Offer]) -> Event:
    offered = [
        {
            "event": offer.story,
            "probability": round(offer.probability, 3),
            "because": [reason.as_dict() for reason in offer.because],
        }
        for offer in offers
    ]
    return triage.propose(
        title=article.title,
        summary=article.summary,
        language=article.language,
        date=article.day,
        articles=[article],
        suggestion=suggestion.as_dict() | {"same": offered},
        actors=suggestion.actors,
        certainty=suggestion.certainty,
        relevance=suggestion.relevance,
        model_version=suggestion.model,
    )


def propose_passed_over(articles: Iterable[Article], by: Any) -> list[Event]:
    """What somebody found among the articles that were passed over, proposed by that person.

    Articles that are filed already, or wait to be, stay as they are. How the event is decided teaches as any other's.
    """
    proposed = []
    for article in articles:
        if article.state not in (Article.State.BACKGROUND, Article.State.FAILED):
            continue
        told = dict(article.suggestion or {})
        with transaction.atomic():
            event = triage.propose(
                title=article.title,
                summary=article.summary,
                language=article.language,
                date=article.day,
                articles=[article],
                suggestion=told,
                relevance=article.relevance or 0.0,
                by=by,
                how=Report.How.ANALYST,
            )
            state = Article.State.FILED
            Article.objects.filter(pk=article.pk).update(state=state, filed_at=Now(), trouble="")
        proposed.append(event)
    return proposed


def _pass_over(background: list[Told]) -> None:
    """What reports no event, in one statement; where one of them cannot be written, each by itself."""
    try:
        with transaction.atomic():
            _write(background, Article.State.BACKGROUND)
    except DATABASE_FAILED:
        raise
    except Exception:
        log.exception("%d articles could not be filed together", len(background))
        for told in background:
            try:
                _write([told], Article.State.BACKGROUND)
            except DATABASE_FAILED:
                raise
            except Exception as error:
                _set_aside(told[0], error)


def _write(told: Iterable[Told], state: str) -> None:
    now = timezone.now()
    rows = [
        (article.pk, (state, judged.relevance, judged.as_dict(), judged.model, "", now, None))
        for article, judged in told
    ]
    sql.update_each(Article, FILED, rows)


def _set_aside(article: Article, error: Exception) -> None:
    """Try again in some minutes; after three tries say so on the article and leave it to a person."""
    log.error("article %s could not be filed", article.pk, exc_info=error)
    attempts = article.attempts + 1
    Article.objects.filter(pk=article.pk).update(
        attempts=attempts,
        trouble=f"{type(error).__name__}: {error}"[:500],
        leased_until=Now() + datetime.timedelta(minutes=5 * attempts),
        state=Article.State.FAILED if attempts >= TRIES else article.state,
    )


class Habits:
    """The latest odds of each publisher's items, as words and meaning alone gave them, and how people decided."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=ITEMS_REMEMBERED))
        self._decided: dict[str, float] = {}

    def learn(self, tallies: Mapping[str, Tally]) -> None:
        """Take in how many items of each publisher people coded and how many they dismissed, of all time."""
        coded, dismissed = (sum(tally[at] for tally in tallies.values()) for at in (0, 1))
        if not coded or not dismissed:  # nobody differs from the usual yet
            self._decided = {}
            return
        usual = coded / (coded + dismissed)
        self._decided = {
            publisher: DECIDED_SHARE
            * (_log_odds((yes + DECIDED_DOUBT * usual) / (yes + no + DECIDED_DOUBT)) - _log_odds(usual))
            for publisher, (yes, no) in tallies.items()
        }

    def weighed(self, suggestions: Sequence[tagging.Suggestion]) -> list[tagging.Suggestion]:
        """The suggestions of a batch, their relevance moved by what their publishers usually bring."""
        for one in suggestions:
            if one.publisher:
                self._seen[one.publisher].append(_log_odds(one.relevance))
        return [self._moved(one) for one in suggestions]

    def _moved(self, one: tagging.Suggestion) -> tagging.Suggestion:
        own, seen = _log_odds(one.relevance), self._seen.get(one.publisher)
        if not seen:
            return one
        mean = (sum(seen) - own + ITEMS_DOUBT * USUAL_ODDS) / (len(seen) - 1 + ITEMS_DOUBT)
        odds = own + MOVED_SHARE * (mean - USUAL_ODDS) + self._decided.get(one.publisher, 0.0)
        return replace(one, relevance=round(1 / (1 + math.exp(-odds)), 4))


def _log_odds(chance: float) -> float:
    kept = min(1 - LEAST_CHANCE, max(LEAST_CHANCE, chance))
    return math.log(kept / (1 - kept))


HABITS = Habits()

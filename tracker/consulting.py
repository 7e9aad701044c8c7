"""Asks for second opinions on what waits in the queue, and tells the desk what came back.

The law: what an outside model says is shown as what it is, beside the event and under the model's name. It
never touches a suggestion, a ticked label or an event; whoever codes an event blind, or without the machine's
help, never sees it. The most valuable proposals are asked about first, within the day's budget.
"""

from __future__ import annotations

import datetime
import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from tracker import second_opinion
from tracker.models import Event, Lease, SecondOpinion
from tracker.second_opinion import Opinion
from tracker.triage import blind

log = logging.getLogger(__name__)

LOOKED_AT = 60  # the first so many of the queue: what an analyst may come to in a day
TRIES = 3
AGAIN_AFTER = datetime.timedelta(minutes=10)  # once for the first failure, twice for the second
LEASE = 60  # seconds, beside those of one answer


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked about an event: its digest, and the report as it is told."""

    digest: str
    title: str
    summary: str
    language: str


def consult(seconds: float = 20.0) -> int:
    """Ask about proposals without an opinion until the time or the budget is over; how many answered."""
    if not second_opinion.is_on():
        return 0
    deadline, answered = time.monotonic() + seconds, 0
    token = Lease.objects.take("second opinions", LEASE + settings.SECOND_OPINION_SECONDS)
    if token is None:
        return 0
    try:
        for asked in _unasked():
            if time.monotonic() >= deadline:
                break
            answered += _answered(asked)
    except (second_opinion.Unreachable, second_opinion.BudgetSpent) as reason:
        log.warning("no more second opinions for now: %s", reason)
    finally:
        Lease.objects.give_back("second opinions", token)
    return answered


def opinion_of(event: Event) -> Opinion | None:
    """The stored opinion of an event as it reads now; None when none was asked for or none came."""
    if not second_opinion.is_on():
        return None
    row = SecondOpinion.objects.filter(digest=_question(event).digest).exclude(answer=None).first()
    try:
        return second_opinion.check(row.answer, row.model) if row else None
    except second_opinion.NoOpinion as reason:  # stored under an earlier codebook
        log.info("the stored opinion of %s is no longer shown: %s", event.pk, reason)
        return None


def _unasked() -> list[_Question]:
    """The questions still to be asked, in the queue's order. One that failed waits longer each time."""
    waiting = Event.objects.filter(
        status__in=(Event.Status.NEW, Event.Status.PROPOSED, Event.Status.IN_REVIEW)
    )
    first = waiting.order_by("-priority", "id")[:LOOKED_AT]
    asked = {
        one.digest: one for one in (_question(event) for event in first if not blind.suggestion_hidden(event))
    }
    for row in SecondOpinion.objects.filter(digest__in=asked):
        waits = row.asked_at + AGAIN_AFTER * row.tries > timezone.now()
        if row.answer is not None or row.tries >= TRIES or waits:
            del asked[row.digest]
    return list(asked.values())


def _answered(asked: _Question) -> bool:
    try:
        second_opinion.ask(asked.title, asked.summary, asked.language)
    except (second_opinion.Unreachable, second_opinion.BudgetSpent):
        raise
    except second_opinion.NoOpinion as reason:  # kept with the question; the next one may fare better
        log.info("no second opinion on “%.80s”: %s", asked.title, reason)
        return False
    return True


def _question(event: Event) -> _Question:
    chinese = not event.title
    title, summary = (event.title_zh, event.summary_zh) if chinese else (event.title, event.summary)
    told = title, summary, "zh" if chinese else "en"
    return _Question(second_opinion.question(*told)[0], *told)

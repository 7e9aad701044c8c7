"""Which reports a model is asked about, what becomes of its answers, and how much they count beside the tagger's
voice.

Asked about are the proposals of the queue, the most valuable first, and what was passed over but may yet be an act.
Answers are kept by the digest of the question, with the model's name; the same is asked once, within the budgets of
the day and the month. An answer is weighed into the proposal's suggestion; of an article that was passed over it may
make one that is filed after all, by the way every article goes. A decided event is never touched.

The weights are learnt from what people decided. An event that was proposed with both voices on it and then decided by
a person teaches: coded, what it says now; dismissed as no act or not relevant, that it touches nothing. Nothing is
stored: the weights are what the decisions say.
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from tracker import tagger_versions, triage
from tracker.codebook import current
from tracker.models import Article, Event, Lease, SecondOpinion
from tracker.second_opinion import endpoint, questions
from tracker.second_opinion.endpoint import Unreachable
from tracker.second_opinion.questions import NoOpinion, Opinion, Question, Told, is_on
from tracker.tagging import Suggestion, suggestions
from tracker.triage import coding

log = logging.getLogger(__name__)

LOOKED_AT = 100  # of the queue and of what was passed over, in one round
MOST_REQUESTS = 6  # about one question that brought no answer
AGAIN_AFTER = datetime.timedelta(minutes=10)  # once for each request that failed
LEASE = 60  # seconds, beside those of one answer
PASSED_OVER_DAYS = 14  # how long ago what was passed over may have come in

NOT_SET_UP = (
    "No second opinion is set up: set SECOND_OPINION_URL and SECOND_OPINION_MODEL, and write what to ask "
    "into second_opinion.txt of the instance's folder."
)
MOST_DECISIONS = 2000  # of the latest decisions
WEIGHTS_FRESH = 600  # seconds for which the weights are not learnt anew

_weights_lock = threading.Lock()
_weights_kept: dict[str, Any] = {"until": 0.0, "weights": None}
_NO_ACT = (Event.Dismissal.NOT_RELEVANT, Event.Dismissal.NO_ACT)


class BudgetSpent(NoOpinion):
    """No question more today, or this month."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A proposal or an article that is asked about, and how it is told."""

    of: Event | Article
    question: Question

    @property
    def about(self) -> str:
        return about(self.of)


def about(subject: Event | Article) -> str:
    """What a question is about, with as much as it was asked of: with a further report an event is asked of anew."""
    if isinstance(subject, Event):
        return f"event {subject.pk} {subject.reports_count}"[:200]
    return f"article {subject.pk}"


def ask(told: Told, without: Collection[str] = ()) -> Opinion:
    """The endpoint's opinion of one report, from the store if it was asked before; `NoOpinion` otherwise.

    `without`: groups of labelled reports that are no precedents for it.
    """
    if not is_on():
        raise NoOpinion(NOT_SET_UP)
    question = questions.question(told, without)
    if (kept := stored(question)) is not None:
        return kept
    within_budget()
    fresh = ask_all([question])[0]
    if isinstance(fresh, NoOpinion):
        raise fresh
    return fresh


def stored(question: Question) -> Opinion | None:
    row = SecondOpinion.objects.filter(digest=question.digest, answer__isnull=False).first()
    return questions.checked_answer(row.answer, row.model, question.offered) if row else None


def ask_all(asked: Sequence[Question], subjects: Sequence[str] = ()) -> list[Opinion | NoOpinion]:
    """An opinion or its trouble for each question that was put; fewer than there are where the endpoint failed.
    `subjects` says what each is about."""
    found: list[Opinion | NoOpinion] = []
    named = subjects or [""] * len(asked)
    for question, name, reply in zip(asked, named, endpoint.replies(asked), strict=False):
        row, _new = SecondOpinion.objects.get_or_create(
            digest=question.digest, defaults={"model": question.model, "tokens_in": 0, "tokens_out": 0}
        )
        row.about = name or row.about
        row.asked_at, row.tries = timezone.now(), row.tries + reply.requests
        row.tokens_in, row.tokens_out = row.tokens_in + reply.tokens_in, row.tokens_out + reply.tokens_out
        opinion: Opinion | NoOpinion
        try:
            if reply.trouble:
                raise reply.trouble
            opinion = questions.checked_answer(reply.raw, row.model, question.offered)
            row.answer, row.trouble = reply.raw, ""
        except NoOpinion as error:
            opinion, row.trouble = error, str(error)[:300]
        row.save()
        found.append(opinion)
    return found


def within_budget() -> int:
    """How many requests are left today and this month; `BudgetSpent` when there is none."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    left = []
    for since, most, which in (
        (today, settings.SECOND_OPINION_DAILY, "Today's"),
        (today.replace(day=1), settings.SECOND_OPINION_MONTHLY, "This month's"),
    ):
        rows = SecondOpinion.objects.filter(asked_at__gte=since)
        spent = rows.aggregate(spent=Sum("tries"))["spent"] or 0
        if spent >= most:
            raise BudgetSpent(f"{which} budget of {most} questions is spent.")
        left.append(most - spent)
    return int(min(left))


def consult(seconds: float = 20.0) -> int:
    """Ask about what has no opinion yet until the time or the budget is over; how many answered."""
    if not is_on():
        return 0
    deadline, answered = time.monotonic() + seconds, 0
    token = Lease.objects.take("second opinions", LEASE + settings.SECOND_OPINION_SECONDS)
    if token is None:
        return 0
    try:
        waiting = unasked()
        while time.monotonic() < deadline and (batch := _batch(waiting)):
            answered += _answered(batch)
    except (Unreachable, BudgetSpent) as reason:
        log.warning("no more second opinions for now: %s", reason)
    finally:
        Lease.objects.give_back("second opinions", token)
    return answered


def _batch(waiting: Iterator[Subject]) -> list[Subject]:
    """The next few that are asked together; those of which an answer is kept take it, and cost nothing."""
    room, chosen = min(endpoint.AT_ONCE, within_budget()), []
    for subject in waiting:
        if (kept := _kept(subject.question)) is not None:
            _take(subject.of, kept)
            continue
        chosen.append(subject)
        if len(chosen) == room:
            break
    return chosen


def _answered(batch: Sequence[Subject]) -> int:
    told = ask_all([subject.question for subject in batch], [subject.about for subject in batch])
    count = 0
    for subject, opinion in zip(batch, told, strict=False):
        if isinstance(opinion, Opinion):
            _take(subject.of, opinion)
            count += 1
        elif not isinstance(opinion, Unreachable):  # kept with the question; the next one may fare better
            log.info("no second opinion on “%.80s”: %s", subject.of, opinion)
    if failed := [opinion for opinion in told if isinstance(opinion, Unreachable)]:
        raise failed[0]
    return count


def _kept(question: Question) -> Opinion | None:
    try:
        return stored(question)
    except NoOpinion:  # stored under another codebook; the question would be another then
        return None


def unasked() -> Iterator[Subject]:
    """What is still to be asked about, one by one: the queue in its order, then what was passed over.

    One that failed waits longer each time, and makes room for others meanwhile.
    """
    waits = _waiting_longer()
    subjects: list[Event | Article] = [*_proposals(waits), *_passed_over(waits)]
    for one in subjects:
        told = questions.about_event(one) if isinstance(one, Event) else questions.about_article(one)
        question = questions.question(told)
        row = SecondOpinion.objects.filter(digest=question.digest, answer__isnull=True).first()
        if not (row and _is_early(row.tries, row.asked_at)):
            yield Subject(one, question)


def _waiting_longer() -> set[str]:
    """What brought no answer when it was last asked about, and is not to be asked about again yet."""
    failed = SecondOpinion.objects.filter(answer__isnull=True, model=settings.SECOND_OPINION_MODEL).exclude(
        about=""
    )
    rows = failed.values_list("about", "tries", "asked_at")
    return {name for name, tries, asked_at in rows if _is_early(tries, asked_at)}


def _is_early(tries: int, asked_at: datetime.datetime) -> bool:
    return tries >= MOST_REQUESTS or asked_at + AGAIN_AFTER * tries > timezone.now()


def _proposals(waits: Collection[str]) -> list[Event]:
    waiting = Event.objects.waiting().filter(_without_opinion())
    first = waiting.order_by("-priority", "id")[: LOOKED_AT * 2 + len(waits)]
    shown = (event for event in first if about(event) not in waits and not coding.suggestion_hidden(event))
    return list(islice(shown, LOOKED_AT))


def _passed_over(waits: Collection[str]) -> list[Article]:
    """What the gate keeps out of the queue but a lower one would let in, the likeliest first."""
    model = tagger_versions.serving().model
    low, high = model.border(settings.SECOND_OPINION_MAY_LOSE), model.border(settings.QUEUE_MAY_LOSE)
    since = timezone.now() - datetime.timedelta(PASSED_OVER_DAYS)
    passed = Article.objects.filter(
        _without_opinion(),
        state=Article.State.BACKGROUND,
        first_seen_at__gte=since,
        relevance__gte=low,
        relevance__lt=high,
    )
    listed = passed.defer("html").order_by("-relevance", "pk")[: LOOKED_AT * 2 + len(waits)]
    shown = (one for one in listed if about(one) not in waits and one.day >= current().start)
    return list(islice(shown, LOOKED_AT))


def _without_opinion() -> Q:
    """What the model that is set has said nothing of. A key that is missing equals nothing and differs from nothing."""
    model = settings.SECOND_OPINION_MODEL
    return Q(suggestion__opinion__model__isnull=True) | ~Q(suggestion__opinion__model=model)


def _take(subject: Event | Article, opinion: Opinion) -> None:
    if isinstance(subject, Event):
        weigh_into(subject.pk, opinion)
    else:
        look_again(subject.pk, opinion)


def weigh_into(key: str, opinion: Opinion) -> None:
    """Weigh an opinion into the suggestion of a proposal that nobody has decided, and of its first report."""
    with transaction.atomic():
        event = Event.objects.select_for_update().get(pk=key)
        if event.status not in Event.OPEN:
            return
        told = dict(event.suggestion or {})
        found = suggestions.fused(_as_told(told, event.relevance), opinion.as_dict(), weights())
        same = [_offer(offer, opinion) for offer in told.get("same") or ()]
        triage.refresh(
            event,
            suggestion=found.as_dict() | ({"same": same} if same else {}),
            relevance=found.relevance,
            actors=found.actors,
            certainty=found.certainty,
            model_version=found.model,
        )
        if report := event.reports.select_related("article").order_by("id").first():
            _keep_with(report.article, opinion)


def _keep_with(article: Article, opinion: Opinion) -> Suggestion:
    """Keep an opinion with the article that it is about; the suggestion that both voices come to."""
    told = _as_told(article.suggestion or {}, article.relevance)
    found = suggestions.fused(told, opinion.as_dict(), weights())
    Article.objects.filter(pk=article.pk).update(suggestion=found.as_dict(), relevance=found.relevance)
    return found


def look_again(key: int, opinion: Opinion) -> bool:
    """Keep an opinion with an article that was passed over; it is filed anew if that makes it likely enough."""
    with transaction.atomic():
        article = Article.objects.select_for_update().get(pk=key)
        if article.state != Article.State.BACKGROUND:
            return False
        found = _keep_with(article, opinion)
        likely = found.relevance >= tagger_versions.serving().model.border(settings.QUEUE_MAY_LOSE)
        if likely:
            Article.objects.filter(pk=key).update(state=Article.State.NEW)
    return likely


def weighed(told: Sequence[Suggestion], kept: Sequence[Mapping[str, Any] | None]) -> list[Suggestion]:
    """The tagger's suggestions with the opinions that are kept with their articles or events, where there are any."""
    found = []
    for one, before in zip(told, kept, strict=True):
        opinion = one.opinion or (before or {}).get("opinion")
        found.append(suggestions.fused(one, opinion, weights()) if opinion and is_on() else one)
    return found


def opinion_of(event: Event) -> Opinion | None:
    """The opinion that an event's suggestion carries; None when none was asked for or none came."""
    told = (event.suggestion or {}).get("opinion")
    if not told or not is_on():
        return None
    try:
        opinion = questions.checked_answer(
            told, str(told.get("model") or ""), {str(told.get("same") or "")} - {""}
        )
    except NoOpinion as reason:  # given under an earlier codebook
        log.info("the opinion on %s is no longer shown: %s", event.pk, reason)
        return None
    return replace(opinion, left_out=tuple(told.get("left_out") or ()))


def _as_told(stored_: Mapping[str, Any], relevance: float | None) -> Suggestion:
    """A stored suggestion; of what a person entered, which has none, an empty one."""
    empty = {"relevance": relevance or 0.0, "labels": (), "actors": (), "certainty": "reported"}
    return Suggestion.from_dict(empty | {"silent": True, "model": ""} | dict(stored_))


def _offer(offer: Mapping[str, Any], opinion: Opinion) -> dict[str, Any]:
    """An offered twin, likelier if the model takes it for the same act, else less likely."""
    said = opinion.same == str(offer.get("event"))
    chance = suggestions.RELEVANCE_START[0] * said + suggestions.RELEVANCE_START[1] * float(
        offer.get("probability") or 0.0
    )
    because = [each for each in offer.get("because") or () if each.get("kind") != "model"]
    told = [{"kind": "model", "value": opinion.model}] if said else []
    return {**offer, "probability": round(chance, 3), "because": [*told, *because]}


def weights() -> suggestions.Weights:
    """Those that serve now."""
    with _weights_lock:
        if _weights_kept["weights"] is None or time.monotonic() >= _weights_kept["until"]:
            _weights_kept.update(weights=learn_weights(), until=time.monotonic() + WEIGHTS_FRESH)
        found: suggestions.Weights = _weights_kept["weights"]
        return found


def forget_weights() -> None:
    """Let the next question learn the weights anew."""
    with _weights_lock:
        _weights_kept.update(weights=None, until=0.0)


def learn_weights() -> suggestions.Weights:
    """What the latest decisions about events with both voices say."""
    rows = (
        Event.objects.filter(decided_by__isnull=False, suggestion__opinion__model__isnull=False)
        .prefetch_related("assessments")
        .order_by("-decided_at", "-pk")[:MOST_DECISIONS]
    )
    return suggestions.learnt_weights(case for event in rows if (case := _case_of(event)) is not None)


def _case_of(event: Event) -> suggestions.Case | None:
    opinion = (event.suggestion or {}).get("opinion")
    dismissed = event.status == Event.Status.DISMISSED and event.dismissal in _NO_ACT
    if not opinion or not (event.on_record or dismissed):
        return None
    codes = list(event.assessments.all()) if event.on_record else []
    told = Suggestion.from_dict({**(event.suggestion or {}), "labels": ()})
    return suggestions.Case(
        suggestions.of_tagger(told),
        suggestions.of_model(opinion),
        suggestions.right_of((one.recommendation_id, one.direction) for one in codes),
    )

"""What a model reaches on labelled reports, so that an operator can choose one by measured quality and cost."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracker import tagger_examples
from tracker.second_opinion import asking, questions
from tracker.second_opinion.endpoint import AT_ONCE, Unreachable
from tracker.second_opinion.questions import NoOpinion, Opinion, Told
from tracker.tagging import calibration
from tracker.tagging.training import Example

PARTS = {"act": 0.5, "near miss": 0.25, "background": 0.25}
FROM = 0.5  # the probability from which on a code counts as said


@dataclass(slots=True)
class Measured:
    """Labelled reports with the opinion of each, and what asking cost."""

    answered: list[tuple[Example, Opinion]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0


def drawn(number: int) -> list[Example]:
    """So many labelled pages, drawn always the same way: half acts, a quarter near misses, a quarter ordinary news."""
    kinds = ("act", "near miss", "background")
    pages = [one for one in tagger_examples.seeded() if one.kind in kinds and not one.delivered]
    chance = random.Random(17)  # noqa: S311  # nosec B311  # a draw to measure with, no secret
    chosen: list[Example] = []
    for kind, share in PARTS.items():
        own = [one for one in pages if one.kind == kind]
        chosen += chance.sample(own, min(len(own), round(number * share)))
    chance.shuffle(chosen)
    return chosen


def measure(examples: Sequence[Example], told: Any = None) -> Measured:
    """Ask about each, by its title and summary, within the budget; no report of its own act is shown as precedent.

    `told`: is called with the number that were asked about so far.
    """
    found, start = Measured(), time.monotonic()
    for at in range(0, len(examples), AT_ONCE):
        batch = examples[at : at + AT_ONCE]
        asked = [questions.question(Told(one.title, one.summary), {one.group}) for one in batch]
        for example, answer in zip(batch, _answers(asked, found), strict=False):
            if isinstance(answer, Opinion):
                found.answered.append((example, answer))
            else:
                found.troubles.append(str(answer))
        if told:
            told(min(at + AT_ONCE, len(examples)))
    found.seconds = time.monotonic() - start
    return found


def _answers(asked: Sequence[questions.Question], found: Measured) -> Iterator[Opinion | NoOpinion]:
    """The kept answer of each question, else the endpoint's; `Unreachable` and a spent budget end the measuring."""
    kept = [asking.stored(question) for question in asked]
    open_ = [question for question, known in zip(asked, kept, strict=True) if known is None]
    fresh: list[Opinion | NoOpinion] = []
    if open_:
        asking.within_budget()
        fresh = asking.ask_all(open_)
        if failed := [answer for answer in fresh if isinstance(answer, Unreachable)]:
            raise failed[0]
    rows = asking.SecondOpinion.objects.filter(digest__in=[question.digest for question in asked])
    for spent in rows.values("tokens_in", "tokens_out"):
        found.tokens_in += spent["tokens_in"]
        found.tokens_out += spent["tokens_out"]
    later = iter(fresh)
    for known in kept:
        yield known if known is not None else next(later)


def figures(measured: Measured, prices: tuple[float, float] = (0.0, 0.0)) -> Mapping[str, float]:
    """Quality over acts and near misses, order over all, and what a thousand reports take. `prices`: of a million
    tokens read and of a million written."""
    judged = [(one, said) for one, said in measured.answered if one.is_near]
    ticked = [
        {(each.rec, each.direction) for each in said.assessments if each.p >= FROM} for _, said in judged
    ]
    right = [set(one.labels) for one, _ in judged]
    hits = sum(len(these & those) for these, those in zip(ticked, right, strict=True))
    turned = [
        sign == dict(those)[rec]
        for these, those in zip(ticked, right, strict=True)
        for rec, sign in these
        if dict(those).get(rec)
    ]
    acts = [said.relevant for one, said in measured.answered if one.labels]
    others = [said.relevant for one, said in measured.answered if not one.labels]
    count = max(len(measured.answered), 1)
    found = {
        "answered": len(measured.answered),
        "without an opinion": len(measured.troubles),
        "pair F1": calibration.f1(ticked, right),
        "precision": hits / max(sum(map(len, ticked)), 1),
        "recall": hits / max(sum(map(len, right)), 1),
        "direction": float(np.mean(turned)) if turned else 0.0,
        "acts before what is none": _area(acts, others),
        "seconds a report": measured.seconds / count,
        "tokens read a report": measured.tokens_in / count,
        "tokens written a report": measured.tokens_out / count,
    }
    if any(prices):
        spent = measured.tokens_in * prices[0] + measured.tokens_out * prices[1]
        found["cost of a thousand reports"] = spent / 1e6 / count * 1000
    return found


def _area(acts: Sequence[float], others: Sequence[float]) -> float:
    """How often an act is called likelier than what is none; half for a tie."""
    if not acts or not others:
        return 0.0
    one, two = np.array(acts)[:, None], np.array(others)[None, :]
    return float((one > two).mean() + 0.5 * (one == two).mean())

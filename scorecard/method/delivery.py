"""How far the recommendations' own asks have climbed from words to operation (METHOD.md, section 7). Pure.

Section 7 of METHOD.md day by day: ↑ and ↓ by the recurrence, rungs by counting, hand-set asks laid over.
Pure.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scorecard.method.columns import FOREVER, Log, Setting
from scorecard.method.daily import THEN, Spans, bounds, daily_counts, daily_sums, spans_of
from scorecard.method.parameters import Method, Parameters, method_of
from scorecard.method.readings import ActorReading, AskAct, AskReading, ByHand, Delivery, Rule
from scorecard.method.weighing import Ledger, faded, named
from tracker.codebook import Ask, Codebook
from tracker.record import CERTAINTIES

JOINT, EACH, ANY = "joint", "each", "any"
NOT_RATED = "not yet rated"
_LAPSES = 3  # strengths 1 to 3 stop standing after three half-lives
_RUMOURED = CERTAINTIES.index("rumoured")


def lapses_on(start: np.ndarray, strength: np.ndarray, parameters: Parameters) -> np.ndarray:
    """The first day on which a row no longer stands because it is older than 3·H; FOREVER for laws and up."""
    # Half-lives without end (a what-if) never lapse.
    longest = [min(half_life * parameters.standing, FOREVER) for half_life in parameters.half_life]
    days = np.floor(longest).astype(np.int64)
    days[_LAPSES:] = FOREVER
    return start + days[strength] + 1


def tagged(ledger: Ledger, chosen: np.ndarray) -> np.ndarray:
    """Places of the rows that may stand for an ask: tagged, not rumoured, with credit left."""
    return np.flatnonzero(
        chosen & (ledger.ask >= 0) & (ledger.certainty != _RUMOURED) & ledger.credits_something
    )


def delivery(
    ledger: Ledger, day: int, chosen: np.ndarray, settings: Sequence[Setting] = ()
) -> dict[str, Delivery]:
    """For each recommendation `value label rated of asks`; `settings` are those known, in log order."""
    book = ledger.codebook
    rows, pairs = _standing(ledger, day, chosen)
    by_actor = {actor: _of_actor(ledger, rows, pairs, actor) for actor in book.actor_slugs}
    begun = np.unique(ledger.ask[chosen & (ledger.ask >= 0) & (ledger.start <= day)])
    known = {book.asks[number] for number in begun.tolist()}
    holding = {(item.recommendation, item.ask): item for item in settings if item.start <= day < item.until}
    found: dict[str, Delivery] = {}
    for one in book:
        asks = [
            _ask(book, ask, by_actor, (one.slug, ask.slug) in known, holding, ledger.parameters)
            for ask in one.asks
        ]
        found[one.slug] = together(asks)
    return found


def acts_behind(ledger: Ledger, day: int, chosen: np.ndarray) -> dict[tuple[str, str], list[AskAct]]:
    """For each ask the acts that stand for or against it: `up` and `down` add up to those of its actors."""
    rows, pairs = _standing(ledger, day, chosen)
    found: dict[tuple[str, str], list[AskAct]] = {}
    for number, row in enumerate(rows.tolist()):
        act: AskAct = {
            "id": ledger.event_id(row),
            "actors": named(int(ledger.actors[row]), ledger.codebook),
            "direction": int(ledger.direction[row]),
            "strength": int(ledger.strength[row]) + 1,
            "up": float(pairs[0, number]),
            "down": float(pairs[1, number]),
        }
        found.setdefault(ledger.codebook.asks[ledger.ask[row]], []).append(act)
    return found


def _standing(ledger: Ledger, day: int, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tagged rows that stand on the day, and their credited pairs faded to it."""
    rows = tagged(ledger, chosen)
    young = day < lapses_on(ledger.start[rows], ledger.strength[rows], ledger.parameters)
    rows = rows[ledger.live(day)[rows] & young]
    kept = faded(ledger.parameters.half_life, ledger.strength[rows], day - ledger.start[rows])
    return rows, ledger.credited[:, rows] * kept


def together(asks: list[AskReading]) -> Delivery:
    """The plain mean of the asks, published only when all of them are rated."""
    values = [ask["value"] or 0.0 for ask in asks if ask["rated"]]
    value = sum(values) / len(values) if len(values) == len(asks) else None
    return {"value": value, "label": label(value), "rated": len(values), "of": len(asks), "asks": asks}


def label(value: float | None) -> str:
    """The word for a recommendation's delivery."""
    if value is None:
        return NOT_RATED
    steps = ((80, "in place"), (40, "partly in place"), (20, "under way"))
    return next((name for least, name in steps if value >= least), "talk" if value > 0 else "not started")


def rung_value(rung: int, parameters: Parameters) -> float:
    """100·W[rung]; 0 for rung 0."""
    return 100 * parameters.weight[rung - 1] if rung else 0.0


def _of_actor(ledger: Ledger, rows: np.ndarray, pairs: np.ndarray, actor: str) -> dict[str, np.ndarray]:
    """For each ask: the rung, what agrees, what disagrees, and the value, of one actor's standing acts."""
    mine = ledger.seen_by(actor)[rows]
    ask, strength = ledger.ask[rows][mine], ledger.strength[rows][mine]
    width = len(ledger.codebook.asks)
    up, down = (np.bincount(ask, weights=side[mine], minlength=width) for side in pairs)
    advances = ledger.direction[rows][mine] == 1
    reached = np.bincount(ask[advances] * 5 + strength[advances], minlength=width * 5).reshape(width, 5) > 0
    rung = np.where(reached.any(axis=1), 5 - reached[:, ::-1].argmax(axis=1), 0)
    height = np.array([rung_value(number, ledger.parameters) for number in range(6)])[rung]
    whole = np.where(up + down > 0, up + down, 1.0)
    value = np.where(rung > 0, height * up / whole, 0.0)
    return {"value": value, "rung": rung, "up": up, "down": down}


def _ask(
    book: Codebook,
    ask: Ask,
    by_actor: dict[str, dict[str, np.ndarray]],
    begun: bool,
    holding: dict[tuple[str, str], Setting],
    parameters: Parameters,
) -> AskReading:
    mode, key = ask.mode, (ask.recommendation, ask.slug)
    number = book.asks.index(key)
    actors = {name: _actor_entry(by_actor[name], number) for name in ask.actors}
    values = [entry["value"] for entry in actors.values()]
    rungs = [entry["rung"] for entry in actors.values()]
    value = combined(mode, values)
    rule: Rule = {
        "value": value if begun else None,
        "rung": combined_rung(mode, rungs) if begun else None,
    }
    by_hand: ByHand | None = None
    hand = holding.get(key)
    if hand:
        by_hand = {
            "rung": hand.rung,
            "reason": hand.reason,
            "name": hand.name,
            "from": _iso(hand.start),
            "to": None if hand.until == FOREVER else _iso(hand.until),
            "recorded_at": _iso(hand.recorded),
        }
    return {
        "ask": ask.slug,
        "mode": mode,
        "value": rung_value(hand.rung, parameters) if hand else rule["value"],
        "rung": hand.rung if hand else rule["rung"],
        "rated": begun or hand is not None,
        "by_hand": by_hand,
        "rule": rule,
        "actors": actors,
    }


def combined(mode: str, values: list[float]) -> float:
    """joint: the minimum; each: the mean; any: the maximum."""
    return {JOINT: min(values), EACH: sum(values) / len(values), ANY: max(values)}[mode]


def combined_rung(mode: str, rungs: list[int]) -> int:
    """The rung shown: the lowest of the actors, for `any` the highest."""
    return max(rungs) if mode == ANY else min(rungs)


def _actor_entry(of_actor: dict[str, np.ndarray], number: int) -> ActorReading:
    up, down = float(of_actor["up"][number]), float(of_actor["down"][number])
    return {
        "value": float(of_actor["value"][number]),
        "rung": int(of_actor["rung"][number]),
        "up": up,
        "down": down,
        "opposed": down >= up and down > 0,
    }


def _iso(ordinal: int) -> str:
    return datetime.date.fromordinal(ordinal).isoformat()


@dataclass(frozen=True, eq=False)
class DeliverySeries:
    """Values of the asks [days, asks] and of the recommendations [days, recommendations]; NaN where not yet
    rated.
    """

    first: int
    asks: np.ndarray
    value: np.ndarray
    book: Codebook

    @property
    def days(self) -> list[str]:
        return [datetime.date.fromordinal(self.first + day).isoformat() for day in range(len(self.asks))]

    def as_dict(self) -> dict[str, Any]:
        """`{"days": [...], "recommendations": {slug: {"value": [...], "asks": {ask: [...]}}}}`, null where
        NaN.
        """
        return {
            "days": self.days,
            "recommendations": {
                slug: {
                    "value": _plain(self.value[:, number]),
                    "asks": {ask: _plain(self.asks[:, place]) for place, ask in _places(self.book, slug)},
                }
                for number, slug in enumerate(self.book.slugs)
            },
        }


def delivery_series(
    log: Log,
    actor: str | None = None,
    *,
    as_of: datetime.date,
    known: datetime.date | str | None = None,
    first: datetime.date | None = None,
    version: str | Method | None = None,
) -> DeliverySeries:
    """The daily values of all asks and of each recommendation; arguments as for `series`."""
    book, width = log.book, len(log.book.asks)
    start, stop = bounds(first or book.start, as_of)
    parameters = method_of(version).parameters
    if actor is not None and not parameters.delivery_of_actors:
        raise ValueError("an actor's view has no delivery under this method; ask for the whole record")
    # An ask is rated from its first tagged act on, whatever became of that act.
    begun = spans_of(log, "pulse", known, parameters).seen_by(actor, book)
    begun = begun.where(begun.ask >= 0)
    rated = daily_counts(begun, np.ones(len(begun), dtype=bool), begun.ask, width, start, stop) > 0
    standing = _standing_spans(spans_of(log, "balance", known, parameters).seen_by(actor, book), parameters)
    by_actor = dict(zip(book.actor_slugs, _values(standing, book, parameters, start, stop), strict=True))
    asks = np.empty((stop - start + 1, width))
    for place, key in enumerate(book.asks):
        ask = book.ask(*key)
        values = np.stack([by_actor[name][:, place] for name in ask.actors])
        asks[:, place] = _combined(ask.mode, values)
    asks[~rated] = np.nan
    _lay_settings(asks, log, known, parameters, start, stop)
    value = np.stack(
        [asks[:, [place for place, _ in _places(book, slug)]].mean(axis=1) for slug in book.slugs], axis=1
    )
    return DeliverySeries(start, asks, value, book)


def _standing_spans(spans: Spans, parameters: Parameters) -> Spans:
    """What may stand for an ask, with the day on which words and communiqués lapse as their end."""
    spans = spans.where(
        (spans.ask >= 0) & (spans.certainty != CERTAINTIES.index("rumoured")) & (spans.pairs > 0).any(axis=0)
    )
    lapse = lapses_on(spans.since, spans.strength, parameters)
    return spans.until(np.minimum(spans.leave, lapse))


def _values(spans: Spans, book: Codebook, parameters: Parameters, first: int, last: int) -> list[np.ndarray]:
    """For each actor [days, asks]: 100·W[rung]·↑/(↑ + ↓) of its standing acts."""
    width = len(book.asks)
    views = [spans.seen_by(name, book) for name in book.actor_slugs]
    sums = daily_sums([(view, view.ask) for view in views], width, parameters.half_life, first, last)
    height = np.array([rung_value(number, parameters) for number in range(6)])
    found = []
    for number, view in enumerate(views):
        up, down = sums[:, number].sum(axis=-1).swapaxes(0, 1)
        cell = view.ask.astype(np.int64) * 5 + view.strength
        counts = daily_counts(view, view.direction == 1, cell, width * 5, first, last)
        reached = counts.reshape(-1, width, 5)[..., ::-1] > 0
        rung = np.where(reached.any(axis=-1), 5 - reached.argmax(axis=-1), 0)
        whole = np.where(up + down > 0, up + down, 1.0)
        found.append(np.where(rung > 0, height[rung] * up / whole, 0.0))
    return found


def _combined(mode: str, values: np.ndarray) -> np.ndarray:
    if mode == JOINT:
        return values.min(axis=0)
    return values.mean(axis=0) if mode == EACH else values.max(axis=0)


def _lay_settings(
    asks: np.ndarray,
    log: Log,
    known: datetime.date | str | None,
    parameters: Parameters,
    first: int,
    last: int,
) -> None:
    for item in log.settings:
        start, until = max(item.start, first), item.until
        if known == THEN:
            start, until = max(start, item.recorded), min(until, item.withdrawn)
        elif not item.known_on(known.toordinal() if isinstance(known, datetime.date) else None):
            continue
        place = log.book.asks.index((item.recommendation, item.ask))
        asks[start - first : max(min(until, last + 1), start) - first, place] = rung_value(
            item.rung, parameters
        )


def _places(book: Codebook, slug: str) -> list[tuple[int, str]]:
    return [(place, ask) for place, (owner, ask) in enumerate(book.asks) if owner == slug]


def _plain(column: Iterable[float]) -> list[float | None]:
    return [None if value != value else float(value) for value in column]

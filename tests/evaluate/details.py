"""Strength, ask, actors and certainty of a suggestion, measured against the record.

Strength and ask are compared where the suggested recommendation and direction are the record's, actors on every report
of an event on record, certainty once an event with all its reports: it hangs on how many outlets there are. Beside
each stands the majority of the training side's events.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.evaluate.figures import Judged
from tests.evaluate.folds import Split

HEAD = (
    "| | strength exact | within one | mean error | ask | actors, set F1 | same actors | certainty of the event |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(slots=True)
class Told:
    """What was said and what is right, one pair each."""

    strengths: list[tuple[int, int]] = field(default_factory=list)
    asks: list[tuple[str | None, str | None]] = field(default_factory=list)
    actors: list[tuple[set[str], set[str]]] = field(default_factory=list)
    certainties: list[tuple[str, str]] = field(default_factory=list)

    def row(self, name: str) -> str:
        gaps = [abs(said - right) for said, right in self.strengths]
        hits = sum(len(said & right) for said, right in self.actors)
        named = sum(len(said) + len(right) for said, right in self.actors)
        return (
            f"| {name} | {_share(gap == 0 for gap in gaps)} | {_share(gap <= 1 for gap in gaps)} "
            f"| {sum(gaps) / max(len(gaps), 1):.2f} | {_share(said == right for said, right in self.asks)} "
            f"| {2 * hits / max(named, 1):.3f} | {_share(said == right for said, right in self.actors)} "
            f"| {_share(said == right for said, right in self.certainties)} |"
        )


def of(judged: Judged, whole: Judged, splits: Sequence[Split]) -> Told:
    """What the tagger said; `whole`: with all reports of an event pooled."""
    told = Told()
    for at, event in _reports(judged, splits):
        suggestion = judged.suggestions[at]
        right = _assessed(event)
        for label in suggestion.labels:
            if row := right.get((label.rec, label.direction)):
                told.strengths.append((label.strength, row["strength"]))
                told.asks.append((label.ask, row["ask"]))
        told.actors.append((set(suggestion.actors), set(event["actors"])))
    last = {event["id"]: (at, event) for at, event in _reports(judged, splits)}
    told.certainties = [(whole.suggestions[at].certainty, event["certainty"]) for at, event in last.values()]
    return told


def majority(judged: Judged, splits: Sequence[Split]) -> Told:
    """What the most frequent answer of the training side would have said of the same labels."""
    told = Told()
    for split in splits:
        hidden = {judged.articles.rows[at]["event"] for at in split.held}
        seen = [event for name, event in judged.articles.events.items() if name not in hidden]
        rows = [row for event in seen for row in event["assessments"]]
        strength = _most(row["strength"] for row in rows)
        asks: dict[str, list] = defaultdict(list)
        for row in rows:
            asks[row["rec"]].append(row["ask"])
        actors = set(_most(tuple(sorted(event["actors"])) for event in seen))
        certainty = _most(event["certainty"] for event in seen)
        for at, event in _reports(judged, [split]):
            right = _assessed(event)
            for label in judged.suggestions[at].labels:
                if row := right.get((label.rec, label.direction)):
                    told.strengths.append((strength, row["strength"]))
                    told.asks.append((_most(asks[label.rec]), row["ask"]))
            told.actors.append((actors, set(event["actors"])))
        held = {event["id"]: event["certainty"] for _, event in _reports(judged, [split])}
        told.certainties += [(certainty, right) for right in held.values()]
    return told


def _reports(judged: Judged, splits: Iterable[Split]) -> Iterator[tuple[int, dict]]:
    for split in splits:
        for at in split.held:
            event = judged.articles.events.get(judged.articles.rows[at]["event"])
            if event:
                yield int(at), event


def _assessed(event: dict) -> dict[tuple[str, int], dict]:
    return {(row["rec"], row["direction"]): row for row in event["assessments"]}


def _most(values: Iterable):
    return Counter(values).most_common(1)[0][0]


def _share(right: Iterable[bool]) -> str:
    listed = list(right)
    return f"{sum(listed) / max(len(listed), 1):.3f}"

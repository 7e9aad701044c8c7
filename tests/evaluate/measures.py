"""How well groups of articles agree with the events they are labelled with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def b_cubed(groups: Mapping[int, Hashable], truth: Mapping[int, Hashable], items: Iterable[int]) -> Agreement:
    """Averages per item: the share of its group that is its event, of its event that is in its group.

    Groups and events count whole, whichever items are averaged over.
    """
    met = Counter((groups[at], truth[at]) for at in truth)
    grouped = Counter(groups[at] for at in truth)
    events = Counter(truth.values())
    items = list(items)
    shared = [met[groups[at], truth[at]] for at in items]
    precision = sum(both / grouped[groups[at]] for both, at in zip(shared, items, strict=True)) / len(items)
    recall = sum(both / events[truth[at]] for both, at in zip(shared, items, strict=True)) / len(items)
    return Agreement(precision, recall)


def pairwise(
    groups: Mapping[int, Hashable],
    truth: Mapping[int, Hashable],
    items: Iterable[int],
    kind=lambda one, other: True,
) -> Agreement:
    """Of the pairs with at least one of the items and of a kind: joined rightly, and found."""
    items = set(items)
    joined = list(_pairs(groups, truth, items, kind))
    wanted = list(_pairs(truth, truth, items, kind))
    right = sum(truth[one] == truth[other] for one, other in joined)
    return Agreement(right / len(joined) if joined else 1.0, right / len(wanted) if wanted else 0.0)


def _pairs(groups: Mapping[int, Hashable], truth: Mapping[int, Hashable], items: set[int], kind):
    members = defaultdict(list)
    for at in truth:
        members[groups[at]].append(at)
    for group in members.values():
        for place, one in enumerate(group):
            for other in group[place + 1 :]:
                if (one in items or other in items) and kind(one, other):
                    yield one, other


def calibration_error(chances: Sequence[float], truths: Sequence[bool], bins: int = 10) -> float:
    """Mean distance between the chance said and the share come true, over bins weighed by their size."""
    held = defaultdict(list)
    for chance, true in zip(chances, truths, strict=True):
        held[min(bins - 1, int(chance * bins))].append((chance, true))
    total = 0.0
    for pairs in held.values():
        said = sum(chance for chance, _ in pairs) / len(pairs)
        came = sum(true for _, true in pairs) / len(pairs)
        total += abs(said - came) * len(pairs)
    return total / len(chances) if chances else 0.0

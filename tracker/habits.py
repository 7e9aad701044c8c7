"""How much of what each publisher brings is to the point, learnt from all that came from it and what people decided.

An item of a laboratory's policy page is likelier to report an act than the same words in a stream of everything, and
the words of one item do not say which of the two it is. The law: a publisher moves the odds of its items a little and
never decides; one of whom little is known moves them hardly. What the machine itself thought is kept in memory: a
process that starts learns it anew. What people decided comes from the record of decisions.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tracker.tagging import Suggestion

USUAL = -5.0  # log-odds of an ordinary item of an ordinary publisher
DOUBT = 10  # items of a usual publisher that each one is thought to have brought already
SHARE = 0.3  # of the distance from the usual that an item's own odds are moved by
REMEMBERED = 200  # items of each publisher
LEAST = 1e-4
DECIDED_DOUBT = 8  # decisions at the usual rate that each publisher is thought to have had already
DECIDED_SHARE = 0.5  # of the distance from the usual rate that an item's odds are moved by

Tally = tuple[int, int]  # of what came from a publisher: coded by people, dismissed by people


class Habits:
    """The latest odds of each publisher's items, as words and meaning alone gave them, and how people decided."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
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

    def weighed(self, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
        """The suggestions of a batch, their relevance moved by what their publishers usually bring."""
        for one in suggestions:
            if one.publisher:
                self._seen[one.publisher].append(_log_odds(one.relevance))
        return [self._moved(one) for one in suggestions]

    def _moved(self, one: Suggestion) -> Suggestion:
        own, seen = _log_odds(one.relevance), self._seen.get(one.publisher)
        if not seen:
            return one
        mean = (sum(seen) - own + DOUBT * USUAL) / (len(seen) - 1 + DOUBT)
        odds = own + SHARE * (mean - USUAL) + self._decided.get(one.publisher, 0.0)
        return replace(one, relevance=round(1 / (1 + math.exp(-odds)), 4))


def _log_odds(chance: float) -> float:
    kept = min(1 - LEAST, max(LEAST, chance))
    return math.log(kept / (1 - kept))


HABITS = Habits()

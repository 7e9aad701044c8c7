"""The stories that lie near one report, best first: which one it joins, and which are worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.clustering.pairs import reasons
from tracker.clustering.reading import Reading
from tracker.clustering.scoring import Scorer, chance_of, standings
from tracker.clustering.shapes import Key, Offer, Reason


@dataclass(frozen=True, slots=True)
class Match:
    """A story beside a report, before anybody asks why."""

    story: Key
    logit: float
    copy: bool
    nearest: Reading
    page: bool
    size: int
    across: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """What the index found for a report. Most reports join nothing, and nobody asks what else lies near them: the
    chances and reasons to show are found for those that are asked for.
    """

    scorer: Scorer
    reading: Reading
    matches: Sequence[Match]

    def choice(self) -> Offer | None:
        """The story to join without asking, or None where a person should look."""
        if not self.matches or not self._joins(self.matches[0]):
            return None
        return self._offer(self.matches[0], self._standings()[0])

    def offers(self, limit: int = 5) -> tuple[Offer, ...]:
        """The stories that this report may be of, best first; none that are not worth a look."""
        worth = [at for at, match in enumerate(self.matches) if self._is_worth(match)][:limit]
        if not worth:
            return ()
        beside = self._standings()
        offers = [self._offer(self.matches[at], beside[at]) for at in worth]
        return tuple(sorted(offers, key=lambda offer: -offer.probability))

    def _is_worth(self, match: Match) -> bool:
        return match.page or match.copy or chance_of(match.logit) >= self.scorer.offer

    def _joins(self, match: Match) -> bool:
        """Only the best one joins, unless its page is the report's own."""
        if match.page:
            return True
        return (
            match is self.matches[0] and self._is_worth(match) and chance_of(match.logit) >= self.scorer.join
        )

    def _standings(self) -> list[list[float]]:
        """How each match stands beside the others."""
        every = ((match.logit, match.size, match.across) for match in self.matches)
        return standings(*zip(*every, strict=True))

    def _offer(self, match: Match, stands: Sequence[float]) -> Offer:
        if match.page:
            return Offer(match.story, 1.0, True, True, (Reason("page"),))
        because = reasons(self.scorer.reader, self.reading, match.nearest)
        chance = self.scorer.shown(stands)
        return Offer(match.story, chance, self._joins(match), match.copy, because)

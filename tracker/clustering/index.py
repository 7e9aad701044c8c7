"""The stories of a window of time, kept so that a new report finds its own in a millisecond or two.

The stories that lie near one report come best first: which one it joins, and which are worth a look. Compared with it
are the readings that share its most telling words, names and amounts. Which readings hold a word is kept by date in two
arrays of integers: eight bytes an occurrence. Common words are looked into last and only as far as a fixed budget
reaches, so that an answer costs the same among five thousand readings and a million.
"""

from __future__ import annotations

import datetime
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from tracker.clustering import scoring
from tracker.clustering.reports import Key, Offer, Pair, Reading, Reason, Report, is_copy, is_one_page
from tracker.clustering.scoring import (
    MEMBERS_READ,
    Scorer,
    chance_of,
    days_apart,
    default_scorer,
    reasons,
    standings,
)

WINDOW = 30  # days before and after in which a report is looked for
STORIES = 8  # stories of theirs weighed
SERIES = 5  # reports of one outlet, beyond which only a copy of one of them still joins by itself

UNDATED = 0
_NONE = array("I")
BUDGET = 1_200  # occurrences looked at for one report
PER_WORD = 300  # of them for one word, the nearest in time

CANDIDATES = 30
AMOUNT_RARITY = 4.0  # nats; amounts are not counted, and are about as rare as a rare word


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
    apart: bool = False  # only a copy joins: a series of one outlet, or the opposite deed


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
            match is self.matches[0]
            and self._is_worth(match)
            and chance_of(match.logit) >= self.scorer.join
            and (match.copy or (not match.apart and scoring.in_common(self.reading, match.nearest)))
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


@dataclass(slots=True)
class Story:
    """A proposal or an event on record, as its readings. `slots` are in the order they came."""

    slots: list[int] = field(default_factory=list)


class Index:
    """Stories and their reports. Keys are the caller's; the same key is the same story or report.

    Not for several threads at once: one worker, one index, or a lock around it.
    """

    def __init__(self, scorer: Scorer | None = None, window: int = WINDOW):
        self.scorer = scorer or default_scorer()
        self.window = window
        self._readings: dict[int, tuple[Key, Reading]] = {}
        self._stories: dict[Key, Story] = {}
        self._postings = Postings()
        self._addresses: dict[str, set[int]] = {}
        self._titles: dict[str, set[int]] = {}
        self._parted: dict[Key, set[Key]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._stories)

    def __contains__(self, story: Hashable) -> bool:
        return story in self._stories

    def add(self, story: Key, report: Report | Reading) -> None:
        """One more report of a story, known or new."""
        reading = self._reading(report)
        slot, self._next = self._next, self._next + 1
        self._readings[slot] = (story, reading)
        self._stories.setdefault(story, Story()).slots.append(slot)
        self._postings.add(slot, reading.days, entries(reading))
        for shelf, mark in self._shelves(reading):
            shelf.setdefault(mark, set()).add(slot)

    def add_event(
        self,
        story: Key,
        date: datetime.date | None,
        titles: Iterable[str],
        summaries: Iterable[str] = (),
        sources: Iterable[Report] = (),
    ) -> None:
        """An event on record: its titles and summaries, one of each per language, and its sources."""
        summaries = list(summaries)
        for number, title in enumerate(titles):
            summary = summaries[number] if number < len(summaries) else ""
            if title or summary:
                key = ("record", story, number)
                self.add(story, Report(key, title or summary, summary if title else "", date))
        for report in sources:
            self.add(story, report)

    def remove(self, story: Key) -> None:
        """Forget a story; one that is not here is no error, for two workers may forget the same."""
        for slot in self._stories.pop(story, Story()).slots:
            _, reading = self._readings.pop(slot)
            self._postings.remove(slot, reading.days, entries(reading))
            for shelf, mark in self._shelves(reading):
                shelf[mark].discard(slot)
                if not shelf[mark]:
                    del shelf[mark]

    def forget_before(self, date: datetime.date) -> int:
        """Drop the stories whose last report is older; how many went."""
        border = date.toordinal()
        old = [key for key, story in self._stories.items() if self._last_day(story) < border]
        for key in old:
            self.remove(key)
        return len(old)

    def rank(self, report: Report | Reading) -> Ranking:
        """The stories near this report, to be asked which one it joins and which are worth a look."""
        reading = self._reading(report)
        return Ranking(self.scorer, reading, self._ranked(reading))

    def offers(self, report: Report | Reading, limit: int = 5) -> tuple[Offer, ...]:
        """The stories that this report may be of, best first; none that are not worth a look."""
        return self.rank(report).offers(limit)

    def choose(self, report: Report | Reading) -> Offer | None:
        """The story to join without asking, or None where a person should look."""
        return self.rank(report).choice()

    def learn(self, pairs: Iterable[Pair]) -> None:
        """Take in what analysts joined and parted: parted reports are never offered to each other again."""
        pairs = [Pair(*pair) for pair in pairs]
        for pair in pairs:
            self._remember(pair)
        self.scorer = self.scorer.taught(pairs)

    def _remember(self, pair: Pair) -> None:
        for one, other in ((pair.left.key, pair.right.key), (pair.right.key, pair.left.key)):
            parted = self._parted.setdefault(one, set())
            (parted.discard if pair.same else parted.add)(other)

    def _reading(self, report: Report | Reading) -> Reading:
        """Who asks about a report and then adds it may have it read once (`Scorer.reader`)."""
        return report if isinstance(report, Reading) else self.scorer.reader.read(report)

    def _ranked(self, reading: Reading) -> list[Match]:
        members = {key: self._members(key, reading) for key in self._near_stories(reading)}
        members = {
            key: known for key, known in members.items() if known and not self._parted_from(reading, known)
        }
        every = [member for known in members.values() for member in known]
        logits = self.scorer.pair_logits(reading, every).tolist()
        same_page = {self._readings[slot][0] for slot in self._same_page(reading)}
        own, start = [], 0
        for known in members.values():
            own.append(logits[start : start + len(known)])
            start += len(known)
        together = self.scorer.story_logits(own)
        matches = [
            self._match(key, reading, known, pairs, logit, key in same_page)
            for (key, known), pairs, logit in zip(members.items(), own, together, strict=True)
        ]
        return sorted(matches, key=lambda match: (-match.page, -match.logit))

    def _members(self, key: Key, reading: Reading) -> list[Reading]:
        """The newest reports of a story. A report is no evidence for itself, and so is left out."""
        newest = (self._readings[slot][1] for slot in self._stories[key].slots[-MEMBERS_READ:])
        return [member for member in newest if member.report.key != reading.report.key]

    def _match(
        self,
        key: Key,
        reading: Reading,
        members: Sequence[Reading],
        logits: Sequence[float],
        logit: float,
        page: bool,
    ) -> Match:
        at = max(range(len(logits)), key=logits.__getitem__)
        copy = page or is_copy(reading.text, members[at].text)
        across = all(member.chinese != reading.chinese for member in members)
        logit = max(logit, logits[at]) if copy else logit
        outlets = {member.text.outlet for member in (*members, reading)}
        series = len(members) >= SERIES and len(outlets) == 1
        apart = series or self._opposed(reading, members)
        return Match(key, logit, copy, members[at], page, len(members), across, apart)

    def _near_stories(self, reading: Reading) -> list[Key]:
        twins = self._same_page(reading) | self._same_title(reading)
        slots = [*sorted(twins), *nearest(self._postings, reading, self.window)]
        return list(dict.fromkeys(self._readings[slot][0] for slot in slots))[:STORIES]

    def _same_page(self, reading: Reading) -> set[int]:
        """Reports under the same address; an outlet's items that only share it (a changelog) are pages of their own."""
        return {
            slot
            for slot in self._addresses.get(reading.text.address, ())
            if self._is_other(slot, reading) and is_one_page(reading.text, self._readings[slot][1].text)
        }

    def _same_title(self, reading: Reading) -> set[int]:
        known = self._titles.get(reading.mark, ())
        return {slot for slot in known if days_apart(reading, self._readings[slot][1]) <= self.window}

    def _is_other(self, slot: int, reading: Reading) -> bool:
        return self._readings[slot][1].report.key != reading.report.key

    def _shelves(self, reading: Reading) -> list[tuple[dict[str, set[int]], str]]:
        pairs = [(self._addresses, reading.text.address), (self._titles, reading.mark)]
        return [(shelf, mark) for shelf, mark in pairs if mark]

    def _parted_from(self, reading: Reading, members: Sequence[Reading]) -> bool:
        parted = self._parted.get(reading.report.key, set())
        return bool(parted) and any(member.report.key in parted for member in members)

    def _opposed(self, reading: Reading, members: Sequence[Reading]) -> bool:
        """Whether the report's deed is the opposite of what this story tells, as far as headlines say."""
        names = self.scorer.reader.names
        return sum(scoring.opposed(reading, member, names) for member in members) * 2 > len(members)

    def _last_day(self, story: Story) -> int:
        return max(self._readings[slot][1].days or 0 for slot in story.slots)


class Postings:
    """Word → (days, slots), both ordered by day."""

    def __init__(self) -> None:
        self._days: dict[str, array] = {}
        self._slots: dict[str, array] = {}

    def add(self, slot: int, days: int | None, words: Iterable[str]) -> None:
        day = days or UNDATED
        for word in words:
            dates = self._days.setdefault(word, array("i"))
            slots = self._slots.setdefault(word, array("I"))
            # News comes in order: nearly always this is the end.
            at = len(dates) if not dates or dates[-1] <= day else bisect_right(dates, day)
            dates.insert(at, day)
            slots.insert(at, slot)

    def remove(self, slot: int, days: int | None, words: Iterable[str]) -> None:
        day = days or UNDATED
        for word in words:
            dates, slots = self._days[word], self._slots[word]
            at = bisect_left(dates, day)
            while slots[at] != slot:
                at += 1
            del dates[at], slots[at]
            if not dates:
                del self._days[word], self._slots[word]

    def near(
        self, weighed: Iterable[tuple[str, float]], days: int | None, window: int, count: int
    ) -> list[int]:
        """The slots within the window that share most weight, the heaviest first. Give the rarest words first."""
        parts, weights = [], []
        budget = BUDGET
        for word, weight in weighed:
            slots = self._within(word, days, window, min(budget, PER_WORD))
            if slots:
                parts.append(np.frombuffer(slots, dtype=np.uint32))
                weights.append(weight)
            budget -= len(slots)
            if budget <= 0:
                break
        return _heaviest(parts, weights, count) if parts else []

    def _within(self, word: str, days: int | None, window: int, most: int) -> array:
        dates = self._days.get(word)
        if dates is None:
            return _NONE
        slots = self._slots[word]
        if days is None:
            return slots[-most:]
        first, last = bisect_left(dates, days - window), bisect_right(dates, days + window)
        known = bisect_right(dates, UNDATED)
        undated = slots[max(0, known - most // 4) : known]
        if last - first <= most:
            return slots[first:last] + undated
        middle = bisect_left(dates, days, first, last)
        start = max(first, min(middle - most // 2, last - most))
        return slots[start : start + most] + undated


def _heaviest(parts: list[np.ndarray], weights: list[float], count: int) -> list[int]:
    slots, places = np.unique(np.concatenate(parts), return_inverse=True)
    sums = np.bincount(places, weights=np.repeat(weights, [len(part) for part in parts]))
    # Of equals the newest: news is about the latest.
    return slots[np.lexsort((-slots.astype(np.int64), -sums))[:count]].tolist()


def entries(reading: Reading) -> dict[str, float]:
    """What it is found by, each with its rarity: words, names (`@key`), amounts (`#amount`)."""
    found = dict(reading.rarities)
    for names in reading.names.values():
        found.update((f"@{key}", rarity) for key, rarity in names.items())
    found.update((f"#{amount}", AMOUNT_RARITY) for amount in reading.amounts)
    return found


def nearest(postings: Postings, reading: Reading, window: int) -> list[int]:
    """Slots of the readings within the window that share most, at most CANDIDATES."""
    weighed = sorted(entries(reading).items(), key=itemgetter(1, 0), reverse=True)
    return postings.near(weighed, reading.days, window, CANDIDATES)

"""What pages may say of a day, worked out from the record by `plain_method`: one act after the other.

It shares nothing with `scorecard` but the names of things, so that a sentence is held to the record by another path.
"""

import datetime
import functools
from collections import Counter
from functools import cached_property
from itertools import pairwise

from tests.scorecard import plain_method as plain
from tracker.record import RECOMMENDATIONS

DAY = datetime.timedelta(1)
# Many sentences tell the same figure, each page in two languages.
_band, _label = functools.cache(plain.band), functools.cache(plain.label)


class Truth:
    """The record, with what every day of it comes to."""

    also = ()  # days that acts on record name themselves
    texts = ()  # every word of the record
    own = frozenset()  # words of the record that a page shows as they stand
    reasons = ()  # and those that it shows behind a code

    def __init__(self, records, coded_to):
        self.raw = {record["id"]: record for record in records}
        self.record = plain.Record(records)
        self.coded_to = coded_to
        self._sums = {}
        self._readings = {}

    @cached_property
    def days(self):
        return [plain.START + number * DAY for number in range((self.coded_to - plain.START).days + 1)]

    def sums(self, slug, actor=None):
        """(A, U) at the end of every day."""
        if (slug, actor) not in self._sums:
            live = self._live
            self._sums[slug, actor] = [
                plain.totals(self._rows(day, ids, slug, actor))[:2]
                for day, ids in zip(self.days, live, strict=True)
            ]
        return self._sums[slug, actor]

    @cached_property
    def _live(self):
        return [self.record.live(day) for day in self.days]

    @cached_property
    def _strength(self):
        return {
            (key, item["rec"]): item["strength"]
            for key, event in self.record.events.items()
            for item in event["assessments"]
        }

    def _rows(self, day, ids, slug, actor):
        found = []
        for key in ids:
            strength = self._strength.get((key, slug))
            if strength and (actor is None or actor in self.record.events[key]["actors"]):
                kept = 2 ** (-(day - self.record.day[key]).days / plain.H[strength])
                a, u = self.record.credit[key, slug]
                found.append((key, strength, a * kept, u * kept))
        return found

    def place(self, day):
        return (day - plain.START).days

    def score(self, slug, day, actor=None):
        return plain.score(*self.sums(slug, actor)[self.place(day)])

    def scores(self, slug, day, actor=None):
        return [plain.score(*pair) for pair in self.sums(slug, actor)[: self.place(day) + 1]]

    def band(self, slug, day, actor=None):
        return _band(*self.sums(slug, actor)[self.place(day)])

    def word(self, slug, day, actor=None):
        return _label(*self.sums(slug, actor)[self.place(day)])

    def since(self, slug, day):
        """The first day of the unbroken run of the word."""
        word, first = self.word(slug, day), day
        while first > plain.START and self.word(slug, first - DAY) == word:
            first -= DAY
        return first

    def reading(self, slug, day, pulse=False):
        key = (slug, day, pulse)
        if key not in self._readings:
            self._readings[key] = plain.reading(self.record, day, slug, None, pulse)
        return self._readings[key]

    def change(self, slug, earlier, later):
        return plain.change(self.record, later, (later - earlier).days, slug)

    def movers(self, slug, earlier, later):
        """(points of each new act, points of each that ended) between two days. The score is (A − U) over a whole; the
        points of an act are what its own part of A and U adds to it, at the mean of the score before and after and of
        the whole before and after, so that the points of all acts add up to the step."""
        was, now = self._live[self.place(earlier)], self._live[self.place(later)]
        here = set(now)
        stops = [self._shares(later, ids, slug) for ids in (was, [key for key in was if key in here], now)]
        ended, new = (self._step(*pair) for pair in pairwise(stops))
        return new, ended

    def _shares(self, day, ids, slug):
        rows = self._rows(day, ids, slug, None)
        a, u, left_a, left_u = plain.totals(rows)
        own = {
            key: (up * left_a, down * left_u) if strength <= 2 else (up, down)
            for key, strength, up, down in rows
        }
        return own, plain.score(a, u), a + u + 2

    def _step(self, before, after):
        (was, score_was, whole_was), (now, score_now, whole_now) = before, after
        score, whole, points = (score_was + score_now) / 2, (whole_was + whole_now) / 2, {}
        for key in was.keys() ^ now.keys():
            sign, (up, down) = (1, now[key]) if key in now else (-1, was[key])
            found = sign * (100 * (up - down) - score * (up + down)) / whole
            if found:
                points[key] = found
        return points

    def standing(self, slug, day):
        """The acts that stand on a day and touch a recommendation."""
        return {key for key in self._live[self.place(day)] if (key, slug) in self._strength}

    def delivery(self, slug, day):
        return plain.delivery(self.record, day, slug)

    def ask_of(self, slug, ask, actor, day):
        tagged = [
            (key, item)
            for key in self.record.order
            for item in self.record.events[key]["assessments"]
            if item["rec"] == slug and item.get("ask") == ask and self.record.day[key] <= day
        ]
        return plain._ask_of_actor(self.record, day, slug, tagged, actor)

    def touching(self, slug, day):
        """The acts on record by a day that touch a recommendation, the newest last, with their direction."""
        return [
            (key, item["direction"])
            for key in self.record.order
            if self.record.day[key] <= day
            for item in self.record.events[key]["assessments"]
            if item["rec"] == slug
        ]

    def counted(self, day):
        """The acts that had happened by a day."""
        return [self.raw[key] for key in self.record.order if self.record.day[key] <= day]

    def pending(self, day):
        """How many acts that stand on a day wait for a next step, by stage."""
        standing = (self.raw[key] for key in self._live[self.place(day)])
        return Counter(line["stage"] for line in standing if line.get("stage"))

    def terms(self, day, after):
        """How many acts that stand on a day end by their own terms after another, and by nothing before."""
        count = 0
        for key in self._live[self.place(day)]:
            until = self.raw[key].get("until")
            ender = self.record.ender.get(key)
            earlier = ender and until and self.record.day[ender].isoformat() < until
            count += bool(until and until > after.isoformat() and not earlier)
        return count

    def mean(self, day):
        return sum(self.score(slug, day) for slug in RECOMMENDATIONS) / len(RECOMMENDATIONS)

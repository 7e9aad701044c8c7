"""Cost of grouping one new article, with 5,000 to 1,000,000 articles on record, beside rapidfuzz.

A stream of a thousand articles a day, generated from the words of the seeds. First as in use: what falls out of
the window leaves the index (articles that would have left it before a mark are not filed at all; the index ends
the same). Then with nothing forgotten, two hundred thousand reports in one index. The peer is rapidfuzz's
token_set_ratio of the same new titles against the five thousand latest. Asked for: the cost at the last mark
within 1.5 times the first, and at least 5 times less than the peer's.
"""

import datetime
import random
import resource
import statistics
import sys
import time

from rapidfuzz import fuzz, process

from tests.evaluate import stream
from tracker import clustering
from tracker.clustering import Report

A_DAY = 1_000
FIRST = datetime.date(2024, 1, 1)
MARKS = (5_000, 20_000, 100_000, 300_000, 1_000_000)
KEPT = (5_000, 20_000, 100_000, 200_000)
WINDOW = 7
PROBES = 100
ROUNDS = 5
LARGEST_GROWTH, LEAST_RATIO = 1.5, 5.0


class Headlines:
    """As many headlines as one likes, of words as common as in the seeds; every fourth repeats a story of the day."""

    def __init__(self, seed=7):
        self._random = random.Random(seed)
        titles = [article["title"].split() for article in stream.load().articles]
        self._parts = [title for title in titles if len(title) > 5]
        self._today = []

    def report(self, number):
        if number % A_DAY == 0:
            self._today = []
        day = FIRST + datetime.timedelta(number // A_DAY)
        return Report(
            number, self._title(), "", day, "en", f"Paper {number % 60}", f"https://p.example/{number}"
        )

    def _title(self):
        draw = self._random
        if self._today and draw.random() < 0.25:
            words = draw.choice(self._today).split()
            words[draw.randrange(len(words))] = draw.choice(draw.choice(self._parts))
            return " ".join(words)
        one, other = draw.choice(self._parts), draw.choice(self._parts)
        title = " ".join([*one[: len(one) // 2], *other[len(other) // 2 :], f"Bill {draw.randrange(9_000)}"])
        self._today.append(title)
        return title


def cost(index, reports):
    """CPU milliseconds to find an article's story, the median of rounds."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for report in reports:
            index.choose(report)
        rounds.append((time.process_time() - started) * 1e3 / len(reports))
    return statistics.median(rounds)


def file_one(index, report):
    chosen = index.choose(report) if report.key % 4 == 0 else None
    index.add(chosen.story if chosen else report.key, report)


def probes(number):
    """New articles of a day, the same work at every mark."""
    news = Headlines(seed=11)
    return [news.report(number) for _ in range(PROBES)]


def in_the_window(marks):
    """The cost at each mark when the index forgets what is older than the window."""
    costs = {}
    for mark in marks:
        index, news = clustering.Index(window=WINDOW), Headlines()
        for number in range(max(0, mark - (WINDOW + 2) * A_DAY), mark):
            file_one(index, news.report(number))
        today = FIRST + datetime.timedelta(mark // A_DAY)
        index.forget_before(today - datetime.timedelta(WINDOW))
        costs[mark] = cost(index, probes(mark))
        print(f"{mark:11,} on record, {len(index):7,} stories in the window: {costs[mark]:.2f} ms an article")
    return costs


def all_kept(marks):
    """The cost at each mark when nothing is forgotten."""
    index, news, costs = clustering.Index(window=WINDOW), Headlines(), {}
    for number in range(marks[-1]):
        index.add(number, news.report(number))
        if number + 1 in marks:
            costs[number + 1] = cost(index, probes(number + 1))
            print(f"{number + 1:11,} in one index: {costs[number + 1]:.2f} ms an article, {megabytes():,} MB")
    return costs


def peer():
    """CPU milliseconds of rapidfuzz for an article against five thousand titles, one core."""
    news = Headlines()
    known = [news.report(number).title.lower() for number in range(5_000)]
    new = [report.title.lower() for report in probes(5_000)]
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        process.cdist(new, known, scorer=fuzz.token_set_ratio, workers=1)
        rounds.append((time.process_time() - started) * 1e3 / len(new))
    return statistics.median(rounds)


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def growth(costs):
    return costs[max(costs)] / costs[min(costs)]


def main():
    windowed = in_the_window(MARKS)
    kept = all_kept(KEPT)
    beside = peer()
    ratio = beside / windowed[min(windowed)]
    print(
        f"rapidfuzz token_set_ratio against 5,000 titles: {beside:.2f} ms an article, {ratio:.1f} times ours"
    )
    print(f"growth of the cost: {growth(windowed):.2f} (window), {growth(kept):.2f} (all kept)")
    if max(growth(windowed), growth(kept)) > LARGEST_GROWTH or ratio < LEAST_RATIO:
        sys.exit("Below what is asked for.")


if __name__ == "__main__":
    main()

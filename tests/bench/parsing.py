"""Speed of parsing beside feedparser, in CPU seconds: `python -m tests.bench.parsing`.

The recorded feeds of FEED_CORPUS, or generated ones. Asked for: at least 15 times feedparser, no entry lost.
"""

import random
import statistics
import warnings
from io import BytesIO

import feedparser

from feeds import parsing
from tests.bench import corpus, cpu

ROUNDS = 5


def ours(bodies: list[bytes]) -> int:
    """Entries read by our parser; documents that are no feeds count none."""
    count = 0
    for body in bodies:
        try:
            document = parsing.parse(body, base="https://a.example/feed")
        except parsing.NotAFeed:
            continue
        count += len(document.entries) + document.left_out
    return count


def theirs(bodies: list[bytes]) -> int:
    """Entries read by feedparser as it comes."""
    return sum(len(feedparser.parse(BytesIO(body)).entries) for body in bodies)


def main() -> None:
    warnings.simplefilter("ignore")
    bodies = corpus.documents()
    ours(bodies)  # a worker has its imports and its child behind it
    rounds = {ours: [], theirs: []}
    counts = {}
    for _ in range(ROUNDS):
        for work in random.sample([ours, theirs], 2):
            seconds, counts[work] = cpu.measured(lambda work=work: work(bodies))
            rounds[work].append(seconds)
    ratios = [slow / fast for slow, fast in zip(rounds[theirs], rounds[ours], strict=True)]
    size = sum(map(len, bodies)) / 1e6
    print(
        f"parse       {len(bodies)} documents, {size:.1f} MB; "
        f"{counts[ours]} entries, feedparser {counts[theirs]}"
    )
    print(
        f"            ours {statistics.median(rounds[ours]):.2f} s CPU, feedparser "
        f"{statistics.median(rounds[theirs]):.2f} s: {statistics.median(ratios):.1f} times "
        f"({min(ratios):.1f} to {max(ratios):.1f}); asked for 15"
    )


if __name__ == "__main__":
    main()

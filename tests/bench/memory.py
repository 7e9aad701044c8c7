"""Memory of a worker while the table of feeds grows from 200 to 20,000 rows; it must stay flat.

Each size is claimed and polled a few times from a publisher on the loopback, as the schedule does it.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

from tests.bench import corpus, publishing
from tests.bench.polling import environment, migrated

SIZES = (200, 2_000, 20_000)
TURNS = 4
ALLOWED = 15_000  # kB more at the end than at the beginning


def resident() -> int:
    """kB of this process in memory now."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def turn() -> tuple[int, float]:
    """Claim once and poll what was claimed: the number of feeds, and how long the claim alone took."""
    from feeds import polling, scheduling

    start = time.perf_counter()
    batches = scheduling.claim()
    claimed = time.perf_counter() - start
    return sum(1 for batch in batches for _outcome in polling.poll_batch(batch)), claimed


def grow(size: int, address: str, names: list[str]) -> None:
    """Add feeds up to that size; in a process of its own, as making them would leave its marks on this one."""
    subprocess.run([sys.executable, "-m", "tests.bench.memory", str(size), address, *names], check=True)


def add_feeds(size: str, address: str, *names: str) -> None:
    django.setup()
    from feeds.models import Feed

    have, chance = Feed.objects.count(), random.Random(size)
    urls = [f"{address}/plain/{chance.choice(names)}?{number}" for number in range(have, int(size))]
    Feed.objects.bulk_create((Feed(url=url, host="127.0.0.1") for url in urls), batch_size=1000)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pages").mkdir()
        names = corpus.two_hundred(folder / "pages")[:20]
        os.environ.update(environment(migrated(folder)) | {"FEEDS_IN_FLIGHT": "100"})
        django.setup()
        figures = []
        with publishing.publisher(folder / "pages") as address:
            for size in SIZES:
                grow(size, address, names)
                polled, claims = zip(*(turn() for _ in range(TURNS)), strict=True)
                figures.append(resident())
                print(
                    f"memory      {size:6} feeds: {figures[-1] / 1024:.0f} MB after {sum(polled)} polls; "
                    f"a claim takes {1000 * min(claims):.0f} ms"
                )
    if figures[-1] - figures[0] > ALLOWED:
        sys.exit(
            f"grew by {(figures[-1] - figures[0]) / 1024:.0f} MB; at most {ALLOWED / 1024:.0f} are allowed"
        )


if __name__ == "__main__":
    add_feeds(*sys.argv[1:]) if sys.argv[1:] else main()

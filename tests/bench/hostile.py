"""Sixty hostile behaviours of publishers, one after the other: time and memory each may cost.

Asked for: every one ends at its deadline plus half a second, and all of them leave at most 50 MB behind.
"""

import resource
import sys
import time

from tests.feeds.publisher import Publisher
from tests.feeds.test_hostile_publisher import BEHAVIOURS, DEADLINE, outcome

ALLOWED = 50_000  # kB
GRACE = 0.5  # seconds


def main() -> None:
    slowest, wrong = (0.0, ""), []
    with Publisher() as publisher:
        publisher.pages = {f"/{name}": page for name, (page, _) in BEHAVIOURS.items()}
        outcome(publisher.url("/honest"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for name, (_page, expected) in BEHAVIOURS.items():
            if name == "empty":
                continue
            start = time.perf_counter()
            found = outcome(publisher.url(f"/{name}"))
            slowest = max(slowest, (time.perf_counter() - start, name))
            if found not in (expected if isinstance(expected, tuple) else (expected,)):
                wrong.append(f"{name}: {found}, not {expected}")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        f"hostile     {len(BEHAVIOURS)} behaviours; the slowest, {slowest[1]}, took {slowest[0]:.2f} s of "
        f"{DEADLINE + GRACE:g} allowed; memory grew by {grown / 1024:.0f} MB, the publisher's own included"
    )
    if wrong or grown > ALLOWED or slowest[0] > DEADLINE + GRACE:
        sys.exit("\n".join(["not survived as asked for", *wrong]))


if __name__ == "__main__":
    main()

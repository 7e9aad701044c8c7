"""`make evaluate`: the quality of tagging and of grouping, on events never seen in training, and that of the queue.

Tagging and grouping are measured at a time, each on one core. Tagging prints as it goes; grouping, which is done
sooner, tells its progress on standard error and its tables at the end. The queue comes last, where FEED_CORPUS names a
folder of recorded feeds: whole feeds through the product's own path; and after it the record is replayed with coding
stopped on past days.
"""

import os
import subprocess
import sys
import time

PARTS = ("tagging", "grouping")  # at a time


def main():
    start, one_core = time.monotonic(), os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    started = {part: [sys.executable, "-u", "-m", f"tests.evaluate.{part}"] for part in PARTS}
    grouping = subprocess.Popen(started["grouping"], env=one_core, stdout=subprocess.PIPE, text=True)
    tagging = subprocess.run(started["tagging"], env=one_core, check=False)
    tables, _ = grouping.communicate()
    print(f"\n## Grouping\n\n{tables}\n{time.monotonic() - start:.0f} seconds in all.")
    print("\n## The queue\n", flush=True)
    queue = subprocess.run(
        [sys.executable, "-u", "-m", "tests.evaluate.queue", "--joins", "40"], env=one_core, check=False
    )
    print("\n## How long a word lasts when coding stops\n", flush=True)
    replay = subprocess.run([sys.executable, "-m", "tests.evaluate.replay"], env=one_core, check=False)
    codes = {
        "tagging": tagging.returncode,
        "grouping": grouping.returncode,
        "queue": queue.returncode,
        "replay": replay.returncode,
    }
    if failed := [part for part in codes if codes[part]]:
        sys.exit(f"did not end well: {', '.join(failed)}")


if __name__ == "__main__":
    main()

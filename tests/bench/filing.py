"""Filing 1,500 new items of 60 recorded feeds, as one poll of all brings them, by words alone and with embeddings.

    FEED_CORPUS=DIR python -m tests.bench.filing

Asked for: within two minutes on two cores. Reading and storing the documents is counted; a model that is still to be
trained is not, as one comes with the seeds. Each way runs in a process of its own, so that its memory is its own.
"""

import os
import resource
import subprocess
import sys
import time
from collections import Counter

FEEDS, EACH, ITEMS, SECONDS = 60, 25, 1500, 120
WAYS = {"words": "0", "embeddings": "1"}


def measured() -> None:
    """In a process that was told which way by its environment: prints what it took."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_databases, teardown_databases

    from tests.evaluate import recorded
    from tracker import filing, tagger_versions
    from tracker.models import Article
    from tracker.tagging import Tagger

    labelled = recorded.labels()
    taken = dict.fromkeys(
        [feed for feed, _size in Counter(row["feed"] for row in labelled).most_common(FEEDS)], 0
    )
    rows = []
    for row in labelled:
        if taken.get(row["feed"], EACH) < EACH:
            taken[row["feed"]] += 1
            rows.append(row)
    made = setup_databases(verbosity=0, interactive=False)
    try:
        call_command("seed", verbosity=0)
        tagger = tagger_versions.serving()
        titles = [(row["title"], "", "") for row in rows[:ITEMS]]
        started = time.process_time()
        first = tagger.model.first or tagger.model
        Tagger(tagger_versions.cues(), first).tag_many(titles)
        by_words = len(titles) / (time.process_time() - started)
        started, spent = time.monotonic(), time.process_time()
        kept = len(recorded.keep(recorded.folder(), rows[:ITEMS]))
        stored = time.monotonic() - started
        while filing.file_waiting(seconds=600):
            pass
        seconds, spent = time.monotonic() - started, time.process_time() - spent
        waiting = Article.objects.to_file().count()
    finally:
        teardown_databases(made, verbosity=0)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    reads = "words and meaning" if tagger.reads_meaning else "words alone"
    print(
        f"{reads}: {kept} items of {len(taken)} feeds read, stored and filed in {seconds:.0f} seconds "
        f"({stored:.0f} until stored; {spent:.0f} of one core), {memory:.0f} MB; "
        f"{by_words:.0f} titles a second by words alone"
    )
    sys.exit(waiting > 0 or seconds > SECONDS)


def main() -> None:
    if not os.environ.get("FEED_CORPUS"):
        print("FEED_CORPUS names no folder of recorded feeds: filing is not measured.")
        return
    missed = False
    for value in WAYS.values():
        done = subprocess.run(
            [sys.executable, "-c", "from tests.bench.filing import measured; measured()"],
            env={**os.environ, "TAGGER_EMBEDDINGS": value},
            check=False,
        )
        missed |= done.returncode != 0
    print(f"Asked for: at most {SECONDS} seconds.")
    sys.exit(missed)


if __name__ == "__main__":
    main()

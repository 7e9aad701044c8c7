"""Polling beside `reader` and newsboat in CPU seconds: first poll, 304, the same bytes without validators.

Two hundred documents from a publisher on the loopback, by the worker's own code on SQLite, in a process that
has its imports behind it, as `reader` has; newsboat pays its start, a few hundredths of a second. All three
keep what they read in SQLite. Asked for: first poll 3.5 times `reader` and not behind newsboat; first poll with
tagging and grouping of all it brought, by words alone, still ahead of `reader`, which does neither; 304 at least
1.5 times `reader` with nothing written; the same bytes at most 1.3 times the 304.

A poll of ours does more than theirs (`tests.bench.warm.beyond_reader`, `beyond_newsboat`): beside the whole stands
what is left without it, read and kept as they do. What embeddings cost on top is said once.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import corpus, peers, publishing
from tests.bench.corpus import ROOT

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
FILING = os.environ.get("BENCH_FILING", "1") == "1"


def environment(database: Path, embeddings: str = "0") -> dict[str, str]:
    names = {"TAGGER_EMBEDDINGS": embeddings}
    names |= {"DATABASE_URL": f"sqlite:///{database}", "DEBUG": "", "FETCH_ALLOW_PRIVATE": "1"}
    names |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "FEEDS_IN_FLIGHT": "1000", "REDIS_URL": ""}
    return os.environ | names


def migrated(folder: Path) -> Path:
    """A database with empty tables, to be copied for each round."""
    database = folder / "template.sqlite3"
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment(database), check=True
    )
    return database


def ours(template: Path, folder: Path, order: dict, embeddings: str = "0") -> dict:
    database = folder / "ours.sqlite3"
    for leftover in folder.glob("ours.sqlite3*"):
        leftover.unlink()
    shutil.copy(template, database)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.bench.warm"],
        cwd=ROOT,
        env=environment(database, embeddings),
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def one_round(work: dict, folder: Path, order: dict) -> dict[str, float]:
    """Every candidate once, in random order; seconds by name."""
    seconds = {}
    for name in random.sample(sorted(work), len(work)):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            told = work[name](Path(place), order)
        seconds |= {f"{name} {what}": value for what, value in told.items()}
    return seconds


def candidates(template: Path) -> dict:
    def own(folder, order):
        told = ours(template, folder, order)
        fresh, plain = told["fresh"], told["plain"]
        assert (fresh["failed"], fresh["unchanged"], fresh["written"]) == (0, corpus.DOCUMENTS, 0), told
        assert (plain["failed"], plain["written"]) == (0, 0), told
        assert (fresh["whole"], plain["whole"]) == (0, corpus.DOCUMENTS), told
        figures = {"first": fresh["first"], "304": fresh["again"], "same": plain["again"]}
        figures |= {"as reader": fresh["first"] - fresh["more"]}
        figures |= {"as newsboat": fresh["first"] - fresh["more"] - fresh["cleaned"]}
        filed = {"filing": told.get("filing", 0.0), "filed": told.get("filed", 0)}
        return figures | {"entries": fresh["entries"], **filed}

    work = {"ours": own}
    if python := peers.reader_python():

        def reader(folder, order):
            told = peers.reader(python, folder, order["fresh"], 2)
            first, again = told["seconds"]
            return {"first": first, "304": again, "entries": told["entries"], "broken": told["broken"]}

        work["reader"] = reader
    if shutil.which("newsboat"):
        work["newsboat"] = lambda folder, order: dict(
            zip(("first", "304"), peers.newsboat(folder, order["fresh"], 2), strict=True)
        )
    return work


def ratio(rounds: list[dict], above: str, below: str) -> tuple[float, str]:
    """How many times `below` goes into `above`: the median, and the spread in words."""
    values = [figures[above] / figures[below] for figures in rounds]
    median = statistics.median(values)
    return median, f"{median:.2f} times ({min(values):.2f} to {max(values):.2f})"


def report(rounds: list[dict]) -> list[str]:
    """Prints the table; returns what was missed."""
    missed = []
    print(
        f"            {corpus.DOCUMENTS} feeds, {rounds[0]['ours entries']:.0f} entries, {len(rounds)} rounds"
    )
    for name in sorted(rounds[0]):
        print(f"            {name:16} {statistics.median(figures[name] for figures in rounds):10.2f}")
    for figures in rounds:
        if not figures["ours filed"]:
            continue
        figures["ours whole"] = figures["ours first"] + figures["ours filing"]
    asked = [
        ("poll-first", "reader first", "ours first", 3.5),
        ("as they do", "reader first", "ours as reader", 3.5),
        ("poll-first", "newsboat first", "ours first", 1.0),
        ("as they do", "newsboat first", "ours as newsboat", 1.0),
        ("with filing", "reader first", "ours whole", 1.0),
        ("poll-304", "reader 304", "ours 304", 1.5),
        ("poll-304", "newsboat 304", "ours 304", 1.0),
        ("poll-same", "ours 304", "ours same", 1 / 1.3),
    ]
    for name, above, below, least in asked:
        if not {above, below} <= rounds[0].keys():
            print(f"{name:11} {above.split()[0]} is not installed here, or filing is off: no ratio")
            continue
        value, words = ratio(rounds, above, below)
        print(f"{name:11} {below} beside {above}: {words}; asked for {least:.2f}")
        if value < least:
            missed.append(name)
    return missed


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pages").mkdir()
        names = corpus.two_hundred(folder / "pages")
        template = migrated(folder)
        work = candidates(template)
        with publishing.publisher(folder / "pages") as address:
            order = {kind: [f"{address}/{kind}/{page}" for page in names] for kind in ("fresh", "plain")}
            rounds = [one_round(work, folder, order | {"filing": FILING}) for _ in range(ROUNDS)]
            if FILING:
                told = ours(template, folder, order | {"filing": True}, embeddings="auto")
                print(f"            filed with embeddings, where they are: {told['filing']:.2f} s once")
    if missed := report(rounds):
        sys.exit(f"below what is asked for: {', '.join(missed)}")


if __name__ == "__main__":
    main()

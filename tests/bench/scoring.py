"""How fast the scorecard's arithmetic is: daily series and sensitivity draws over a million events.

    python -m tests.bench.scoring [EVENTS …]        10000 100000 1000000 when none are given

Times are CPU seconds of this process, each from a log on which nothing has been worked out. Beside them, from
the same run: the plain implementation of the tests (a few days, or draws, of the smallest record, scaled to
the work) and reading the rows of the record from SQLite.
"""

from __future__ import annotations

import datetime
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from scorecard.method import EMPTY, METHODS, Log, every_view, ledger, method_of, report
from scorecard.method.balance import labels
from scorecard.method.columns import FOREVER, LINKS
from scorecard.method.sensitivity import draw, drawn_totals
from tests.scorecard import plain_method as plain
from tracker.record import ACTORS, CERTAINTIES, REACHES, RECOMMENDATIONS, START

YEARS = 10
DRAWS = 1000
LAST = START + datetime.timedelta(365 * YEARS)
FASTER, AS_READING = 100, 2
SIZES = (10_000, 100_000, 1_000_000)


def synthetic(events: int, seed: int = 1) -> Log:
    """A record of that size in the shape of the seeds.

    1.5 assessments and 1.3 actors an event; a tenth supersede an earlier event of the same year; one in fifty
    is recoded later.
    """
    rng = np.random.default_rng(seed)
    span = (LAST - START).days
    start = np.sort(rng.integers(0, span, events)).astype(np.int32) + START.toordinal()
    recoded = np.flatnonzero(rng.random(events) < 0.02)
    event = np.concatenate([np.arange(events), recoded]).astype(np.int32)
    certainty = rng.choice(3, len(event), p=(0.75, 0.22, 0.03)).astype(np.int8)
    first, second = (1 << rng.integers(0, len(ACTORS), len(event)) for _ in range(2))
    actors = np.where(rng.random(len(event)) < 0.3, first | second, first).astype(np.uint32)
    recorded = np.concatenate([start, start[recoded] + 200]).astype(np.int32)
    row_version, recommendation = _rows(rng, len(event))
    rows = len(row_version)
    linking = np.flatnonzero(rng.random(len(event)) < 0.1)
    target = np.maximum(event[linking] - rng.integers(1, max(events // YEARS, 2), len(linking)), 0)
    return Log(
        tuple(f"event-{number:07d}" for number in range(events)),
        event,
        start[event],
        recorded,
        certainty,
        actors,
        np.zeros(len(event), dtype=bool),
        *_terms(rng, start[event]),
        row_version,
        recommendation,
        rng.choice(np.array([1, -1, 0], dtype=np.int8), rows, p=(0.5, 0.4, 0.1)),
        rng.choice(5, rows, p=(0.25, 0.2, 0.2, 0.25, 0.1)).astype(np.int8),
        np.full(rows, -1, dtype=np.int16),
        linking.astype(np.int32),
        target.astype(np.int32),
        (rng.random(len(linking)) < 0.02).astype(np.int8),
    )


def _terms(rng: np.random.Generator, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Own terms of one in forty, and one in twenty-five local, as in the record's second release."""
    until = np.where(rng.random(len(start)) < 0.025, start + rng.integers(30, 400, len(start)), FOREVER)
    return until.astype(np.int32), (rng.random(len(start)) < 0.04).astype(np.int8)


def _rows(rng: np.random.Generator, versions: int) -> tuple[np.ndarray, np.ndarray]:
    """One or two assessments for each version, of different recommendations."""
    one = rng.integers(0, len(RECOMMENDATIONS), versions)
    other = (one + rng.integers(1, len(RECOMMENDATIONS), versions)) % len(RECOMMENDATIONS)
    two = np.flatnonzero(rng.random(versions) < 0.5)
    version = np.concatenate([np.arange(versions), two])
    order = np.argsort(version, kind="stable")
    recommendation = np.concatenate([one, other[two]])
    return version[order].astype(np.int32), recommendation[order].astype(np.int16)


def records(log: Log) -> list[dict[str, Any]]:
    """The log as records for the plain implementation."""
    items: list[list[dict[str, Any]]] = [[] for _ in range(len(log))]
    columns = (log.row_version, log.row_recommendation, log.row_direction, log.row_strength)
    for version, recommendation, direction, strength in zip(*(c.tolist() for c in columns), strict=True):
        slug = RECOMMENDATIONS[recommendation]
        items[version].append({"rec": slug, "direction": direction, "strength": strength + 1})
    links: dict[int, dict[str, list[str]]] = {}
    columns = (log.link_version, log.link_target, log.link_kind)
    for version, target, kind in zip(*(column.tolist() for column in columns), strict=True):
        links.setdefault(version, {}).setdefault(LINKS[kind], []).append(log.ids[target])
    return [
        {
            "id": log.ids[log.event[version]],
            "date": datetime.date.fromordinal(int(log.start[version])).isoformat(),
            "recorded_at": datetime.date.fromordinal(int(log.recorded[version])).isoformat(),
            "certainty": CERTAINTIES[log.certainty[version]],
            "actors": [actor for bit, actor in enumerate(ACTORS) if log.actors[version] >> bit & 1],
            "until": _iso(log.until[version]),
            "reach": REACHES[log.reach[version]],
            **links.get(version, {}),
            "assessments": items[version],
        }
        for version in range(len(log))
    ]


def _iso(ordinal: int) -> str | None:
    return None if ordinal >= FOREVER else datetime.date.fromordinal(int(ordinal)).isoformat()


def forgotten(log: Log) -> Log:
    """The same log with nothing worked out, as a process has it that has just read it."""
    columns = {name: getattr(log, name) for name in log.__dataclass_fields__ if name != "memory"}
    return Log(**columns)


def seconds(work: Callable[[], Any], rounds: int = 1) -> float:
    """CPU seconds of the quickest of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


def series(log: Log, version: str = "1.1") -> None:
    every_view(forgotten(log), as_of=LAST, version=version)


def bands(log: Log) -> None:
    for view in every_view(forgotten(log), as_of=LAST, version="1.1").values():
        _ = view.score, view.band, view.label


def draws(log: Log, version: str = "1.1") -> None:
    parameters = METHODS[version].parameters
    book = ledger(forgotten(log), None, parameters)
    advancing, undermining = drawn_totals(
        book, LAST.toordinal(), book.seen_by(None), draw(DRAWS, parameters, len(log.book))
    )
    labels(advancing, undermining, parameters, draw(DRAWS, parameters, len(log.book)).k[:, None])


def one_day(log: Log, version: str = "1.1") -> None:
    report(forgotten(log), LAST, version=version, acts=False)


def plain_day(record: plain.Record) -> None:
    """One day of the series by hand: every view of every recommendation."""
    for actor in (None, *ACTORS):
        for slug in RECOMMENDATIONS:
            plain.totals(record.rows(LAST, slug, actor))


def rows_read(log: Log) -> float:
    """CPU seconds to read the log's rows back from SQLite, in order, as plain tuples."""
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder) / "rows.sqlite3") as database:
        database.execute("create table version (id, start, recorded, certainty, actors, retracted)")
        database.execute("create table assessment (version, recommendation, direction, strength, ask)")
        columns = (log.start, log.recorded, log.certainty, log.actors, log.retracted)
        ids = [log.ids[number] for number in log.event.tolist()]
        database.executemany(
            "insert into version values (?, ?, ?, ?, ?, ?)",
            zip(ids, *(column.tolist() for column in columns), strict=True),
        )
        columns = (log.row_version, log.row_recommendation, log.row_direction, log.row_strength, log.row_ask)
        database.executemany(
            "insert into assessment values (?, ?, ?, ?, ?)",
            zip(*(column.tolist() for column in columns), strict=True),
        )
        database.commit()
        return seconds(
            lambda: [
                database.execute(f"select * from {table} order by rowid").fetchall()
                for table in ("version", "assessment")
            ],
            3,
        )


def _beside_first(log: Log) -> str:
    """How much longer the method takes than its first version did: one day, the series, the draws."""
    works = {"one day": one_day, "series": series, "draws": draws}
    ratios = {
        name: seconds(lambda work=work: work(log, "1.1"), 3) / seconds(lambda work=work: work(log, "1.0"), 3)
        for name, work in works.items()
    }
    return ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())


def main(sizes: tuple[int, ...] = SIZES) -> int:
    """Prints one line for each size, with the ratios; 1 when those of the largest miss what is asked for."""
    every_view(EMPTY, as_of=LAST)  # tables of fading are made once in a process
    small = synthetic(sizes[0])
    by_hand = plain.Record(records(small), method=method_of(None).version)
    days, views = (LAST - START).days + 1, len(ACTORS) + 1
    plain_series = seconds(lambda: plain_day(by_hand), 2) * days / sizes[0]
    plain_draw = seconds(lambda: plain.drawn(records(small), LAST, 1), 2) * DRAWS / sizes[0]
    print(f"{days} days, {len(RECOMMENDATIONS)} recommendations, {views} views; {DRAWS} draws; CPU seconds")
    print("   events   series  +bands    draws  reading rows   series/plain  draws/plain   series/reading")
    for size in sizes:
        log = small if size == sizes[0] else synthetic(size)
        taken, banded, drawn = (
            seconds(lambda work=work, log=log: work(log), 2) for work in (series, bands, draws)
        )
        read = rows_read(log)
        ratios = plain_series * size / taken, plain_draw * size / drawn
        faster = [f"1:{ratio:,.0f}" for ratio in ratios]
        times = f"{size:9d}  {taken:7.3f} {banded:7.3f}  {drawn:7.3f}  {read:12.3f}"
        print(f"{times}  {faster[0]:>13}  {faster[1]:>11}  {taken / read:15.2f}")
        print(f"           method 1.1 / 1.0: {_beside_first(log)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of all of it: {peak:,.0f} MB")
    print(
        f"asked for: {FASTER} times faster than by hand, at most {AS_READING} times the reading of the rows"
    )
    return 0 if min(ratios) >= FASTER and taken / read <= AS_READING else 1


if __name__ == "__main__":
    sys.exit(main(tuple(int(size) for size in sys.argv[1:]) or SIZES))

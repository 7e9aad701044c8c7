"""The API beside a bare Django REST framework view, near and deep, and exports' memory, at a growing record.

    python -m tests.bench.api [events …]        default: 1000 and 20000; 1000000 takes some minutes

For each size a throw-away SQLite file with that many events. Times are CPU seconds. A page
deep in the list must cost no more than 1.5 times the first one, and a kept answer must reach 0.8 of the bare
view; the run fails otherwise.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (1000, 20_000)
DEEPEST = 1.5
LEAST = 0.8  # a kept answer asks the database once whether anything moved; the bare view asks nothing
ROUNDS, ANSWERS = 8, 20
LIST = "/api/v1/events/?limit=50"
PAST = f"{LIST}&known_at=2026-07-02"


def main(sizes: tuple[int, ...]) -> int:
    """Each size in a process of its own, so that one's memory is not the other's."""
    worst = 0
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {
                "DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.sqlite3'}",
                "DJANGO_SETTINGS_MODULE": "tracker.settings",
                "DEBUG": "1",
                "LOG_LEVEL": "ERROR",
                "API_RATE_ANONYMOUS": "1000000000",
            }
            command = [sys.executable, "-m", "tests.bench.api", "--measure", str(size)]
            worst = max(worst, subprocess.run(command, env=environment).returncode)
    return worst


def measure(size: int) -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.core.cache import cache
    from django.core.management import call_command
    from django.test import Client
    from django.urls import path
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from tests.bench.filling import fill
    from tracker import urls

    class Bare(APIView):
        def get(self, request):
            return Response({"ok": True})

    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["*"]
    urls.urlpatterns.insert(0, path("bench/bare/", Bare.as_view()))
    call_command("migrate", verbosity=0)
    fill(size)
    client = Client()
    print(f"{size} events; CPU time")
    _exports(client)
    print(f"peak memory so far: {_peak():.0f} MB; from here on the log is held as columns")
    slowest = 10.0
    for address in (
        "/api/v1/scores/?as_of=2026-01-31",
        "/api/v1/scores/?as_of=2026-01-30",
        "/api/v1/events/?limit=50",
        "/api/v1/events/?limit=50&recommendation=trust&q=chips",
        f"{PAST}&recommendation=trust",
    ):
        first = _seconds(client, address)
        kept, bare = _beside(client, address)
        slowest = min(slowest, bare / kept)
        print(f"{address:<56} first {1000 * first:8.1f} ms, kept {kept:.2f} ms ({bare / kept:.2f} of bare)")
    deepest = _deep(client, cache, size)
    print(f"peak memory in all: {_peak():.0f} MB")
    print(f"deep pages cost {deepest:.2f} of the first, kept answers reach {slowest:.2f} of the bare view")
    return 0 if deepest <= DEEPEST and slowest >= LEAST else 1


def _deep(client, cache, size: int) -> float:
    """How much dearer a page far down is than the first, the better of several tries each."""
    from tracker.models import Event

    row = Event.objects.order_by("date", "pk")[size // 10]
    worst = 0.0
    for near, deep in (
        (LIST, f"{LIST}&cursor={_cursor('-date', row)}"),
        (PAST, f"{PAST}&cursor={_cursor('-date:2026-07-02', row)}"),
        ("/api/v1/changes/?limit=100", f"/api/v1/changes/?limit=100&after={size - 200}"),
    ):
        costs = []
        for address in (near, deep):
            _seconds(client, address)  # the total is counted once for each state
            tries = []
            for _turn in range(9):
                cache.delete_many([key for key in _kept(cache) if key.startswith("answer:")])
                tries.append(_seconds(client, address))
            costs.append(min(tries))
        worst = max(worst, costs[1] / costs[0])
        print(f"{near:<56} first page {1000 * costs[0]:.1f} ms, nine tenths down {1000 * costs[1]:.1f} ms")
    return worst


def _cursor(order: str, row) -> str:
    place = json.dumps([f"/api/v1/events/:{order}", row.date.isoformat(), row.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _seconds(client, address: str) -> float:
    """CPU seconds of one answer."""
    started = time.process_time()
    assert client.get(address).status_code == 200, address
    return time.process_time() - started


def _kept(cache) -> list[str]:
    """The keys of the in-memory cache, without prefix and version."""
    return [key.split(":", 2)[2] for key in cache._cache]


def _exports(client) -> None:
    """Every table that grows with the record; the memory of the process may not."""
    for name in ("record.jsonl", "events.jsonl", "events.csv", "events.parquet"):
        before, started, size = _peak(), time.process_time(), 0
        for chunk in client.get(f"/api/v1/exports/{name}").streaming_content:
            size += len(chunk)
        took, grown = time.process_time() - started, _peak() - before
        print(f"{name:<15} {size / 1e6:8.1f} MB in {took:6.1f} s, peak memory grew by {grown:.0f} MB")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _beside(client, address: str) -> tuple[float, float]:
    """CPU milliseconds of a kept answer and of the bare view, in turn, the best of some rounds each."""
    best = [float("inf")] * 2
    for _round in range(ROUNDS):
        for place, each in enumerate((address, "/bench/bare/")):
            started = time.process_time()
            for _answer in range(ANSWERS):
                client.get(each, headers={"Accept-Encoding": "gzip"})
            best[place] = min(best[place], 1000 * (time.process_time() - started) / ANSWERS)
    return best[0], best[1]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.exit(measure(int(sys.argv[2])))
    sys.exit(main(tuple(map(int, sys.argv[1:])) or SIZES))

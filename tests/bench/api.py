"""The API beside a bare Django REST framework view, near and deep, and exports' memory, at a growing record.

    python -m tests.bench.api [events …]        default: 1000 and 20000; 1000000 takes some minutes

For each size a throw-away SQLite file with that many events. A page deep in the list must cost no more than
1.5 times the first one, and a kept answer must reach a third of the bare view; the run fails otherwise.
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
LEAST = 0.33  # a kept answer asks the database once whether anything moved; the bare view asks nothing
SECONDS = 1.0


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
    bare = _milliseconds(client, "/bench/bare/")
    print(f"{size} events; a bare view answers in {bare:.2f} ms")
    deepest = _deep(client, cache, size)
    slowest = 1.0
    for address in ("/api/v1/events/?limit=50", "/api/v1/scores/?as_of=2026-01-31"):
        started = time.perf_counter()
        assert client.get(address).status_code == 200
        first = time.perf_counter() - started
        kept = _milliseconds(client, address)
        slowest = min(slowest, bare / kept)
        print(f"{address:<40} first {1000 * first:8.1f} ms, kept {kept:.2f} ms ({bare / kept:.2f} of bare)")
    _exports(client)
    print(f"deep pages cost {deepest:.2f} of the first, kept answers reach {slowest:.2f} of the bare view")
    return 0 if deepest <= DEEPEST and slowest >= LEAST else 1


def _deep(client, cache, size: int) -> float:
    """How much dearer a page far down is than the first, the better of several tries each."""
    from tracker.models import Event

    row = Event.objects.order_by("date", "pk")[size // 10]
    place = json.dumps(["/api/v1/events/:-date", row.date.isoformat(), row.pk], separators=(",", ":"))
    cursor = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    worst = 0.0
    for near, deep in (
        ("/api/v1/events/?limit=50", f"/api/v1/events/?limit=50&cursor={cursor}"),
        ("/api/v1/changes/?limit=100", f"/api/v1/changes/?limit=100&after={size - 200}"),
    ):
        costs = []
        for address in (near, deep):
            assert client.get(address).status_code == 200  # the total is counted once for each state
            tries = []
            for _turn in range(9):
                cache.delete_many([key for key in _kept(cache) if key.startswith("api:")])
                started = time.perf_counter()
                client.get(address)
                tries.append(time.perf_counter() - started)
            costs.append(min(tries))
        worst = max(worst, costs[1] / costs[0])
        print(f"{near:<40} first page {1000 * costs[0]:.1f} ms, nine tenths down {1000 * costs[1]:.1f} ms")
    return worst


def _kept(cache) -> list[str]:
    """The keys of the in-memory cache, without prefix and version."""
    return [key.split(":", 2)[2] for key in cache._cache]


def _exports(client) -> None:
    for ending in ("jsonl", "csv", "parquet"):
        before, started, size = _peak(), time.perf_counter(), 0
        for chunk in client.get(f"/api/v1/exports/events.{ending}").streaming_content:
            size += len(chunk)
        took = time.perf_counter() - started
        print(
            f"events.{ending:<8} {size / 1e6:8.1f} MB in {took:6.1f} s, memory grew by {_peak() - before:.0f} MB"
        )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _milliseconds(client, address: str) -> float:
    """CPU time of one answer, the best of four rounds."""
    client.get(address)
    best = float("inf")
    for _round in range(4):
        count, started = 0, time.process_time()
        while (passed := time.process_time() - started) < SECONDS / 4:
            client.get(address, headers={"Accept-Encoding": "gzip"})
            count += 1
        best = min(best, 1000 * passed / count)
    return best


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.exit(measure(int(sys.argv[2])))
    sys.exit(main(tuple(map(int, sys.argv[1:])) or SIZES))

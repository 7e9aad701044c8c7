"""The API beside a bare Django REST framework view, near and deep, and exports' memory, at a growing record.

    python -m tests.bench.api [events …]        default: 1000 and 20000; 1000000 takes some minutes

For each size a throw-away SQLite file with that many events. A page deep in the list must cost no more than
1.5 times the first one, and a kept answer must reach a third of the bare view; the run fails otherwise.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import random
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


def fill(size: int) -> None:
    """A record of so many events, written past triage: only reading is measured."""
    from django.db import transaction

    from tracker import codebook, record
    from tracker.models import Assessment, Event, Head, Recommendation, Revision

    for number, slug in enumerate(codebook.RECOMMENDATIONS, start=1):
        Recommendation.objects.create(slug=slug, number=number, name_en=slug, summary_en=slug)
    rng, digest = random.Random(1), ""
    written = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
    with transaction.atomic():
        for first in range(0, size, 5000):
            events, codes, revisions = [], [], []
            for number in range(first, min(size, first + 5000)):
                line = _record(rng, number)
                (item,) = line["assessments"]
                revision = Revision(
                    sequence=number + 1, event_id=line["id"], kind="create", body=codebook.canonical(line),
                    who="bench", written_at=written, previous=digest,
                )  # fmt: skip
                revision.digest = digest = record.digest_of(revision)
                revisions.append(revision)
                names = ("id", "date", "title", "summary", "actors", "certainty", "sources")
                event = Event(**{name: line[name] for name in names}, status="accepted")
                event.folded = event.folded_title = line["title"].lower()
                events.append(event)
                codes.append(
                    Assessment(
                        event_id=line["id"],
                        recommendation_id=item["rec"],
                        direction=item["direction"],
                        strength=item["strength"],
                    )
                )
            Event.objects.bulk_create(events)
            Assessment.objects.bulk_create(codes)
            Revision.objects.bulk_create(revisions)
        Head.objects.update_or_create(id=1, defaults={"sequence": size, "digest": digest})


def _record(rng: random.Random, number: int) -> dict[str, object]:
    from tracker import codebook

    day = datetime.date(2025, 1, 21) + datetime.timedelta(days=rng.randrange(500))
    return codebook.check(
        {
            "id": f"{day}-act-{number:07d}",
            "date": day.isoformat(),
            "title": f"Act {number} on chips and 出口管制 {rng.randrange(100)}",
            "summary": "What happened, in two sentences. " * 4,
            "actors": [rng.choice(codebook.ACTORS)],
            "certainty": rng.choice(codebook.CERTAINTIES),
            "assessments": [
                {
                    "rec": rng.choice(codebook.RECOMMENDATIONS),
                    "direction": rng.choice((1, -1)),
                    "strength": rng.randrange(1, 6),
                }
            ],
            "sources": [
                {
                    "title": "Report",
                    "publisher": "Gazette",
                    "url": f"https://gazette.example/{number}",
                    "lang": "en",
                }
            ],
        }
    )


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

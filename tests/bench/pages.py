"""Requests a second of the public pages, cold and warm, against a bare Django view in the same run.

    python -m tests.bench.pages [seconds for each measurement]

Works on the seeds in a throw-away SQLite file, in this process, through all middleware. A warm page
must reach at least half of what a view that answers "ok" reaches; the run fails otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

PATHS = ("/", "/recommendations/trust/", "/events/", "/actors/", "/method/", "/zh-hans/")
LEAST = 0.5


def main(seconds: float) -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
        os.environ.setdefault("DEBUG", "1")
        return _measure(seconds)


def _measure(seconds: float) -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.test import Client
    from django.urls import path

    from tracker import urls

    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]
    urls.urlpatterns.insert(0, path("bench/bare", lambda request: HttpResponse("ok")))
    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0)
    client = Client()
    bare = _rate(client, "/bench/bare", seconds)
    print(f"bare view                     {bare:8.0f} requests/s")
    worst = 1.0
    for address in PATHS:
        started = time.perf_counter()
        answer = client.get(address)
        cold = time.perf_counter() - started
        assert answer.status_code == 200, (address, answer.status_code)
        warm = _rate(client, address, seconds)
        unchanged = _rate(client, address, seconds, headers={"If-None-Match": answer.headers["ETag"]})
        worst = min(worst, warm / bare)
        print(
            f"{address:<29} {warm:8.0f} requests/s ({warm / bare:.2f} of bare), 304: {unchanged:.0f}, "
            f"first {1000 * cold:.0f} ms, {len(answer.content) / 1000:.0f} KB"
        )
    print(f"slowest warm page: {worst:.2f} of the bare view (at least {LEAST})")
    return 0 if worst >= LEAST else 1


def _rate(client, address: str, seconds: float, **options) -> float:
    """Requests a second over at least `seconds`, the best of three rounds."""
    best = 0.0
    for _round in range(3):
        count, started = 0, time.perf_counter()
        while (passed := time.perf_counter() - started) < seconds / 3:
            client.get(address, **options)
            count += 1
        best = max(best, count / passed)
    return best


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0))

"""Requests a CPU second of the public pages, cold and warm, against a bare Django view in the same run.

    python -m tests.bench.pages [seconds for each measurement]

Works on the seeds in a throw-away SQLite file, in this process, through all middleware. A warm page
must reach at least 0.8 of what a view that answers "ok" reaches; the run fails otherwise. Beside it stands what
that view reaches without any middleware.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

PATHS = ("/", "/recommendations/trust/", "/events/", "/actors/", "/method/", "/zh-hans/")
LEAST = 0.8
ROUNDS = 4


def main(seconds: float) -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
        os.environ.setdefault("DEBUG", "1")
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        return _measure(seconds)


def _measure(seconds: float) -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.test import Client, override_settings
    from django.urls import path

    from tracker import urls

    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]
    urls.urlpatterns.insert(0, path("bench/bare", lambda request: HttpResponse("ok")))
    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0)
    client, worst = Client(), 10.0
    with override_settings(MIDDLEWARE=[]):
        naked = Client()
        (without,) = _rates(naked, ("/bench/bare",), seconds)
    for address in PATHS:
        started = time.process_time()
        answer = client.get(address)
        cold = time.process_time() - started
        assert answer.status_code == 200, (address, answer.status_code)
        # As every browser asks: the plain bytes are unpacked anew each time.
        warm, bare = _rates(client, (address, "/bench/bare"), seconds, headers={"Accept-Encoding": "gzip"})
        held = {"If-None-Match": answer.headers["ETag"]}
        unchanged, again = _rates(client, (address, "/bench/bare"), seconds, headers=held)
        worst = min(worst, warm / bare, unchanged / again)
        print(
            f"{address:<29} {warm:8.0f} requests/CPU s ({warm / bare:.2f} of bare, {warm / without:.2f} of one without "
            f"middleware), 304: {unchanged:.0f} ({unchanged / again:.2f}), "
            f"first {1000 * cold:.0f} ms, {len(answer.content) / 1000:.0f} KB"
        )
    print(f"slowest warm page: {worst:.2f} of the bare view (at least {LEAST})")
    return 0 if worst >= LEAST else 1


def _rates(client, addresses: tuple[str, ...], seconds: float, **options) -> list[float]:
    """Requests a CPU second, the best of rounds that take turns, so that all meet the same machine."""
    best = dict.fromkeys(addresses, 0.0)
    for _round in range(ROUNDS):
        for address in addresses:
            count, started = 0, time.process_time()
            while (passed := time.process_time() - started) < seconds / ROUNDS:
                client.get(address, **options)
                count += 1
            best[address] = max(best[address], count / passed)
    return list(best.values())


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0))

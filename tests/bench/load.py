"""A mixed load of readers, programs and an analyst on the running service, held for minutes at a stated rate.

The service runs as `make run` does it, on the seeds, with worker and beat; beside it a bare Django view under the
same server. Requests are sent by the clock, whether earlier ones are back or not, and a request's seconds count
from when it should have been sent. LOAD_MINUTES (1) and LOAD_RATE (20 a second) say how much.

Missed when any request fails, or when memory grows by more than a tenth after the first third.
"""

import contextlib
import http.client
import itertools
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

from tests.servers import free_port

MINUTES = float(os.environ.get("LOAD_MINUTES", "1"))
RATE = float(os.environ.get("LOAD_RATE", "20"))
CLIENTS = 12
GROWTH = 1.1
PATHS = {
    "page": (
        "/",
        "/recommendations/trust/",
        "/events/",
        "/actors/us/",
        "/method/",
        "/zh-hans/",
        "/zh-hans/events/",
    ),
    "api": ("/api/v1/scores/", "/api/v1/events/", "/api/v1/recommendations/trust/", "/api/v1/changes/"),
    "desk": ("/admin/desk/", "/admin/desk/rows/", "/admin/tracker/article/"),
    "bare": ("/",),
}
MIX = ("page",) * 11 + ("api",) * 5 + ("desk",) * 2 + ("bare",) * 2
SESSION = """
from django.contrib.auth import get_user_model
from django.test import Client
from feeds.models import Feed
Feed.objects.all().delete()
ada = get_user_model().objects.create_superuser("ada", password="x")
client = Client()
client.force_login(ada)
answer = client.cookies["session"].value
"""


class Load:
    """Sends the mix by the clock and remembers each answer."""

    def __init__(self, ports, cookie):
        self.ports, self.cookie = ports, cookie
        self.lines = threading.local()
        self.seconds, self.troubles = defaultdict(list), []

    def run(self, seconds):
        chance, started = random.Random(7), time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for number in itertools.count():
                due = started + number / RATE
                if due - started > seconds:
                    break
                time.sleep(max(0.0, due - time.monotonic()))
                kind = chance.choice(MIX)
                clients.submit(self.ask, kind, chance.choice(PATHS[kind]), due)

    def ask(self, kind, path, due):
        try:
            status = self.answer(kind, path)
            if status != 200:
                self.troubles.append(f"{path}: {status}")
        except (OSError, http.client.HTTPException) as error:
            self.troubles.append(f"{path}: {error!r}")
        self.seconds[kind].append(time.monotonic() - due)

    def answer(self, kind, path):
        """The status; a kept line that the server has closed meanwhile is opened again, as browsers do."""
        port = self.ports["bare" if kind == "bare" else "service"]
        headers = {"Cookie": f"session={self.cookie}"} if kind == "desk" else {}
        if kept := self.lines.__dict__.pop(f"line{port}", None):
            with contextlib.suppress(http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                return self.exchange(kept, port, path, headers)
        return self.exchange(http.client.HTTPConnection("127.0.0.1", port, timeout=30), port, path, headers)

    def exchange(self, line, port, path, headers):
        line.request("GET", path, headers=headers)
        response = line.getresponse()
        response.read()
        self.lines.__dict__[f"line{port}"] = line
        return response.status


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.service import Service

    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "DEBUG": "0",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECOND_FACTOR": "0",
            "LOG_LEVEL": "WARNING",
            "API_RATE_ANONYMOUS": "1000000",
            "STATIC_ROOT": f"{folder}/static",
        }
        with Service(folder, **settings) as service:
            return measure(service)


def measure(service):
    for command in (["migrate", "-v0"], ["seed", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        service.manage(*command)
    cookie = service.ask(SESSION)
    web = service.start_web()
    bare = free_port()
    service.start(
        "-m", "gunicorn", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{bare}", "tests.bench.bare"
    )
    load = Load({"service": service.port, "bare": bare}, cookie)
    warm = Load(load.ports, cookie)
    warm.run(10)
    memory, done = [], threading.Event()
    watcher = threading.Thread(target=watch, args=(web.pid, memory, done), daemon=True)
    watcher.start()
    load.run(60 * MINUTES)
    done.set()
    watcher.join()
    return report(load, memory)


def watch(leader, memory, done):
    """Resident memory of the web server's processes, every second, in MB."""
    while not done.wait(1):
        memory.append(sum(resident(pid) for pid in group(leader)) / 1e6)


def group(leader):
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == leader:
            yield folder.name


def resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def report(load, memory):
    sent = sum(len(values) for values in load.seconds.values())
    print(f"{sent} requests at {RATE:.0f} a second for {MINUTES:g} minutes, {len(load.troubles)} failed")
    for kind in ("page", "api", "desk", "bare"):
        values = load.seconds[kind]
        middle, p95, p99 = (1000 * quantile(values, share) for share in (0.5, 0.95, 0.99))
        print(f"{kind:5} {len(values):6}   p50 {middle:7.1f} ms   p95 {p95:7.1f} ms   p99 {p99:7.1f} ms")
    third = max(1, len(memory) // 3)
    early, late = statistics.median(memory[third : 2 * third]), statistics.median(memory[-third:])
    print(f"memory {early:.0f} MB in the middle third, {late:.0f} MB in the last")
    for trouble in load.troubles[:10]:
        print(f"failed: {trouble}")
    return 1 if load.troubles or late > early * GROWTH else 0


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    sys.exit(main())

"""A seeded service of its own, in its own process and folder, and a real Chromium to look at it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def chromium_path():
    """Where Chromium is: the environment variable CHROMIUM, or a usual name on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="package")
def browser():
    """Ends with this folder: while it lives, Playwright's event loop counts as running in this thread, and no
    other test in this process could start one of its own."""
    path = chromium_path()
    if path is None and os.environ.get("CI"):
        pytest.fail("no Chromium: install it or set CHROMIUM to its path")
    if path is None:
        pytest.skip("no Chromium on this machine; set CHROMIUM to its path")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of a service that runs on the seeds: our own, or the one that SITE names."""
    if running := os.environ.get("SITE"):
        yield running.rstrip("/")
        return
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "REDIS_URL": "",
        "DEBUG": "1",
        "SECRET_KEY": "only for the browser tests",
        "DJANGO_SETTINGS_MODULE": "tracker.settings",
    }
    for command in (["migrate", "-v0"], ["seed"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=environment | {"SITE_URL": address, "PORT": str(port)},
        stdout=(folder / "server.log").open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait(address, server, folder / "server.log")
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(10)


def _wait(address, server, log):
    for _attempt in range(150):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/robots.txt") as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    pytest.fail(f"the service did not start: {log.read_text()[-2000:]}")


@pytest.fixture
def open_page(browser, site):
    """Open a path in a fresh window; everything that goes wrong there is kept in `page.troubles`."""
    contexts = []

    def open_(path, *, width=1280, dark=False, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.troubles = []
        page.on("console", lambda message: _note(page, message.type, message.text))
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("requestfailed", lambda request: page.troubles.append(f"failed: {request.url}"))
        page.answer = page.goto(site + path, wait_until="load")
        return page

    yield open_
    for context in contexts:
        context.close()


def _note(page, kind, text):
    if kind in ("error", "warning"):
        page.troubles.append(text)

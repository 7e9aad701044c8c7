"""A seeded service of its own, in its own process and folder, and a real Chromium to look at it."""

import functools
import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, chromium_path
from tests.service import Service
from tests.tracker.desk.proposals import PASSWORD


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
    with Service(tmp_path_factory.mktemp("site")).filled() as service:
        service.start_web()
        yield service.address


@pytest.fixture(scope="module")
def window(browser):
    """The window with these options, the same one for the whole file: a new one costs half a second."""
    kept = {}

    def window_(**options):
        key = tuple(sorted(options.items()))
        if key not in kept:
            kept[key] = page = browser.new_context(**options).new_page()
            page.troubles = []
            page.on("console", lambda message: _note(page, message.type, message.text))
            page.on("pageerror", lambda error: page.troubles.append(str(error)))
            page.on("requestfailed", lambda request: _failed(page, request))
            page.on("dialog", lambda dialog: (page.troubles.append(dialog.message), dialog.dismiss()))
        return kept[key]

    yield window_
    for page in kept.values():
        page.context.close()


@pytest.fixture
def open_page(window, site):
    """Open a path; everything that goes wrong there is kept in `page.troubles`."""

    def open_(path, *, width=1280, dark=False, **options):
        page = window(**options)
        page.goto("about:blank")  # what the last page still complains of is not this one's
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light", media="screen")
        page.troubles.clear()
        page.answer = page.goto(site + path, wait_until="load")
        if options.get("java_script_enabled", True) and page.locator("#sensitivity").count():
            page.locator("#sensitivity[data-ready]").wait_for()
        return page

    return open_


@pytest.fixture(scope="session")
def picture():
    """Keeps what a page shows as a picture for the documentation, where PICTURES names a folder (`make pictures`)."""
    folder = os.environ.get("PICTURES")

    def picture_(page, name, *, width=1280, height=800):
        if folder:
            before = page.viewport_size
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(1500)  # what the page still asks for belongs to the picture
            page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
            page.set_viewport_size(before)

    return picture_


def _failed(page, request):
    """A request that failed. One that the browser itself gave up, since its page was left or loaded anew, has not:
    under load that is told of even after the page has read the whole answer."""
    if request.failure != "net::ERR_ABORTED":
        page.troubles.append(f"failed: {request.url}: {request.failure}")


def _note(page, kind, text):
    if kind in ("error", "warning"):
        page.troubles.append(text)


@pytest.fixture
def sit(browser):
    """Somebody signs in and sits down at the desk; troubles of the page are kept."""
    contexts = []
    yield functools.partial(_seated, browser, contexts)
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def sit_for_long(browser):
    """The same for a whole file."""
    contexts = []
    yield functools.partial(_seated, browser, contexts)
    for context in contexts:
        context.close()


def _seated(browser, contexts, service, name, path="/admin/desk/", **options):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
    contexts.append(context)
    page = context.new_page()
    page.troubles = []
    page.on("console", lambda said: said.type in ("error", "warning") and page.troubles.append(said.text))
    page.on("response", lambda answer: answer.status >= 500 and page.troubles.append(answer.url))
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.goto(f"{service.address}/admin/login/?next={path}")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"**{path}")
    page.troubles.clear()
    return page

"""Lighthouse (from npm, with the local Chromium): at least 95 of 100 in each of its four categories.

Runs where the environment variable LIGHTHOUSE names its program, and in CI, where npx fetches it.
"""

import json
import os
import shutil
import subprocess

import pytest

from tests.browser.conftest import chromium_path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VERSION = "12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PAGES = ("/", "/recommendations/trust/", "/events/", "/actors/", "/method/", "/zh-hans/")


@pytest.fixture(scope="session")
def lighthouse():
    """The command line that starts it."""
    if named := os.environ.get("LIGHTHOUSE"):
        return [named]
    if not os.environ.get("CI"):
        pytest.skip("Lighthouse runs in CI; set LIGHTHOUSE to its program to run it here")
    npx = shutil.which("npx")
    assert npx, "CI needs npx (Node.js) for Lighthouse"
    return [npx, "--yes", f"lighthouse@{VERSION}"]


@pytest.mark.parametrize("path", PAGES)
def test_every_category_reaches_95(lighthouse, site, path, tmp_path):
    out = tmp_path / "lighthouse.json"
    command = [
        *lighthouse,
        site + path,
        "--quiet",
        "--output=json",
        f"--output-path={out}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-quic",
    ]
    environment = os.environ | {"CHROME_PATH": chromium_path() or ""}
    subprocess.run(command, env=environment, check=True, timeout=180, capture_output=True)
    report = json.loads(out.read_text(encoding="utf-8"))
    scores = {name: report["categories"][name]["score"] for name in CATEGORIES}
    missed = [audit["id"] for audit in report["audits"].values() if audit["score"] == 0]
    assert min(scores.values()) >= 0.95, (scores, missed)

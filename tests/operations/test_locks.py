"""What is installed is pinned, hashed and named without an address; nothing in the locks is left over."""

import re

import pytest

from tests.service import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^([a-z0-9_.-]+(?:\[[a-z0-9_,-]+\])?)==([^\s;]+)", re.I | re.M)


def name(text):
    return re.sub(r"[-_.]+", "-", text.split("[")[0]).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_is_pinned_with_hashes_and_no_address(lock):
    text = lock.read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    packages = [block for block in blocks if PIN.match(block)]
    assert packages
    for block in packages:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in text
    assert not re.search(r"^(-e|git\+|--index|--extra)", text, re.M)


@pytest.mark.parametrize("source", sorted((ROOT / "requirements").glob("*.in")), ids=lambda path: path.name)
def test_what_is_asked_for_is_in_the_lock(source):
    lock = source.with_suffix(".txt")
    if source.name == "errors.in":
        # An extra that each operator installs at the version of his own tracker.
        assert "sentry-sdk" in source.read_text()
        return
    locked = {name(match[1]) for match in PIN.finditer(lock.read_text())}
    for line in source.read_text().splitlines():
        wanted = line.split("#")[0].strip()
        if wanted and not wanted.startswith("-"):
            assert name(re.split(r"[<>=!~]", wanted)[0]) in locked, wanted


def test_development_installs_the_very_same_versions():
    base, dev = (
        dict(PIN.findall((ROOT / "requirements" / f"{each}.txt").read_text())) for each in ("base", "dev")
    )
    assert {key: dev.get(key) for key in base} == base

"""What is installed is pinned, hashed and named without an address; nothing in the locks is left over."""

import importlib.metadata
import re
import subprocess
import sys

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


# What the processes of a service with Redis import, those things too that are only imported at a first use.
IMPORTING = """
import importlib.machinery, os, sys
class Blind(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Blind
os.environ |= {"DEBUG": "1", "REDIS_URL": "redis://127.0.0.1:1/0", "DJANGO_SETTINGS_MODULE": "tracker.settings"}
import django
django.setup()
import celery.apps.beat, celery.apps.worker, celery.bin.celery, celery.concurrency.prefork, gunicorn.app.wsgiapp
import gunicorn.workers.gthread, kombu.transport.redis, kombu.transport.memory
import tracker.operations.backup, tracker.celery, tracker.gunicorn
import tracker.gunicorn, tracker.tagger_versions, tracker.wsgi
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
from tracker.celery import app
app.loader.import_default_modules()
for name, where in get_commands().items():
    if where in ("tracker", "feeds", "scorecard"):
        load_command_class(where, name)
assert get_resolver().url_patterns
"""


@pytest.mark.slow
def test_the_service_imports_nothing_that_only_development_installs():
    base = {name(match[1]) for match in PIN.finditer((ROOT / "requirements" / "base.txt").read_text())}
    installed = importlib.metadata.packages_distributions()
    hidden = {
        module
        for module, owners in installed.items()
        if module not in sys.stdlib_module_names and not {name(owner) for owner in owners} & base
    }
    assert "pytest" in hidden
    code = f"HIDDEN = {hidden - {'setuptools', 'pkg_resources'}!r}\n{IMPORTING}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-1500:]

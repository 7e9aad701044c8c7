"""The drill: a backup, a bare machine, a restore, and the same record to the last byte."""

import json
import shutil
import sqlite3
import tarfile

import pytest

from tests.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
GROW = """
import datetime
from django.contrib.auth import get_user_model
from tracker.models import Article, Decision, Event, Heartbeat
ada = get_user_model().objects.create_superuser("ada", password="correct horse battery")
event = Event.objects.order_by("id").first()
Decision.objects.create(event=event, action="accept", status_after="accepted", by=ada, reason="“真的”")
Article.objects.create(url="https://news.example/1", url_key="k", title="标题", html="<p>text</p>")
Heartbeat.objects.touch("beat")
answer = event.id
"""
TABLES = """
import hashlib
from django.apps import apps
answer = {}
for model in apps.get_models():
    rows = [list(map(str, row)) for row in model.objects.order_by("pk").values_list()]
    answer[model._meta.label] = [len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()]
"""


def drill(first, second):
    """Fill `first`, back it up, restore into `second`; both must hold the same."""
    first.manage("migrate", "-v0")
    first.manage("seed", "-v0")
    first.ask(GROW)
    data = first.folder / "data"
    data.mkdir(exist_ok=True)
    (data / "model.bin").write_bytes(bytes(range(256)))
    file = first.folder / "whole.tar"
    assert "revisions, digest" in first.manage("backup", str(file))
    assert "whole" in second.manage("restore", str(file), "--check")
    second.manage("restore", str(file))
    assert second.manage("export", "events") == first.manage("export", "events")
    kept, restored = first.ask(TABLES), second.ask(TABLES)
    assert kept["tracker.Revision"][0] > 200
    assert restored == kept
    assert (second.folder / "data" / "model.bin").read_bytes() == bytes(range(256))
    return file


@pytest.fixture
def places(tmp_path):
    folders = tmp_path / "first", tmp_path / "second"
    for folder in folders:
        folder.mkdir()
    return folders


@pytest.fixture
def sqlite_services(places):
    with Service(places[0]) as first, Service(places[1]) as second:
        yield first, second


def test_the_drill_on_sqlite(sqlite_services):
    first, second = sqlite_services
    file = drill(first, second)
    said = second.run("manage.py", "restore", str(file), check=False).stderr
    assert "holds" in said
    assert "--replace" in said
    second.manage("restore", str(file), "--replace")
    other = first.folder / "other.tar"
    damaged(file, other)
    said = second.run("manage.py", "restore", str(other), "--replace", check=False).stderr
    assert "database.sqlite3 is missing or changed" in said
    assert "Traceback" not in said


def damaged(file, other):
    """The same bundle with one byte of the database changed."""
    folder = other.with_suffix("")
    with tarfile.open(file) as bundle:
        bundle.extractall(folder, filter="data")
    database = folder / "database.sqlite3"
    content = bytearray(database.read_bytes())
    content[-100] ^= 1
    database.write_bytes(content)
    with tarfile.open(other, "w") as bundle:
        bundle.add(folder, arcname=".")


@pytest.mark.servers
def test_the_drill_on_postgresql(places, postgres_server, monkeypatch):
    monkeypatch.setenv("PATH", f"{postgres_server.bin}:/usr/bin:/bin")
    urls = postgres_server.create("backup_first"), postgres_server.create("backup_second")
    with (
        Service(places[0], database_url=urls[0]) as first,
        Service(places[1], database_url=urls[1]) as second,
    ):
        file = drill(first, second)
        second.manage("restore", str(file), "--replace")
        assert second.ask(TABLES) == first.ask(TABLES)
        with Service(places[1]) as elsewhere:
            said = elsewhere.run("manage.py", "restore", str(file), check=False).stderr
            assert "comes from postgresql, DATABASE_URL names sqlite" in said


def test_a_log_that_was_changed_before_the_backup_is_found_by_the_restore(sqlite_services):
    first, second = sqlite_services
    first.manage("migrate", "-v0")
    first.manage("seed", "-v0")
    with sqlite3.connect(first.folder / "service.sqlite3") as database:
        database.execute("DROP TRIGGER tracker_revision_no_UPDATE")
        database.execute("UPDATE tracker_revision SET why = 'forged' WHERE sequence = 7")
    database.close()
    file = first.folder / "forged.tar"
    first.manage("backup", str(file))
    said = second.run("manage.py", "restore", str(file), check=False).stderr
    assert "revision 7 does not fit its digest" in said


def test_hostile_and_broken_files_are_refused_in_words(sqlite_services, tmp_path):
    first, _second = sqlite_services
    first.manage("migrate", "-v0")
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    files = {"nothing.tar": b"", "text.tar": b"this is no bundle", "missing.tar": None}
    with tarfile.open(tmp_path / "climbing.tar", "w") as bundle:
        bundle.add(outside, arcname="../../climbed.txt")
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"format": 99, "members": {}}))
    with tarfile.open(tmp_path / "newer.tar", "w") as bundle:
        bundle.add(manifest, arcname="manifest.json")
    for name, content in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    for name in (*files, "climbing.tar", "newer.tar"):
        done = first.run("manage.py", "restore", str(tmp_path / name), "--replace", check=False)
        assert done.returncode == 1, name
        assert name in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path.parent / "climbed.txt").exists()


def test_old_backups_are_deleted_and_a_full_disk_leaves_none_behind(sqlite_services):
    first, _second = sqlite_services
    first.manage("migrate", "-v0")
    folder = first.folder / "backups"
    folder.mkdir()
    for day in ("01", "02", "03"):
        (folder / f"tracker-2026-01-{day}T000000Z.tar").write_text("old")
    (folder / "mine.tar").write_text("not ours")
    first.manage("backup", str(folder), "--keep", "2")
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3
    assert names[:2] == ["mine.tar", "tracker-2026-01-03T000000Z.tar"]
    shutil.rmtree(folder)
    said = first.run("manage.py", "backup", str(folder / "no" / "such.tar"), check=False)
    assert said.returncode == 1
    assert "cannot be written" in said.stderr
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
    limited += (
        "sys.argv = ['manage.py', 'backup', sys.argv[1]]; runpy.run_path('manage.py', run_name='__main__')"
    )
    folder.mkdir()
    full = first.run("-c", limited, str(folder), check=False)
    assert full.returncode != 0
    assert list(folder.iterdir()) == []

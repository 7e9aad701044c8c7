"""The drill: a backup, a bare machine, a restore, and the same record to the last byte."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import tarfile

import pytest

from tests import servers
from tests.service import Service
from tracker.operations import backup

pytestmark = [pytest.mark.slow]
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
    """Back `first` up, restore into `second`; both must hold the same."""
    first.ask(GROW)
    data = first.folder / "data"
    data.mkdir(exist_ok=True)
    (data / "model.bin").write_bytes(bytes(range(256)))
    (data / "editions").mkdir()
    (data / "editions" / "signing-key").write_text("the seed of the key that signs")
    file = first.folder / "whole.tar"
    assert "revisions, digest" in first.manage("backup", str(file))
    assert "whole" in second.manage("restore", str(file), "--check")
    assert second.ask("from django.db import connection as c; answer = c.introspection.table_names()") == []
    second.manage("restore", str(file))
    assert second.manage("export", "events") == first.manage("export", "events")
    kept, restored = first.ask(TABLES), second.ask(TABLES)
    assert kept["tracker.Revision"][0] > 200
    assert restored == kept
    assert (second.folder / "data" / "model.bin").read_bytes() == bytes(range(256))
    assert not list((second.folder / "data").rglob("signing-key")), "it is kept apart"
    assert b"the seed of the key that signs" not in file.read_bytes()
    return file


@pytest.fixture
def places(tmp_path):
    folders = tmp_path / "first", tmp_path / "second"
    for folder in folders:
        folder.mkdir()
    return folders


@pytest.fixture
def sqlite_services(places):
    with Service(places[0]).filled() as first, Service(places[1]) as second:
        yield first, second


def test_the_drill_on_sqlite(sqlite_services):
    first, second = sqlite_services
    file = drill(first, second)
    said = second.said_by("manage.py", "restore", str(file), check=False).stderr
    assert "holds" in said
    assert "--replace" in said
    other = first.folder / "other.tar"
    damaged(file, other)
    said = second.said_by("manage.py", "restore", str(other), "--replace", check=False).stderr
    assert "database.sqlite3 is missing or changed" in said
    assert "Traceback" not in said
    forge(first.folder / "service.sqlite3")
    forged = first.folder / "forged.tar"
    first.manage("backup", str(forged))
    said = second.said_by("manage.py", "restore", str(forged), "--replace", check=False).stderr
    assert "revision 7 does not fit its digest" in said


def forge(database):
    """Change the past, as somebody with the database's password could."""
    with contextlib.closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("DROP TRIGGER tracker_revision_no_UPDATE")
        opened.execute("UPDATE tracker_revision SET why = 'forged' WHERE sequence = 7")


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


def changed(file, other, how):
    """The same backup with another dump, and a manifest that fits it."""
    folder = other.with_suffix("")
    with tarfile.open(file) as bundle:
        bundle.extractall(folder, filter="data")
    how(folder / "database.dump")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["members"]["database.dump"] = backup.sha256(folder / "database.dump")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(other, "w") as bundle:
        bundle.add(folder, arcname=".")


def cut_off(dump):
    content = dump.read_bytes()
    dump.write_bytes(content[: len(content) * 2 // 3])


def of_another_record(dump):
    """A dump that PostgreSQL takes, of a log that does not end where the backup says."""
    manifest = dump.with_name("manifest.json")
    said = json.loads(manifest.read_text())
    said["head"]["digest"] = "0" * 64
    manifest.write_text(json.dumps(said))


def old_programs(folder):
    place = folder / "old"
    place.mkdir()
    (place / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    (place / "pg_dump").chmod(0o755)
    return place


@pytest.mark.servers
def test_the_drill_on_postgresql(places, postgres_server, monkeypatch):
    monkeypatch.setenv("PATH", f"{postgres_server.bin}:/usr/bin:/bin")
    bare = postgres_server.create("backup_second")
    with (
        Service(places[0]).filled(postgres_server) as first,
        Service(places[1], database_url=bare) as second,
    ):
        file = drill(first, second)
        assert file.stat().st_mode & 0o777 == 0o600
        second.manage("restore", str(file), "--replace")
        assert second.ask(TABLES) == first.ask(TABLES)
        before = second.ask(TABLES)
        for how in (cut_off, of_another_record):
            broken = first.folder / f"{how.__name__}.tar"
            changed(file, broken, how)
            for words in (("--check",), ("--replace",)):
                failed = second.said_by("manage.py", "restore", str(broken), *words, check=False)
                assert failed.returncode == 1
                assert "Traceback" not in failed.stderr
                assert second.ask(TABLES) == before, how
        second.environment["PATH"] = f"{old_programs(first.folder)}:{second.environment['PATH']}"
        for command in (("restore", str(file), "--replace"), ("backup", str(first.folder / "old.tar"))):
            said = second.said_by("manage.py", *command, check=False).stderr
            assert "pg_dump is of version 9" in said
        assert second.ask(TABLES) == before
        with Service(places[1]) as elsewhere:
            said = elsewhere.said_by("manage.py", "restore", str(file), check=False).stderr
            assert "comes from postgresql, DATABASE_URL names sqlite" in said


@pytest.mark.servers
def test_programs_newer_than_the_server_will_do(tmp_path, monkeypatch):
    newest, file = servers.postgres_bin(), tmp_path / "one.tar"
    monkeypatch.setenv("PATH", f"{newest}:/usr/bin:/bin")
    with servers.required(servers.postgres(newest=16)) as older:
        assert older.bin != newest
        with Service(tmp_path, database_url=older.url) as service:
            service.manage("migrate", "-v0")
            service.manage("backup", str(file))
            assert "restored beside the database" in service.manage("restore", str(file), "--check")


def test_hostile_and_broken_files_are_refused_in_words(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"format": 99, "members": {}}))
    (tmp_path / "nothing.tar").write_bytes(b"")
    (tmp_path / "text.tar").write_bytes(b"this is no bundle")
    bundles = {"climbing.tar": (outside, "../../climbed.txt"), "newer.tar": (manifest, "manifest.json")}
    for name, (path, inside) in bundles.items():
        with tarfile.open(tmp_path / name, "w") as bundle:
            bundle.add(path, arcname=inside)
    for name in ("nothing.tar", "text.tar", "missing.tar", *bundles):
        with pytest.raises(backup.BackupError, match=name), backup.opened(tmp_path / name):
            pass
    assert not (tmp_path.parent / "climbed.txt").exists()


def test_only_the_oldest_of_our_own_are_deleted(tmp_path):
    for day in ("01", "02", "03"):
        (tmp_path / f"tracker-2026-01-{day}T000000Z.tar").write_text("old")
    (tmp_path / "mine.tar").write_text("not ours")
    deleted = backup.prune(tmp_path, 2)
    assert [path.name for path in deleted] == ["tracker-2026-01-01T000000Z.tar"]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_full_disk_leaves_no_half_backup_behind(tmp_path):
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
    limited += (
        "sys.argv = ['manage.py', 'backup', sys.argv[1]]; runpy.run_path('manage.py', run_name='__main__')"
    )
    folder = tmp_path / "backups"
    folder.mkdir()
    with Service(tmp_path).filled() as service:
        full = service.said_by("-c", limited, str(folder), check=False)
        nowhere = service.said_by("manage.py", "backup", str(folder / "no" / "such.tar"), check=False)
    assert full.returncode == 1
    assert nowhere.returncode == 1
    assert "cannot be written" in full.stderr
    assert "cannot be written" in nowhere.stderr
    assert list(folder.iterdir()) == []


def test_a_small_tmp_is_told_in_words(tmp_path, monkeypatch):
    file = tmp_path / "large.tar"
    file.write_bytes(bytes(5000))
    monkeypatch.setattr(backup.shutil, "disk_usage", lambda _folder: type("", (), {"free": 100}))
    with (
        pytest.raises(backup.BackupError, match=r"no room for its 5,000 bytes.*TMPDIR.*Nothing was changed"),
        backup.opened(file),
    ):
        pass


def new_key(file):
    """The recipient of a new key of age, whose other half is in the file."""
    subprocess.run(["age-keygen", "-o", file], check=True, capture_output=True)
    return subprocess.run(
        ["age-keygen", "-y", file], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_with_a_new_recipient_each_backup_opens_to_the_key_of_its_time(places):
    """As docs/operators.md has it for BACKUP_RECIPIENT: set it, and keep the old private key."""
    keys = [places[0] / "old.txt", places[0] / "new.txt"]
    files = [places[0] / "old.tar.age", places[0] / "new.tar.age"]
    with Service(places[0]).filled() as service:
        for key, file in zip(keys, files, strict=True):
            service.environment["BACKUP_RECIPIENT"] = new_key(key)
            service.manage("backup", str(file))
        for file in files:
            for key in keys:
                said = service.said_by(
                    "manage.py", "restore", str(file), "--check", "--identity", str(key), check=False
                )
                opened = key.stem == file.name.partition(".")[0]
                assert ("restored beside the database" in said.stdout) == opened, said.stderr
                assert ("cannot be decrypted" in said.stderr) == (not opened)


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_a_backup_is_encrypted_to_a_key_whose_other_half_is_elsewhere(places):
    identity = places[0] / "key.txt"
    with Service(places[0], BACKUP_RECIPIENT=new_key(identity)).filled() as service:
        (places[0] / "data" / "editions").mkdir(parents=True)
        (places[0] / "data" / "editions" / "signing-key").write_text("secret")
        said = service.manage("backup", str(places[0]))
        (file,) = places[0].glob("tracker-*.tar.age")
        assert "Keep it apart" in said
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_bytes().startswith(b"age-encryption.org")
        assert (
            "--identity" in service.said_by("manage.py", "restore", str(file), "--check", check=False).stderr
        )
        found = service.manage("restore", str(file), "--check", "--identity", str(identity))
        assert "restored beside the database" in found
        wrong = places[0] / "wrong.txt"
        new_key(wrong)
        failed = service.said_by(
            "manage.py", "restore", str(file), "--check", "--identity", str(wrong), check=False
        )
        assert "cannot be decrypted" in failed.stderr
        service.manage("restore", str(file), "--replace", "--identity", str(identity))
        assert not list(places[0].rglob(".restore-*"))
        service.environment["BACKUP_RECIPIENT"] = "age1nonsense"
        failed = service.said_by("manage.py", "backup", str(places[0] / "x.tar"), check=False)
        assert "BACKUP_RECIPIENT: age cannot encrypt to it" in failed.stderr
        assert not (places[0] / "x.tar").exists()

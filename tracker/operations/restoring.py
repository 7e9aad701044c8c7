"""The way back from a backup.

The law: what is there is not touched before the backup has been read to its last byte, loaded beside it and its log
proved from the first revision to the head that the backup names. Then both change places in one step: whatever stops
a restore, the database is either the old one or the new one.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import subprocess  # nosec B404
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from tracker import codebook_versions, log
from tracker.models import CodebookVersion, Head, Revision
from tracker.operations import backup, roles
from tracker.operations.backup import DATABASE, BackupError

BESIDE = "tracker_restored"  # the schema into which a dump is loaded
_SET = re.compile(rb"SET (\w+) = \d+;$", re.MULTILINE)
_COPY = re.compile(rb"COPY (\S+) \(.*\) FROM stdin;\s*$")
_QUOTED = re.compile(r"(\$\w*\$)(.*?)\1", re.S)
_NAMED = re.compile(r"\bpublic(?=\.)")


@dataclass(frozen=True, slots=True)
class Restored:
    revisions: int
    digest: str


def check(source: Path, identity: Path | None = None) -> tuple[Restored, dict[str, Any]]:
    """Restore a backup beside the database, prove its log, and let go of it again."""
    with backup.opened(source, identity) as (folder, manifest):
        _check_engine(source, manifest)
        with _loaded(folder, manifest) as found:
            return found, manifest


def restore(source: Path, *, replace: bool = False, identity: Path | None = None) -> Restored:
    """Put a backup in place of the (empty) database and the data folder."""
    with backup.opened(source, identity) as (folder, manifest):
        _check_engine(source, manifest)
        tables = connection.introspection.table_names()
        if tables and not replace:
            raise BackupError(
                f"The database of DATABASE_URL holds {len(tables)} tables. Restore into an empty one, "
                "or add --replace to throw away what it holds."
            )
        with _loaded(folder, manifest, keep=True) as found:
            if (folder / "data").is_dir():
                _put_data(folder / "data")
        return found


def _put_data(folder: Path) -> None:
    """The files of the data folder, before the database changes place: what cannot be written stops the restore."""
    try:
        shutil.copytree(folder, settings.DATA_FOLDER, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise BackupError(
            f"DATA_FOLDER: {settings.DATA_FOLDER} cannot be written ({error}). The database was not changed."
        ) from error


def _check_engine(source: Path, manifest: dict[str, Any]) -> None:
    if manifest["engine"] != connection.vendor:
        raise BackupError(
            f"{source} comes from {manifest['engine']}, DATABASE_URL names {connection.vendor}. "
            "To change the engine use manage.py export and import."
        )


@contextlib.contextmanager
def _loaded(folder: Path, manifest: dict[str, Any], *, keep: bool = False) -> Iterator[Restored]:
    """The backup's database, loaded and proved; in its place after the context, when `keep` says so."""
    file = folder / DATABASE[connection.vendor]
    if connection.vendor == "sqlite":
        with _in_place_of_sqlite(file):
            found = _proved(manifest["head"])
        yield found
        if keep:
            connection.ensure_connection()
            with contextlib.closing(sqlite3.connect(file)) as copy:
                copy.backup(connection.connection)
        return
    backup.check_versions(file)
    try:
        with transaction.atomic():
            _load(file)
            found = _proved(manifest["head"])
            yield found
            if keep:
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP SCHEMA public CASCADE; ALTER SCHEMA {BESIDE} RENAME TO public")
                    cursor.execute("SET LOCAL search_path = public")
                if settings.APP_ROLE:
                    roles.grant(settings.APP_ROLE, settings.APP_DATABASE_PASSWORD)
            else:
                transaction.set_rollback(True)
    except DatabaseError as error:
        raise BackupError(f"The database refused the backup; nothing was changed. {error}") from error
    finally:
        connection.close()  # the dump has set the session's ways


@contextlib.contextmanager
def _in_place_of_sqlite(file: Path) -> Iterator[None]:
    """Everything asked of the database meanwhile is asked of `file`."""
    connection.close()
    named = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(file)
    try:
        with connection.cursor() as cursor:
            (sound,) = cursor.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise BackupError(f"The database in the backup is damaged: {sound}")
        yield
    except DatabaseError as error:
        raise BackupError(f"The database in the backup cannot be read: {error}") from error
    finally:
        connection.close()
        connection.settings_dict["NAME"] = named


def _load(dump: Path) -> None:
    """The dump's tables into a schema of their own, in the running transaction."""
    words = backup.called("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(dump))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {BESIDE} CASCADE; CREATE SCHEMA {BESIDE}")
    done = subprocess.Popen(words, env=backup.told(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603  # nosec B603
    assert done.stdout
    assert done.stderr
    try:
        _run(done.stdout)
    finally:
        done.stdout.close()
        said = done.stderr.read().decode(errors="replace")
        done.stderr.close()
        failed = done.wait()
    if failed:
        raise BackupError(f"pg_restore failed; nothing was changed. {said.strip()[-500:]}")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = {BESIDE}")


def _run(script: Any) -> None:
    """The script that pg_restore writes: statements, and between them rows for COPY."""
    held: list[bytes] = []
    with connection.connection.cursor() as cursor:
        known = {name for (name,) in cursor.execute("SELECT name FROM pg_settings").fetchall()}
        for line in script:
            # A pg_restore newer than the server begins with settings that this server has not heard of.
            if (named := _SET.match(line)) and named[1].decode() not in known:
                continue
            if _COPY.match(line):
                _execute(cursor, held)
                with cursor.copy(_elsewhere(line.decode())) as copy:
                    for row in iter(script.readline, b"\\.\n"):
                        if not row:
                            raise BackupError("The dump in the backup ends in the middle of a table.")
                        copy.write(row)
            elif not line.startswith((b"\\", b"--")):
                held.append(line)
        _execute(cursor, held)


def _execute(cursor: Any, held: list[bytes]) -> None:
    words = b"".join(held).decode().strip()
    held.clear()
    if words:
        cursor.execute(_elsewhere(words))


def _elsewhere(statement: str) -> str:
    """The same statement about the schema beside; bodies of functions, which name none, stay as they are."""
    statement = re.sub(r"(?m)^(CREATE|ALTER|COMMENT ON) SCHEMA .*$", "", statement)
    parts, last = [], 0
    for body in _QUOTED.finditer(statement):
        parts += [_NAMED.sub(BESIDE, statement[last : body.start()]), body[0]]
        last = body.end()
    return "".join((*parts, _NAMED.sub(BESIDE, statement[last:])))


def _proved(head: dict[str, Any]) -> Restored:
    """The log as loaded, checked from its first revision to the head that the backup named, or later."""
    count = log.verify()
    # A backup of the release before has no such table until it is migrated.
    if CodebookVersion._meta.db_table in connection.introspection.table_names():
        codebook_versions.verify()
    if head["sequence"]:
        found = Revision.objects.filter(sequence=head["sequence"]).values_list("digest", flat=True).first()
        if found != head["digest"]:
            raise BackupError(f"Revision {head['sequence']} is not the one that was backed up.")
    return Restored(count, Head.objects.values_list("digest", flat=True).first() or "")

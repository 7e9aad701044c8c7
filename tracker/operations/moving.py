"""A whole database put in another place: everything into an empty one of any engine, or back from a backup.

The law of a move, SQLite into PostgreSQL or back, or the same engine elsewhere: rows travel as they stand, with their
ids, times and digests, and nothing is made anew; the other database is filled in one transaction and counts only once
the digest of every table is the same on both sides and the log proves itself there. The database that is left is only
read.

The law of the way back from a backup: what is there is not touched before the backup has been read to its last byte,
loaded beside it and its log proved from the first revision to the head that the backup names. Then both change places
in one step: whatever stops a restore, the database is either the old one or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import re
import shutil
import sqlite3
import subprocess  # nosec B404
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from tracker import environment, log
from tracker.models import CodebookVersion, Head, Revision
from tracker.operations import backup, hardening
from tracker.operations.backup import DATABASE, BackupError

SOURCE, TARGET = "default", "moved_to"
BATCH = 500
FULL = 1 << 256
BESIDE = "tracker_restored"  # the schema into which a dump is loaded
_SET = re.compile(rb"SET (\w+) = \d+;$", re.MULTILINE)
_COPY = re.compile(rb"COPY (\S+) \(.*\) FROM stdin;\s*$")
_QUOTED = re.compile(r"(\$\w*\$)(.*?)\1", re.S)
_NAMED = re.compile(r"\bpublic(?=\.)")


class MoveError(Exception):
    """It cannot be moved; the message says why and what to do. The database that is left is as it was."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One table: how many rows, and the digest that both sides have."""

    table: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Restored:
    revisions: int
    digest: str


def move(url: str, told: Callable[[Moved], None] = lambda _moved: None) -> list[Moved]:
    """Copy everything into the database of this address; what was copied. `MoveError` leaves it empty."""
    with _other(url):
        _check_both()
        _migrate(url)
        _check_migrations()
        with transaction.atomic(SOURCE), transaction.atomic(TARGET):
            _steady()
            models = _models()
            for model in reversed(models):
                _empty(model)
            found = []
            for model in models:
                found.append(_copied(model))
                told(found[-1])
            _check_keys(models)
        _check_log()
        return found


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


def check_backup(source: Path, identity: Path | None = None) -> tuple[Restored, dict[str, Any]]:
    """Restore a backup beside the database, prove its log, and let go of it again."""
    with backup.opened(source, identity) as (folder, manifest):
        _check_engine(source, manifest)
        with _loaded(folder, manifest) as found:
            return found, manifest


@contextlib.contextmanager
def _other(url: str) -> Iterator[None]:
    """Inside it the second database is known to Django."""
    described = environment.database_of(url)
    if _same(described):
        raise MoveError("That is the database of DATABASE_URL itself. Name another, empty one.")
    connections.databases[TARGET] = connections.configure_settings({"default": {}, TARGET: described})[TARGET]
    try:
        yield
    finally:
        connections[TARGET].close()
        del connections[TARGET]
        connections.databases.pop(TARGET, None)


def _same(described: dict[str, Any]) -> bool:
    here = connections[SOURCE].settings_dict
    return all(
        str(here.get(name) or "") == str(described.get(name) or "")
        for name in ("ENGINE", "NAME", "HOST", "PORT")
    )


def _check_both() -> None:
    """Refuse a database that holds anything, and one that is not up to date here."""
    tables = connections[TARGET].introspection.table_names()
    if tables:
        raise MoveError(
            f"The database to move into holds {len(tables)} tables already. Make an empty one, and name that."
        )
    known = {(each.app, each.name) for each in MigrationRecorder(connections[SOURCE]).migration_qs}
    if not known:
        raise MoveError("The database of DATABASE_URL is empty: there is nothing to move.")


def _migrate(url: str) -> None:
    """Make the tables there, in a process whose own database it is: a migration may ask for "the" database."""
    connections[TARGET].close()
    environment_ = os.environ | {"DATABASE_URL": url, "DATABASE_PASSWORD": ""}
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "migrate", "-v0"]
    done = subprocess.run(command, env=environment_, capture_output=True, text=True, check=False)  # noqa: S603  # nosec B603
    if done.returncode:
        raise MoveError(f"The tables could not be made there: {done.stderr.strip()[-500:]}")


def _check_migrations() -> None:
    """Both sides must have the same tables."""
    here, there = (MigrationRecorder(connections[alias]).applied_migrations() for alias in (SOURCE, TARGET))
    if missing := sorted(set(there) - set(here)):
        names = ", ".join(f"{app}.{name}" for app, name in missing[:5])
        raise MoveError(
            f"The database of DATABASE_URL is not up to date ({names}). Run `manage.py migrate` first."
        )


def _steady() -> None:
    """One state of the database that is left, whatever is written there meanwhile."""
    if connections[SOURCE].vendor == "postgresql":
        with connections[SOURCE].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _models() -> list[type[Model]]:
    """Every table, those that others point to first."""
    every = {
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    }
    done: list[type[Model]] = []

    def put(model: type[Model], above: tuple[type[Model], ...] = ()) -> None:
        if model in done or model in above:
            return
        for field in model._meta.concrete_fields:
            if field.remote_field and field.remote_field.model in every:
                put(field.remote_field.model, (*above, model))
        done.append(model)

    for model in sorted(every, key=lambda each: each._meta.db_table):
        put(model)
    return done


def _empty(model: type[Model]) -> None:
    """Take out what the migrations themselves put in."""
    rows = model._base_manager.using(TARGET)  # type: ignore[attr-defined]
    if rows.exists():
        rows.all()._raw_delete(TARGET)


def _copied(model: type[Model]) -> Moved:
    """Copy a table and hold both sides against each other."""
    fields = model._meta.concrete_fields
    place, quote = connections[TARGET], connections[TARGET].ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608
    rows = iter(model._base_manager.using(SOURCE).order_by().iterator(BATCH))  # type: ignore[attr-defined]
    with place.cursor() as cursor:
        while batch := list(itertools.islice(rows, BATCH)):
            cursor.executemany(
                statement,
                [
                    [field.get_db_prep_save(getattr(row, field.attname), place) for field in fields]
                    for row in batch
                ],
            )
        for reset in place.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(reset)
    (here, digest), (there, other) = (_digest(model, alias) for alias in (SOURCE, TARGET))
    if (here, digest) != (there, other):
        raise MoveError(
            f"{model._meta.db_table}: {here} rows here, {there} there, or not the same. Nothing was moved."
        )
    return Moved(model._meta.db_table, here, digest)


def _digest(model: type[Model], alias: str) -> tuple[int, str]:
    """Rows and their digest, in whatever order a database gives them."""
    fields, count, total = model._meta.concrete_fields, 0, 0
    for row in model._base_manager.using(alias).order_by().iterator(BATCH):  # type: ignore[attr-defined]
        values = [_plain(getattr(row, field.attname)) for field in fields]
        line = json.dumps(values, ensure_ascii=True, sort_keys=True, default=str)
        total = (total + int.from_bytes(hashlib.sha256(line.encode()).digest())) % FULL
        count += 1
    return count, f"{total:064x}"


def _plain(value: Any) -> Any:
    """A value as both engines mean it."""
    if isinstance(value, memoryview | bytearray | bytes):
        return bytes(value).hex()
    return value.isoformat() if hasattr(value, "isoformat") else value


def _check_keys(models: Sequence[type[Model]]) -> None:
    connections[TARGET].check_constraints(table_names=[model._meta.db_table for model in models])


def _check_log() -> None:
    """The log that has arrived, worked out from its first revision, as it stands there."""
    revision, head = apps.get_model("tracker.Revision"), apps.get_model("tracker.Head")
    digest, last = "", 0
    for row in revision._base_manager.using(TARGET).order_by("sequence").iterator(BATCH):
        if row.sequence != last + 1 or row.previous != digest:
            raise MoveError(
                f"The log that arrived is broken at revision {row.sequence}. Do not use that database."
            )
        digest, last = row.digest, row.sequence
    told = head._base_manager.using(TARGET).values_list("sequence", "digest").first() or (0, "")
    if told != (last, digest):
        raise MoveError("The log that arrived has another end than its head says. Do not use that database.")


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
                    hardening.grant(settings.APP_ROLE, settings.APP_DATABASE_PASSWORD)
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
        log.verify_versions()
    if head["sequence"]:
        found = Revision.objects.filter(sequence=head["sequence"]).values_list("digest", flat=True).first()
        if found != head["digest"]:
            raise BackupError(f"Revision {head['sequence']} is not the one that was backed up.")
    return Restored(count, Head.objects.values_list("digest", flat=True).first() or "")

"""One file that holds everything but the secrets, and the way back from it.

The law: a backup is either whole or not there; a restore checks every byte and the log's digests before it
says that it worked, and never writes over a database that holds something unless told to.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess  # nosec B404
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from tracker import codebook_versions, log
from tracker.models import CodebookVersion, Head, Revision

FORMAT = 1
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
MANIFEST = "manifest.json"
CHUNK = 1 << 20


class BackupError(RuntimeError):
    """A backup that cannot be made or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Made:
    path: Path
    size: int
    revisions: int
    digest: str


def make(target: Path) -> Made:
    """Write a backup to `target`, a file, or to a new file in `target`, a folder."""
    if target.is_dir():
        target = target / f"tracker-{timezone.now():%Y-%m-%dT%H%M%SZ}.tar"
    if target.exists():
        raise BackupError(f"{target} exists already; choose another name.")
    part = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            sequence, digest = _gather(Path(folder))
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode="w") as bundle:
                    bundle.add(folder, arcname=".")
                file.flush()
                os.fsync(file.fileno())
        part.rename(target)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", "") or error
        raise BackupError(f"{target} cannot be written: {reason}.") from error
    finally:
        part.unlink(missing_ok=True)
    return Made(target, target.stat().st_size, sequence, digest)


def _gather(folder: Path) -> tuple[int, str]:
    sequence, digest = Head.objects.values_list("sequence", "digest").first() or (0, "")
    name = DATABASE[connection.vendor]
    (_dump_sqlite if connection.vendor == "sqlite" else _dump_postgres)(folder / name)
    if Path(settings.DATA_FOLDER).is_dir():
        shutil.copytree(settings.DATA_FOLDER, folder / "data")
    manifest = {
        "format": FORMAT,
        "release": settings.RELEASE,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "engine": connection.vendor,
        "head": {"sequence": sequence, "digest": digest},
        "members": {str(path.relative_to(folder)): sha256(path) for path in _files(folder)},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
    return sequence, digest


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups that `make` named in a folder; those deleted."""
    old = sorted(folder.glob("tracker-*.tar"))[:-keep]
    for path in old:
        path.unlink()
    return old


def restore(source: Path, *, replace: bool = False) -> Made:
    """Put a backup in place of the (empty) database and the data folder."""
    with opened(source) as (folder, manifest):
        if manifest["engine"] != connection.vendor:
            raise BackupError(
                f"{source} comes from {manifest['engine']}, DATABASE_URL names {connection.vendor}. "
                "To change the engine use manage.py export and import."
            )
        if not replace and _tables():
            raise BackupError(
                f"The database of DATABASE_URL holds {len(_tables())} tables. Restore into an empty one, "
                "or add --replace to throw away what it holds."
            )
        load = _load_sqlite if connection.vendor == "sqlite" else _load_postgres
        load(folder / DATABASE[connection.vendor])
        if (folder / "data").is_dir():
            shutil.copytree(folder / "data", settings.DATA_FOLDER, dirs_exist_ok=True)
    return Made(source, source.stat().st_size, *_verified(manifest["head"]))


@contextlib.contextmanager
def opened(source: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The checked content of a backup, unpacked into a folder for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="restore-") as folder:
        try:
            with tarfile.open(source) as bundle:
                bundle.extractall(folder, filter="data")
            manifest = json.loads((Path(folder) / MANIFEST).read_text())
            members, version = manifest["members"], manifest["format"]
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise BackupError(f"{source} is not a backup of this service ({error}).") from error
        if version != FORMAT:
            raise BackupError(
                f"{source} has format {version}; this release reads {FORMAT}. Use its own release."
            )
        for name, digest in members.items():
            path = Path(folder) / name
            if not path.is_file() or sha256(path) != digest:
                raise BackupError(f"{source} is damaged: {name} is missing or changed. Use another backup.")
        yield Path(folder), manifest


def _verified(head: dict[str, Any]) -> tuple[int, str]:
    """The log as restored, checked from its first revision to the head that the backup named, or later."""
    connection.close()
    count = log.verify()
    # A backup of the release before has no such table until it is migrated.
    if CodebookVersion._meta.db_table in connection.introspection.table_names():
        codebook_versions.verify()
    if head["sequence"]:
        found = Revision.objects.filter(sequence=head["sequence"]).values_list("digest", flat=True).first()
        if found != head["digest"]:
            raise BackupError(f"Revision {head['sequence']} is not the one that was backed up.")
    return count, Head.objects.values_list("digest", flat=True).first() or ""


def _dump_sqlite(path: Path) -> None:
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _load_sqlite(path: Path) -> None:
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        copy.backup(connection.connection)


def _dump_postgres(path: Path) -> None:
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")


def _load_postgres(path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()
    name = settings.DATABASES["default"]["NAME"]
    arguments = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", *arguments, f"--dbname={name}", str(path))


def _run(command: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs; what it needs is in the environment, where others cannot read it."""
    described = settings.DATABASES["default"]
    options = described.get("OPTIONS", {})
    told = {
        "PGHOST": described["HOST"],
        "PGPORT": described["PORT"],
        "PGUSER": described["USER"],
        "PGPASSWORD": described["PASSWORD"],
        "PGDATABASE": described["NAME"],
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    environment = os.environ | {name: str(value) for name, value in told.items() if value}
    program = shutil.which(command)
    if program is None:
        raise BackupError(f"{command} is not installed. Install PostgreSQL's client programs.")
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)  # noqa: S603  # nosec B603
    if done.returncode:
        raise BackupError(f"{command} failed: {done.stderr.strip()[-500:]}")


def _tables() -> list[str]:
    return connection.introspection.table_names()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

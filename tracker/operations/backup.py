"""One file that holds everything but the secrets: made, read and checked (the way back is in `moving`).

The law: a backup is either whole or not there, and nobody but its owner reads it; with BACKUP_RECIPIENT it is
encrypted to a public key, whose other half this machine need not have. The key that signs editions stays out of it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
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

from tracker.models import Head

FORMAT = 1
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
MANIFEST = "manifest.json"
SIGNING_KEY = "signing-key"
ENCRYPTED = ".age"
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
    recipient = settings.BACKUP_RECIPIENT
    if target.is_dir():
        target = target / f"tracker-{timezone.now():%Y-%m-%dT%H%M%SZ}.tar{ENCRYPTED if recipient else ''}"
    if target.exists():
        raise BackupError(f"{target} exists already; choose another name.")
    if connection.vendor == "postgresql":
        check_versions()
    part = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            sequence, digest = _gather(Path(folder))
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                _bundle(folder, file, recipient)
                file.flush()
                os.fsync(file.fileno())
        part.rename(target)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", "") or error
        raise BackupError(f"{target} cannot be written: {reason}.") from error
    finally:
        part.unlink(missing_ok=True)
    return Made(target, target.stat().st_size, sequence, digest)


def _bundle(folder: str, file: Any, recipient: str) -> None:
    """All files of `folder` as one, encrypted when there is somebody to encrypt it to."""
    if not recipient:
        with tarfile.open(fileobj=file, mode="w") as bundle:
            bundle.add(folder, arcname=".")
        return
    program = _program("age", "Install it, or remove BACKUP_RECIPIENT.")
    age = subprocess.Popen(  # noqa: S603  # nosec B603
        [program, "--encrypt", "--recipient", recipient],
        stdin=subprocess.PIPE,
        stdout=file,
        stderr=subprocess.PIPE,
    )
    assert age.stdin
    assert age.stderr
    try:
        with contextlib.suppress(BrokenPipeError), tarfile.open(fileobj=age.stdin, mode="w|") as bundle:
            bundle.add(folder, arcname=".")
    finally:
        with contextlib.suppress(BrokenPipeError):
            age.stdin.close()
        said = age.stderr.read().decode(errors="replace").strip()
        age.stderr.close()
        if age.wait():
            raise BackupError(f"BACKUP_RECIPIENT: age cannot encrypt to it: {said[-300:]}")


def _gather(folder: Path) -> tuple[int, str]:
    sequence, digest = Head.objects.values_list("sequence", "digest").first() or (0, "")
    name = DATABASE[connection.vendor]
    (_dump_sqlite if connection.vendor == "sqlite" else _dump_postgres)(folder / name)
    if Path(settings.DATA_FOLDER).is_dir():
        # Downloads are copies of what the database holds, made again when they are asked for.
        left = shutil.ignore_patterns(SIGNING_KEY, "downloads")
        shutil.copytree(settings.DATA_FOLDER, folder / "data", ignore=left)
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
    old = sorted(folder.glob("tracker-*.tar*"))[:-keep]
    for path in old:
        path.unlink()
    return old


@contextlib.contextmanager
def opened(source: Path, identity: Path | None = None) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The checked content of a backup, unpacked into a folder for as long as the context lasts."""
    # Beside the backup, where there is room for it; a container's /tmp is small.
    beside = source.parent if os.access(source.parent, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=beside) as folder:
        _check_room(source, folder)
        try:
            with _decrypted(source, identity) as plain, tarfile.open(fileobj=plain, mode="r|*") as bundle:
                bundle.extractall(folder, filter="data")
            manifest = json.loads((Path(folder) / MANIFEST).read_text())
            members, version = manifest["members"], manifest["format"]
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise BackupError(_no_room(source, folder)) from error
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


@contextlib.contextmanager
def _decrypted(source: Path, identity: Path | None) -> Iterator[Any]:
    with source.open("rb") as file:
        if file.read(4) != b"age-":
            file.seek(0)
            yield file
            return
        if identity is None:
            raise BackupError(f"{source} is encrypted: name the file of the private key, --identity FILE.")
        program = _program("age", "Install it to read an encrypted backup.")
        age = subprocess.Popen(  # noqa: S603  # nosec B603
            [program, "--decrypt", "--identity", str(identity), str(source)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert age.stdout
        assert age.stderr
        try:
            yield age.stdout
        except tarfile.TarError as error:
            said = age.stderr.read().decode(errors="replace").strip()
            raise BackupError(f"{source} cannot be decrypted: {said[-300:] or error}") from error
        finally:
            age.stdout.close()
            age.stderr.close()
            age.wait()


def _check_room(source: Path, folder: str) -> None:
    try:
        needed = source.stat().st_size
    except OSError:
        return  # that it is missing is said when it is opened
    if shutil.disk_usage(folder).free < needed:
        raise BackupError(_no_room(source, folder))


def _no_room(source: Path, folder: str) -> str:
    place = Path(folder).parent
    return (
        f"{source} cannot be unpacked: {place} has no room for its {source.stat().st_size:,} bytes. Make room, or set "
        "TMPDIR to a folder that has it. Nothing was changed."
    )


def _dump_sqlite(path: Path) -> None:
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _dump_postgres(path: Path) -> None:
    run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")


def check_versions(dump: Path | None = None) -> None:
    """PostgreSQL's programs must know the server, and the server what was dumped; before anything is touched."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10_000
    client = _major(run("pg_dump", "--version"))
    if client < server:
        raise BackupError(
            f"pg_dump is of version {client}, the server of {server}. Install postgresql-client-{server} or newer."
        )
    if dump is not None:
        listed = run("pg_restore", "--list", str(dump))
        made = re.search(r"Dumped from database version: (\d+)", listed)
        if made and int(made[1]) > server:
            raise BackupError(
                f"The backup comes from PostgreSQL {made[1]}, this server is {server}. Restore into {made[1]} or newer."
            )


def _major(said: str) -> int:
    found = re.search(r"(\d+)(?:\.\d+)?", said)
    return int(found[1]) if found else 0


def run(command: str, *arguments: str) -> str:
    """What one of PostgreSQL's own programs says."""
    done = subprocess.run(called(command, *arguments), env=told(), capture_output=True, text=True)  # noqa: S603  # nosec B603
    if done.returncode:
        raise BackupError(f"{command} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def called(command: str, *arguments: str) -> list[str]:
    return [_program(command, "Install PostgreSQL's client programs."), *arguments]


def told() -> dict[str, str]:
    """What those programs need to know: in the environment, where others cannot read it."""
    described = settings.DATABASES["default"]
    options = described.get("OPTIONS", {})
    found = {
        "PGHOST": described["HOST"],
        "PGPORT": described["PORT"],
        "PGUSER": described["USER"],
        "PGPASSWORD": described["PASSWORD"],
        "PGDATABASE": described["NAME"],
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    return os.environ | {name: str(value) for name, value in found.items() if value}


def _program(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed. {remedy}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

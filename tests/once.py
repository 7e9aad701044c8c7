"""What all processes of one run of the suite need and the first that asks makes: a seeded database takes ten seconds.

The folder is made by the process that starts the others, which find it in SUITE_FOLDER, and goes with it.
"""

import atexit
import contextlib
import fcntl
import functools
import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path


@functools.cache
def suite_folder():
    """The folder, made here where no other process did: then it goes with this one."""
    if "SUITE_FOLDER" in os.environ:
        return Path(os.environ["SUITE_FOLDER"])
    made = tempfile.mkdtemp(prefix="suite-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    os.environ["SUITE_FOLDER"] = made
    return Path(made)


def once(name, make):
    """The path of that name in the suite's folder; `make(path)` writes it for whoever asks first, others wait."""
    path = suite_folder() / name
    with path.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            half = path.with_name(f"{name}.half")
            make(half)
            half.rename(path)
    return path


def filled_file(managed, seeds):
    """A migrated SQLite file, with `seeds` a seeded one. `managed(url, command)` runs a command of manage.py on it."""

    def make(path):
        if seeds:
            path.write_bytes(filled_file(managed, False).read_bytes())
        managed(f"sqlite:///{path}", "seed" if seeds else "migrate")
        with contextlib.closing(sqlite3.connect(path)) as opened:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return once("seeded.sqlite3" if seeds else "migrated.sqlite3", make)


@functools.cache
def filled_database(managed, server, seeds):
    """The name of such a database of this PostgreSQL: made there, or restored from what another process made."""
    name, made = "seeded" if seeds else "migrated", []

    def make(path):
        template = filled_database(managed, server, False) if seeds else "template1"
        made.append(server.create(name, template=template))
        managed(made[0], "seed" if seeds else "migrate")
        _run(server, "pg_dump", "--format=custom", "--compress=0", f"--file={path}", f"--dbname={made[0]}")

    dump = once(f"{name}.dump", make)
    if not made:
        _run(server, "pg_restore", "--exit-on-error", f"--dbname={server.create(name)}", str(dump))
    return name


def _run(server, tool, *words):
    done = subprocess.run([f"{server.bin}/{tool}", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

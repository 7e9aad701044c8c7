"""Everything from one database into another, empty one: SQLite into PostgreSQL or back, or the same engine elsewhere.

The law: rows travel as they stand, with their ids, times and digests, and nothing is made anew; the other database is
filled in one transaction and counts only once the digest of every table is the same on both sides and the log proves
itself there. The database that is left is only read.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import subprocess  # nosec B404
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from tracker import environment

SOURCE, TARGET = "default", "moved_to"
BATCH = 500
FULL = 1 << 256


class MoveError(Exception):
    """It cannot be moved; the message says why and what to do. The database that is left is as it was."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One table: how many rows, and the digest that both sides have."""

    table: str
    rows: int
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

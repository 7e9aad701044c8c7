"""Rows found, put in and changed by one statement each, without the detours of instances and querysets.

Several times as fast as querysets, which are built anew and ask every field for every value: most of what
polling and filing cost beside reading. The law: rows that a unique constraint knows already are passed over, as
`ignore_conflicts` does; columns that are not named get the model's default, or the database's. Only quoted
names and constant defaults of our own models are put into a statement; every value given is a parameter.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable, DatabaseDefault
from django.db.models.functions import Now
from django.db.models.sql import Query

Model = type[models.Model]
DURATION = models.DurationField()
ROWS = 200  # of one statement; SQLite takes 32,766 parameters
# What both drivers take as it is, for the columns that feeds fill; of anything else the field is asked.
PLAIN = frozenset({str, int, float, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Later:
    """A moment that many seconds from now, by the database's clock."""

    seconds: float


def select(model: Model, names: Sequence[str], **where: Any) -> list[tuple]:
    """The fields `names` of the rows whose fields equal `where`, or are among it where it is a list."""
    if [] in where.values():
        return []
    asked, sought = _assigned(model, where)
    columns = ", ".join(_column(connection.vendor, model, name) for name in names)
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"SELECT {columns} FROM {table} WHERE {' AND '.join(asked)}"  # noqa: S608  # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(statement, sought)
        return cursor.fetchall()


def insert(
    model: Model,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    returning: Sequence[str] = (),
    replacing: str = "",
) -> list[tuple]:
    """Insert rows of values for the fields `names`, in that order; returns columns of those that were new.

    A row whose unique field `replacing` is there already takes the place of the one that has it.
    """
    names, waiting = tuple(names), list(rows)
    if computed := _computed(model, names):
        names = (*names, *(field.name for field in computed))
        waiting = [(*row, *(field.get_default() for field in computed)) for row in waiting]
    fields = _fields(model, names)
    told: list[tuple] = []
    with connection.cursor() as cursor:
        for start in range(0, len(waiting), ROWS):
            part = waiting[start : start + ROWS]
            statement = _insertion(connection.vendor, model, names, len(part), tuple(returning), replacing)
            cursor.execute(statement, _prepared(fields, part))
            if returning:
                told += cursor.fetchall()
    return told


def add(row: models.Model) -> bool:
    """Insert an instance under the key that it has; whether that key was free.

    What the database itself fills in is read when somebody asks for it.
    """
    concrete = row._meta.concrete_fields
    given = [field for field in concrete if not isinstance(getattr(row, field.attname), DatabaseDefault)]
    values = [getattr(row, field.attname) for field in given]
    key = row._meta.pk.name
    if not insert(type(row), [field.name for field in given], [values], returning=(key,)):
        return False
    row._state.adding, row._state.db = False, connection.alias
    for field in concrete:
        if field not in given:
            vars(row).pop(field.attname, None)
    return True


def update_each(model: Model, names: Sequence[str], rows: Iterable[tuple[Any, Sequence[Any]]]) -> None:
    """Set the fields `names` of many rows, each to its own values: pairs of a primary key and those."""
    fields = _fields(model, tuple(names))
    key = cast(models.Field, model._meta.pk)
    setting = ", ".join(f"{_column(connection.vendor, model, name)} = %s" for name in names)
    place = f"{_column(connection.vendor, model, key.name)} = %s"
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"UPDATE {table} SET {setting} WHERE {place}"  # noqa: S608  # nosec B608
    given = [_prepared((*fields, key), [(*values, one)]) for one, values in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, given)


def update(model: Model, changes: Mapping[str, Any], **where: Any) -> int:
    """Set fields of the rows whose fields equal `where`; the number of rows.

    To values, to `Later`, or to expressions that are made once: their statement is kept.
    """
    setting, values = _assigned(model, changes)
    asked, sought = _assigned(model, where)
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"UPDATE {table} SET {', '.join(setting)} WHERE {' AND '.join(asked)}"  # noqa: S608  # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(statement, values + sought)
        return cursor.rowcount


@functools.lru_cache(maxsize=100)
def _fields(model: Model, names: tuple[str, ...]) -> tuple[models.Field, ...]:
    return tuple(cast(models.Field, model._meta.get_field(name)) for name in names)


@functools.lru_cache(maxsize=1000)
def _insertion(
    vendor: str,
    model: Model,
    names: tuple[str, ...],
    rows: int,
    returning: tuple[str, ...],
    replacing: str,
) -> str:
    usual = _usual(vendor, model, names)
    columns = ", ".join([*(_column(vendor, model, name) for name in names), *usual])
    row = f"({', '.join(['%s'] * len(names) + list(usual.values()))})"
    told = f" RETURNING {', '.join(_column(vendor, model, name) for name in returning)}" if returning else ""
    table = connection.ops.quote_name(model._meta.db_table)
    conflict = "ON CONFLICT DO NOTHING"
    if replacing:
        others = [_column(vendor, model, name) for name in names if name != replacing]
        setting = ", ".join(f"{column} = EXCLUDED.{column}" for column in others)
        conflict = f"ON CONFLICT ({_column(vendor, model, replacing)}) DO UPDATE SET {setting}"
    return (
        f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * rows)} "  # noqa: S608  # nosec B608
        f"{conflict}{told}"
    )


def _usual(vendor: str, model: Model, names: tuple[str, ...]) -> dict[str, str]:
    """Column and literal of each other field that neither the database fills nor NULL does."""
    quoted, usual = connection.schema_editor().quote_value, {}
    for field in _others(model, names):
        if field.get_default() is not None:
            value = field.get_db_prep_save(field.get_default(), connection)
            usual[_column(vendor, model, field.name)] = quoted(value).replace("%", "%%")
    return usual


@functools.lru_cache(maxsize=100)
def _computed(model: Model, names: tuple[str, ...]) -> list[models.Field]:
    """The other fields whose default is made anew for each row."""
    return [field for field in _others(model, names) if callable(field.default)]


def _others(model: Model, names: tuple[str, ...]) -> list[models.Field]:
    """The fields that are not named and have no default in the database."""
    left = [field for field in model._meta.concrete_fields if field.name not in names]
    return [field for field in left if not (field.primary_key or field.has_db_default())]


def _assigned(model: Model, pairs: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """`column = …` for each pair, `column IN (…)` for a list, and the parameters."""
    vendor, fields = connection.vendor, _fields(model, tuple(pairs))
    said: list[str] = []
    values: list[Any] = []
    for field, (name, value) in zip(fields, pairs.items(), strict=True):
        sign = "="
        if isinstance(value, list):
            sign, text = "IN", f"({', '.join(['%s'] * len(value))})"
            inside: Sequence[Any] = _prepared([field] * len(value), [value])
        elif isinstance(value, Later):
            text, inside = _later(vendor, model), (_duration(value.seconds),)
        elif isinstance(value, Combinable):
            text, inside = _compiled(vendor, model, value)
        else:
            text, inside = "%s", [value] if type(value) in PLAIN else _prepared([field], [[value]])
        said.append(f"{_column(vendor, model, name)} {sign} {text}")
        values += inside
    return said, values


@functools.lru_cache(maxsize=100)
def _compiled(_vendor: str, model: Model, expression: Any) -> tuple[str, tuple[Any, ...]]:
    query = Query(model)
    resolved = expression.resolve_expression(query, allow_joins=False, for_save=True)
    text, inside = query.get_compiler(connection=connection).compile(resolved)
    return text, tuple(inside)


@functools.lru_cache(maxsize=100)
def _later(vendor: str, model: Model) -> str:
    duration = models.Value(timedelta(), output_field=DURATION)
    return _compiled(vendor, model, Now() + duration)[0]


def _duration(seconds: float) -> Any:
    return DURATION.get_db_prep_value(timedelta(seconds=seconds), connection)


@functools.lru_cache(maxsize=1000)
def _column(_vendor: str, model: Model, name: str) -> str:
    return connection.ops.quote_name(cast(str, cast(models.Field, model._meta.get_field(name)).column))


def _prepared(fields: Sequence[models.Field], rows: Iterable[Iterable[Any]]) -> list[Any]:
    """The values of all rows, one after the other, as the driver takes them."""
    adapted = _adapted_for(connections[DEFAULT_DB_ALIAS])
    return [
        value if type(value) in PLAIN else adapted(field, value)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]


def _adapted_for(database: BaseDatabaseWrapper) -> Callable[[models.Field, Any], Any]:
    """How this database takes a value that is not plain. Asked once for all rows: `connection` is a proxy."""
    naive = database.vendor == "sqlite" and database.timezone is UTC

    def adapted(field: models.Field, value: Any) -> Any:
        if type(value) is datetime:
            if naive and value.tzinfo is UTC:
                return str(value.replace(tzinfo=None))  # what Django writes, without its detour by time zones
            return database.ops.adapt_datetimefield_value(value)
        return field.get_db_prep_save(value, database)

    return adapted

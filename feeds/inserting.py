"""Many rows by one statement, without a model instance's detours: several times as fast as bulk_create.

The law: rows that a unique constraint knows already are passed over, as `ignore_conflicts` does; columns that
are not named get the model's default, or the database's.
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db import connection, models


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values for the fields `names`, in that order."""
    named = [cast(models.Field, model._meta.get_field(name)) for name in names]
    others = [
        field
        for field in model._meta.concrete_fields
        if field not in named and not field.primary_key and not field.has_db_default()
    ]
    usual = [_prepared(field, field.get_default()) for field in others]
    quoted = [connection.ops.quote_name(cast(str, field.column)) for field in (*named, *others)]
    table = connection.ops.quote_name(model._meta.db_table)
    places = ", ".join(["%s"] * len(quoted))
    # Only quoted names of our own models are put into the statement; every value is a parameter.
    statement = f"INSERT INTO {table} ({', '.join(quoted)}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[*map(_prepared, named, row), *usual] for row in rows])


def _prepared(field: models.Field, value: Any) -> Any:
    # Text is text in every database; asking the field for each one costs more than writing it.
    return value if type(value) is str else field.get_db_prep_save(value, connection)

"""Pages by cursor: the place of the last item, never an offset, so that page 10,000 costs what page 1 does.

The law: rows are ordered by one column and then by the primary key, which is unique and never changes. A row
that stands during the whole walk is met exactly once, whatever is added or removed meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound

from scorecard.api.parameters import Parameter, number

MOST = 100
LIMIT = number("limit", "How many items on a page.", least=1, most=MOST, default=50, example=50)


@dataclass(frozen=True, slots=True)
class Order:
    """An ordering by name: `column` descending if `down`, then the primary key the same way."""

    column: str
    down: bool
    kind: str = "date"  # or number, moment

    def sorted(self, rows: QuerySet) -> QuerySet:
        sign = "-" if self.down else ""
        if self.column == "pk":
            return rows.order_by(f"{sign}pk")
        return rows.order_by(f"{sign}{self.column}", f"{sign}pk")

    def after(self, rows: QuerySet, place: tuple[Any, Any]) -> QuerySet:
        value, key = place
        step = "lt" if self.down else "gt"
        if self.column == "pk":
            return rows.filter(**{f"pk__{step}": key})
        beyond = Q(**{f"{self.column}__{step}": value}) | Q(**{self.column: value, f"pk__{step}": key})
        # The first condition lets an index on the column skip straight to the place.
        return rows.filter(beyond, **{f"{self.column}__{step}e": value})

    def place(self, row: Any) -> tuple[Any, Any]:
        return (None if self.column == "pk" else getattr(row, self.column)), row.pk


def read(text: str) -> str:
    if not 1 <= len(text) <= 300:
        raise ValueError("1 to 300 characters")
    return text


CURSOR = Parameter(
    "cursor",
    "Where to go on: taken from `next` of the page before, never made by hand.",
    read,
    {"type": "string", "minLength": 1, "maxLength": 300},
)


def page(
    rows: QuerySet, order: Order, limit: int, cursor: str | None, name: str, *, keys: type = str
) -> tuple[list[Any], str | None]:
    """The rows of one page and the cursor of the next one (None: it was the last)."""
    found = order.sorted(rows)
    if cursor is not None:
        found = order.after(found, opened(cursor, order, name, keys))
    taken = list(found[: limit + 1])
    if len(taken) <= limit:
        return taken, None
    return taken[:limit], closed(order.place(taken[limit - 1]), name)


def address(path: str, query: Any, cursor: str | None) -> str | None:
    """The same address with another cursor."""
    if cursor is None:
        return None
    pairs = [(key, value) for key, values in query.lists() for value in values if key != "cursor"]
    return f"{path}?{urlencode([*pairs, ('cursor', cursor)])}"


def closed(place: tuple[Any, Any], name: str) -> str:
    """A place in a list as the text of a cursor."""
    value, key = place
    text = value.isoformat() if isinstance(value, datetime.date) else value
    packed = json.dumps([name, text, key], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def opened(cursor: str, order: Order, name: str, keys: type) -> tuple[Any, Any]:
    """The place that a cursor names; NotFound when it is of another list or order, or of our making at all."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        owner, value, key = json.loads(packed)
        if owner != name or type(key) is not keys or "\x00" in str(key):
            raise ValueError("a cursor of another list or order")
        if keys is int and not 0 <= key < 1 << 62:
            raise ValueError("no such key")
        if order.column != "pk":
            value = _value(value, order.kind)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise NotFound(
            "cursor: it leads nowhere in this list and order. Start again without it, and follow `next`."
        ) from None
    return value, key


def _value(value: Any, kind: str) -> Any:
    if kind == "number":
        if type(value) is not int or not 0 <= value < 1 << 62:
            raise ValueError("not a number")
        return value
    if kind == "moment":
        return datetime.datetime.fromisoformat(value)
    return datetime.date.fromisoformat(value)

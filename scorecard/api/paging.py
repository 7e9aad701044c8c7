"""Pages by cursor: the place of the last item, never an offset, so that page 10,000 costs what page 1 does.

The law: rows are ordered by one column and then by the primary key, which is unique and never changes. A row
that stands during the whole walk is met exactly once, whatever is added, removed or moved meanwhile: a cursor knows
when its walk began, and what has moved since stays where it was then.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, F, Q, QuerySet, Value, When
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


@dataclass(frozen=True, slots=True)
class Walk:
    """A list whose rows may move while it is walked: the revision that is the newest now, and where each row that has
    moved since a revision stood then."""

    now: int
    moved: Callable[[int], Mapping[str, Any]]


def page(
    rows: QuerySet,
    order: Order,
    limit: int,
    cursor: str | None,
    name: str,
    *,
    keys: type = str,
    walk: Walk | None = None,
) -> tuple[list[Any], str | None]:
    """The rows of one page and the cursor of the next one (None: it was the last)."""
    place, began = opened(cursor, order, name, keys) if cursor is not None else (None, None)
    if walk is not None and order.column != "pk":
        began = walk.now if cursor is None else began
        if began is not None and began < walk.now and (moved := walk.moved(began)):
            # Rare enough to sort all of them for it.
            whens = [When(pk=key, then=Value(value)) for key, value in moved.items()]
            rows = rows.annotate(stood=Case(*whens, default=F(order.column)))
            order = replace(order, column="stood")
    found = order.sorted(rows)
    if place is not None:
        found = order.after(found, place)
    taken = list(found[: limit + 1])
    if len(taken) <= limit:
        return taken, None
    return taken[:limit], closed(order.place(taken[limit - 1]), name, began)


def address(path: str, query: Any, cursor: str | None) -> str | None:
    """The same address with another cursor."""
    if cursor is None:
        return None
    pairs = [(key, value) for key, values in query.lists() for value in values if key != "cursor"]
    return f"{path}?{urlencode([*pairs, ('cursor', cursor)])}"


def closed(place: tuple[Any, Any], name: str, began: int | None = None) -> str:
    """A place in a list, and the revision at which its walk began, as the text of a cursor."""
    value, key = place
    text = value.isoformat() if isinstance(value, datetime.date) else value
    parts = [name, text, key] if began is None else [name, text, key, began]
    packed = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def opened(cursor: str, order: Order, name: str, keys: type) -> tuple[tuple[Any, Any], int | None]:
    """The place that a cursor names, and at which revision its walk began; NotFound when it is of another list or
    order, or not of our making at all."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        owner, value, key, *rest = json.loads(packed)
        began = rest[0] if rest else None
        if len(rest) > 1 or not (began is None or (type(began) is int and 0 <= began < 1 << 62)):
            raise ValueError("no such revision")
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
    return (value, key), began


def _value(value: Any, kind: str) -> Any:
    if kind == "number":
        if type(value) is not int or not 0 <= value < 1 << 62:
            raise ValueError("not a number")
        return value
    if kind == "moment":
        return datetime.datetime.fromisoformat(value)
    return datetime.date.fromisoformat(value)

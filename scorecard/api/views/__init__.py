"""What every view of the API does: headers of allowance, conditional reading, lists by cursor, and the same request
sent again answered as it was.

The law of cursors: the place of the last item, never an offset, so that page 10,000 costs what page 1 does. Rows are
ordered by one column and then by the primary key, which is unique and never changes. A row that stands during the whole
walk is met exactly once, whatever is added, removed or moved meanwhile: a cursor knows when its walk began, and what
has moved since stays where it was then.

The law of `Idempotency-Key`: the deed and its stored answer are of one transaction, so that there is never one without
the other. What was refused is not stored: nothing happened, and the request may come again under its name.
"""

from __future__ import annotations

import abc
import base64
import binascii
import contextlib
import datetime
import functools
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import NotFound, Throttled
from rest_framework.views import APIView

from scorecard import conditional, footing, limits
from scorecard.api import parameters
from scorecard.api.parameters import Parameter, number
from scorecard.api.problems import InProgress, Invalid, KeyReused, NoSuchDay
from scorecard.models import Answered
from tracker.codebook import current

COUNTED_SECONDS = 900
MOST_ITEMS = 100
LIMIT = number("limit", "How many items on a page.", least=1, most=MOST_ITEMS, default=50, example=50)
IDEMPOTENCY_KEY = "Idempotency-Key"
IDEMPOTENCY_NAME = re.compile(r"[!-~]{1,255}")  # what ASCII shows
ANSWER_KEPT = datetime.timedelta(hours=24)
LEASE = datetime.timedelta(seconds=60)  # whoever began the deed longer ago is dead


class View(APIView):
    """An address of the API. `parameters` are all that its query may hold."""

    parameters: Sequence[Parameter] = ()

    def finalize_response(
        self, request: Any, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        answer = super().finalize_response(request, response, *args, **kwargs)
        allowance = getattr(request, "allowance", None) or getattr(
            getattr(request, "_request", None), "allowance", None
        )
        if allowance is not None:
            if answer.status_code == 304:
                allowance = limits.give_back(allowance)
            for name, value in allowance.headers().items():
                answer.headers[name] = value
        if request.method not in conditional.READING:
            answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Robots-Tag"] = "noindex"
        return answer

    def asked(self) -> dict[str, Any]:
        """The checked parameters of the address."""
        return parameters.read(self.request.query_params, self.parameters)

    def asked_nothing(self) -> None:
        """Refuse a query where a body is what counts."""
        parameters.read(self.request.query_params, ())


def reads(**described: Any) -> Callable[[type], type]:
    """How the description of the API calls the GET of a view, and what that gives."""
    return extend_schema_view(get=extend_schema(**described))


class Reading(View, abc.ABC):
    """An address that answers GET from what is kept until `version()` changes."""

    def version(self) -> str:
        return footing.head()

    def get(self, request: Any, **place: Any) -> HttpResponse:
        asked = self.asked()
        check_days(asked)
        with pinned(asked):
            self.state = self.version()
            past = conditional.of_the_past(request.GET)

            def make() -> Any:
                with limits.spend_page(request, of_its_own=False):
                    return self.answer(asked, **place)

            try:
                return conditional.answer(request, self.state, make, past=past)
            except limits.TooMany as problem:
                raise Throttled(wait=problem.seconds, detail=str(problem)) from None

    @abc.abstractmethod
    def answer(self, asked: dict[str, Any], **place: Any) -> Any:
        """What stands at the address, as a value for JSON or a finished response."""


class Listing(Reading):
    """A list of rows: filtered, ordered, by cursor, with its total."""

    orders: Mapping[str, Order] = {}
    keys: type = str

    @abc.abstractmethod
    def rows(self, asked: dict[str, Any], **place: Any) -> QuerySet:
        """The rows that pass the filters, in any order."""

    def walk(self) -> Walk | None:
        """How to keep a walk steady where rows may move in the order that is asked for."""
        return None

    def together(self, rows: list[Any]) -> list[Any]:
        """What the rows of a page need besides, fetched for all at once."""
        return rows

    @abc.abstractmethod
    def item(self, row: Any) -> dict[str, Any]:
        """A row as it is shown."""

    def answer(self, asked: dict[str, Any], **place: Any) -> Any:
        rows = self.rows(asked, **place)
        name, order = self.ordered(asked)
        found, cursor = page_of(
            rows, order, asked["limit"], asked["cursor"], name, keys=self.keys, walk=self.walk()
        )
        items = [self.item(row) for row in self.together(found)]
        return {
            "total": self.total(rows),
            "next": next_address(self.public(), self.request.query_params, cursor),
            "results": only(items, asked.get("fields")),
        }

    def ordered(self, asked: dict[str, Any]) -> tuple[str, Order]:
        """The order that is asked for, and the name that cursors of this list in this order bear."""
        name = asked.get("order") or next(iter(self.orders))
        return f"{self.path()}:{name}", self.orders[name]

    def path(self) -> str:
        return self.request.path

    def public(self) -> str:
        return settings.SITE_URL.rstrip("/") + self.request.path

    def total(self, rows: QuerySet) -> int:
        """How many rows paging will return; counted once for each filter and state of the record."""
        query = self.request.query_params.copy()
        for name in ("cursor", "limit", "order", "fields"):
            query.pop(name, None)
        words = f"{self.state}:{self.path()}?{sorted(query.lists())}"
        place = f"total:{conditional.digest(words)}"
        found = cache.get(place)
        if found is None:
            found = rows.count()
            cache.set(place, found, COUNTED_SECONDS)
        return found


def only(items: list[dict[str, Any]], fields: Sequence[str] | None) -> list[dict[str, Any]]:
    """The items with these fields only (None: all)."""
    if not fields:
        return items
    return [{name: item[name] for name in fields} for item in items]


@contextlib.contextmanager
def pinned(asked: dict[str, Any]) -> Iterator[None]:
    """Inside it the state of the record is the one that `rev` names, whose day and method fill what is not asked."""
    try:
        with footing.at_rev(asked.get("rev")) as pin:
            if pin is not None:
                days = {name: pin.day for name in ("as_of", "later") if name in asked}
                asked |= {
                    name: asked.get(name) or own for name, own in (days | {"method": pin.method}).items()
                }
            yield
    except footing.BadPin as problem:
        if footing.REV.fullmatch(asked.get("rev") or ""):  # well formed, but there is no such state
            raise NotFound(f"rev: {problem}") from problem
        raise Invalid([{"name": "rev", "reason": str(problem)}]) from problem


def check_days(asked: Mapping[str, Any]) -> None:
    """Refuse figures of days that have none: before the start, or to come."""
    today = timezone.now().date()
    for name in ("as_of", "known_at", "later", "later_known_at", "earlier", "earlier_known_at"):
        day: datetime.date | None = asked.get(name)
        if day is not None and not current().start <= day <= today:
            raise NoSuchDay(f"{name}: there are figures for {current().start} to {today}, none for {day}.")


def created(body: Any, location: str = "", status: int = 201) -> HttpResponse:
    answer = HttpResponse(conditional.written(body), status=status, content_type=conditional.JSON)
    if location:
        answer.headers["Location"] = location
    return answer


def checked(shape: type, request: Any) -> dict[str, Any]:
    """The body as the shape reads it; a problem with every wrong field otherwise."""
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data


def public(path: str) -> str:
    """The public address of a path: from the setting, never from the request's Host header."""
    return settings.SITE_URL.rstrip("/") + path


def moment(at: datetime.datetime | None) -> str | None:
    """RFC 3339, in UTC, to the second."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


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


def cursor_text(text: str) -> str:
    if not 1 <= len(text) <= 300:
        raise ValueError("1 to 300 characters")
    return text


CURSOR = Parameter(
    "cursor",
    "Where to go on: taken from `next` of the page before, never made by hand.",
    cursor_text,
    {"type": "string", "minLength": 1, "maxLength": 300},
)


@dataclass(frozen=True, slots=True)
class Walk:
    """A list whose rows may move while it is walked: the revision that is the newest now, and where each row that has
    moved since a revision stood then."""

    now: int
    moved: Callable[[int], Mapping[str, Any]]


def page_of(
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


def next_address(path: str, query: Any, cursor: str | None) -> str | None:
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


def answered_once(post: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a deed of a program that holds a key."""

    @functools.wraps(post)
    def wrapped(self: Any, request: Any, **place: Any) -> HttpResponse:
        name = request.headers.get(IDEMPOTENCY_KEY)
        if name is not None and not IDEMPOTENCY_NAME.fullmatch(name):
            raise Invalid([{"name": IDEMPOTENCY_KEY, "reason": "1 to 255 visible ASCII characters"}])
        if name is None or request.query_params.get("dry_run") == "true":
            return post(self, request, **place)
        if request.auth is None:
            raise Invalid(
                [{"name": IDEMPOTENCY_KEY, "reason": "answers are only kept for requests with a key"}]
            )
        asked = hashlib.sha256(
            f"{request.method} {request.get_full_path()}\n".encode() + request._request.body
        ).hexdigest()
        row = _claimed(request.auth, name, asked)
        if row.status is not None:
            return _again(row)
        try:
            with transaction.atomic():
                answer = post(self, request, **place)
                Answered.objects.filter(pk=row.pk).update(
                    status=answer.status_code,
                    body=answer.content.decode(),
                    location=answer.headers.get("Location", ""),
                )
        except BaseException:
            Answered.objects.filter(pk=row.pk, status=None).delete()
            raise
        return answer

    return wrapped


def _claimed(key: Any, name: str, asked: str) -> Answered:
    """The row of this request: a new one, or the one that holds its answer."""
    Answered.objects.filter(begun_at__lt=timezone.now() - ANSWER_KEPT).delete()
    try:
        with transaction.atomic():
            return Answered.objects.create(key=key, name=name, request=asked)
    except IntegrityError:
        row = Answered.objects.filter(key=key, name=name).first()
    if row is None:
        raise InProgress(f"{IDEMPOTENCY_KEY}: the request before was just given up. Send it again.")
    if row.request != asked:
        raise KeyReused(
            f"{IDEMPOTENCY_KEY}: {name[:60]!r} was sent before with another request. Take a new one."
        )
    if row.status is None:
        stale = Answered.objects.filter(pk=row.pk, status=None, begun_at__lt=timezone.now() - LEASE)
        if not stale.update(begun_at=Now()):
            raise InProgress(
                f"{IDEMPOTENCY_KEY}: this request is being answered just now. Send it again in a moment."
            )
    return row


def _again(row: Answered) -> HttpResponse:
    answer = HttpResponse(row.body, status=row.status, content_type=conditional.JSON)
    if row.location:
        answer.headers["Location"] = row.location
    answer.headers["Idempotency-Replayed"] = "true"
    return answer

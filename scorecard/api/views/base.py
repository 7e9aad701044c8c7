"""What every view of the API does: headers of allowance, conditional reading, lists by cursor."""

from __future__ import annotations

import abc
import contextlib
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import NotFound, Throttled
from rest_framework.views import APIView

from scorecard import conditional, limits, pins, standings
from scorecard.api import paging, parameters
from scorecard.api.parameters import Parameter
from scorecard.api.problems import Invalid, NoSuchDay
from tracker.codebook import current

COUNTED_SECONDS = 900


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
        return standings.head()

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

    orders: Mapping[str, paging.Order] = {}
    keys: type = str

    @abc.abstractmethod
    def rows(self, asked: dict[str, Any], **place: Any) -> QuerySet:
        """The rows that pass the filters, in any order."""

    def walk(self) -> paging.Walk | None:
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
        found, cursor = paging.page(
            rows, order, asked["limit"], asked["cursor"], name, keys=self.keys, walk=self.walk()
        )
        items = [self.item(row) for row in self.together(found)]
        return {
            "total": self.total(rows),
            "next": paging.address(self.public(), self.request.query_params, cursor),
            "results": only(items, asked.get("fields")),
        }

    def ordered(self, asked: dict[str, Any]) -> tuple[str, paging.Order]:
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
        with pins.at(asked.get("rev")) as pin:
            if pin is not None:
                days = {name: pin.day for name in ("as_of", "later") if name in asked}
                asked |= {
                    name: asked.get(name) or own for name, own in (days | {"method": pin.method}).items()
                }
            yield
    except pins.BadPin as problem:
        if pins.WRITTEN.fullmatch(asked.get("rev") or ""):  # well formed, but there is no such state
            raise NotFound(f"rev: {problem}") from problem
        raise Invalid([{"name": "rev", "reason": str(problem)}]) from problem


def check_days(asked: Mapping[str, Any]) -> None:
    """Refuse figures of days that have none: before the start, or to come."""
    today = timezone.now().date()
    for name in ("as_of", "known_at", "later", "later_known_at", "earlier", "earlier_known_at"):
        day: datetime.date | None = asked.get(name)
        if day is not None and not current().start <= day <= today:
            raise NoSuchDay(f"{name}: there are figures for {current().start} to {today}, none for {day}.")


def public(path: str) -> str:
    """The public address of a path: from the setting, never from the request's Host header."""
    return settings.SITE_URL.rstrip("/") + path


def moment(at: datetime.datetime | None) -> str | None:
    """RFC 3339, in UTC, to the second."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None

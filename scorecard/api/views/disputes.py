"""Disputes and subscriptions: what anyone may send without a key, within limits."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound, Throttled

from scorecard import conditional, disputes, limits
from scorecard.alerts import following, subscribing
from scorecard.api import parameters
from scorecard.api.problems import Invalid, NotARecord
from scorecard.api.serializers import writing as shapes
from scorecard.api.views.base import (
    CURSOR,
    LIMIT,
    Listing,
    Order,
    Reading,
    View,
    answered_once,
    moment,
    public,
    reads,
)
from scorecard.models import Dispute

REFERENCE = OpenApiParameter(
    "reference", {"type": "string", "pattern": "^D-[0-9A-Z]{4}-[0-9A-Z]{4}$"}, OpenApiParameter.PATH,
    description="As given when the dispute came in.",
)  # fmt: skip


STATES = tuple(state for state in Dispute.State.values if state != Dispute.State.SPAM)


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


def unkept(wrong: following.BadWish) -> Invalid | NotARecord:
    """The problem of a wish that cannot be kept: what is well-formed and not on record is told apart."""
    errors = [{"name": name, "reason": why} for name, why in wrong.by_field().items()]
    if wrong.field in following.FIELDS:
        return NotARecord("; ".join(f"{each['name']}: {each['reason']}" for each in errors), errors)
    return Invalid(errors)


def spend(request: Any, form: str, kept: int) -> None:
    """Forms are rationed by address and in all; a key with an account behind it has its own rate."""
    if request.auth is not None and request.auth.account_id is not None:
        return
    try:
        limits.spend(request, form, kept)
    except limits.Turned as turned:
        raise Throttled(wait=limits.HOUR, detail=str(turned)) from None


@reads(operation_id="disputes", responses=shapes.Disputes, tags=["Disputes"])
class Disputes(Listing):
    """What readers disputed, newest first, and what became of it.

    The text of a dispute is shown once an editor has taken it up.
    """

    keys = int
    orders = {"-id": Order("pk", down=True)}
    parameters = (
        parameters.identifier("event", "Disputes of this event."),
        parameters.choice("state", STATES, "Only in this state."),
        LIMIT,
        CURSOR,
    )

    @extend_schema(
        operation_id="dispute_create",
        summary="Challenge a code",
        request=shapes.DisputeInput,
        responses={201: shapes.DisputeShape},
        tags=["Disputes"],
    )
    @answered_once
    def post(self, request):
        """Dispute the code of an event, with a source. Answered within fourteen days under its reference."""
        self.asked_nothing()
        given = checked(shapes.DisputeInput, request)
        spend(request, "disputes", disputes.lately())
        try:
            row = disputes.file(disputes.Claim(**given, language=get_language() or "en"))
        except disputes.BadDispute as wrong:
            if wrong.field == "event":
                raise NotFound(str(wrong)) from None
            raise Invalid([{"name": wrong.field, "reason": str(wrong)}]) from None
        shown = dispute(row, own=True)
        return created(shown, public(f"/api/v1/disputes/{row.reference}/"))

    def version(self):
        return _version()

    def rows(self, asked, **place):
        rows = Dispute.objects.public()
        if asked["event"]:
            rows = rows.filter(event=asked["event"])
        if asked["state"]:
            rows = rows.filter(state=asked["state"])
        return rows

    def item(self, row):
        return dispute(row)

    def answer(self, asked, **place):
        return {**super().answer(asked, **place), "counts": disputes.counts()}


def _version() -> str:
    """Changes with every dispute and every step of one."""
    last = Dispute.objects.aggregate(last=Max("id"), answered=Max("answered_at"))
    return f"disputes:{last['last']}:{last['answered']}:{sorted(disputes.counts().items())}"


def dispute(row: Dispute, *, own: bool = False) -> dict[str, Any]:
    shown = own or row.state != Dispute.State.RECEIVED
    return {
        "reference": row.reference,
        "event": row.event_id,
        "recommendation": row.recommendation,
        "state": row.state,
        **{
            name: getattr(row, name) if shown else None
            for name in ("claim", "source", "direction", "strength", "name")
        },
        "answer": row.answer,
        "sequence": row.sequence,
        "changed_by": row.changed_by,
        "received_at": moment(row.received_at),
        "answer_due": disputes.due(row).isoformat(),
        "answered_at": moment(row.answered_at),
        "page": public(reverse("disputes:one", args=[row.reference])),
    }


@reads(operation_id="dispute", parameters=[REFERENCE], responses=shapes.DisputeShape, tags=["Disputes"])
class OneDispute(Reading):
    """One dispute and its answer."""

    def version(self):
        return _version()

    def answer(self, asked, reference):
        row = Dispute.objects.public().filter(reference=reference).first()
        if row is None:
            raise NotFound(f"No dispute has the reference {reference[:20]!r}.")
        return dispute(row)


class Subscriptions(View):
    """E-mail digests."""

    @extend_schema(
        operation_id="subscription_create",
        request=shapes.SubscriptionInput,
        responses={202: OpenApiResponse(shapes.Asked, description="A mail asks the address to confirm.")},
        tags=["Alerts"],
    )
    @answered_once
    def post(self, request):
        """Ask for mails. Nothing is sent but a question to confirm until the address has confirmed; each mail
        has a link that ends it with one click."""
        self.asked_nothing()
        given = checked(shapes.SubscriptionInput, request)
        spend(request, "alerts", subscribing.lately())
        try:
            wish = subscribing.checked(given["email"], given["rhythm"], given.get("language", "en"), given)
        except following.BadWish as wrong:
            raise unkept(wrong) from None
        subscribing.ask(wish)
        return created({"detail": "If the address is yours, a mail asks you to confirm."}, status=202)

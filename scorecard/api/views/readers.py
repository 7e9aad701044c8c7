"""What readers send and are sent: disputes and subscriptions, which anyone may send without a key, within limits; and
the webhooks of a key: make, look at, rotate, test, end, the log of deliveries, and sending one again.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Max
from django.http import HttpResponse
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound, Throttled

from scorecard import conditional, disputes, limits
from scorecard.alerts import subscribing, webhooks
from scorecard.api import parameters
from scorecard.api.parameters import read
from scorecard.api.problems import Invalid, NotARecord, Refused
from scorecard.api.serializers import writing as shapes
from scorecard.api.views import (
    CURSOR,
    LIMIT,
    Listing,
    Order,
    Reading,
    View,
    answered_once,
    checked,
    created,
    moment,
    next_address,
    page_of,
    public,
    reads,
)
from scorecard.keys import Holds
from scorecard.models import Delivery, Dispute, Webhook
from tracker.models import Head

REFERENCE = OpenApiParameter(
    "reference", {"type": "string", "pattern": "^D-[0-9A-Z]{4}-[0-9A-Z]{4}$"}, OpenApiParameter.PATH,
    description="As given when the dispute came in.",
)  # fmt: skip


STATES = tuple(state for state in Dispute.State.values if state != Dispute.State.SPAM)
MOST_WEBHOOKS = 10
WEBHOOK_SCOPES = dict.fromkeys(("GET", "HEAD", "POST", "DELETE"), "webhooks")
NEWEST_FIRST = Order("pk", down=True)
WEBHOOK_ID = OpenApiParameter(
    "id",
    {"type": "integer", "minimum": 1, "maximum": (1 << 53) - 1},
    OpenApiParameter.PATH,
    description="Its id.",
)
MESSAGE = OpenApiParameter(
    "message",
    {"type": "string", "pattern": "^msg_[0-9a-f]{32}$"},
    OpenApiParameter.PATH,
    description="Its id.",
)


def unkept(wrong: subscribing.BadWish) -> Invalid | NotARecord:
    """The problem of a wish that cannot be kept: what is well-formed and not on record is told apart."""
    errors = [{"name": name, "reason": why} for name, why in wrong.by_field().items()]
    if wrong.field in subscribing.FIELDS:
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
        except subscribing.BadWish as wrong:
            raise unkept(wrong) from None
        subscribing.ask(wish)
        return created({"detail": "If the address is yours, a mail asks you to confirm."}, status=202)


class OfKey(View):
    """Only what belongs to the key that asks."""

    permission_classes = (Holds,)
    scopes = WEBHOOK_SCOPES
    parameters = ()

    def mine(self) -> Any:
        return Webhook.objects.filter(key=self.request.auth)

    def one(self, key: int) -> Webhook:
        row = self.mine().filter(pk=key).first() if key < 1 << 62 else None
        if row is None:
            raise NotFound(f"This key has no webhook {key}.")
        return row

    def given(self, body: Any) -> HttpResponse:
        answer = HttpResponse(conditional.written(body), content_type=conditional.JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def page(self, rows: Any, item: Any, name: str) -> HttpResponse:
        asked = read(self.request.query_params, (LIMIT, CURSOR))
        found, cursor = page_of(rows, NEWEST_FIRST, asked["limit"], asked["cursor"], name, keys=int)
        address = next_address(public(self.request.path), self.request.query_params, cursor)
        return self.given({"total": rows.count(), "next": address, "results": [item(row) for row in found]})


class Webhooks(OfKey):
    parameters = (LIMIT, CURSOR)

    @extend_schema(operation_id="webhooks", responses=shapes.Webhooks, tags=["Webhooks"])
    def get(self, request):
        """The webhooks of this key."""
        return self.page(self.mine(), webhook, "webhooks")

    @extend_schema(
        operation_id="webhook_create",
        request=shapes.WebhookInput,
        responses={201: shapes.WebhookShape},
        tags=["Webhooks"],
    )
    @answered_once
    def post(self, request):
        """Ask to be called at each change of meaning of what is followed, signed after the Standard Webhooks
        specification. The secret is in this answer and nowhere else."""
        self.asked_nothing()
        given = checked(shapes.WebhookInput, request)
        if self.mine().count() >= MOST_WEBHOOKS:
            raise Refused(f"A key may have {MOST_WEBHOOKS} webhooks; end one first.")
        _check_address(given["url"])
        try:
            followed = subscribing.checked_wish(given)
        except subscribing.BadWish as wrong:
            raise unkept(wrong) from None
        head = Head.objects.filter(id=1).first()
        row = Webhook.objects.create(
            key=request.auth,
            url=given["url"],
            **followed,
            secret=webhooks.new_secret(),
            sequence=head.sequence if head else 0,
        )
        row.refresh_from_db()
        return created({**webhook(row), "secret": row.secret}, public(f"/api/v1/webhooks/{row.pk}/"))


def _check_address(url: str) -> None:
    if not url.startswith("https://") and not settings.FETCH_ALLOW_PRIVATE:
        raise Refused("url: only https addresses are called.")
    try:
        import_string(settings.SAFE_ADDRESS)(url)
    except OSError as refusal:
        raise Refused(f"url: {refusal}") from None


def webhook(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": row.url,
        **subscribing.wish_of(row),
        "enabled": row.disabled_at is None,
        "reason": row.reason,
        "failing_since": moment(row.failing_since),
        "created_at": moment(row.created_at),
    }


class OneWebhook(OfKey):
    @extend_schema(
        operation_id="webhook", parameters=[WEBHOOK_ID], responses=shapes.WebhookShape, tags=["Webhooks"]
    )
    def get(self, request, id):
        """One webhook."""
        self.asked_nothing()
        return self.given(webhook(self.one(id)))

    @extend_schema(
        operation_id="webhook_delete", parameters=[WEBHOOK_ID], responses={204: None}, tags=["Webhooks"]
    )
    def delete(self, request, id):
        """End a webhook; what it was owed is dropped with it."""
        self.asked_nothing()
        self.one(id).delete()
        return HttpResponse(status=204)


class Rotate(OfKey):
    @extend_schema(
        operation_id="webhook_rotate",
        parameters=[WEBHOOK_ID],
        request=None,
        responses=shapes.WebhookShape,
        tags=["Webhooks"],
    )
    def post(self, request, id):
        """A new secret, in this answer and nowhere else. The old one signs beside it for 24 hours."""
        self.asked_nothing()
        row = self.one(id)
        secret = webhooks.rotate(row)
        return self.given({**webhook(row), "secret": secret})


class Enable(OfKey):
    @extend_schema(
        operation_id="webhook_enable",
        parameters=[WEBHOOK_ID],
        request=None,
        responses=shapes.WebhookShape,
        tags=["Webhooks"],
    )
    def post(self, request, id):
        """Switch a disabled webhook on again. What it missed stands in the change feed."""
        self.asked_nothing()
        webhooks.enable(self.one(id))
        return self.given(webhook(self.one(id)))


class Ping(OfKey):
    @extend_schema(
        operation_id="webhook_ping",
        parameters=[WEBHOOK_ID],
        request=None,
        responses={202: shapes.DeliveryShape},
        tags=["Webhooks"],
    )
    def post(self, request, id):
        """Send a message that only tests the way."""
        self.asked_nothing()
        row = webhooks.ping(self.one(id))
        row.refresh_from_db()
        return created(delivery(row), status=202)


class Deliveries(OfKey):
    parameters = (LIMIT, CURSOR)

    @extend_schema(
        operation_id="webhook_deliveries",
        parameters=[WEBHOOK_ID],
        responses=shapes.Deliveries,
        tags=["Webhooks"],
    )
    def get(self, request, id):
        """What was sent to a webhook, newest first, with every try."""
        rows = self.one(id).deliveries.prefetch_related("tries")
        return self.page(rows, delivery, f"deliveries:{id}")


def delivery(row: Delivery) -> dict[str, Any]:
    state = "delivered" if row.delivered_at else "given_up" if row.given_up_at else "owed"
    return {
        "message": row.message,
        "sequence": row.sequence if row.sequence < 1 << 62 else None,
        "state": state,
        "attempts": row.attempts,
        "written_at": moment(row.written_at),
        "next_at": moment(row.next_at),
        "delivered_at": moment(row.delivered_at),
        "tries": [
            {"at": moment(each.at), "status": each.status, "trouble": each.trouble, "seconds": each.seconds}
            for each in row.tries.all()
        ],
    }


class Resend(OfKey):
    @extend_schema(
        operation_id="webhook_resend",
        parameters=[WEBHOOK_ID, MESSAGE],
        request=None,
        responses={202: shapes.DeliveryShape},
        tags=["Webhooks"],
    )
    def post(self, request, id, message):
        """Send a message once more, under the same id and with the same body."""
        self.asked_nothing()
        row = self.one(id).deliveries.filter(message=message).first()
        if row is None:
            raise NotFound(f"This webhook was never sent {message[:40]!r}.")
        webhooks.send_again([row])
        row.refresh_from_db()
        return created(delivery(row), status=202)

"""Webhooks of a key: make, look at, rotate, test, end; the log of deliveries, and sending one again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.module_loading import import_string
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound

from scorecard import conditional
from scorecard.alerts import following, webhooks
from scorecard.api.incoming import Holds
from scorecard.api.parameters import read
from scorecard.api.problems import Refused
from scorecard.api.serializers import writing as shapes
from scorecard.api.views.base import (
    CURSOR,
    LIMIT,
    Order,
    View,
    answered_once,
    moment,
    next_address,
    page_of,
    public,
)
from scorecard.api.views.disputes import checked, created, unkept
from scorecard.models import Delivery, Webhook
from tracker.models import Head

MOST = 10
EVERY = dict.fromkeys(("GET", "HEAD", "POST", "DELETE"), "webhooks")
ORDER = Order("pk", down=True)
ID = OpenApiParameter(
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


class OfKey(View):
    """Only what belongs to the key that asks."""

    permission_classes = (Holds,)
    scopes = EVERY
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
        found, cursor = page_of(rows, ORDER, asked["limit"], asked["cursor"], name, keys=int)
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
        if self.mine().count() >= MOST:
            raise Refused(f"A key may have {MOST} webhooks; end one first.")
        _check_address(given["url"])
        try:
            followed = following.checked(given)
        except following.BadWish as wrong:
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
        **following.of(row),
        "enabled": row.disabled_at is None,
        "reason": row.reason,
        "failing_since": moment(row.failing_since),
        "created_at": moment(row.created_at),
    }


class OneWebhook(OfKey):
    @extend_schema(operation_id="webhook", parameters=[ID], responses=shapes.WebhookShape, tags=["Webhooks"])
    def get(self, request, id):
        """One webhook."""
        self.asked_nothing()
        return self.given(webhook(self.one(id)))

    @extend_schema(operation_id="webhook_delete", parameters=[ID], responses={204: None}, tags=["Webhooks"])
    def delete(self, request, id):
        """End a webhook; what it was owed is dropped with it."""
        self.asked_nothing()
        self.one(id).delete()
        return HttpResponse(status=204)


class Rotate(OfKey):
    @extend_schema(
        operation_id="webhook_rotate",
        parameters=[ID],
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
        parameters=[ID],
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
        parameters=[ID],
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
        operation_id="webhook_deliveries", parameters=[ID], responses=shapes.Deliveries, tags=["Webhooks"]
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
        parameters=[ID, MESSAGE],
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

"""Webhooks after the Standard Webhooks specification (standardwebhooks.com).

The law: a message has one id and one body for ever, whatever number of tries it takes; each try is a row;
a try is claimed before the call with a lease, so that a dead caller's message is tried again under the same
id and a living one's is not called twice at once. Receivers keep the id and drop repetitions.
"""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import hmac
import json
import logging
import random
import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Min, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from scorecard import acts, history
from scorecard.ahead import Calendar, Entry, News
from scorecard.alerts import mailing
from scorecard.alerts.subscribing import Follower
from scorecard.models import Delivery, Try, Webhook
from tracker import log
from tracker.models import Head, Revision

logger = logging.getLogger(__name__)

DEADLINE = 10.0  # seconds
LEASE = datetime.timedelta(seconds=60)
# After each failed try: 5 seconds, 5 minutes, 30 minutes, 2, 5, 10, 20 and 24 hours; then it is given up.
PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 72_000, 86_400)
FAILING_TOO_LONG = datetime.timedelta(days=5)
OLD_SECRET_HOLDS = datetime.timedelta(hours=24)
AT_ONCE = 8
KEPT = datetime.timedelta(days=90)  # deliveries that are over
MOST_BEHIND = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    status: int | None
    trouble: str
    seconds: float

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def rotate(webhook: Webhook) -> str:
    """A new secret; the old one signs beside it for a day."""
    secret = new_secret()
    Webhook.objects.filter(pk=webhook.pk).update(
        secret=secret, old_secret=webhook.secret, old_until=timezone.now() + OLD_SECRET_HOLDS
    )
    return secret


def signature(secret: str, message: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(webhook: Webhook, delivery: Delivery, now: datetime.datetime) -> dict[str, str]:
    """The three headers of the specification; while a secret rotates, both sign."""
    keys = [webhook.secret]
    if webhook.old_secret and webhook.old_until and webhook.old_until > now:
        keys.append(webhook.old_secret)
    at, body = int(now.timestamp()), delivery.body.encode()
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery.message,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signature(key, delivery.message, at, body) for key in keys),
    }


def write() -> int:
    """Deliveries for every change of meaning that a webhook has not been told of; how many."""
    head = Head.objects.filter(id=1).first()
    if head is None:
        return 0
    behind = Webhook.objects.filter(disabled_at=None, sequence__lt=head.sequence).select_related("key")
    follower, calendar = Follower(), functools.cache(Calendar)
    return sum(
        _write(webhook, min(head.sequence, webhook.sequence + MOST_BEHIND), follower, calendar)
        for webhook in behind
    )


def _write(webhook: Webhook, until: int, follower: Follower, calendar: Callable[[int], Calendar]) -> int:
    each = acts.each_change(webhook.sequence, until)
    revisions = {revision.sequence: revision for revision, _changed in each}
    changes = follower.mine(webhook, [changed for _revision, changed in each])
    news = calendar(until).between(webhook.sequence) if webhook.calendar else News()
    try:
        with transaction.atomic():
            if not Webhook.objects.filter(pk=webhook.pk, sequence=webhook.sequence).update(sequence=until):
                return 0
            Delivery.objects.bulk_create(
                Delivery(
                    webhook=webhook,
                    message=f"msg_{uuid.uuid4().hex}",
                    sequence=changed.sequence,
                    body=_body(f"event.{changed.kind}", _told(revisions[changed.sequence], changed)),
                    next_at=Now(),
                )
                for changed in changes
            )
            if news:
                _apart(webhook, _body("calendar.changed", _coming(news, until)))
    except IntegrityError:  # another worker wrote them meanwhile
        return 0
    return len(changes) + bool(news)


def _coming(news: News, until: int) -> dict[str, object]:
    """What came on the calendar of what comes next and what left it, up to a revision."""
    return {
        "sequence": until,
        "added": [_entry(entry) for entry in news.added],
        "removed": [
            {**_entry(entry), "answered_by": answer["id"] if answer else None}
            for entry, answer in news.removed
        ],
    }


def _entry(entry: Entry) -> dict[str, object]:
    record = entry.record
    return {
        "kind": entry.kind,
        "named": entry.named,
        "event": record["id"],
        "title": record["title"],
        "title_zh": record["title_zh"],
        "what": record.get("due_what") or "" if entry.due else "",
        "what_zh": record.get("due_what_zh") or "" if entry.due else "",
        "recommendations": [item["rec"] for item in record["assessments"]],
        "page": f"{settings.SITE_URL.rstrip('/')}/events/{record['id']}/",
    }


def _told(revision: Revision, changed: acts.Changed) -> dict[str, object]:
    """The revision as mirrors read it, with the record as it was before, what changed in words, and its page."""
    with override("en"):  # programs read it; the record itself holds both languages
        words = history.words(changed.before, changed.record, acts.ask_names())
    return {
        **log.envelope(revision),
        "previous": revision.previous,
        "digest": revision.digest,
        "before": changed.before,
        "words": words,
        "page": f"{settings.SITE_URL.rstrip('/')}/events/{revision.event_id}/",
    }


def ping(webhook: Webhook) -> Delivery:
    """A message that only tests the way."""
    return _apart(webhook, _body("ping", {"webhook": webhook.pk}))


def _apart(webhook: Webhook, body: str) -> Delivery:
    """A message about no revision of its own."""
    return Delivery.objects.create(
        webhook=webhook,
        message=f"msg_{uuid.uuid4().hex}",
        # Above every revision and another each time, so that it never stands in a change's place.
        sequence=(1 << 62) + secrets.randbits(60),
        body=body,
        next_at=Now(),
    )


def _body(kind: str, data: dict[str, object]) -> str:
    at = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(
        {"type": kind, "timestamp": at, "data": data}, ensure_ascii=False, separators=(",", ":")
    )


def send(limit: int = 200) -> int:
    """Make the calls that are due, a few at once and never two to the same webhook; how many were answered
    well."""
    post, good, made = import_string(settings.SAFE_CLIENT), 0, 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while made < limit and (claimed := _claimed()):
            made += len(claimed)
            calls = [pool.submit(_call, post, delivery) for delivery in claimed]
            for delivery, call in zip(claimed, calls, strict=True):
                good += _noted(delivery, call.result())
    return good


def _claimed() -> list[Delivery]:
    """Up to eight deliveries of as many webhooks, each leased to this caller."""
    free = Q(leased_until=None) | Q(leased_until__lte=Now())
    due = Delivery.objects.filter(
        free, delivered_at=None, given_up_at=None, next_at__lte=Now(), webhook__disabled_at=None
    )
    busy = set(
        Delivery.objects.filter(leased_until__gt=Now(), delivered_at=None).values_list(
            "webhook_id", flat=True
        )
    )
    # The longest due of each, whatever one of them is owed: nobody's thousand stand before another's one.
    firsts = due.exclude(webhook__in=busy).order_by().values_list("webhook_id").annotate(first=Min("next_at"))
    found: list[Delivery] = []
    for webhook, _first in firsts.order_by("first")[: 2 * AT_ONCE]:
        key = due.filter(webhook=webhook).order_by("next_at", "id").values_list("pk", flat=True).first()
        if key is None:  # it was taken meanwhile
            continue
        token = uuid.uuid4().hex
        taken = Delivery.objects.filter(free, pk=key, delivered_at=None).update(
            leased_until=Now() + LEASE, token=token, attempts=F("attempts") + 1
        )
        if taken:
            found.append(Delivery.objects.select_related("webhook").get(pk=key))
        if len(found) == AT_ONCE:
            break
    return found


def _call(post: object, delivery: Delivery) -> Answer:
    """One call. Touches no database: it runs in a thread of its own."""
    began = time.monotonic()
    try:
        sent = headers(delivery.webhook, delivery, timezone.now())
        status = post(delivery.webhook.url, sent, delivery.body.encode(), DEADLINE)  # type: ignore[operator]
    except OSError as error:
        return Answer(None, str(error)[:300], time.monotonic() - began)
    return Answer(status, "", time.monotonic() - began)


def _noted(delivery: Delivery, answer: Answer) -> bool:
    """Write down what came of a try; nothing if the lease went to somebody else meanwhile."""
    now = timezone.now()
    changes: dict[str, object] = {"leased_until": None, "token": ""}
    if answer.good:
        changes |= {"delivered_at": now, "next_at": None}
    elif delivery.attempts > len(PAUSES):
        changes |= {"given_up_at": now, "next_at": None}
    else:
        pause = PAUSES[delivery.attempts - 1] * random.uniform(1.0, 1.2)  # noqa: S311  # nosec B311  # spreads the load
        changes["next_at"] = Now() + datetime.timedelta(seconds=pause)
    with transaction.atomic():
        if not Delivery.objects.filter(pk=delivery.pk, token=delivery.token).update(**changes):
            return False
        Try.objects.create(
            delivery=delivery, status=answer.status, trouble=answer.trouble, seconds=round(answer.seconds, 3)
        )
        _judge(delivery.webhook, answer, now)
    return answer.good


def _judge(webhook: Webhook, answer: Answer, now: datetime.datetime) -> None:
    """A good answer clears the webhook's record; 410 or five days of failure end it."""
    row = Webhook.objects.filter(pk=webhook.pk)
    if answer.good:
        row.exclude(failing_since=None).update(failing_since=None)
        return
    row.filter(failing_since=None).update(failing_since=now)
    reason = ""
    if answer.status == 410:
        reason = "the address answered 410 Gone"
    elif row.filter(failing_since__lt=now - FAILING_TOO_LONG).exists():
        reason = "every call failed for five days"
    if reason and row.filter(disabled_at=None).update(disabled_at=now, reason=reason):
        logger.warning("webhook %s disabled: %s", webhook.pk, reason)
        _write_to_owner(webhook, reason, now)


def _write_to_owner(webhook: Webhook, reason: str, now: datetime.datetime) -> None:
    """One letter for each time that it is disabled, to the account behind its key."""
    account = webhook.key.account
    if account is None or not account.email:  # a reader's key has no webhooks
        return
    body = _(
        "We no longer call this webhook of yours, as %(reason)s:\n%(url)s\n\n"
        "Once it works, switch it on with POST %(address)s. What it missed stands in the change feed.\n"
    ) % {
        "reason": reason,
        "url": webhook.url,
        "address": f"{settings.SITE_URL.rstrip('/')}/api/v1/webhooks/{webhook.pk}/enable/",
    }
    subject = _("Your webhook %(number)d is switched off") % {"number": webhook.pk}
    mailing.write_letter(
        account.email, f"webhook:{webhook.pk}:{now.isoformat(timespec='seconds')}", subject, body
    )


def enable(webhook: Webhook) -> None:
    """Switch a disabled webhook on again; what it missed is not sent afterwards, the change feed holds it."""
    head = Head.objects.filter(id=1).first()
    Webhook.objects.filter(pk=webhook.pk).update(
        disabled_at=None, failing_since=None, reason="", sequence=head.sequence if head else 0
    )


def send_again(deliveries: Sequence[Delivery]) -> int:
    """Once more, under the same id and with the same body."""
    return Delivery.objects.filter(pk__in=[each.pk for each in deliveries]).update(
        delivered_at=None, given_up_at=None, next_at=Now(), attempts=0, leased_until=None, token=""
    )


def forget(now: datetime.datetime | None = None) -> int:
    """Delete deliveries that are over; how many."""
    horizon = (now or timezone.now()) - KEPT
    over = Q(delivered_at__isnull=False) | Q(given_up_at__isnull=False)
    return Delivery.objects.filter(over, written_at__lt=horizon).delete()[0]

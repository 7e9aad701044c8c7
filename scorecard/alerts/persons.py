"""What is kept of one person who left a mail address, and how it is deleted on their request.

The law: the answer names every place; accounts of staff are named and left to an administrator, as decisions are
signed with them.
"""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db import transaction

from scorecard.alerts import subscribing
from scorecard.models import Dispute, KeyHolder, Mail, Subscription, Unwanted


def kept(email: str) -> dict[str, int]:
    """How many rows hold the address, by what they are."""
    email = email.strip()
    return {
        "subscriptions": Subscription.objects.filter(email__iexact=email).count(),
        "mails to the subscription": Mail.objects.filter(subscription__email__iexact=email).count(),
        "letters": Mail.objects.filter(email__iexact=email).count(),
        "keys to read with": KeyHolder.objects.filter(email__iexact=email).count(),
        "disputes that wait for an answer to it": Dispute.objects.filter(email__iexact=email).count(),
        "accounts of staff": get_user_model().objects.filter(email__iexact=email).count(),
    }


def forget(email: str, *, never: bool = False) -> None:
    """Delete the address everywhere but in accounts; with `never` nothing is ever sent to it again."""
    email = email.strip()
    with transaction.atomic():
        Mail.objects.filter(email__iexact=email).delete()
        Dispute.objects.filter(email__iexact=email).update(email="")
        Subscription.objects.filter(email__iexact=email).delete()
        KeyHolder.objects.filter(email__iexact=email).delete()
        if never:
            Unwanted.objects.get_or_create(digest=subscribing.digest(email))

"""What the way out keeps: what it published, who has seen it, keys of programs, and who is told of changes."""

from scorecard.models.published import Countersignature, Dispute, Edition, MethodInService, Pin, Witness
from scorecard.models.readers import (
    Answered,
    ApiKey,
    Delivery,
    KeyHolder,
    Mail,
    Subscription,
    Try,
    Unwanted,
    Webhook,
)

__all__ = [
    "Answered",
    "ApiKey",
    "Countersignature",
    "Delivery",
    "Dispute",
    "Edition",
    "KeyHolder",
    "Mail",
    "MethodInService",
    "Pin",
    "Subscription",
    "Try",
    "Unwanted",
    "Webhook",
    "Witness",
]

"""What the way out keeps: what it published, keys of programs, and who is told of changes."""

from scorecard.models.alerts import Delivery, Mail, Subscription, Try, Unwanted, Webhook
from scorecard.models.keys import Answered, ApiKey, KeyHolder
from scorecard.models.published import Dispute, Edition, MethodInService, Pin

__all__ = [
    "Answered",
    "ApiKey",
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
]

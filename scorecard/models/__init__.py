"""What the way out keeps: what it published, who has seen it, keys of programs, and who is told of changes."""

from scorecard.models.alerts import Delivery, Mail, Subscription, Try, Unwanted, Webhook
from scorecard.models.keys import Answered, ApiKey, KeyHolder
from scorecard.models.published import Dispute, Edition, MethodInService, Pin
from scorecard.models.witnesses import Countersignature, Witness

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

"""What the way out keeps: keys of programs, frozen editions, subscriptions and webhooks, disputes."""

from scorecard.models.disputes import Dispute
from scorecard.models.editions import Edition
from scorecard.models.keys import ApiKey
from scorecard.models.mails import Mail, Subscription
from scorecard.models.webhooks import Delivery, Try, Webhook

__all__ = ["ApiKey", "Delivery", "Dispute", "Edition", "Mail", "Subscription", "Try", "Webhook"]

"""What beat nudges on the way out. A task is a door, not a room; each may run again without harm."""

from celery import shared_task

from scorecard import editions, keys
from scorecard.alerts import mailing, subscribing, webhooks


@shared_task
def send_mails():
    mailing.write()
    mailing.send()


@shared_task
def send_webhooks():
    webhooks.write()
    webhooks.send()


@shared_task
def forget():
    subscribing.forget()
    mailing.forget()
    webhooks.forget()
    keys.forget()


@shared_task
def make_edition():
    editions.make_due()

"""What beat nudges on the way out. A task is a door, not a room; each may run again without harm."""

from celery import shared_task

from scorecard.alerts import calling, mailing
from scorecard.editions import making


@shared_task
def send_mails():
    mailing.write()
    mailing.send()


@shared_task
def send_webhooks():
    calling.write()
    calling.send()


@shared_task
def make_edition():
    making.make()

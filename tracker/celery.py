"""Celery: its queues and what beat nudges. The work itself is rows in the database (docs/architecture.md)."""

import os

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

EVERY = {"schedule": float(settings.BEAT_EVERY), "options": {"expires": max(30, settings.BEAT_EVERY - 5)}}

app = Celery(
    "tracker", log="tracker.operations.logs:CeleryLogging", task_cls="tracker.operations.celery:CountedTask"
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["feeds", "tracker", "scorecard"])
app.conf.beat_schedule = {
    "poll feeds that are due": {"task": "feeds.tasks.dispatch"} | EVERY,
    "file articles left over": {"task": "tracker.tasks.file_articles"} | EVERY,
    "fetch full texts": {"task": "feeds.tasks.fetch_texts", "schedule": 300.0, "options": {"expires": 290}},
    "ask hubs": {"task": "feeds.tasks.ask_hubs", "schedule": 300.0, "options": {"expires": 290}},
    "tidy polls": {"task": "feeds.tasks.tidy", "schedule": crontab(hour=3, minute=10)},
    "forget old texts": {"task": "tracker.tasks.forget_texts", "schedule": crontab(hour=3, minute=30)},
    "verify the record": {"task": "tracker.tasks.verify_record", "schedule": crontab(minute=50)},
    "forget mails and addresses": {"task": "scorecard.tasks.forget", "schedule": crontab(minute=40)},
    "forget sessions": {"task": "tracker.tasks.forget_sessions", "schedule": crontab(hour=3, minute=50)},
    "regroup recent reports": {"task": "tracker.tasks.regroup", "schedule": crontab(hour=2, minute=20)},
    "retrain the tagger": {"task": "tracker.tasks.retrain", "schedule": crontab(hour=2, minute=50)},
    "call webhooks": {"task": "scorecard.tasks.send_webhooks", "schedule": 30.0, "options": {"expires": 25}},
    "send mails": {"task": "scorecard.tasks.send_mails", "schedule": 60.0, "options": {"expires": 55}},
    "make the edition of the day": {"task": "scorecard.tasks.make_edition", "schedule": crontab(minute=25)},
}
if settings.ARCHIVER_URL:
    app.conf.beat_schedule["ask the archiver"] = {"task": "feeds.tasks.ask_archiver"} | EVERY
if settings.SECOND_OPINION_URL and settings.SECOND_OPINION_MODEL:
    app.conf.beat_schedule["ask for second opinions"] = {"task": "tracker.tasks.consult"} | EVERY

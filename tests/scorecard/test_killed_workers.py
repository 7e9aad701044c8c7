"""Senders killed with SIGKILL at random, on PostgreSQL and Redis: no mail comes twice, no webhook is lost."""

import contextlib
import os
import random
import signal
import time
from collections import Counter, defaultdict

import pytest

from tests.scorecard.alerts.postbox import Postbox
from tests.scorecard.alerts.receiver import Receiver
from tests.service import Service

pytestmark = [pytest.mark.servers, pytest.mark.slow]
KILLS, READERS, ACTS = 8, 60, 24

PREPARE = f"""
from django.contrib.auth import get_user_model
from django.utils import timezone
from scorecard.alerts import calling
from scorecard.api import keys
from scorecard.models import Subscription, Webhook
from tracker import codebook, triage
from tracker.models import Recommendation
for number, slug in enumerate(codebook.RECOMMENDATIONS, start=1):
    Recommendation.objects.create(slug=slug, number=number, name_en=slug, summary_en=slug)
ada = get_user_model().objects.create_superuser("ada", password="x")
key, _text = keys.issue("killed", ada, ["webhooks"])
Webhook.objects.create(key=key, url="URL", secret=calling.new_secret())
Webhook.objects.create(key=key, url="URL?second", secret=calling.new_secret())
Subscription.objects.bulk_create(
    Subscription(email=f"reader{{n}}@example.org", rhythm="daily", confirmed_at=timezone.now())
    for n in range({READERS})
)
for n in range({ACTS}):
    line = {{"id": f"act-{{n}}", "date": "2025-06-01", "title": f"Act {{n}}", "actors": ["us"],
            "assessments": [{{"rec": "trust", "direction": 1, "strength": 3}}]}}
    triage.enter(line, who="seed")
answer = 1
"""
# What an hour does to the lease of a dead worker.
AN_HOUR_PASSES = """
from django.utils import timezone
from scorecard.alerts import mailing
from scorecard.models import Delivery, Mail
past = timezone.now() - timezone.timedelta(hours=1)
Mail.objects.filter(state="sending").update(leased_until=past)
Delivery.objects.filter(delivered_at=None).update(leased_until=None, next_at=past)
mailing.sweep()
answer = {
    "waiting": Mail.objects.filter(state__in=("waiting", "sending")).count(),
    "owed": Delivery.objects.filter(delivered_at=None).count(),
    "mails": dict(Mail.objects.values_list("subscription__email", "state")),
    "deliveries": list(Delivery.objects.values_list("message", flat=True)),
}
""".replace("timezone.timedelta", "__import__('datetime').timedelta")


def test_no_mail_comes_twice_and_no_webhook_is_lost(postgres_server, redis_url, tmp_path):
    rng = random.Random(9)
    with (
        Postbox(pause=0.02) as post,
        Receiver() as receiver,
        Service(
            tmp_path,
            redis_url=redis_url,
            EMAIL_URL=f"smtp://127.0.0.1:{post.port}",
        ).filled(postgres_server, seeds=False) as service,
    ):
        service.ask(PREPARE.replace("URL", receiver.url))
        state = {"waiting": 1, "owed": 1}
        for turn in range(KILLS + 20):
            senders = [service.fork("manage.py", "alerts", what) for what in ("mails", "webhooks", "mails")]
            if turn < KILLS:
                met = len(post.taken) + len(receiver.calls)
                _until(lambda met=met: len(post.taken) + len(receiver.calls) > met + rng.randrange(8))
                for sender in senders:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(sender.pid, signal.SIGKILL)
            for sender in senders:
                sender.wait(120)
            state = service.ask(AN_HOUR_PASSES)
            if not state["waiting"] and not state["owed"]:
                break
    assert (state["waiting"], state["owed"]) == (0, 0)
    _no_mail_twice(post, state["mails"])
    _no_message_lost(receiver, state["deliveries"])


def _until(holds, patience=60):
    deadline = time.monotonic() + patience
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)


def _no_mail_twice(post, mails):
    came = Counter(post.taken)
    assert len(mails) == READERS
    assert max(came.values()) == 1
    assert {email for email, state in mails.items() if state == "sent"} <= set(came)
    lost = {email for email, state in mails.items() if state == "unsure"}
    assert set(mails.values()) <= {"sent", "unsure"}
    assert len(lost) <= 2 * KILLS  # at most the mail in the hands of each sender that was killed


def _no_message_lost(receiver, deliveries):
    bodies = defaultdict(set)
    for headers, body in receiver.calls:
        bodies[headers["webhook-id"]].add(body)
    assert set(bodies) == set(deliveries)
    assert len(deliveries) == 2 * ACTS
    assert all(len(each) == 1 for each in bodies.values())

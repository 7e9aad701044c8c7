"""The way out on PostgreSQL and Redis while workers, editors and makers of editions are killed at random.

What is guaranteed, and held here: a mirror that reads the change feed equals the export byte for byte; every
edition verifies and continues the one before; every change of meaning is one message to each webhook, under one
id and with one body, delivered at least once (as Standard Webhooks means it: the id tells repetitions, and only
the messages in the hands of a worker that was killed are repeated); no mail comes twice.
"""

import contextlib
import datetime
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict

import pytest
from standardwebhooks.webhooks import Webhook

from scorecard import verify
from tests.scorecard.alerts.postbox import Postbox
from tests.scorecard.alerts.receiver import Receiver
from tests.scorecard.mirror import Mirror
from tests.service import Service

pytestmark = [pytest.mark.servers, pytest.mark.slow]
KILLS, READERS, DEEDS = 6, 40, 25
IN_HAND = 8  # calls that one worker process makes at once
TASKS = [f"scorecard.tasks.{name}" for name in ("send_mails", "send_webhooks", "make_edition")]

PREPARE = f"""
from django.contrib.auth import get_user_model
from django.utils import timezone
from scorecard.alerts import webhooks
from scorecard import keys
from scorecard.models import Subscription, Webhook
from tracker.codebook import current
from tracker.models import Recommendation
for number, slug in enumerate(current().slugs, start=1):
    Recommendation.objects.create(slug=slug, number=number, name_en=slug, summary_en=slug)
ada = get_user_model().objects.create_superuser("ada", password="x")
key, _text = keys.issue("killed", ada, ["webhooks"])
answer = [webhooks.new_secret(), webhooks.new_secret()]
for secret in answer:
    Webhook.objects.create(key=key, url="URL?" + secret[6:12], secret=secret)
Subscription.objects.bulk_create(
    Subscription(email=f"reader{{n}}@example.org", rhythm="daily", confirmed_at=timezone.now())
    for n in range({READERS})
)
"""
EDIT = f"""
import random
from django.contrib.auth import get_user_model
from django.utils import timezone
from tests.scorecard.work import a_day_of_work
ada, rng = get_user_model().objects.get(username="ada"), random.Random(SEED)
for _deed in range({DEEDS}):
    a_day_of_work(rng, timezone.now().date(), ada)
"""
# What an hour does to the lease of a dead worker.
AN_HOUR_PASSES = """
import datetime
from django.utils import timezone
from scorecard import acts
from scorecard.alerts import mailing
from scorecard.models import Delivery, Edition, Mail, Webhook
from tracker import log
from tracker.models import Head, Revision
past = timezone.now() - datetime.timedelta(hours=1)
Mail.objects.filter(state="sending").update(leased_until=past)
Delivery.objects.filter(delivered_at=None).update(leased_until=None, next_at=past)
mailing.sweep()
head = Head.objects.get(id=1).sequence
answer = {
    "head": log.verify(),
    "kinds": sorted(set(Revision.objects.values_list("kind", flat=True))),
    "behind": Webhook.objects.filter(sequence__lt=head).count(),
    "waiting": Mail.objects.filter(state__in=("waiting", "sending")).count(),
    "owed": Delivery.objects.filter(delivered_at=None).count(),
    "mails": dict(Mail.objects.values_list("subscription__email", "state")),
    "deliveries": list(Delivery.objects.values_list("webhook__secret", "message", "sequence")),
    "meant": [revision.sequence for revision, _changed in acts.each_change(0, head)],
    "editions": list(Edition.objects.order_by("day").values_list("file", "key")),
}
"""


@pytest.fixture(scope="module")
def after(postgres_server, redis_url, tmp_path_factory):
    """Everybody who took part, once all is calm again."""
    with (
        Postbox(pause=0.02) as post,
        Receiver() as receiver,
        Service(
            tmp_path_factory.mktemp("killed"),
            redis_url=redis_url,
            EMAIL_URL=f"smtp://127.0.0.1:{post.port}",
            API_RATE_ANONYMOUS="1000000",
            SIGNING_KEY="07" * 32,
        ).filled(postgres_server, seeds=False) as service,
    ):
        secrets = service.ask(PREPARE.replace("URL", receiver.url))
        service.start_web()
        mirror = Mirror(_fetched, service.address)
        for turn in range(KILLS):
            _a_round(service, turn, random.Random(turn), lambda: len(post.taken) + len(receiver.calls))
            service.ask(AN_HOUR_PASSES)
            mirror.catch_up()
        state = _calm(service)
        mirror.catch_up()
        export = _fetched(f"{service.address}/api/v1/exports/record.jsonl")
        yield post, receiver, service, secrets, state, mirror.text(), export


def _fetched(address):
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read()


def _a_round(service, turn, rng, arrived):
    """Work for everybody; after so many arrivals they are all killed, whatever they are at."""
    day = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(KILLS + 2 - turn)
    at_work = [
        service.start_worker(),
        service.fork("-c", EDIT.replace("SEED", str(turn))),
        service.fork("manage.py", "edition", "make", str(day)),
    ]
    met, wanted, deadline = arrived(), rng.randrange(2, 25), time.monotonic() + 12
    for task in TASKS:
        service.send(task)
    while arrived() < met + wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    for process in at_work:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def _calm(service):
    """A worker that nobody kills, until nothing waits."""
    service.start_worker()

    def settled():
        for task in TASKS:
            service.send(task)
        time.sleep(0.5)
        state = service.ask(AN_HOUR_PASSES)
        done = not state["waiting"] and not state["owed"] and not state["behind"] and state["mails"]
        return state if done else None

    return service.wait(settled, "everything is sent")


def test_the_mirror_equals_the_export(after):
    *_others, state, mirrored, export = after
    assert mirrored == export
    assert mirrored.count(b"\n") == state["head"] > KILLS
    assert {"create", "update", "merge", "supersede", "retract"} <= set(state["kinds"])


def test_every_edition_verifies_and_continues_the_one_before(after):
    _post, _receiver, service, _secrets, state, *_texts = after
    paths = [service.folder / "data" / "editions" / name for name, _key in state["editions"]]
    assert paths
    for before, path in zip([None, *paths], paths, strict=False):
        previous = ["--previous", before] if before else []
        command = [sys.executable, "-I", "-S", verify.__file__, path, "--key", state["editions"][0][1]]
        told = subprocess.run([*command, *previous], capture_output=True, text=True)
        assert told.returncode == 0, told.stderr


def test_each_change_of_meaning_is_one_message_to_each_webhook(after):
    _post, receiver, _service, secrets, state, *_texts = after
    for secret in secrets:
        mine = [(message, sequence) for owner, message, sequence in state["deliveries"] if owner == secret]
        assert sorted(sequence for _message, sequence in mine) == state["meant"]
    calls = defaultdict(list)
    for headers, body in receiver.calls:
        calls[headers["webhook-id"]].append((headers, body))
    secret_of = {message: owner for owner, message, _sequence in state["deliveries"]}
    assert set(calls) == set(secret_of)
    for message, each in calls.items():
        assert len({body for _headers, body in each}) == 1
        for headers, body in each:
            assert Webhook(secret_of[message]).verify(body, headers)
    assert sum(len(each) - 1 for each in calls.values()) <= KILLS * IN_HAND


def test_no_mail_comes_twice(after):
    post, _receiver, _service, _secrets, state, *_texts = after
    came = Counter(post.taken)
    assert len(state["mails"]) == READERS
    assert set(came.values()) == {1}
    assert {email for email, how in state["mails"].items() if how == "sent"} <= set(came)
    lost = [email for email, how in state["mails"].items() if how == "unsure"]
    assert set(state["mails"].values()) <= {"sent", "unsure"}
    assert len(lost) <= 2 * KILLS  # at most the mail in the hands of each process that was killed

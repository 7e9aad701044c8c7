"""Disasters for the whole service: who can be struck, who starts again what died, and who works on meanwhile."""

import contextlib
import http.client
import json
import os
import random
import signal
import threading
import time

import psycopg
from celery import Celery

from tests.feeds.publisher import reply
from tests.feeds.test_kills import FEEDS, Newsroom
from tests.service import Service

CELERY = ("-m", "celery", "--quiet", "-A", "tracker")
QUEUES = ("-Q", "polling,judging,sending,housekeeping", "-c", "1", "--without-mingle")
COMMANDS = {
    "worker one": (*CELERY, "worker", *QUEUES, "-n", "one@localhost"),
    "worker two": (*CELERY, "worker", *QUEUES, "-n", "two@localhost"),
    "worker three": (*CELERY, "worker", *QUEUES, "-n", "three@localhost"),
    "beat": (*CELERY, "beat", "--pidfile="),
    "second beat": (*CELERY, "beat", "--pidfile="),  # by accident
    "web": ("-m", "gunicorn", "-c", "python:tracker.gunicorn", "tracker.wsgi"),
}
VICTIMS = (*COMMANDS, "redis", "queues", "postgres", "line to redis", "line to postgres", "publisher")
CUT = 0.4  # seconds that a line stays cut
PREPARE = """
from django.contrib.auth import get_user_model
from django.utils import timezone
from feeds.models import Feed
from scorecard.alerts import webhooks
from scorecard.api import keys
from scorecard.models import Subscription, Webhook
from tracker import log, triage
Feed.objects.all().delete()
ada = get_user_model().objects.create_superuser("ada", password="x")
_key, deciding = keys.issue("analyst", ada, ["decide"])
key, _text = keys.issue("listener", ada, ["webhooks"])
head = log.verify()
Webhook.objects.create(key=key, url=RECEIVER, secret=webhooks.new_secret(), sequence=head)
Subscription.objects.bulk_create(
    Subscription(email=f"reader{n}@example.org", rhythm="daily", confirmed_at=timezone.now(), told=head)
    for n in range(READERS)
)
day = timezone.now().date()
proposals = [triage.propose(title=f"Act number {n} of the storm", date=day).pk for n in range(ACTS)]
answer = {"head": head, "key": deciding, "proposals": proposals}
"""


def service(folder, **where):
    """A service with short leases and a busy beat: a storm of minutes shows what else takes hours."""
    return Service(folder, FEEDS_LEASE="4", BEAT_EVERY="1", API_RATE_KEY="100000", **where).with_tagger()


class Unsteady(Newsroom):
    """Publishers who sometimes hang up on everybody."""

    reachable = True

    def serve(self, handler, number):
        if self.reachable:
            return super().serve(handler, number)
        return reply(handler, 503, b"gone for a moment")


class Analyst:
    """Accepts one proposal after the other through the web, and asks again until she knows what came of it."""

    def __init__(self, service, key, proposals):
        self.service, self.key, self.proposals = service, key, proposals
        self.accepted, self.asked, self.done = [], 0, threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        for event in self.proposals:
            while not self.done.is_set():
                self.asked += 1
                status = self.ask(event)
                if status == 200:
                    self.accepted.append(event)
                if status in (200, 409):  # 409: an answer got lost, the deed did not
                    break
                time.sleep(0.2)
            if self.done.wait(0.3):
                break

    def ask(self, event):
        code = {"rec": "trust", "direction": 1, "strength": 2, "rationale": "Said in the storm."}
        changes = {"assessments": [code], "actors": ["us"], "certainty": "confirmed"}
        body = json.dumps({"deed": "accept", "why": "in the storm", "changes": changes})
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        line = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=10)
        try:
            line.request("POST", f"/api/v1/events/{event}/decisions/", body, headers)
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()


class Storm:
    """The processes, their servers and the lines between; strikes when told to, and starts again what died."""

    def __init__(self, service, newsroom, servers, lines):
        self.service, self.newsroom = service, newsroom
        self.servers, self.lines = servers, lines
        self.running, self.met = {}, 0
        # The service's own queues, past a line that may be cut.
        database = service.environment["REDIS_URL"].rpartition("/")[2]
        broker = servers["redis"].url.rpartition("/")[0]
        self.broker = Celery(broker=f"{broker}/{database}", set_as_current=False)
        self.broker.conf.task_default_queue = "sending"

    def look_after(self):
        """What a supervisor does, as Docker and systemd are."""
        for name, command in COMMANDS.items():
            process = self.running.get(name)
            if process is None or process.poll() is not None:
                self.running[name] = self.service.fork(*command, log=name.replace(" ", "-"))

    def strike(self, victim):
        if victim in ("redis", "postgres"):
            self.servers[victim].restart()
        elif victim == "queues":
            self.servers["redis"].empty()
        elif victim == "publisher":
            self.newsroom.reachable = False
            time.sleep(CUT)
            self.newsroom.reachable = True
        elif victim.startswith("line"):
            line = self.lines[victim.rsplit(" ", 1)[1]]
            line.cut()
            time.sleep(CUT)
            line.mend()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running[victim].pid, signal.SIGKILL)

    def rage(self, strikes, chance=random):
        """So many strikes, each victim as often as the others, in the midst of work wherever there is any."""
        order = []
        while len(order) < strikes:
            order += chance.sample(VICTIMS, len(VICTIMS))
        for victim in order[:strikes]:
            self.look_after()
            self.make_due()
            self.nudge_senders()
            before, deadline = self.newsroom.calls, time.monotonic() + 3
            while self.newsroom.calls < before + 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.1)
            self.met += bool(self.count("feeds_feed WHERE lease_token <> ''"))
            self.strike(victim)

    def calm(self, patience=180):
        """Nobody strikes any more: every feed is read once again, every article filed, everything sent."""
        self.newsroom.frozen = True
        for victim in COMMANDS:
            if victim.startswith("worker"):
                self.strike(victim)
        # Nobody holds anything now. The minutes until the leases of the dead have ended are over at once.
        for lease in (
            "tracker_lease SET until",
            "scorecard_mail SET leased_until",
            "scorecard_delivery SET leased_until",
        ):
            self.sql(f"UPDATE {lease} = now()")
        self.look_after()
        self.sql("UPDATE feeds_feed SET last_polled_at = NULL")
        deadline = time.monotonic() + patience
        while left := [what for what in UNDONE if self.count(what)]:
            assert time.monotonic() < deadline, f"not done by itself: {left}\n{self.service.logs()}"
            self.look_after()
            self.make_due("last_polled_at IS NULL")
            # The pauses between tries at a webhook are minutes; here they are over at once.
            self.sql(f"UPDATE scorecard_delivery SET next_at = now(), leased_until = NULL WHERE {OWED}")
            self.sql("UPDATE scorecard_mail SET next_at = now() WHERE state = 'waiting'")
            self.nudge_senders()
            time.sleep(1)

    def nudge_senders(self):
        for task in ("send_webhooks", "send_mails"):
            self.broker.send_task(f"scorecard.tasks.{task}", expires=20)

    def make_due(self, condition="true"):
        """Feeds that wait for their next appointment need not, nor those that are set aside for minutes."""
        self.sql(f"UPDATE feeds_feed SET next_poll_at = now() WHERE lease_token = '' AND {condition}")

    def sql(self, statement):
        with psycopg.connect(self.servers["postgres"].address("storm"), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def count(self, what):
        return self.sql(f"SELECT count(*) FROM {what}")[0][0]


OWED = "delivered_at IS NULL AND given_up_at IS NULL AND (leased_until IS NULL OR leased_until <= now())"
UNDONE = (
    "feeds_feed WHERE last_polled_at IS NULL OR lease_token <> ''",
    "tracker_article WHERE state IN ('new', 'changed')",
    "scorecard_delivery WHERE delivered_at IS NULL",
    "scorecard_subscription WHERE period = ''",  # nobody has written to them yet
    "scorecard_mail WHERE state IN ('waiting', 'sending')",
    "scorecard_webhook WHERE sequence < (SELECT sequence FROM tracker_head)",
)


def prepare(service, publisher, receiver, *, acts, readers):
    """The first record, ten feeds, proposals to decide, a webhook and subscribers; what `PREPARE` answers."""
    words = {"RECEIVER": repr(receiver.url), "READERS": str(readers), "ACTS": str(acts)}
    code = PREPARE
    for word, value in words.items():
        code = code.replace(word, value)
    answer = service.ask(code)
    outlines = "".join(f'<outline text="{n}" xmlUrl="{publisher.url(f"/{n}")}"/>' for n in range(FEEDS))
    service.manage("feeds", "import", "-", text=f'<opml version="2.0"><body>{outlines}</body></opml>')
    return answer

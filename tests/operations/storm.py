"""Disasters for the whole service: who can be struck, who starts again what died, and who works on meanwhile."""

import contextlib
import html
import http.client
import itertools
import json
import os
import random
import re
import signal
import socket
import threading
import time
from collections import Counter

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
VICTIMS = (
    *COMMANDS,
    "redis",
    "queues",
    "memory",
    "postgres",
    "line to redis",
    "line to postgres",
    "publisher",
)
CUT = 0.4  # seconds that a line stays cut
PREPARE = """
from django.contrib.auth import get_user_model
from django.utils import timezone
from feeds.models import Feed
from scorecard.alerts import webhooks
from scorecard import keys
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
    quick = {"FEEDS_LEASE": "4", "BEAT_EVERY": "1", "API_RATE_KEY": "100000"}
    return Service(folder, TRUSTED_PROXIES="1", PAGE_RATE="20", **quick, **where).with_tagger()


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


class Reader(threading.Thread):
    """Goes round the public pages, and keeps how long each answer took and what was wrong with it."""

    PATHS = (
        *("/", "/recommendations/trust/", "/events/?q=word{}", "/?junk={}", "/api/v1/scores/"),
        *("/feeds/all.atom", "/health/ready"),
    )
    PAUSE = 0.2
    CALLER = "203.0.113.8"

    def __init__(self, service, done):
        super().__init__(daemon=True)
        self.service, self.done = service, done
        self.statuses, self.faults, self.waits = Counter(), [], []
        self.met = []  # when each was asked for and came, and its status; 0 where nobody answered

    def run(self):
        for number, path in enumerate(self.paths()):
            if self.done.wait(self.PAUSE):
                return
            self.ask(path.format(number))

    def paths(self):
        return itertools.cycle(self.PATHS)

    def ask(self, path):
        line = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=60)
        began = time.monotonic()
        try:
            line.request("GET", path, headers={"X-Forwarded-For": self.CALLER})
            answer = line.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self.met.append((began, time.monotonic(), 0))
            return ""  # nobody was there: the process had been killed
        finally:
            line.close()
        self.waits.append(time.monotonic() - began)
        self.met.append((began, time.monotonic(), answer.status))
        self.statuses[answer.status] += 1
        if fault := self.fault(path, answer):
            self.faults.append((path, answer.status, fault, text[:300]))
        return text

    def fault(self, path, answer):
        """A page, a refusal of what no page knows, or the time to come back: nothing else is honest."""
        expected = {400} if "junk" in path else {200, 304}
        if answer.status in expected or (path == "/health/ready" and answer.status == 503):
            return ""
        if answer.status in (429, 503):
            return "" if answer.headers["Retry-After"] else "no time to come back"
        return "unexpected"


class Watcher(Reader):
    """Asks for the first page ten times a second, each time from somewhere else: nothing but trouble keeps it away."""

    PATHS = ("/",)
    PAUSE = 0.1

    def ask(self, path):
        self.CALLER = f"198.51.100.{next(self.numbers) % 250}"
        return super().ask(path)

    numbers = itertools.count()


class Crawler(Reader):
    """Asks for every address that it has seen, without a pause."""

    PAUSE = 0.02
    CALLER = "203.0.113.9"

    def paths(self):
        self.known = ["/"]
        return iter(self.known)

    def ask(self, path):
        text = super().ask(path)
        known = set(self.known)
        found = re.findall(r'href="(/[^"#{}]*)"', text)
        self.known += [each for each in dict.fromkeys(map(html.unescape, found)) if each not in known]
        self.known.append("/")

    def fault(self, path, answer):
        return "" if answer.status in (301, 302, 404) else super().fault(path, answer)


class Dawdlers(threading.Thread):
    """Clients who begin a request and never end it: always so many."""

    MANY = 30

    def __init__(self, service, done):
        super().__init__(daemon=True)
        self.service, self.done = service, done

    def run(self):
        lines = []
        while not self.done.wait(0.5):
            with contextlib.suppress(OSError):
                while len(lines) < self.MANY:
                    line = socket.create_connection(("127.0.0.1", self.service.port), 5)
                    line.sendall(
                        b"POST /alerts/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nemail="
                    )
                    line.setblocking(False)
                    lines.append(line)
            lines = [line for line in lines if self.stands(line)]
        for line in lines:
            line.close()

    @staticmethod
    def stands(line):
        try:
            if line.recv(100) == b"":
                raise ConnectionError
        except BlockingIOError:
            return True
        except OSError:
            pass
        line.close()
        return False


class Storm:
    """The processes, their servers and the lines between; strikes when told to, and starts again what died."""

    def __init__(self, service, newsroom, servers, lines, standby=None):
        self.service, self.newsroom, self.standby = service, newsroom, standby
        self.servers, self.lines = servers, lines
        self.running, self.met, self.struck = {}, 0, []
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
        self.struck.append((time.monotonic(), victim))
        if victim in ("redis", "postgres"):
            self.servers[victim].restart()
        elif victim == "queues":
            self.servers["redis"].empty()
        elif victim == "memory":
            with contextlib.suppress(OSError):
                self.servers["redis"].ask("CONFIG SET maxmemory 1")
                time.sleep(CUT)
                self.servers["redis"].ask("CONFIG SET maxmemory 0")
        elif victim == "the whole database":
            self.fail_over()
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

    def fail_over(self):
        """PostgreSQL's machine is gone for good; the one that followed it goes on in its place."""
        self.servers["postgres"].kill()
        self.lines["postgres"].cut()
        self.standby.promote()
        self.servers["postgres"] = self.standby
        self.lines["postgres"].to = self.standby.port
        self.lines["postgres"].mend()

    def rage(self, strikes, chance=random):
        """So many strikes, each victim as often as the others, in the midst of work wherever there is any."""
        order = []
        while len(order) < strikes:
            order += chance.sample(VICTIMS, len(VICTIMS))
        order[strikes // 2] = "the whole database"
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


def recovery(struck, met):
    """Victim → for each strike the seconds until somebody who asked after it had a page, and the statuses of who asked
    after it and had none: an honest 503, or 0 for nobody there. Pure."""
    found = {}
    for at, victim in struck:
        later = [(came, status) for began, came, status in met if began >= at]
        back = next((place for place, (_came, status) in enumerate(later) if status == 200), None)
        if back is not None:
            before = [status for _came, status in later[:back]]
            found.setdefault(victim, []).append((later[back][0] - at, before))
    return found


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

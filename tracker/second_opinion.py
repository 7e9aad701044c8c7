"""A second opinion from any OpenAI-compatible endpoint, a local model server for instance. Off by default.

The law: feed text is data, never instruction; an answer counts only if it says, in the codebook's own
words, something the codebook allows; and whatever it says, nobody but an analyst accepts it. Answers are
stored with the model's name, asked for once, within a daily budget and a time limit.

Asks for second opinions on what waits in the queue, and tells the desk what came back.

The law: what an outside model says is shown as what it is, beside the event and under the model's name. It
never touches a suggestion, a ticked label or an event; whoever codes an event blind, or without the machine's
help, never sees it. The most valuable proposals are asked about first, within the day's budget.
"""

from __future__ import annotations

import datetime
import hashlib
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from tracker import record
from tracker.codebook import current
from tracker.models import Event, Lease, SecondOpinion
from tracker.triage import coding

LARGEST = 200_000  # bytes of an answer
LONGEST_TEXT = 3000
MOST = 3  # assessments of one event, as the codebook says


class NoOpinion(RuntimeError):
    """There is no second opinion; the message says why, for the person at the desk."""


class Unreachable(NoOpinion):
    """The endpoint itself failed: whoever asks next will fare no better for a while."""


class BudgetSpent(NoOpinion):
    """No question more today."""


@dataclass(frozen=True, slots=True)
class Assessed:
    rec: str
    direction: int
    strength: int
    why: str


@dataclass(frozen=True, slots=True)
class Opinion:
    model: str
    relevant: bool
    assessments: tuple[Assessed, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def is_on() -> bool:
    """Whether an endpoint is set and the instance says what to ask it."""
    return bool(settings.SECOND_OPINION_URL and settings.SECOND_OPINION_MODEL and current().prompt)


def ask(title: str, summary: str = "", language: str = "") -> Opinion:
    """The endpoint's opinion of one report, from the store if it was asked before; `NoOpinion` otherwise."""
    if not is_on():
        raise NoOpinion(
            "No second opinion is set up: set SECOND_OPINION_URL and SECOND_OPINION_MODEL, and write what to ask "
            "into second_opinion.txt of the instance's folder."
        )
    digest, request = question(title, summary, language)
    if row := SecondOpinion.objects.filter(digest=digest).exclude(answer=None).first():
        return check(row.answer, row.model)
    _within_budget()
    return _asked(digest, request)


def question(title: str, summary: str = "", language: str = "") -> tuple[str, bytes]:
    """What is asked about a report, to the model that is set, and its digest: the same is never asked twice."""
    report = {"title": title[:LONGEST_TEXT], "summary": summary[:LONGEST_TEXT], "language": language[:20]}
    request = _request(report)
    return hashlib.sha256(request).hexdigest(), request


def check(raw: Any, model: str) -> Opinion:
    """An answer in the codebook's terms, or `NoOpinion` with what is wrong with it."""
    if not isinstance(raw, dict) or not isinstance(raw.get("relevant"), bool):
        raise NoOpinion("The answer does not say whether the report is relevant.")
    listed = raw.get("assessments")
    if not isinstance(listed, list) or len(listed) > MOST:
        raise NoOpinion(f"The answer holds no list of at most {MOST} assessments.")
    assessed = tuple(_assessed(each) for each in listed)
    if len({each.rec for each in assessed}) < len(assessed):
        raise NoOpinion("The answer assesses one recommendation twice.")
    return Opinion(model, raw["relevant"], assessed if raw["relevant"] else ())


def _assessed(raw: Any) -> Assessed:
    if not isinstance(raw, dict):
        raise NoOpinion("An assessment of the answer is not an object.")
    allowed = {
        "rec": tuple(one.slug for one in current().offered()),
        "direction": record.DIRECTIONS,
        "strength": tuple(record.STRENGTHS),
    }
    for name, choices in allowed.items():
        if isinstance(raw.get(name), bool) or raw.get(name) not in choices:
            raise NoOpinion(
                f"The answer's {name} is {raw.get(name)!r:.40}, which the codebook does not know."
            )
    return Assessed(raw["rec"], raw["direction"], raw["strength"], str(raw.get("why") or "")[:500])


def _asked(digest: str, request: bytes) -> Opinion:
    row, _new = SecondOpinion.objects.get_or_create(
        digest=digest, defaults={"model": settings.SECOND_OPINION_MODEL}
    )
    row.asked_at, row.tries = timezone.now(), row.tries + 1
    try:
        raw = _content(_post(request))
        opinion = check(raw, row.model)
        row.answer, row.trouble = raw, ""
    except NoOpinion as error:
        row.trouble = str(error)[:300]
        raise
    finally:
        row.save()
    return opinion


def _within_budget() -> None:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    spent = sum(SecondOpinion.objects.filter(asked_at__gte=today).values_list("tries", flat=True))
    if spent >= settings.SECOND_OPINION_DAILY:
        raise BudgetSpent(f"Today's budget of {settings.SECOND_OPINION_DAILY} questions is spent.")


def _request(report: dict[str, str]) -> bytes:
    body = {
        "model": settings.SECOND_OPINION_MODEL,
        "temperature": 0,
        "max_tokens": 700,
        "messages": [
            {"role": "system", "content": _prompt()},
            {"role": "user", "content": json.dumps(report, ensure_ascii=False)},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "coding", "strict": True, "schema": _schema()},
        },
    }
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _prompt() -> str:
    """The instance's own words with its recommendations and their rules put in."""
    offered = current().offered()
    listed = "\n".join(f"{one.slug}: + {one.advances} - {one.undermines}" for one in offered)
    rules = "\n".join(f"{one.slug}: {' '.join(map(str, one.rules))}" for one in offered if one.rules)
    return (current().prompt or "").replace("{rules}", rules).replace("{recommendations}", listed)


def _schema() -> dict[str, Any]:
    fields = {
        "rec": {"enum": [one.slug for one in current().offered()]},
        "direction": {"enum": list(record.DIRECTIONS)},
        "strength": {"enum": list(record.STRENGTHS)},
        "why": {"type": "string"},
    }
    assessment = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "relevant": {"type": "boolean"},
            "assessments": {"type": "array", "maxItems": MOST, "items": assessment},
        },
        "required": ["relevant", "assessments"],
        "additionalProperties": False,
    }


def _post(request: bytes) -> bytes:
    """The raw answer, within the time limit and the size limit; no redirect is followed."""
    url, seconds = urlsplit(settings.SECOND_OPINION_URL), settings.SECOND_OPINION_SECONDS
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=seconds)
    deadline = time.monotonic() + seconds
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if settings.SECOND_OPINION_KEY:
        headers["Authorization"] = f"Bearer {settings.SECOND_OPINION_KEY}"
    try:
        connection.connect()
        with _hung_up_after(connection.sock, deadline - time.monotonic()):
            connection.request("POST", f"{url.path.rstrip('/')}/chat/completions", request, headers)
            body = _read(connection.getresponse())
    except (OSError, http.client.HTTPException) as error:
        _in_time(deadline)
        raise Unreachable(f"The endpoint could not be asked: {type(error).__name__} {error}"[:200]) from None
    finally:
        connection.close()
    # After the line was cut, half a header counts as a whole one and half a body as its end.
    _in_time(deadline)
    return body


@contextmanager
def _hung_up_after(line: socket.socket, seconds: float) -> Iterator[None]:
    """The connection is shut when the time is over: a server that drips byte by byte never meets a timeout."""
    timer = threading.Timer(max(0.0, seconds), _hang_up, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # the other end was quicker
        line.shutdown(socket.SHUT_RDWR)


def _in_time(deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise Unreachable(f"The endpoint took longer than {settings.SECOND_OPINION_SECONDS} seconds.")


def _read(response: http.client.HTTPResponse) -> bytes:
    if response.status != http.client.OK:
        raise Unreachable(f"The endpoint answered {response.status} {response.reason}"[:200])
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise NoOpinion(f"The endpoint's answer is larger than {LARGEST} bytes.")
    return body


def _content(answer: bytes) -> Any:
    try:
        text = json.loads(answer)["choices"][0]["message"]["content"]
        return json.loads(text)
    except (ValueError, LookupError, TypeError, RecursionError):
        raise NoOpinion("The endpoint's answer is not the JSON that was asked for.") from None


log = logging.getLogger(__name__)

LOOKED_AT = 60  # the first so many of the queue: what an analyst may come to in a day
TRIES = 3
AGAIN_AFTER = datetime.timedelta(minutes=10)  # once for the first failure, twice for the second
LEASE = 60  # seconds, beside those of one answer


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked about an event: its digest, and the report as it is told."""

    digest: str
    title: str
    summary: str
    language: str


def consult(seconds: float = 20.0) -> int:
    """Ask about proposals without an opinion until the time or the budget is over; how many answered."""
    if not is_on():
        return 0
    deadline, answered = time.monotonic() + seconds, 0
    token = Lease.objects.take("second opinions", LEASE + settings.SECOND_OPINION_SECONDS)
    if token is None:
        return 0
    try:
        for asked in _unasked():
            if time.monotonic() >= deadline:
                break
            answered += _answered(asked)
    except (Unreachable, BudgetSpent) as reason:
        log.warning("no more second opinions for now: %s", reason)
    finally:
        Lease.objects.give_back("second opinions", token)
    return answered


def opinion_of(event: Event) -> Opinion | None:
    """The stored opinion of an event as it reads now; None when none was asked for or none came."""
    if not is_on():
        return None
    row = SecondOpinion.objects.filter(digest=_question(event).digest).exclude(answer=None).first()
    try:
        return check(row.answer, row.model) if row else None
    except NoOpinion as reason:  # stored under an earlier codebook
        log.info("the stored opinion of %s is no longer shown: %s", event.pk, reason)
        return None


def _unasked() -> list[_Question]:
    """The questions still to be asked, in the queue's order. One that failed waits longer each time."""
    first = Event.objects.waiting().order_by("-priority", "id")[:LOOKED_AT]
    asked = {
        one.digest: one
        for one in (_question(event) for event in first if not coding.suggestion_hidden(event))
    }
    for row in SecondOpinion.objects.filter(digest__in=asked):
        waits = row.asked_at + AGAIN_AFTER * row.tries > timezone.now()
        if row.answer is not None or row.tries >= TRIES or waits:
            del asked[row.digest]
    return list(asked.values())


def _answered(asked: _Question) -> bool:
    try:
        ask(asked.title, asked.summary, asked.language)
    except (Unreachable, BudgetSpent):
        raise
    except NoOpinion as reason:  # kept with the question; the next one may fare better
        log.info("no second opinion on “%.80s”: %s", asked.title, reason)
        return False
    return True


def _question(event: Event) -> _Question:
    chinese = not event.title
    title, summary = (event.title_zh, event.summary_zh) if chinese else (event.title, event.summary)
    told = title, summary, "zh" if chinese else "en"
    return _Question(question(*told)[0], *told)

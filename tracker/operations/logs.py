"""What is logged: one line of JSON each in production, plain words in development.

The law: a line never holds a secret of the settings, a form's content, a query or a reader's address. Each
names the request or the task it belongs to, so that one search finds everything about it.

Errors to an error tracker that speaks Sentry's protocol, if SENTRY_DSN names one. An extra.

The law: a report never holds who a reader is, what a form held or what a variable was.
"""

import contextvars
import datetime
import importlib
import json
import logging
import re
import time
import uuid
from urllib.parse import quote, unquote

from celery import current_task
from celery.app.log import Logging
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

request_id = contextvars.ContextVar("request_id", default="")
SPELLING = re.compile(r"[A-Za-z0-9._-]{8,64}")
# What Django signs holds colons, and nothing else in our addresses does; the rest stands behind these words.
TOKEN = re.compile(
    r"(?<=/alerts/confirm/)[^/]+|(?<=/alerts/off/)[^/]+|(?<=/)[^/]*:[^/]*|(?<=/reset/)[^/]+/[^/]+"
)
# The same in the words of a mail: what opens a door to whoever holds the link.
SIGNED = re.compile(r"(?<=/)\.?[\w-]+:[\w-]+:[\w-]+(?=/)")
SECRET_SETTINGS = (
    "SECRET_KEY",
    "METRICS_TOKEN",
    "SENTRY_DSN",
    "SIGNING_KEY",
    "SECOND_OPINION_KEY",
    "EMBEDDINGS_KEY",
    "LOT_KEY",
    "APP_DATABASE_PASSWORD",
)
ADDRESSES = ("REDIS_URL", "CACHE_URL", "SECOND_OPINION_URL", "ARCHIVER_URL")  # may hold a password each
SECRET_PARTS = {"token", "secret", "key", "signature", "uidb64"}
OWN = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "request", "data"}

access = logging.getLogger("tracker.access")


class Context(logging.Filter):
    """Adds the ids of the request and of the task to every line."""

    def filter(self, record):
        record.request_id = request_id.get()
        task = current_task and current_task.request
        record.task_id, record.task = (task.id, current_task.name) if task and task.id else ("", "")
        return True


class Json(logging.Formatter):
    """One object a line; whatever is passed as `extra` becomes a member."""

    def format(self, record):
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line = {
            "time": moment.isoformat("T", "milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in OWN and value != ""}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, ensure_ascii=False, default=str))


class Plain(logging.Formatter):
    """Words for a developer's terminal."""

    def format(self, record):
        return without_secrets(super().format(record))


def without_secrets(line):
    """The line with every secret of the settings blotted out, wherever it came from."""
    for secret in secrets():
        line = line.replace(secret, "[secret]")
    return line


def secrets():
    """Secrets of the settings that are long enough to be told from ordinary words, each as it is, as it stands in an
    address and as JSON writes it; the longest first, as one may be a part of another."""
    named = [str(getattr(settings, name, "")) for name in SECRET_SETTINGS]
    named += [settings.DATABASES["default"].get("PASSWORD", ""), getattr(settings, "EMAIL_HOST_PASSWORD", "")]
    in_addresses = [_password(getattr(settings, name, "")) for name in ADDRESSES]
    every = {*named, *settings.SECRET_KEY_FALLBACKS, *in_addresses, *map(unquote, in_addresses)}
    long = {str(secret) for secret in every if len(str(secret)) >= 6}
    spelled = long | {json.dumps(secret, ensure_ascii=False)[1:-1] for secret in long}
    return sorted(spelled | {quote(secret, safe="") for secret in long}, key=len, reverse=True)


def _password(address):
    """What stands between the user and the host of an address."""
    return address.rpartition("@")[0].partition("//")[2].partition(":")[2]


class RequestLog:
    """Gives each request an id, its caller's own where that is well spelt, and writes one line about it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if SPELLING.fullmatch(given) else uuid.uuid4().hex)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request_id.get()
            self.write(request, response, time.perf_counter() - started)
            return response
        finally:
            request_id.reset(token)

    def write(self, request, response, seconds):
        if not access.isEnabledFor(logging.INFO):
            return
        said = {"method": request.method, "path": path_of(request), "status": response.status_code}
        extra = said | {"milliseconds": round(1000 * seconds, 1), "view": view_of(request)}
        access.info("%(method)s %(path)s %(status)d", said, extra=extra)


def view_of(request):
    """The name of the view that answered, or whose kept answer was given; "" for none."""
    match = request.resolver_match
    return match.view_name if match else getattr(request, "answered_as", "")


def path_of(request):
    """The path, with what opens a door (a token in the address) blotted out, even where no view was asked."""
    path, match = TOKEN.sub("[secret]", request.path), request.resolver_match
    for name in SECRET_PARTS & set(match.captured_kwargs if match else ()):
        path = path.replace(str(match.captured_kwargs[name]), "[secret]")
    return path


class CeleryLogging(Logging):
    """Celery logs as everything else does: through Django's settings, not its own handlers."""

    def setup_logging_subsystem(self, *args, **kwargs):
        Logging._setup = True
        logging.captureWarnings(True)


def start() -> None:
    """Begin to report, when asked to."""
    if not settings.SENTRY_DSN:
        return
    try:
        tracker = importlib.import_module("sentry_sdk")
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN: needs the extra requirements/errors.txt. Install it, or remove SENTRY_DSN."
        ) from None
    tracker.init(
        dsn=settings.SENTRY_DSN,
        release=settings.RELEASE,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
    )

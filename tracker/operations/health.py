"""Whether everything is there that the service needs, in words for whoever is called at night.

The law: a check says what is wrong and never more than that: no address, no name, no password.
"""

import contextlib
import datetime
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis import RedisError
from redis.exceptions import OutOfMemoryError

from tracker import codebook_versions
from tracker.codebook import current
from tracker.models import Head, Heartbeat
from tracker.monitoring import Vital
from tracker.operations import backends

CHECKS = ("database", "broker", "migrations", "codebook", "clock", "beat", "workers", "polling")
BEAT_LATE = datetime.timedelta(minutes=2)
WORKERS_LATE = datetime.timedelta(minutes=5)
FULL = 0.9  # of the broker's memory: time to look before nothing more goes in
CLOCKS_APART = 60  # seconds

EVERY_MINUTE = "feeds.tasks.dispatch"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    well: bool
    words: str


def findings() -> list[Finding]:
    """Every check's finding; without a database the others that need one are not asked."""
    found = [database(), broker()]
    if found[0].well:
        found += [_careful(check) for check in (migrations, codebook, clock, beat, workers, polling)]
    return found


def database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.error("the database does not answer: %s", error)
        return Finding("database", False, _("does not answer"))
    return Finding("database", True, _("answers"))


def broker() -> Finding:
    if settings.EMBEDDED:
        return Finding("broker", True, _("inside this process"))
    try:
        backends.try_broker()
        fill = backends.broker_fill()
    except OutOfMemoryError as error:
        log.error("the broker takes nothing more: %s", error)
        return Finding("broker", False, _("is full: nothing can be sent; give it memory, or empty it"))
    except RedisError as error:
        log.error("the broker does not answer: %s", error)
        return Finding("broker", False, _("does not answer"))
    if fill is not None and fill > FULL:
        words = _("takes messages, but its memory is %(percent)d%% full")
        return Finding("broker", False, words % {"percent": 100 * fill})
    return Finding("broker", True, _("takes messages"))


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        return Finding(
            "migrations", False, _("%(number)d wait: run manage.py migrate") % {"number": len(waiting)}
        )
    return Finding("migrations", True, _("all applied"))


def codebook() -> Finding:
    """Whoever reads another codebook than the one in force reads on, but must not be sent anybody who writes."""
    if trouble := codebook_versions.trouble():
        return Finding("codebook", False, trouble)
    return Finding("codebook", True, _("version %(version)s") % {"version": current().version})


def clock() -> Finding:
    """Leases go by the database's clock, but the day on which a decision is recorded by this machine's."""
    told = Head.objects.values_list(Now(), flat=True).first()
    apart = (timezone.now() - told).total_seconds() if told else 0.0
    if abs(apart) > CLOCKS_APART:
        words = _("%(seconds)+d seconds off the database's: set this machine's clock")
        return Finding("clock", False, words % {"seconds": apart})
    return Finding("clock", True, _("agrees with the database's"))


def beat() -> Finding:
    row = Heartbeat.objects.filter(name="beat").annotate(now=Now()).values_list("at", "now").first()
    if row is None:
        return Finding("beat", False, _("has never been seen: start it"))
    seconds = (row[1] - row[0]).total_seconds()
    if seconds > BEAT_LATE.total_seconds():
        return Finding(
            "beat", False, _("was last seen %(seconds)d seconds ago: start it") % {"seconds": seconds}
        )
    return Finding("beat", True, _("seen %(seconds)d seconds ago") % {"seconds": max(0, seconds)})


def workers() -> Finding:
    """Whether what beat sends is done by anybody: it asks for due feeds every minute."""
    ended = Heartbeat.objects.filter(name__startswith=f"{EVERY_MINUTE} ").annotate(now=Now()).order_by("-at")
    row = ended.values_list("at", "now").first()
    if row is None:
        return Finding("workers", True, _("have ended no task yet"))
    seconds = (row[1] - row[0]).total_seconds()
    if seconds > WORKERS_LATE.total_seconds() + 2 * settings.BEAT_EVERY:
        words = _("have ended no task for %(seconds)d seconds: start them")
        return Finding("workers", False, words % {"seconds": seconds})
    return Finding("workers", True, _("at work"))


def polling() -> Finding:
    """The vital signs that say by themselves whether we may be called ready."""
    late = [sign for sign in vitals() if sign.decides and sign.is_bad]
    if late:
        said = (f"{sign.value:.0f} {sign.words}" for sign in late)
        return Finding("polling", False, "; ".join(said))
    return Finding("polling", True, _("in time"))


def _careful(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except DatabaseError as error:
        log.error("%s could not be checked: %s", check.__name__, error)
        return Finding(check.__name__, False, _("could not be checked"))


def vitals() -> list[Vital]:
    """Every vital sign; `settings.VITALS` names the functions that know them, so that each app can add its own."""
    return [sign for path in settings.VITALS for sign in import_string(path)()]


def queues() -> Iterator[Vital]:
    """Messages in the broker. They are nudges: a long queue means slow workers, never lost work."""
    if settings.EMBEDDED:
        return
    with contextlib.suppress(RedisError):
        for queue, length in backends.queue_lengths(settings.QUEUES).items():
            yield Vital(
                "queue_messages",
                length,
                gettext_lazy("messages in the queue"),
                limit=1000,
                remedy=gettext_lazy("Start another worker for this queue."),
                labels={"queue": queue},
            )

"""`manage.py score`: every reading of one day as JSON, from the database or from a file of events.

A file is read without any database. Bad input is said on stderr with its line, and nothing is printed.
"""

import datetime
import json

from django.core.management.base import BaseCommand, CommandError

from scorecard import method
from tracker import record, rows

QUESTIONS = (
    ("--events", "FILE", "JSON Lines, one version of an event a line; - for standard input"),
    ("--asks", "FILE", "JSON Lines of asks set by hand, beside a file of events"),
    ("--as-of", "DATE", "what had happened by that day; today when not given"),
    ("--known-at", "DATE", "what was on record by that day; everything when not given"),
    (
        "--coded-to",
        "DATE",
        "the last coded day; when not given, that of the database, and none with --events",
    ),
    ("--actor", "ACTOR", f"the view of one of {', '.join(record.ACTORS)}"),
    ("--method", "VERSION", "a version of the method; the current one when not given"),
    ("--since", "DATE", "add a waterfall: which acts moved each balance since that day, and why"),
    ("--since-known-at", "DATE", "the waterfall's first day as known on this one"),
    ("--since-method", "VERSION", "the waterfall's first day by this version of the method"),
)


class Command(BaseCommand):
    help = "Print the scores of a day, as known on a day, as JSON: balance, pulse, change, delivery, overall."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        for name, metavar, words in QUESTIONS:
            parser.add_argument(name, metavar=metavar, help=words)
        parser.add_argument(
            "--beyond", action="store_true", help="also read days after the last coded one, without words"
        )
        parser.add_argument("--series", choices=("balance", "pulse"), help="add a reading's daily series")
        parser.add_argument("--then", action="store_true", help="the series with each day as known then")
        parser.add_argument("--proof", action="store_true", help="add the acts behind pulses and asks too")
        parser.add_argument("--sensitivity", action="store_true", help="add 1,000 draws and the what-ifs")

    def handle(self, **asked):
        try:
            found = self._answer(asked)
        except (ValueError, OSError) as error:
            raise CommandError(_message(error)) from None
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False))

    def _answer(self, asked):
        as_of = _day(asked, "as_of") or datetime.datetime.now(datetime.UTC).date()
        known_at = _day(asked, "known_at")
        log, actor, version = _log(asked), asked["actor"], asked["method"]
        bound = {"coded_to": _coded_to(asked, known_at), "beyond": asked["beyond"]}
        found = method.report(
            log, as_of, known_at, actor, asked["sensitivity"], version, asked["proof"], **bound
        )
        if asked["series"]:
            known = method.THEN if asked["then"] else known_at
            drawn = method.series(
                log, asked["series"], actor, as_of=as_of, known=known, version=version, **bound
            )
            found["series"] = {"reading": asked["series"], "as_known_then": asked["then"], **drawn.as_dict()}
        if asked["since"]:
            first, first_known = _day(asked, "since"), _day(asked, "since_known_at") or known_at
            old = asked["since_method"] or version
            found["waterfall"] = method.waterfall(
                log,
                (method.read_on(first, _coded_to(asked, first_known), old, asked["beyond"]), first_known),
                (method.read_on(as_of, bound["coded_to"], version, asked["beyond"]), known_at),
                actor,
                version_before=old,
                version_after=version,
            )
        return found


def _log(asked):
    """The log of the file, or of the database when no file is named."""
    if not asked["events"]:
        # Here and not above: a file of events is scored without a database, and in half the time.
        from scorecard import footing

        return footing.log()
    with rows.opened(asked["events"]) as events:
        if not asked["asks"]:
            return method.read_lines(events)
        with rows.opened(asked["asks"]) as by_hand:
            return method.read_lines(events, by_hand)


def _coded_to(asked, known_at):
    """The last coded day as known on a day: what was given, else what the database says."""
    if asked["coded_to"] or asked["events"]:
        return _day(asked, "coded_to")
    from scorecard import footing

    return footing.coded_to(known_at)


def _day(asked, name):
    return record.day(asked[name], f"--{name.replace('_', '-')}") if asked[name] else None


def _message(error):
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return str(error)

"""`manage.py export events|articles|scores`: whole tables to standard output or a file."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scorecard import tables
from scorecard.method import METHODS
from tracker import record


class Command(BaseCommand):
    help = "Export every version of every event, the articles' metadata, or the daily scores."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=("events", "articles", "scores"))
        parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
        parser.add_argument("--output", metavar="FILE", help="write here; otherwise to standard output")
        parser.add_argument("--as-of", metavar="DATE", help="scores: last day of the series; default today")
        parser.add_argument("--known-at", metavar="DATE", help="scores: as known on this day")
        parser.add_argument("--method", choices=tuple(METHODS), help="scores: by this version of the method")

    def handle(self, *args, what, output, **options):
        lines = tables.COMMAND_TABLES[what, options["format"]](
            *(self.days(options) if what == "scores" else ())
        )
        if not output:
            sys.stdout.reconfigure(encoding="utf-8", newline="") if hasattr(
                sys.stdout, "reconfigure"
            ) else None
            self.stdout.ending = ""
            for line in lines:
                self.stdout.write(line)
            return
        try:
            with Path(output).open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}") from error

    def days(self, options):
        try:
            as_of, known_at = (
                record.day(options[key], f"--{key.replace('_', '-')}") if options[key] else None
                for key in ("as_of", "known_at")
            )
        except record.RecordError as error:
            raise CommandError(str(error)) from error
        as_of = as_of or timezone.now().date()
        if as_of < record.START:
            raise CommandError(f"--as-of: the scorecard begins on {record.START}")
        return as_of, known_at or None, options["method"]

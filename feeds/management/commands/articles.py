"""`manage.py articles import FILE`: articles from JSON Lines or CSV; repeatable, all or nothing."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from feeds import importing, tasks


class Command(BaseCommand):
    help = "articles import FILE: keep the articles of a .jsonl or .csv file (- for standard input, as JSON Lines)."

    def add_arguments(self, parser):
        deeds = parser.add_subparsers(dest="deed", required=True)
        reading = deeds.add_parser(
            "import", help="keys or columns: url, title, summary, publisher, date, lang, author"
        )
        reading.add_argument("file")

    def handle(self, *args, file, **options):
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
            drafts = importing.read(
                text.splitlines(), comma_separated=file.lower().endswith(".csv"), now=timezone.now()
            )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is not UTF-8 (byte {error.start})") from error
        except importing.BadFile as error:
            raise CommandError(f"{file}: nothing was imported.\n{error}") from error
        outcome = importing.add(drafts)
        if outcome.added:
            tasks.nudge_filing()
        self.stdout.write(f"{outcome.added} articles added, {outcome.known} known already.")

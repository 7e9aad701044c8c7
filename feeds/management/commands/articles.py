"""`manage.py articles import FILE`: articles from JSON Lines or CSV; repeatable, all or nothing."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from feeds import importing, tasks
from tracker import rows


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
            with rows.opened(file) as binary:
                found = importing.read(
                    binary, comma_separated=file.lower().endswith((".csv", ".tsv")), now=timezone.now()
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except rows.BadFile as error:
            raise CommandError(f"{file}: nothing was imported.\n{error}") from error
        outcome = importing.add(found.drafts)
        if outcome.added:
            tasks.nudge_filing()
        self.stdout.write(f"{outcome.added} articles added, {outcome.known} known already.")
        if found.encoding != "UTF-8":
            self.stdout.write(f"The file was read as {found.encoding}.")
        if found.unknown:
            self.stdout.write(f"Passed over, as they say nothing of an article: {', '.join(found.unknown)}.")

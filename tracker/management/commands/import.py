"""`manage.py import FILE.jsonl`: records into the log; repeatable, all or nothing, says what changed."""

from django.core.management.base import BaseCommand, CommandError

from tracker import importing, rows, triage


class Command(BaseCommand):
    help = "Import records of events from JSON Lines (the format of the export); - reads standard input."

    def add_arguments(self, parser):
        parser.add_argument("file", help="a file of JSON Lines, or - for standard input")
        parser.add_argument("--who", default="Import", help="the name readers see beside the versions")
        parser.add_argument("--why", default="", help="the reason readers see beside the versions")

    def handle(self, *args, file, who, why, **options):
        try:
            with rows.opened(file) as binary:
                records = importing.read(binary)
            outcome = importing.enter(records, who=who, why=why)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except rows.BadFile as error:
            raise CommandError(f"{file}: nothing was imported.\n{error}") from error
        except triage.Refused as error:
            raise CommandError(f"{file}: nothing was imported. {error}") from error
        self.stdout.write(
            f"{outcome.added} events added, {outcome.changed} versions changed an event, "
            f"{outcome.known} versions were on record already"
        )

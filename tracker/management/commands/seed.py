"""`manage.py seed`: the record, release by release. Repeatable; says what it added, changes nothing that is there."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from tracker import importing


class Command(BaseCommand):
    help = "Add what is missing of the record: recommendations, events, articles, cues, the releases since, feeds."

    def handle(self, *args, **options):
        for name in settings.SEEDERS:
            try:
                for line in import_string(name)():
                    if options["verbosity"]:
                        self.stdout.write(line if isinstance(line, str) else said(*line))
            except (importing.BadSeed, OSError, KeyError) as error:
                raise CommandError(f"The seeds cannot be read: {error}") from error


def said(what, added, now):
    return f"{what + ':':<28}{added:>6} added, {now} now"

"""`manage.py seed`: the first record. Repeatable; says what it added and changes nothing that is there."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from tracker import importing


class Command(BaseCommand):
    help = "Add what is missing of the first record: recommendations, events, articles, cues, feeds."

    def handle(self, *args, **options):
        for name in settings.SEEDERS:
            try:
                for what, added, now in import_string(name)():
                    if options["verbosity"]:
                        self.stdout.write(f"{what + ':':<28}{added:>6} added, {now} now")
            except (importing.BadSeed, OSError, KeyError) as error:
                raise CommandError(f"The seeds cannot be read: {error}") from error

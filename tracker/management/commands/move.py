"""`manage.py move URL`: the whole database into another, empty one, of another engine if you like."""

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from tracker.operations import moving


class Command(BaseCommand):
    help = "Copy everything of DATABASE_URL into an empty database, and compare every table. Stop the service first."

    def add_arguments(self, parser):
        parser.add_argument(
            "url", help="of the empty database: postgresql://user:password@host/name or sqlite:///FILE"
        )

    def handle(self, *args, url, **options):
        def told(moved):
            if moved.rows:
                self.stdout.write(f"{moved.table:<40} {moved.rows:>10,} rows  {moved.digest[:16]}")

        try:
            found = moving.move(url, told)
        except (moving.MoveError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        except Error as error:
            raise CommandError(
                f"The other database: {error}. Nothing was moved; make it empty and try again."
            ) from None
        rows = sum(each.rows for each in found)
        self.stdout.write(
            f"{rows:,} rows in {len(found)} tables, each table with the same digest on both sides; the log fits.\n"
            "Now set DATABASE_URL to it and start the service. DATA_FOLDER (models, editions, keys) stays where it is; "
            "on another machine copy it too."
        )

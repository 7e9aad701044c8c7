"""`manage.py migrate`: Django's, one at a time, and with the rights of the service's role set afterwards."""

import contextlib
import time

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connection, connections

from tracker.operations import hardening

LOCK = 0x747261636B6572  # any number, the same for all
PATIENCE = 900  # seconds


class Command(migrate.Command):
    def handle(self, *args, **options):
        with self.alone():
            super().handle(*args, **options)
            if settings.APP_ROLE and hardening.grant(settings.APP_ROLE, settings.APP_DATABASE_PASSWORD):
                self.stdout.write(
                    f"The role {settings.APP_ROLE} may read and add to the log, and not change it."
                )

    @contextlib.contextmanager
    def alone(self):
        """Two who migrate at once would make the same table: the second waits, and then finds nothing to do."""
        if connection.vendor != "postgresql":
            yield
            return
        # A connection of its own: migrations may close the usual one, and with it would go the lock.
        line = connections.create_connection("default")
        deadline, told = time.monotonic() + PATIENCE, False
        try:
            while not self.taken(line):
                if time.monotonic() > deadline:
                    raise CommandError(
                        "Another migration has run for a quarter of an hour; see what it waits for."
                    )
                if not told:
                    self.stderr.write("Another migration is running; this one waits for it.")
                    told = True
                time.sleep(0.5)
            yield
        finally:
            line.close()

    def taken(self, line):
        with line.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            return cursor.fetchone()[0]

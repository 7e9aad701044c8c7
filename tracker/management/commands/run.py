"""`manage.py run`: everything on one machine, nothing to configure. What `make run` calls."""

import os
import secrets
import socket
import sys

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

ANALYST = "analyst"


class Command(BaseCommand):
    help = "Migrate, seed, make a development analyst, then serve with worker and schedule in one process."

    def handle(self, *args, **options):
        self.refuse_a_taken_port()
        self.say("Preparing the database …")
        try:
            call_command("migrate", verbosity=0)
            call_command("seed", verbosity=options["verbosity"], stdout=self.stdout)
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {error}. Check DATABASE_URL.") from error
        self.make_analyst()
        self.say(
            f"\nServing {settings.SITE_URL}/   desk: {settings.SITE_URL}/{settings.ADMIN_PATH}   stop: Ctrl-C"
        )
        sys.stdout.flush()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
        os.execv(  # noqa: S606  # nosec B606
            sys.executable,
            [sys.executable, "-m", "gunicorn", "-c", "python:tracker.gunicorn", "tracker.wsgi"],
        )

    def say(self, words):
        self.stdout.write(words)
        self.stdout.flush()

    def refuse_a_taken_port(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", settings.PORT))
            except OSError as error:
                other = settings.PORT + 1 if settings.PORT < 65535 else 8000
                raise CommandError(
                    f"Port {settings.PORT} cannot be used ({error.strerror}). Stop what uses it, or choose "
                    f"another: make run PORT={other}"
                ) from None

    def make_analyst(self):
        """An account to try the desk with, on a developer's machine only; its password is shown once."""
        users = get_user_model().objects
        if not settings.DEBUG:
            self.say(
                "DEBUG is off: no development analyst is made. Make accounts with manage.py createsuperuser."
            )
            return
        if users.filter(is_staff=True).exists():
            return
        password = secrets.token_urlsafe(9)
        users.create_superuser(ANALYST, password=password)
        self.say(f"\nDevelopment analyst (shown once): name {ANALYST}   password {password}")

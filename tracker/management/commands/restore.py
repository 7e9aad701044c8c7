"""`manage.py restore`: the way back from a backup."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from tracker import log
from tracker.operations import backup, moving


class Command(BaseCommand):
    help = "Put a backup into an empty database and check it. Stop web, worker and beat before."
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("source", type=Path, help="a file that manage.py backup wrote")
        parser.add_argument("--replace", action="store_true", help="throw away what the database holds")
        parser.add_argument(
            "--check", action="store_true", help="restore it beside the database, prove it, let go of it"
        )
        parser.add_argument(
            "--identity", type=Path, metavar="FILE", help="private key of an encrypted backup"
        )

    def handle(self, *args, source, replace, check, identity, **options):
        try:
            if check:
                found, manifest = moving.check_backup(source, identity)
                made = f"made {manifest['made_at']} from {manifest['engine']}"
                self.stdout.write(
                    f"{source}: whole, {made}; restored beside the database and let go again: "
                    f"{found.revisions} revisions, digest {found.digest or 'none yet'}"
                )
                return
            found = moving.restore(source, replace=replace, identity=identity)
        except (backup.BackupError, log.BrokenLog, log.BrokenChain) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{source}: restored, {found.revisions} revisions, digest {found.digest or 'none yet'}"
        )
        self.stdout.write("Run manage.py migrate if this release is newer than the backup.")

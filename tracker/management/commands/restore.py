"""`manage.py restore`: the way back from a backup."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from tracker import codebook_versions, log
from tracker.operations import backup


class Command(BaseCommand):
    help = "Put a backup into an empty database and check it. Stop web, worker and beat before."
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("source", type=Path, help="a file that manage.py backup wrote")
        parser.add_argument("--replace", action="store_true", help="throw away what the database holds")
        parser.add_argument("--check", action="store_true", help="only read the file and compare its digests")

    def handle(self, *args, source, replace, check, **options):
        try:
            if check:
                with backup.opened(source) as (_folder, manifest):
                    self.stdout.write(
                        f"{source}: whole, made {manifest['made_at']} from {manifest['engine']}"
                    )
                return
            made = backup.restore(source, replace=replace)
        except (backup.BackupError, log.BrokenLog, codebook_versions.BrokenChain) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{source}: restored, {made.revisions} revisions, digest {made.digest or 'none yet'}"
        )
        self.stdout.write("Run manage.py migrate if this release is newer than the backup.")

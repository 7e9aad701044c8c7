"""`manage.py backup`: everything but the secrets into one file."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracker.operations import backup


class Command(BaseCommand):
    help = "Write database and data folder into one file, while the service runs."

    def add_arguments(self, parser):
        parser.add_argument("target", type=Path, help="a new file, or a folder that gets a new file")
        parser.add_argument("--keep", type=int, metavar="N", help="in a folder: delete all but the newest N")

    def handle(self, *args, target, keep, **options):
        if keep is not None and (keep < 1 or not target.is_dir()):
            raise CommandError("--keep: at least 1, and the target must be a folder.")
        try:
            made = backup.make(target)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made.path}: {made.size:,} bytes, {made.revisions} revisions, "
            f"digest {made.digest or 'none yet'}"
        )
        if (Path(settings.DATA_FOLDER) / "editions" / backup.SIGNING_KEY).exists():
            place = Path(settings.DATA_FOLDER) / "editions" / backup.SIGNING_KEY
            self.stdout.write(f"Not in it: the key that signs editions, {place}. Keep it apart.")
        for path in backup.prune(target, keep) if keep else ():
            self.stdout.write(f"{path}: deleted")

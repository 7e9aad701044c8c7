"""Make, list or check editions: `edition make|verify [DAY]`, `edition list`, `edition key`."""

from django.core.management.base import BaseCommand, CommandError

from scorecard import editions, verify
from scorecard.models import Edition
from tracker import record


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("deed", choices=("make", "list", "verify", "key"))
        parser.add_argument("day", nargs="?", help="YYYY-MM-DD; make: yesterday, verify: all, when absent")

    def handle(self, deed, day, **options):
        try:
            wanted = record.day(day, "day") if day else None
        except record.RecordError as wrong:
            raise CommandError(str(wrong)) from None
        getattr(self, deed)(wanted)

    def make(self, day):
        try:
            edition = editions.make(day)
        except ValueError as wrong:
            raise CommandError(str(wrong)) from None
        self.stdout.write(
            f"{edition.day}: {edition.sequence} revisions, {edition.size} bytes, {edition.digest}"
        )

    def list(self, day):
        for edition in Edition.objects.all():
            self.stdout.write(f"{edition.day}  {edition.sequence:>8}  {edition.digest}")

    def verify(self, day):
        """Check editions as a reader would, each against the one before it."""
        rows = Edition.objects.order_by("day")
        before = None
        for row in rows:
            try:
                files = verify.open_edition(editions.folder() / row.file)
                told = verify.verify(files, row.key, before) if day in (None, row.day) else []
            except (verify.Wrong, OSError, ValueError) as wrong:
                raise CommandError(f"{row.day}: {wrong}") from None
            before = files
            for line in told:
                self.stdout.write(f"{row.day}: {line}")

    def key(self, day):
        self.stdout.write(editions.public(editions.key()))

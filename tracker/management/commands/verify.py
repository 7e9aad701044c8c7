"""`manage.py verify`: the whole log worked out again from its first revision."""

from django.core.management.base import BaseCommand, CommandError

from tracker import log


class Command(BaseCommand):
    help = "Check every revision of the record against its digest, and against a head that you hold yourself."

    def add_arguments(self, parser):
        parser.add_argument(
            "--held",
            nargs=2,
            metavar=("REVISION", "DIGEST"),
            help="a head of the log that was published (/api/v1/heads/, an edition): it must still stand",
        )

    def handle(self, *args, held, **options):
        try:
            count = log.verify()
            versions = log.verify_versions()
            if held:
                log.check_held(*held)
        except (log.BrokenLog, log.BrokenChain) as broken:
            raise CommandError(str(broken)) from None
        self.stdout.write(f"{count} revisions and {versions} versions of the codebook, each fits its digest")
        for day, sequence, digest in log.heads(1):
            self.stdout.write(f"head: revision {sequence} of {day}, {digest}")
        if held:
            self.stdout.write(f"revision {held[0]} is still what you hold")

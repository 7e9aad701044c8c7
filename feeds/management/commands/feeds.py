"""Lists of feeds in and out."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from feeds import opml
from feeds.models import Feed


class Command(BaseCommand):
    help = "feeds import FILE.opml adds what is missing; feeds export writes OPML; feeds list tells health."

    def add_arguments(self, parser):
        deeds = parser.add_subparsers(dest="deed", required=True)
        reading = deeds.add_parser("import", help="add the feeds of an OPML file (- for standard input)")
        reading.add_argument("file")
        reading.add_argument("--skip-bad", action="store_true", help="take the good lines, leave out the bad")
        deeds.add_parser("export", help="write all feeds as OPML to standard output")
        deeds.add_parser("list", help="one line per feed, with its health in words")

    def handle(self, *args, deed, **options):
        {"import": self.bring_in, "export": self.write_out, "list": self.tell}[deed](options)

    def bring_in(self, options):
        name = options["file"]
        try:
            source = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            lines = opml.read(source)
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from error
        except opml.BadOpml as error:
            raise CommandError(f"{name}: {error}") from error
        good, refused = opml.checked(lines)
        for sentence in refused:
            self.stderr.write(f"{name}, {sentence}")
        if refused and not options["skip_bad"]:
            remedy = f"Mend the {len(refused)} lines above, or leave them out with --skip-bad."
            raise CommandError(f"{name}: nothing was added. {remedy}")
        added, known = opml.add(good)
        self.stdout.write(f"{added} feeds added, {known} known already.")

    def write_out(self, options):
        self.stdout.write(opml.write(Feed.objects.all()), ending="")

    def tell(self, options):
        for feed in Feed.objects.all():
            paused = " (paused)" if feed.paused else ""
            self.stdout.write(f"{feed.pk:>5}  {feed}{paused}: {feed.health()}")

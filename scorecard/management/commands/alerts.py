"""Write and send what is due: `alerts mails`, `alerts webhooks`. What beat nudges, by hand."""

from django.core.management.base import BaseCommand

from scorecard.alerts import mailing, webhooks


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("what", choices=("mails", "webhooks"))

    def handle(self, what, **options):
        way = mailing if what == "mails" else webhooks
        written, sent = way.write(), way.send()
        self.stdout.write(f"{written} written, {sent} sent")

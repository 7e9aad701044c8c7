"""`manage.py retrain`: train on what was decided, compare, promote if not worse; `--back` undoes the last
promotion.
"""

from django.core.management.base import BaseCommand

from tracker import tagger_versions


class Command(BaseCommand):
    help = "Retrain the tagger on all decisions and let the new version serve if it is not worse."

    def add_arguments(self, parser):
        parser.add_argument("--back", action="store_true", help="go back to the version that served before")

    def handle(self, *args, back, **options):
        if back:
            version = tagger_versions.back()
            self.stdout.write(
                f"{version.name if version else 'the version trained from the seeds'} serves now"
            )
            return
        outcome = tagger_versions.retrain()
        verdict = "serves now" if outcome.promoted else "was not put in service"
        self.stdout.write(f"{outcome.name} {verdict}: {outcome.why}")

"""`manage.py health`: what /health/ready says, for a terminal or a container's health check."""

from django.core.management.base import BaseCommand, CommandError

from tracker.operations import health


class Command(BaseCommand):
    help = "Say whether database, broker, migrations, beat and polling are well; fail when one is not."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("only", nargs="*", choices=[*health.CHECKS, []], help="these checks only")

    def handle(self, *args, only, **options):
        found = [finding for finding in health.findings() if not only or finding.name in only]
        for finding in found:
            self.stdout.write(f"{finding.name}: {finding.words}")
        if not all(finding.well for finding in found) or len(found) < len(only):
            raise CommandError("not ready")

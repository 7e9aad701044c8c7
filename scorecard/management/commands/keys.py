"""Keys of programs: `keys issue NAME --account USER --scope propose …`, `keys list`, `keys revoke PREFIX`."""

import datetime

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scorecard import keys
from scorecard.models import ApiKey


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        deeds = parser.add_subparsers(dest="deed", required=True)
        issue = deeds.add_parser("issue", help="make a key; its text is shown once")
        issue.add_argument("name", help="which program uses it")
        issue.add_argument("--account", required=True, help="whose role bounds it")
        issue.add_argument("--scope", action="append", default=[], choices=ApiKey.Scope.values)
        issue.add_argument("--days", type=int, help="valid so long; without it, until revoked")
        deeds.add_parser("list", help="all keys, without their secrets")
        revoke = deeds.add_parser("revoke", help="end a key at once")
        revoke.add_argument("prefix")

    def handle(self, deed, **options):
        getattr(self, deed)(options)

    def issue(self, options):
        account = get_user_model().objects.filter(username=options["account"]).first()
        if account is None:
            raise CommandError(f"there is no account {options['account']!r}")
        days = options["days"]
        if days is not None and days < 1:
            raise CommandError("--days: 1 or more")
        until = timezone.now() + datetime.timedelta(days) if days else None
        _key, text = keys.issue(options["name"], account, options["scope"], until)
        self.stderr.write("Keep it: it is shown this once.")
        self.stdout.write(text)

    def list(self, options):
        for key in ApiKey.objects.select_related("account", "holder"):
            state = "usable" if key.usable else "ended"
            used = key.last_used_at.date().isoformat() if key.last_used_at else "never"
            scopes = ",".join(key.scopes) or "-"
            self.stdout.write(
                f"{key.prefix}  {state}  {key.account or key.holder}  {scopes}  used {used}  {key.name}"
            )

    def revoke(self, options):
        ended = ApiKey.objects.filter(prefix=options["prefix"], revoked_at=None).update(
            revoked_at=timezone.now()
        )
        if not ended:
            raise CommandError(f"there is no usable key {options['prefix']!r}")
        self.stdout.write(f"{options['prefix']} revoked")

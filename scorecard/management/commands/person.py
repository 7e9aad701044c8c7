"""`manage.py person ADDRESS`: what is kept of somebody who left a mail address; with --forget it is deleted."""

from django.core.management.base import BaseCommand

from scorecard.alerts import subscribing


class Command(BaseCommand):
    help = "Say what is kept of a mail address, or delete it, when its owner asks."

    def add_arguments(self, parser):
        parser.add_argument("email", help="the address, as its owner gives it")
        parser.add_argument("--forget", action="store_true", help="delete it everywhere")
        parser.add_argument("--never", action="store_true", help="and never send anything to it again")

    def handle(self, *args, email, forget, never, **options):
        found = subscribing.kept_of(email)
        for name, count in found.items():
            self.stdout.write(f"{name}: {count}")
        if forget or never:
            subscribing.forget_person(email, never=never)
            self.stdout.write("Deleted. Backups made before hold it until they are deleted themselves.")
            if found["accounts of staff"]:
                self.stdout.write("The account stays: change or deactivate it in the admin.")
        else:
            self.stdout.write("Nothing was changed. Add --forget to delete it.")

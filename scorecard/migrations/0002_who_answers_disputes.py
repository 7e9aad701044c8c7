"""Reviewers answer disputes; every role may look at them."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES = {
    "viewer": ("view_dispute",),
    "analyst": ("view_dispute",),
    "reviewer": ("view_dispute", "change_dispute"),
    "editor": ("view_dispute", "view_webhook", "view_delivery", "view_mail", "view_subscription", "view_edition"),
}


def make(apps, schema_editor):
    # Permissions are usually made after all migrations; the groups need them now.
    scorecard = apps.get_app_config("scorecard")
    scorecard.models_module = True
    create_permissions(scorecard, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        found = Permission.objects.filter(content_type__app_label="scorecard", codename__in=codenames)
        group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [("scorecard", "0001_initial"), ("tracker", "0006_roles")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]

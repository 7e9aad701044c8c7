"""Editors may what analysts and reviewers may: the editor's rooms are at the desk."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GRANTED = ("triage_event", "review_event")


def grant(apps, schema_editor):
    # Permissions are usually made after all migrations; the group needs them now.
    tracker = apps.get_app_config("tracker")
    tracker.models_module = True
    create_permissions(tracker, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    group = Group.objects.filter(name="editor").first()
    if group is not None:  # an administrator may have given it up
        found = Permission.objects.filter(content_type__app_label="tracker", codename__in=GRANTED)
        group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0016_whose_words"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]

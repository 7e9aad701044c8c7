"""What the four roles may do with feeds: everybody looks, editors add and change."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

SEE = ["view_feed", "view_delivery", "view_poll"]
ROLES = {"viewer": SEE, "analyst": SEE, "reviewer": SEE, "editor": [*SEE, "add_feed", "change_feed"]}


def make(apps, schema_editor):
    # Permissions are usually made after all migrations; the groups need them now.
    feeds = apps.get_app_config("feeds")
    feeds.models_module = True
    create_permissions(feeds, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        found = Permission.objects.filter(content_type__app_label="feeds", codename__in=codenames)
        group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [
        ("feeds", "0003_full_texts"),
        ("tracker", "0006_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]

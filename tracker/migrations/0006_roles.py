"""The four roles as groups: viewer, analyst, reviewer, editor. An administrator may change them later."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEW = (
    "article", "articleversion", "ask", "asksetting", "assessment", "claim", "coding", "completeness",
    "coverageday", "cue", "decision", "event", "recommendation", "report", "revision", "taggerversion",
)  # fmt: skip
SEE = [f"view_{model}" for model in VIEW]
ROLES = {
    "viewer": SEE,
    "analyst": [*SEE, "triage_event"],
    "reviewer": [*SEE, "triage_event", "review_event", "add_completeness"],
    "editor": [*SEE, "add_cue", "change_cue", "change_taggerversion", "add_asksetting", "add_completeness"],
}


def make(apps, schema_editor):
    # Permissions are usually made after all migrations; the groups need them now.
    tracker = apps.get_app_config("tracker")
    tracker.models_module = True
    create_permissions(tracker, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        found = Permission.objects.filter(content_type__app_label="tracker", codename__in=codenames)
        group.permissions.add(*found)


def unmake(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0005_status_moves"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make, unmake)]

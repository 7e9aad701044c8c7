"""What the one search looks at: the codes of an event as one text, and its words anew in the spelling of
`tracker.text`, those of reasons and sources among them.

The column has a default in the database, so that the release before may go on writing. The words are written in
batches, each in a transaction of its own: readers and writers wait for a few hundred rows at most.
"""

from django.db import migrations, models, transaction

ROWS = 300
CODES = models.TextField(
    blank=True, db_default="", default="", editable=False, verbose_name="codes",
    help_text="The assessments as one text, for search; of a proposal those that analysts are shown.",
)  # fmt: skip


def add(apps, schema_editor):
    # By hand: Django would copy SQLite's table and lose the triggers on it. Only what is missing, as a migration in
    # several transactions may come again after a stop.
    with schema_editor.connection.cursor() as cursor:
        table = schema_editor.connection.introspection.get_table_description(cursor, "tracker_event")
    if "codes" not in {column.name for column in table}:
        schema_editor.execute("ALTER TABLE tracker_event ADD COLUMN codes text NOT NULL DEFAULT ''")


def remove(apps, schema_editor):
    schema_editor.execute("ALTER TABLE tracker_event DROP COLUMN codes")


def fold(apps, schema_editor):
    # What is searched must be written by what searches; a fresh database never comes here.
    from tracker.triage import coding

    event, assessment, report = (apps.get_model("tracker", name) for name in ("Event", "Assessment", "Report"))
    last = ""
    while keys := list(event.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:ROWS]):
        with transaction.atomic(using=schema_editor.connection.alias):
            coding.note_searchable_again(keys, event, assessment, report)
        last = keys[-1]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tracker", "0010_codebook_versions")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(add, remove)],
            state_operations=[migrations.AddField("event", "codes", CODES)],
        ),
        migrations.AlterField(
            "event",
            "folded",
            models.TextField(
                blank=True, default="", editable=False, verbose_name="words",
                help_text="All words of the record in one spelling, for search.",
            ),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]

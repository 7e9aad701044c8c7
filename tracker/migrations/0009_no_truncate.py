"""PostgreSQL refuses to empty the append-only tables too: TRUNCATE passes by triggers that look at rows.

SQLite has no TRUNCATE. The function is the one of 0002.
"""

from django.db import migrations

TABLES = ("tracker_revision", "tracker_decision", "tracker_asksetting", "tracker_completeness")

GUARD = """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION tracker_append_only();
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(GUARD.format(table=table), params=None)


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}", params=None)


class Migration(migrations.Migration):
    dependencies = [("tracker", "0008_events_by_date_and_id")]
    operations = [migrations.RunPython(guard, release)]

"""The database refuses every move of an event from one status to another that triage's table does not hold."""

from django.db import migrations

# Written out, not imported: a migration keeps saying what it said when it was written. A test holds the two equal.
MOVES = """
accepted>disputed accepted>in_review accepted>merged accepted>new accepted>proposed accepted>snoozed
dismissed>in_review dismissed>new dismissed>proposed dismissed>snoozed
disputed>accepted disputed>merged
in_review>accepted in_review>dismissed in_review>merged in_review>new in_review>proposed in_review>snoozed
merged>accepted merged>disputed merged>in_review merged>new merged>proposed merged>snoozed
new>accepted new>dismissed new>in_review new>merged new>proposed new>snoozed
proposed>accepted proposed>dismissed proposed>in_review proposed>merged proposed>new proposed>snoozed
snoozed>accepted snoozed>dismissed snoozed>in_review snoozed>merged snoozed>new snoozed>proposed
""".split()

ALLOWED = ", ".join(f"'{move}'" for move in MOVES)
MESSAGE = "an event cannot move from this status to that one"

SQLITE = f"""
CREATE TRIGGER tracker_event_status_moves BEFORE UPDATE OF status ON tracker_event
WHEN OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN ({ALLOWED})
BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END;
"""
FUNCTION = f"""
CREATE OR REPLACE FUNCTION tracker_event_status_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
IF OLD.status || '>' || NEW.status NOT IN ({ALLOWED}) THEN
RAISE EXCEPTION '{MESSAGE}: % to %', OLD.status, NEW.status USING ERRCODE = 'integrity_constraint_violation';
END IF;
RETURN NEW;
END $$;
"""
POSTGRES = """
CREATE TRIGGER tracker_event_status_moves BEFORE UPDATE OF status ON tracker_event
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION tracker_event_status_moves();
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        # psycopg reads a lone % as a placeholder only when parameters are given; none are.
        schema_editor.execute(FUNCTION, params=None)
        schema_editor.execute(POSTGRES, params=None)
    else:
        schema_editor.execute(SQLITE, params=None)


def release(apps, schema_editor):
    on = " ON tracker_event" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER IF EXISTS tracker_event_status_moves{on}")


class Migration(migrations.Migration):
    dependencies = [("tracker", "0004_triage")]
    operations = [migrations.RunPython(guard, release)]

"""The head of the log goes forward only, and only to a revision that is there.

Whoever may write the log's rows must also move its head; without this the head could be set back and the tail of the
log be passed off as never written.
"""

from django.db import migrations

TABLE = "tracker_head"
REASON = "tracker_head goes forward only, to a revision that is there"
MOVED = """
NEW.id <> OLD.id OR NEW.sequence < OLD.sequence OR NEW.aside < OLD.aside
OR ((NEW.sequence <> OLD.sequence OR NEW.digest <> OLD.digest) AND NOT EXISTS (
  SELECT 1 FROM tracker_revision r WHERE r.sequence = NEW.sequence AND r.digest = NEW.digest))
"""
SQLITE = (
    f"""
CREATE TRIGGER tracker_head_no_update BEFORE UPDATE ON tracker_head WHEN {MOVED}
BEGIN SELECT RAISE(ABORT, '{REASON}'); END;
""",
    f"""
CREATE TRIGGER tracker_head_no_delete BEFORE DELETE ON tracker_head WHEN OLD.sequence > 0
BEGIN SELECT RAISE(ABORT, '{REASON}'); END;
""",
)
POSTGRES = f"""
CREATE OR REPLACE FUNCTION tracker_head_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.sequence = 0 THEN RETURN OLD; END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF NOT ({MOVED}) THEN RETURN NEW; END IF;
  ELSIF NOT EXISTS (SELECT 1 FROM tracker_head WHERE sequence > 0) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '{REASON}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER {TABLE}_forward BEFORE UPDATE OR DELETE ON {TABLE}
FOR EACH ROW EXECUTE FUNCTION tracker_head_goes_forward();
CREATE TRIGGER {TABLE}_not_emptied BEFORE TRUNCATE ON {TABLE}
FOR EACH STATEMENT EXECUTE FUNCTION tracker_head_goes_forward();
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES, params=None)
        return
    for statement in SQLITE:
        schema_editor.execute(statement, params=None)


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("forward", "not_emptied"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS tracker_head_{name} ON tracker_head", params=None)
        schema_editor.execute("DROP FUNCTION IF EXISTS tracker_head_goes_forward()", params=None)
        return
    for verb in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS tracker_head_no_{verb}", params=None)


class Migration(migrations.Migration):
    dependencies = [("tracker", "0017_editors_decide")]
    operations = [migrations.RunPython(guard, release)]

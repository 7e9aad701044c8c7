"""What migrations put on guard still stands when all have run: SQLite copies tables, and a copy has no triggers."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

MIGRATIONS = Path(apps.get_app_config("tracker").path) / "migrations"


@pytest.mark.django_db
def test_no_later_migration_takes_a_guard_away():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")
        standing = {name.lower() for name, _table in cursor.fetchall()}
    texts = "\n".join(path.read_text("utf-8") for path in MIGRATIONS.glob("0*.py"))
    named = set(re.findall(r"CREATE TRIGGER (tracker_\w+)", texts))
    assert named <= standing
    guarded = (
        "tracker_revision",
        "tracker_asksetting",
        "tracker_completeness",
        "tracker_decision",
        "tracker_codebookversion",
        "tracker_head",
    )
    for table in guarded:
        assert {f"{table}_no_update", f"{table}_no_delete"} <= standing, table

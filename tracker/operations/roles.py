"""Two roles in PostgreSQL: the owner migrates and restores; the service's own may not touch the past.

The law: the role that the service runs as is no superuser and owns nothing. Of the append-only tables it may read and
add rows, no more: without ownership there is no trigger to switch off, no TRUNCATE and no DROP.
"""

from django.conf import settings
from django.db import connection
from psycopg import sql

# Rows of these are added, never changed; triggers refuse it to everybody, grants to the service.
APPEND_ONLY = (
    "tracker_revision",
    "tracker_decision",
    "tracker_asksetting",
    "tracker_completeness",
    "tracker_codebookversion",
)
READ_ONLY = ("django_migrations",)


def grant(role: str, password: str | None = None) -> bool:
    """Give the service's role what it needs of the tables as they are now; False where there are no roles (SQLite)."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        name = sql.Identifier(role)
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(_sql("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS", name))
        if password:
            cursor.execute(_sql("ALTER ROLE {} PASSWORD {}", name, sql.Literal(password)))
        database = sql.Identifier(settings.DATABASES["default"]["NAME"])
        cursor.execute(_sql("GRANT CONNECT ON DATABASE {} TO {}", database, name))
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cursor.execute(_sql("GRANT USAGE ON SCHEMA public TO {}", name))
        for table in connection.introspection.table_names(cursor):
            here = sql.Identifier("public", table)
            cursor.execute(_sql("REVOKE ALL ON {} FROM {}", here, name))
            rights = _rights(table)
            cursor.execute(_sql(f"GRANT {rights} ON {{}} TO {{}}", here, name))
        cursor.execute(_sql("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}", name))
    return True


def may_change_the_past() -> str:
    """Why the role that this process runs as could undo the guards; empty when it could not, and on SQLite."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.rolsuper, pg_has_role(c.relowner, 'USAGE') FROM pg_roles r, pg_class c "
            "WHERE r.rolname = current_user AND c.oid = to_regclass('tracker_revision')"
        )
        found = cursor.fetchone()
    if not found:
        return ""
    return "is a superuser" if found[0] else "owns the tables of the log" if found[1] else ""


def _rights(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    return "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"


def _sql(words: str, *parts: sql.Composable) -> str:
    return sql.SQL(words).format(*parts).as_string(connection.connection)  # type: ignore[arg-type]

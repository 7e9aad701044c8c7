"""What keeps a service safe that others use: settings checked by `manage.py check --deploy`, and two roles in
PostgreSQL.

The law of the checks: a finding names the setting and the remedy. What makes the service unsafe is an error and stops
`check`; what an operator may have meant is a warning.

The law of the roles: the owner migrates and restores; the role that the service runs as is no superuser and owns
nothing. Of the append-only tables it may read and add rows, no more: without ownership there is no trigger to switch
off, no TRUNCATE and no DROP.
"""

import contextlib
import importlib.util
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import DatabaseError, connection
from psycopg import sql

LONG = 16  # characters of a token that nobody guesses
# Rows of these are added, never changed; triggers refuse it to everybody, grants to the service.
APPEND_ONLY = (
    "tracker_revision",
    "tracker_decision",
    "tracker_asksetting",
    "tracker_completeness",
    "tracker_codebookversion",
)
READ_ONLY = ("django_migrations",)


def register_checks() -> None:
    """Register the checks; called once when the app is ready."""
    for check in (addresses, proxies, tokens, data, mail):
        register(check, Tags.security, deploy=True)


def addresses(app_configs, **kwargs):
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS holds “*”: anybody could make links in mails and feeds point elsewhere.",
            hint="Name the hosts that readers use.",
            id="tracker.E001",
        )
    if not settings.CONTACT:
        yield Error(
            "CONTACT is missing: readers could not reach whoever answers for what these pages say.",
            hint="Set CONTACT to an address of mail or of a page, and OPERATOR to who you are.",
            id="tracker.E015",
        )
    if not settings.SECURE:
        yield Error(
            "SITE_URL does not start with https://: cookies and passwords would travel in the open.",
            hint="Put a proxy with a certificate in front and set SITE_URL=https://…",
            id="tracker.E002",
        )


def proxies(app_configs, **kwargs):
    if settings.SECURE and settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
        yield Warning(
            "SITE_URL is https:// but TRUSTED_PROXIES is 0: behind a proxy pages redirect to themselves.",
            hint="Set TRUSTED_PROXIES to the number of proxies in front of this service, usually 1.",
            id="tracker.W003",
        )


def tokens(app_configs, **kwargs):
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < LONG:
        yield Error(
            f"METRICS_TOKEN is shorter than {LONG} characters.",
            hint="Use the output of `openssl rand -hex 24`.",
            id="tracker.E004",
        )
    if not settings.SECOND_FACTOR:
        yield Warning(
            "SECOND_FACTOR is off: a stolen password is enough to change the record.",
            hint="Remove SECOND_FACTOR=0.",
            id="tracker.W005",
        )
    if settings.FETCH_ALLOW_PRIVATE:
        yield Warning(
            "FETCH_ALLOW_PRIVATE is on: a feed can make this service call your internal addresses.",
            hint="Remove FETCH_ALLOW_PRIVATE=1 unless all feeds are your own.",
            id="tracker.W006",
        )


def data(app_configs, **kwargs):
    if settings.FETCH_FULL_TEXT and importlib.util.find_spec("trafilatura") is None:
        yield Error(
            "FETCH_FULL_TEXT is on, but what reads pages is not installed.",
            hint="Install requirements/fulltext.txt, or remove FETCH_FULL_TEXT=1.",
            id="tracker.E017",
        )
    if settings.REDIS_URL and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield Warning(
            "REDIS_URL is set but DATABASE_URL is SQLite: several processes would wait for one file.",
            hint="Set DATABASE_URL=postgres://…, or remove REDIS_URL to run everything in one process.",
            id="tracker.W007",
        )
    if settings.CACHE_URL and _server(settings.CACHE_URL) == _server(settings.REDIS_URL):
        yield Error(
            "CACHE_URL names the Redis of REDIS_URL: kept pages would fill the memory that messages need.",
            hint="Give the cache a Redis of its own with maxmemory-policy allkeys-lru, or remove CACHE_URL.",
            id="tracker.E011",
        )
    if settings.WEB_PROCESSES > 1 and not settings.CACHE_URL:
        yield Warning(
            "WEB_PROCESSES is above 1 without CACHE_URL: each process keeps pages and counts limits for itself.",
            hint="Set CACHE_URL to a Redis of its own, or use more WEB_THREADS.",
            id="tracker.W012",
        )
    with contextlib.suppress(DatabaseError):
        if why := may_change_the_past():
            yield Warning(
                f"The service's role in PostgreSQL {why}: whoever takes over the service can change the log.",
                hint="Run migrate as the owner with APP_ROLE=tracker_app, and the service as that role.",
                id="tracker.W013",
            )
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield Error(
            f"No static files in {settings.STATIC_ROOT}: pages would answer 500.",
            hint="Run manage.py collectstatic --noinput.",
            id="tracker.E008",
        )


def _server(url: str) -> tuple[str | None, int | str | None]:
    """The server behind an address of Redis, whatever its database."""
    parts = urlsplit(url)
    return (parts.hostname, parts.port or 6379) if parts.hostname else (None, parts.path)


def mail(app_configs, **kwargs):
    if not settings.EMAIL_URL:
        yield Warning(
            "EMAIL_URL is missing: digests and alarms are printed to the log instead of sent.",
            hint="Set EMAIL_URL=smtp+tls://user:password@host:587, or consolemail:// if you mean it.",
            id="tracker.W009",
        )
    if not settings.ADMINS:
        yield Warning(
            "ADMINS is missing: that a feed fails stands in the log and nobody gets a mail about it.",
            hint="Set ADMINS to the addresses of those who look after the feeds, separated by commas.",
            id="tracker.W010",
        )


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

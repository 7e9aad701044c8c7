"""What the service's own role in PostgreSQL can do to the past: nothing."""

import psycopg
import pytest

from tests.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.servers]
ROLE = "tracker_app"
FORBIDDEN = (
    "UPDATE tracker_revision SET why = 'forged' WHERE sequence = 7",
    "DELETE FROM tracker_revision WHERE sequence = (SELECT max(sequence) FROM tracker_revision)",
    "TRUNCATE tracker_revision CASCADE",
    "ALTER TABLE tracker_revision DISABLE TRIGGER ALL",
    "DROP TRIGGER tracker_revision_append_only ON tracker_revision",
    "DROP TABLE tracker_revision CASCADE",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION tracker_append_only() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
    "CREATE TABLE public.mine (id int)",
    "UPDATE tracker_decision SET reason = 'forged'",
    "DELETE FROM tracker_completeness",
    "UPDATE tracker_asksetting SET rung = 5",
    "DELETE FROM tracker_codebookversion",
    "UPDATE tracker_head SET sequence = sequence - 1",
    "UPDATE tracker_head SET digest = repeat('0', 64)",
    "UPDATE tracker_head SET sequence = sequence + 1",
    "UPDATE tracker_head SET aside = aside - 1",
    "DELETE FROM tracker_head",
    "TRUNCATE tracker_head",
    "DELETE FROM django_migrations",
    "ALTER ROLE tracker_app SUPERUSER",
)


@pytest.fixture(scope="module")
def service(tmp_path_factory, postgres_server):
    with Service(tmp_path_factory.mktemp("roles"), APP_ROLE=ROLE).filled(postgres_server) as service:
        service.owner = service.environment["DATABASE_URL"]
        assert "may read and add to the log" in service.manage("migrate")
        service.environment |= {"DATABASE_URL": service.owner.replace("tracker@", f"{ROLE}@"), "APP_ROLE": ""}
        yield service


@pytest.fixture
def line(service):
    with psycopg.connect(service.environment["DATABASE_URL"]) as line:
        yield line


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_services_role_cannot_change_the_past(line, statement):
    with pytest.raises(psycopg.Error) as refused:
        line.execute(statement)
    line.rollback()
    assert refused.value.sqlstate in ("42501", "23000"), refused.value


def test_the_owner_of_the_head_cannot_set_it_back_either(service):
    with psycopg.connect(service.owner) as line, pytest.raises(psycopg.Error, match="goes forward only"):
        line.execute("UPDATE tracker_head SET sequence = sequence - 1")


def test_the_service_works_as_its_role(service):
    said = service.ask(
        """
import json
from django.contrib.auth import get_user_model
from tracker import log, triage
from tracker.models import Event, Preference, Revision
from tracker.operations import hardening
ada = get_user_model().objects.create_superuser("ada", password="correct horse battery")
before = Revision.objects.count()
event = Event.objects.filter(status="accepted").first()
triage.edit(event, by=ada, version=event.version, why="a test", changes={"title": "Another title"})
answer = [Revision.objects.count() - before, log.verify() - before, hardening.may_change_the_past(),
          Revision.objects.last().who]
"""
    )
    assert said == [1, 1, "", "analyst 1"]
    service.manage("seed", "-v0")
    service.start_web()
    assert "<html" in service.get("/")
    assert service.ask("from tracker.operations import health; answer = health.migrations().well")


def test_two_migrations_at_once_end_well(service, postgres_server):
    empty = postgres_server.create("migrated_twice")
    service.environment["DATABASE_URL"], kept = empty, service.environment["DATABASE_URL"]
    try:
        both = [service.start("manage.py", "migrate", "-v0", log=f"migrate{number}") for number in range(2)]
        assert [process.wait(120) for process in both] == [0, 0], service.logs()
    finally:
        service.environment["DATABASE_URL"] = kept

"""What the documents name exists: files, commands, settings, queues, metrics and roles."""

import json
import re

import pytest
from django.contrib.auth.models import Group
from django.core.management import get_commands

from tests.operations.test_compose import SERVICES, read_settings
from tests.service import ROOT
from tracker.desk import people
from tracker.models import Heartbeat
from tracker.operations import health

DOCUMENTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / f"{n}.md" for n in ("README", "SECURITY", "CONTRIBUTING")),
]
WORDS = "\n".join(path.read_text() for path in DOCUMENTS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in target and not target.startswith("/"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(path):
    for target in re.findall(
        r"`((?:tests|docs|feeds|tracker|scorecard|requirements|seeds)/[a-z_/.]+)`", path.read_text()
    ):
        found = ROOT / target.rstrip("/")
        assert found.exists() or found.with_suffix(".py").exists(), target


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"`(tests/[a-z_/]+\.py)::([a-z_0-9]+)`", WORDS))
    assert len(named) > 50
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()]
    assert not missing


def test_every_claim_about_security_names_the_test_that_shows_it():
    text = (ROOT / "SECURITY.md").read_text()
    rows = [
        line
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith(("| threat", "| chapter"))
    ]
    assert len(rows) > 20
    assert [row[:40] for row in rows if "::test_" not in row.rpartition(" | ")[2]] == []


def test_every_command_that_is_named_exists():
    named = set(re.findall(r"manage\.py ([a-z_]+)", WORDS))
    assert {"backup", "restore", "health", "migrate", "seed"} <= named
    assert not named - set(get_commands())


def test_every_goal_of_make_that_is_named_exists():
    goals = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert (
        not set(re.findall(r"^\s*make ([a-z]+)\b|`make ([a-z]+)", WORDS, re.M))
        - {(g, "") for g in goals}
        - {("", g) for g in goals}
    )


def test_every_setting_that_is_named_is_read():
    described = (ROOT / "docs" / "operators.md").read_text()
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", described))
    assert named >= {"FEEDS_LEASE", "TRUSTED_PROXIES", "SENTRY_DSN"}
    assert not named - read_settings()


@pytest.mark.django_db
def test_the_dashboard_asks_for_figures_that_exist(settings):
    settings.EMBEDDED = True
    Heartbeat.objects.touch("beat")
    Heartbeat.objects.touch("a.task success")
    board = json.loads((ROOT / "docs" / "operations" / "grafana.json").read_text())
    asked = set(re.findall(r"tracker_[a-z_]+", " ".join(p["targets"][0]["expr"] for p in board["panels"])))
    known = {f"tracker_{sign.name}" for sign in health.vitals()}
    known |= {"tracker_request_seconds_count", "tracker_request_seconds_bucket", "tracker_queue_messages"}
    known |= {"tracker_decisions_total", "tracker_feeds", "tracker_last_poll_age_seconds"}
    assert len(board["panels"]) > 10
    assert not asked - known


@pytest.mark.django_db
def test_the_roles_of_the_analysts_page_are_the_groups():
    table = (ROOT / "docs" / "analysts.md").read_text().split("## Roles")[1]
    named = set(re.findall(r"^\| ([a-z]+) \|", table, re.M)) - {"role", "administrator"}
    assert named == set(Group.objects.values_list("name", flat=True))


def test_the_handbook_of_the_first_day_names_every_key_of_the_desk():
    text = (ROOT / "docs" / "analysts.md").read_text()
    # Without a form's own keys, other spellings of a sign, and the digits.
    fixed = set(people.FIXED) - {"Enter", "Tab", " ", "=", "_"} - set("123456789")
    wanted = {key for key, _said in people.ACTIONS.values()} | fixed
    assert {key for key in wanted if f"`{key}`" not in text} == set()


def test_the_units_run_the_same_commands_as_compose():
    units = "\n".join(path.read_text() for path in (ROOT / "docs" / "operations").glob("*.service"))
    for name in ("web", "beat"):
        assert " ".join(SERVICES[name]["command"]) in units
    assert "celery --quiet -A tracker worker -Q polling,judging,sending,housekeeping" in units

"""`make run` as a newcomer meets it: it starts, serves and ends; when it cannot, it says what to do."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.service import ROOT, Service
from tracker.importing import FOLDER, lines

pytestmark = pytest.mark.slow


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path, DATABASE_URL="", LOCAL_FOLDER=str(tmp_path / "local"), SITE_URL="") as service:
        service.environment["SITE_URL"] = service.address
        yield service


def start(service):
    process = service.start("manage.py", "run", log="run")
    service.wait(lambda: service.get("/robots.txt"), "the service answers", process)
    return process


def test_it_serves_the_seeded_record_without_a_network_and_ends_at_ctrl_c(service):
    process = start(service)
    said = (service.folder / "run.log").read_text()
    count = sum(1 for _line in lines(FOLDER / "events.jsonl"))
    assert f"{'events:':<28}{count:>6} added" in said
    assert "release 2, new events: " in said
    assert "name analyst   password " in said
    assert service.address in said
    assert "Trust" in service.get("/") or "trust" in service.get("/")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0  # a machine that is busy with other tests, and what had just begun
    assert subprocess.run(["pgrep", "-g", str(process.pid)], check=False, capture_output=True).stdout == b""


def test_a_second_start_adds_nothing_and_shows_no_password(service):
    service.end(start(service), signal.SIGINT)
    (service.folder / "run.log").write_text("")
    start(service)
    said = (service.folder / "run.log").read_text()
    assert "password" not in said
    assert " 0 added" in said
    assert not [line for line in said.splitlines() if " added, " in line and " 0 added" not in line]


def test_a_taken_port_is_said_with_the_way_out(service):
    with socket.socket() as taken:
        taken.bind(("", service.port))
        taken.listen()
        done = service.run("manage.py", "run", check=False)
    assert done.returncode == 1
    assert f"Port {service.port} cannot be used" in done.stderr
    assert f"make run PORT={service.port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with Service(tmp_path, DATABASE_URL="", LOCAL_FOLDER=str(blocked / "local")) as service:
        done = service.run("manage.py", "run", check=False)
    assert done.returncode == 1
    assert "LOCAL_FOLDER" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY: missing or shorter than 32"),
        ("ALLOWED_HOSTS", "", "ALLOWED_HOSTS: missing"),
        ("PORT", "eighty", "PORT: a whole number"),
        ("DEBUG", "perhaps", "DEBUG: 1 or 0"),
        ("DATABASE_URL", "mysql://host/name", "DATABASE_URL: an address that starts with"),
        ("REDIS_URL", "http://host", "REDIS_URL: an address that starts with redis://"),
        ("SECRET_KEY_FILE", "/nowhere/at/all", "SECRET_KEY_FILE: cannot read"),
        ("SITE_URL", "ftp://host", "SITE_URL: an address that starts with"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path, setting, value, words):
    with Service(tmp_path) as service:
        service.environment |= {"DEBUG": "0", "ALLOWED_HOSTS": "localhost", setting: value}
        done = service.run("manage.py", "check", check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_no_analyst_is_made_when_debug_is_off(service):
    service.environment |= {"DEBUG": "0", "ALLOWED_HOSTS": "127.0.0.1", "SITE_URL": service.address}
    start(service)
    said = (service.folder / "run.log").read_text()
    assert "no development analyst" in said
    assert "password" not in said.replace("passwords", "")
    staff = service.ask("from django.contrib.auth.models import User\nanswer = User.objects.count()")
    assert staff == 0


def test_a_python_that_is_too_old_is_named_with_the_way_out(tmp_path):
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        [ROOT / ".ci" / "python"],
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "make run PYTHON=" in done.stderr


def test_make_help_lists_the_two_commands():
    done = subprocess.run(["make", "help"], cwd=Path(ROOT), capture_output=True, text=True, check=True)
    assert "run" in done.stdout
    assert "test" in done.stdout

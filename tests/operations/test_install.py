"""The installation without containers: what its script writes is complete, closed to others, and starts the service."""

import configparser
import os
import re
import subprocess
import sys

import pytest

from tests.service import ROOT

SCRIPTS = ROOT / "docs/operations"
UNITS = sorted(path.name for pattern in ("*.service", "*.timer") for path in SCRIPTS.glob(pattern))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    for _time in range(2):  # a second run keeps what is there
        done = subprocess.run(
            [SCRIPTS / "install.sh", "scorecard.example.org"],
            env={"PATH": os.environ["PATH"], "DESTDIR": str(folder)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        (folder / "first.env").write_text((folder / "etc/tracker/service.env").read_text())
    return folder


def values(path):
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", path.read_text(), re.M))


def test_secrets_are_fresh_and_closed_to_others(written):
    service, owner = written / "etc/tracker/service.env", written / "etc/tracker/owner.env"
    assert (service.stat().st_mode & 0o777, owner.stat().st_mode & 0o777) == (0o640, 0o600)
    assert service.read_text() == (written / "first.env").read_text()
    found, owned = values(service), values(owner)
    secrets = [
        found["SECRET_KEY"],
        found["METRICS_TOKEN"],
        found["DATABASE_PASSWORD"],
        owned["DATABASE_PASSWORD"],
    ]
    assert len(set(secrets)) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9]{60,80}", secret) for secret in secrets)
    assert owned["APP_DATABASE_PASSWORD"] == found["DATABASE_PASSWORD"]
    assert "//tracker_app@" in found["DATABASE_URL"]
    assert (written / "var/backups/tracker").stat().st_mode & 0o777 == 0o700


def test_every_folder_and_file_that_a_unit_names_is_made(written):
    assert sorted(path.name for path in (written / "etc/systemd/system").iterdir()) == UNITS
    for name in UNITS:
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(written / "etc/systemd/system" / name)
        if name.endswith(".timer"):
            assert f"{name.removesuffix('.timer')}.service" in UNITS
            continue
        described = unit["Service"]
        assert described["User"] == "tracker"
        assert described["EnvironmentFile"] == "/etc/tracker/service.env"
        for folder in (described["WorkingDirectory"], *described["ReadWritePaths"].split()):
            assert (written / folder.lstrip("/")).is_dir(), (name, folder)
        assert re.fullmatch(r"\d+[MG]", described["MemoryMax"])
    assert (written / "srv/tracker/manage.py").exists()


def test_beat_has_room_for_two_of_itself():
    """Its health check is a second Python beside it."""
    assert "MemoryMax=512M" in (SCRIPTS / "tracker-beat.service").read_text()


@pytest.mark.slow
@pytest.mark.servers
def test_the_service_starts_with_what_was_written(written, postgres_server, redis_url, tmp_path):
    """The script's own settings, its own way to call manage.py, two roles, on PostgreSQL."""
    folder = tmp_path / "settings"
    folder.mkdir()
    url = postgres_server.create("installed")
    for name, role in (("service.env", "tracker_app"), ("owner.env", "tracker")):
        text = (written / "etc/tracker" / name).read_text()
        text = re.sub(
            r"(?m)^DATABASE_URL=.*$", f"DATABASE_URL={url.replace('//tracker@', f'//{role}@')}", text
        )
        text = re.sub(r"(?m)^REDIS_URL=.*$", f"REDIS_URL={redis_url.removesuffix('/0')}/5", text)
        text = text.replace("/var/lib/tracker", str(tmp_path))
        (folder / name).write_text(text)

    def manage(*words):
        """By the operators' own script, with this Python."""
        env = {"PATH": os.environ["PATH"], "TRACKER_SETTINGS": str(folder), "PYTHON": sys.executable}
        done = subprocess.run([SCRIPTS / "manage.sh", *words], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "tracker_app may read and add" in manage("--owner", "migrate", "--noinput")
    manage("seed", "-v0")
    manage("collectstatic", "--noinput", "-v0")
    assert "tracker.W013" not in manage("check", "--deploy")

"""docker-compose.yml as plain values, and its services as commands for this machine."""

import re
import shlex

import yaml

from tests.service import ROOT

VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(?::([-?])([^${}]*))?\}")  # the innermost
CELERY = ["-m", "celery"]
PYTHON = {
    "python": [],
    "gunicorn": ["-m", "gunicorn"],
    "celery": CELERY,
}


def read():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def filled(value, variables):
    """A value with its ${VARIABLES} filled in as Compose does; a missing one that is needed is an error."""

    def fill(match):
        name, kind, rest = match.groups()
        if found := variables.get(name):
            return found
        assert kind != "?", f"{name}: {rest}"
        return rest or ""

    while (inner := VARIABLE.sub(fill, value)) != value:
        value = inner
    return value.replace("$$", "$")


def command(service, folder):
    """The service's command with this machine's Python; folders of the image become folders here."""
    words = service["command"]
    if words[:2] == ["sh", "-c"]:
        return [command({"command": shlex.split(part)}, folder) for part in words[2].split("&&")]
    words = [str(folder) if word.startswith("/var/") else word for word in words]
    return [*PYTHON[words[0]], *words[1:]]


def settings(service, variables, *, postgres, redis, cache):
    """The service's environment, with the three servers where they are on this machine."""
    found = {name: filled(value, variables) for name, value in service["environment"].items()}
    role, _at, server = found["DATABASE_URL"].removeprefix("postgres://").partition("@")
    assert server == "postgres:5432/tracker"
    assert (found["REDIS_URL"], found["CACHE_URL"]) == ("redis://valkey:6379/0", "redis://cache:6379/0")
    here = {
        "DATABASE_URL": postgres.replace("//tracker@", f"//{role}@"),
        "REDIS_URL": redis,
        "CACHE_URL": cache,
    }
    return found | here

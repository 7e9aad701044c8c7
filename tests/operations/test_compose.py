"""What docker-compose.yml promises, read from the file; and the same commands against real servers."""

import http.client
import json
import os
import pathlib
import re
import signal
import tarfile
import urllib.error

import jsonschema
import pytest
from django.conf import settings

from tests import servers
from tests.operations import compose
from tests.service import ROOT, Service, filled_database
from tracker import codebook

FILE = compose.read()
SERVICES = FILE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
TEXTS = {"type": "array", "items": {"type": "string"}}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "required": ["services"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "networks": {
            "type": "object",
            "additionalProperties": {"properties": {"internal": {"type": "boolean"}}},
        },
        "volumes": {"type": "object"},
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["image", "networks", "deploy", "read_only", "cap_drop", "security_opt"],
                "properties": {
                    "image": {"type": "string", "pattern": r"^[a-z0-9/]+:.+$"},
                    "build": {"type": "object", "required": ["context"]},
                    "command": TEXTS,
                    "entrypoint": TEXTS,
                    "user": {"type": "string"},
                    "restart": {"enum": ["no", "unless-stopped"]},
                    "init": {"const": True},
                    "read_only": {"const": True},
                    "cap_drop": {"const": ["ALL"]},
                    "security_opt": {"const": ["no-new-privileges:true"]},
                    "pids_limit": {"type": "integer"},
                    "shm_size": {"type": "string", "pattern": "^[0-9]+m$"},
                    "stop_grace_period": {"type": "string", "pattern": "^[0-9]+s$"},
                    "profiles": TEXTS,
                    "tmpfs": TEXTS,
                    "volumes": TEXTS,
                    "networks": TEXTS,
                    "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:"}},
                    "env_file": {"const": ".env"},
                    "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                    "logging": {"type": "object", "required": ["driver", "options"]},
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "properties": {
                                "condition": {"enum": ["service_healthy", "service_completed_successfully"]}
                            },
                            "required": ["condition"],
                        },
                    },
                    "healthcheck": {
                        "type": "object",
                        "required": ["test", "interval", "timeout", "retries"],
                        "properties": {"test": TEXTS},
                    },
                    "deploy": {
                        "properties": {
                            "resources": {
                                "properties": {"limits": {"required": ["cpus", "memory"]}},
                                "required": ["limits"],
                            }
                        },
                        "required": ["resources"],
                    },
                },
            },
        },
    },
}


def test_the_file_is_well_formed_and_every_service_is_hardened_and_bounded():
    jsonschema.validate(FILE, SCHEMA)


def test_whatever_stays_up_is_watched():
    unwatched = {name for name, service in SERVICES.items() if "healthcheck" not in service}
    assert unwatched == {"migrate", "backup", "restore"}
    assert all(SERVICES[name]["restart"] == "no" for name in unwatched)


def test_nobody_is_root():
    assert SERVICES["postgres"]["user"] == "postgres"
    assert SERVICES["valkey"]["user"] == SERVICES["cache"]["user"] == "valkey"
    docker = (ROOT / "Dockerfile").read_text()
    assert re.search(
        r"groupadd --system --gid 10001 tracker .*\n.*useradd --system --uid 10001 --gid tracker ", docker
    )
    last = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("USER ")][-1]
    assert last == "USER 10001:10001"


def test_every_queue_has_a_worker_and_there_is_one_beat():
    queues = {
        queue
        for service in OURS.values()
        if "-Q" in service["command"]
        for queue in service["command"][service["command"].index("-Q") + 1].split(",")
    }
    assert queues == set(settings.QUEUES)
    assert sum("beat" in service["command"] for service in OURS.values()) == 1


def test_data_servers_are_reached_by_nobody_outside():
    assert FILE["networks"]["inside"]["internal"] is True
    for name in ("postgres", "valkey", "cache"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_every_volume_and_dependency_exists():
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in {*FILE["volumes"], "./secrets"}, (name, volume)
        assert set(service.get("depends_on", ())) <= set(SERVICES), name


def test_images_are_pinned():
    for name, service in SERVICES.items():
        if name not in OURS:
            assert re.search(r":\d+\.\d+", service["image"]), (name, service["image"])
    docker = (ROOT / "Dockerfile").read_text()
    assert set(re.findall(r"^FROM (\S+)", docker, re.M)) == {"python:3.11.14-slim-trixie"}
    assert "--require-hashes" in docker


def test_backups_are_made_by_a_client_that_knows_the_server():
    server = re.match(r"postgres:(\d+)", SERVICES["postgres"]["image"])[1]
    client = re.search(r"postgresql-client-(\d+)", (ROOT / "Dockerfile").read_text())[1]
    assert int(client) >= int(server)


def test_the_start_names_what_is_missing_in_env():
    for name in ("SITE_URL", "ALLOWED_HOSTS"):
        complete = dict.fromkeys(("SITE_URL", "ALLOWED_HOSTS"), "x") | {name: ""}
        with pytest.raises(AssertionError, match=name):
            for value in SERVICES["web"]["environment"].values():
                compose.filled(value, complete)


def test_readers_and_messages_have_no_memory_in_common():
    """The broker evicts nothing and readers cannot write to it; what they cause is evicted."""
    assert "noeviction" in SERVICES["valkey"]["command"]
    assert "allkeys-lru" in SERVICES["cache"]["command"]
    assert SERVICES["web"]["environment"]["CACHE_URL"] == "redis://cache:6379/0"


def test_every_secret_may_be_a_file():
    for name, service in SERVICES.items():
        for setting, value in service.get("environment", {}).items():
            if setting.endswith(("_KEY", "_PASSWORD")):
                assert ":?" not in value, (name, setting)
                assert setting == "SECRET_KEY" or f"{setting}_FILE" in service["environment"], (name, setting)
    assert all("./secrets:/run/secrets:ro" in service["volumes"] for service in OURS.values())


def test_only_what_migrates_and_restores_is_the_owner():
    owners = {
        name for name, service in OURS.items() if "//tracker@" in service["environment"]["DATABASE_URL"]
    }
    assert owners == {"migrate", "restore"}
    for name, service in OURS.items():
        secret = service["environment"]["DATABASE_PASSWORD"]
        assert secret.startswith("${DATABASE_PASSWORD" if name in owners else "${APP_DATABASE_PASSWORD"), name


def test_a_restore_finds_the_database_as_it_is():
    assert set(SERVICES["restore"]["depends_on"]) == {"postgres"}
    assert "backups:/var/backups/tracker" in SERVICES["restore"]["volumes"]
    assert "data:/var/lib/tracker" in SERVICES["restore"]["volumes"]


def test_a_second_web_process_may_stand_beside_the_first():
    """PUBLISH_PORT may be a range: 8000-8003 for --scale web=4."""
    (port,) = SERVICES["web"]["ports"]
    assert compose.filled(port, {"PUBLISH_PORT": "8000-8003"}) == "127.0.0.1:8000-8003:8000"


def read_settings():
    """The names of all settings that the code reads from the environment."""
    names = set()
    for path in (ROOT / "tracker").rglob("*.py"):
        names |= set(
            re.findall(
                r"environment\.(?:text|flag|flag_or_auto|number|people|words|secrets|address|choice|share)\(\s*['\"]([A-Z_]+)",
                path.read_text(),
            )
        )
    own = (ROOT / "tracker" / "environment.py").read_text() + pathlib.Path(codebook.__file__).read_text()
    return names | set(re.findall(r"(?:text|address|environ\.get)\(\"([A-Z_]+)\"", own))


def test_the_example_of_settings_is_complete():
    example = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert read_settings() >= {"SECRET_KEY", "DATABASE_URL", "LOCAL_FOLDER", "WEB_THREADS"}
    assert example - {"PUBLISH_PORT", "EXTRAS"} == read_settings()


VARIABLES = {
    "SECRET_KEY": "of this test only, long enough to be a key that nobody guesses: 0123456789",
    "DATABASE_PASSWORD": "not needed by the test's server",
    "APP_DATABASE_PASSWORD": "nor this one",
    "SITE_URL": "https://scorecard.example.org",
    "CONTACT": "editors@scorecard.example.org",
    "ALLOWED_HOSTS": "scorecard.example.org",
}
READERS = {"Host": "scorecard.example.org", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def running(tmp_path_factory, postgres_server, redis_url):
    """Every long-lived service of the file, started here by its own command with its own settings (in forks)."""
    folder = tmp_path_factory.mktemp("compose")
    database = postgres_server.create("compose", template=filled_database(postgres_server))
    redis_url = redis_url.removesuffix("/0") + "/3"
    with servers.required(servers.redis()) as cache:
        yield from started(
            folder, postgres_server, {"postgres": database, "redis": redis_url, "cache": cache.url}
        )


def started(folder, postgres_server, places):
    base = compose.settings(OURS["web"], VARIABLES, **places)
    image = {"LOCAL_FOLDER": str(folder), "STATIC_ROOT": str(folder / "static"), "HOST": "127.0.0.1"}
    tools = f"{postgres_server.bin}:{os.environ['PATH']}"
    extra = {
        "DEBUG": "0",
        "FETCH_ALLOW_PRIVATE": "0",
        "PYTHONWARNINGS": "ignore",
        "EMAIL_URL": "consolemail://",
        "PATH": tools,
    }
    with Service(folder, **(base | image | extra | {"HOSTNAME": "here"})) as service:
        service.manage("collectstatic", "--noinput", "-v0")
        own, service.environment = (
            service.environment,
            service.environment | compose.settings(OURS["migrate"], VARIABLES, **places),
        )
        for step in compose.command(OURS["migrate"], folder):
            service.said_by(*step)
        service.owner, service.environment = service.environment, own
        service.started = {}
        for name, described in OURS.items():
            if described.get("restart") != "no":
                words = [
                    f"worker@{name}" if word == "worker@%h" else word
                    for word in compose.command(described, folder)
                ]
                service.started[name] = service.fork(*words, log=name)
        service.wait(lambda: service.get("/health/ready", **READERS), "everything is ready")
        yield service


@pytest.mark.slow
@pytest.mark.servers
class TestRunning:
    def test_a_reader_gets_the_page(self, running):
        assert "<html" in running.get("/", **READERS)

    def test_a_reader_without_https_is_sent_there(self, running):
        line = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        line.request("GET", "/events/", headers={"Host": "scorecard.example.org"})
        answer = line.getresponse()
        assert answer.status == 301
        assert answer.headers["Location"] == "https://scorecard.example.org/events/"

    def test_cookies_and_transport_are_strict(self, running):
        line = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        line.request("GET", "/admin/login/", headers=READERS)
        answer = line.getresponse()
        (cookie,) = answer.headers.get_all("Set-Cookie")
        assert cookie.startswith("__Host-csrf=")
        assert {"Secure", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"

    def test_a_host_that_is_not_ours_is_refused(self, running):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            running.get("/", **(READERS | {"Host": "evil.example"}))

    def test_static_files_have_hashes_and_are_compressed(self, running):
        page = running.get("/", **READERS)
        style = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page)[1]
        assert (running.folder / "static" / (style.removeprefix("/static/") + ".gz")).exists()

    def test_the_settings_are_found_safe(self, running):
        said = running.said_by("manage.py", "check", "--deploy", "--fail-level", "WARNING")
        assert "no issues" in said.stdout

    def test_the_health_check_of_beat_is_content(self, running):
        running.said_by(
            *compose.command({"command": SERVICES["beat"]["healthcheck"]["test"][1:]}, running.folder)
        )

    @pytest.mark.parametrize("name", ["polling", "judging", "sending"])
    def test_the_health_check_of_a_worker_is_content(self, running, name):
        said = running.said_by(
            "-m", "celery", "-A", "tracker", "inspect", "ping", "-d", f"worker@{name}", "-t", "10"
        )
        assert "pong" in said.stdout

    def test_a_backup_is_made_by_the_files_own_command(self, running):
        folder = running.folder / "backups"
        folder.mkdir()
        said = running.said_by(*compose.command(SERVICES["backup"], folder)).stdout
        (made,) = folder.glob("tracker-*.tar")
        assert f"{made.stat().st_size:,} bytes" in said
        with tarfile.open(made) as bundle:
            assert "./database.dump" in bundle.getnames()

    def test_it_is_restored_by_the_files_own_command(self, running):
        (made,) = (running.folder / "backups").glob("tracker-*.tar")
        # In a Python of its own: the processes that run are children of the one with their environment.
        words = [*SERVICES["restore"]["entrypoint"][1:], str(made)]
        own, running.environment = running.environment, running.owner
        try:
            assert "restored beside the database" in running.run(*words, "--check").stdout
            assert ": restored," in running.run(*words, "--replace").stdout
        finally:
            running.environment = own
        assert "<html" in running.get("/events/", **READERS)

    def test_every_line_of_every_process_is_json(self, running):
        for name in running.started:
            lines = (running.folder / f"{name}.log").read_text().splitlines()
            assert lines or name != "web"
            strange = [line for line in lines if not is_json(line)]
            assert not strange, (name, strange[:5])

    def test_each_process_ends_in_peace_when_asked(self, running):
        for name, process in running.started.items():
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == 0, (name, running.logs())


def is_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False

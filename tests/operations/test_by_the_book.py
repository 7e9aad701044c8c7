"""docs/operators.md, typed word for word on a bare Debian behind the documented proxy: install, back up, upgrade, go
back, new secrets, an empty machine. A command of that page that nobody types is named here with the reason.
"""

import os
import re
import urllib.parse
from types import SimpleNamespace

import pytest

from tests.operations import machine
from tests.servers import required
from tests.service import ROOT

BOOK = ROOT / "docs/operators.md"
# tests/operations/test_compose.py starts the file's own commands, `make image` runs them inside the image.
NO_ENGINE = "no container engine runs in a test"
NOT_TYPED = {
    "cp .env.example .env": NO_ENGINE,
    "docker compose up -d": NO_ENGINE,
    "docker compose exec web python manage.py createsuperuser": NO_ENGINE,
    "docker compose exec web python manage.py check --deploy": NO_ENGINE,
    "docker compose exec web python manage.py health": NO_ENGINE,
    'EXTRAS="parquet xlsx" docker compose build': NO_ENGINE,
    "PUBLISH_PORT=8000-8003 docker compose up -d --scale web=4": NO_ENGINE,
    "docker compose up -d --scale polling=3 --scale judging=2": NO_ENGINE,
    "docker compose run --rm backup": NO_ENGINE,
    "docker compose stop web polling judging sending beat": NO_ENGINE,
    "docker compose run --rm restore /var/backups/tracker/FILE --replace": NO_ENGINE,
    "docker compose build && docker compose up -d": NO_ENGINE,
    "SECRET_KEY_FILE=/run/secrets/secret_key": "a line of .env",
    "apt-get install postgresql redis-server python3-venv make": "what it brings is there: nothing can be loaded",
    "make run": "tests/test_run.py::test_a_wrong_setting_stops_the_start_with_its_name starts it",
    "make test": "this is part of it",
    "make image": "ten minutes of two cores: by hand, before a release",
    "make chaos": "tests/operations/test_chaos.py is part of the tests; this prints its figures",
    "python3 mirror.py https://scorecard.example.org /var/lib/mirror": (
        "typed elsewhere; tests/scorecard/editions/test_mirrored.py"
    ),
    "make bench BENCH=scale": "an hour of work; tests/test_bench.py runs each bench small",
    "manage.py move postgresql://user:password@host/name": "tests/operations/test_move.py moves between servers",
    "manage.py backfill FEED… [--pages N]": "asks publishers; tests/feeds/test_backfilling.py",
    "manage.py opinion FILE": "asks a language model",
    "manage.py opinion --labelled 200 --prices 0.5 2": "asks a language model",
    "manage.py retrain": "half an hour of a core; tests/tracker/tagging/test_serving.py",
}
SETTINGS = "/etc/tracker/service.env"
PASSWORD = "correct horse battery"
UNITS = "tracker-web tracker-worker@one tracker-beat"


def commands():
    """Every line of the page's blocks, without its remark, and every command in the text."""
    text = BOOK.read_text()
    lines = [re.sub(r"\s{2,}#.*", "", line).strip() for line in re.findall(r"^ {4}(\S.*)$", text, re.M)]
    inline = re.findall(r"`((?:manage\.py|make|docker compose|valkey-cli) [^`]+)`", text)
    return list(dict.fromkeys([*lines, *inline]))


def test_every_reason_belongs_to_a_command_and_names_what_is_there():
    assert not set(NOT_TYPED) - set(commands())
    for path in re.findall(r"tests/[a-z_/]+\.py", " ".join(NOT_TYPED.values())):
        assert (ROOT / path).exists(), path


class Operator:
    """Somebody who types what the page says, and only counts as having typed it when the page does say it."""

    def __init__(self, place):
        self.place, self.typed = place, set()

    def types(self, line, *answers, **names):
        assert line in commands(), line
        self.typed.add(line)
        for name, value in names.items():
            line = line.replace(name, value)
        if line.startswith("manage.py "):
            line = f"sudo tracker-manage {line.removeprefix('manage.py ')}"
        return self.place.type(line, *answers) if answers else self.place.run(line)

    def sets(self, **settings):
        """New values in the settings, and a restart."""
        for name, value in settings.items():
            self.place.run(f"sed -i '/^{name}=/d' {SETTINGS}; echo '{name}={value}' >>{SETTINGS}")
        self.place.run(f"systemctl restart {UNITS}")
        self.wait()

    def wait(self):
        self.place.wait(
            lambda: self.place.ask("GET", "/health/live").status == 200, "it answers behind Caddy"
        )

    def value(self, name, file=SETTINGS):
        return self.place.run(f"sed -n 's/^{name}=//p' {file}").strip()

    def psql(self, statement):
        return self.place.run(f'runuser -u postgres -- psql -qAt tracker -c "{statement}"').strip()


class Browser:
    """Cookies and forms, over https, through the proxy."""

    def __init__(self, place):
        self.place, self.cookies = place, {}

    def ask(self, method, path, body=None):
        said = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        said |= {"Referer": f"https://scorecard.example.org{path}", "Accept-Encoding": "identity"}
        if body:
            said["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.place.ask(method, path, body, **said)
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _is, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def sign_in(self, name, password):
        page = self.ask("GET", "/admin/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        return self.ask("POST", "/admin/login/", urllib.parse.urlencode(form)).status == 302

    def is_inside(self):
        """Past the password: whoever is not is sent back to the door."""
        return "login" not in (self.ask("GET", "/admin/").headers["Location"] or "")


@pytest.fixture(scope="module")
def story():
    """The page from its beginning to its end, and what was seen on the way."""
    with required(machine.bare()) as place:
        seen = SimpleNamespace(place=place, operator=Operator(place))
        servers(place)
        for part in (install, upgrade, new_secrets, empty_machine, the_rest):
            part(place, seen.operator, seen)
        yield seen


def servers(place):
    """What `apt-get install postgresql redis-server` brings and starts, and what the page asks of Redis."""
    version = place.run("ls /usr/lib/postgresql | sort -n | tail -1").strip()
    place.run(f"pg_dropcluster {version} main --stop", check=False)
    place.run(f"pg_createcluster {version} main && pg_ctlcluster {version} main start")
    redis = "redis-server --daemonize yes --bind 127.0.0.1"
    place.run(f"{redis} --dir /var/lib/redis --appendonly yes --maxmemory-policy noeviction")
    place.run(f"{redis} --port 6380 --save '' --maxmemory 32mb --maxmemory-policy allkeys-lru")


def install(place, operator, seen):
    operator.types("sudo docs/operations/install.sh scorecard.example.org")
    seen.account = operator.types(
        "sudo tracker-manage createsuperuser", "ada", "ada@example.org", PASSWORD, PASSWORD
    )
    operator.types("sudo tracker-manage --owner migrate")
    place.run("mkdir -p /etc/caddy")
    operator.types("cp docs/operations/Caddyfile /etc/caddy/Caddyfile")
    # Its certificate is its own here: nobody is there to give it another.
    place.run("sed -i '1a \\\\tlocal_certs\\n\\tskip_install_trust' /etc/caddy/Caddyfile")
    place.run("nohup caddy run --config /etc/caddy/Caddyfile >/var/log/tracker-caddy.log 2>&1 &")
    operator.sets(
        CACHE_URL="redis://127.0.0.1:6380/0", ADMINS="editor@example.org", EMAIL_URL="consolemail://"
    )
    seen.browser = Browser(place)
    seen.signed_in = seen.browser.sign_in("ada", PASSWORD)
    seen.deploy = operator.types("manage.py check --deploy")
    seen.health = operator.types("manage.py health")


def front(place, **headers):
    answer = place.ask("GET", "/", **({"Accept-Encoding": "identity"} | headers))
    style = re.search(r'href="(/static/[^"]+\.css)"', answer.text)
    return answer.status, answer.headers["ETag"], style and style[1]


def upgrade(place, operator, seen):
    """A release that only changes the style sheet, and the way back from it."""
    seen.before = front(place)
    seen.known = front(place, **{"If-None-Match": seen.before[1]})
    sheet = next(path for path in (ROOT / "scorecard/pages/static").rglob("*.css")).relative_to(ROOT)
    install = "sudo docs/operations/install.sh scorecard.example.org"
    place.run(f"cp {sheet} /root/sheet; echo '.of-the-next-release{{}}' >>{sheet}")
    operator.types(install)
    operator.wait()
    seen.after = front(place, **{"If-None-Match": seen.before[1]})
    seen.sheets = [place.ask("GET", one).status for one in (seen.before[2], seen.after[2])]
    place.run(f"cp /root/sheet {sheet}")
    operator.types(install)
    operator.wait()
    seen.back = front(place)


def new_secrets(place, operator, seen):
    seen.key = operator.value("SECRET_KEY")
    seen.kept_inside = [seen.browser.is_inside()]
    operator.sets(
        SECRET_KEY="a-new-key-of-fifty-letters-and-more-0123456789-abcdef", SECRET_KEY_FALLBACKS=seen.key
    )
    seen.kept_inside.append(seen.browser.is_inside())
    operator.psql("ALTER ROLE tracker PASSWORD 'owners-new'")
    place.run("sed -i 's/^DATABASE_PASSWORD=.*/DATABASE_PASSWORD=owners-new/' /etc/tracker/owner.env")
    place.run(
        "sed -i 's/^APP_DATABASE_PASSWORD=.*/APP_DATABASE_PASSWORD=services-new/' /etc/tracker/owner.env"
    )
    operator.types("sudo tracker-manage --owner migrate")
    operator.sets(DATABASE_PASSWORD="services-new", METRICS_TOKEN="metrics-new", SIGNING_KEY="")
    seen.after_passwords = front(place)[0]
    seen.metrics = [
        place.ask("GET", "/metrics", Authorization=f"Bearer {token}").status
        for token in ("metrics-old", "metrics-new")
    ]
    seen.kept_inside.append(seen.browser.is_inside())


def empty_machine(place, operator, seen):
    backup = "sudo tracker-manage backup /var/backups/tracker --keep 14"
    check = "sudo tracker-manage --owner restore /var/backups/tracker/FILE --check"
    replace = "sudo tracker-manage --owner restore /var/backups/tracker/FILE --replace"
    stop, start = f"sudo systemctl stop {UNITS}", f"sudo systemctl start {UNITS}"
    operator.types(backup)
    file = place.run("ls /var/backups/tracker").strip()
    seen.mode = place.run(f"stat -c '%a %U' /var/backups/tracker/{file}").strip()
    operator.types(check, FILE=file)
    seen.record = record(operator)
    key = operator.value("SECRET_KEY")
    operator.types(stop)
    # The machine burns; what is left is the backup and the key.
    place.run(
        f"mv /var/backups/tracker/{file} /root; rm -rf /etc/tracker /var/lib/tracker/* /var/backups/tracker"
    )
    place.run("rm -rf /etc/systemd/system/tracker-*; redis-cli flushall; redis-cli -p 6380 flushall")
    for statement in ("DROP DATABASE tracker WITH (FORCE)", "DROP ROLE tracker_app", "DROP ROLE tracker"):
        place.run(f'runuser -u postgres -- psql -q -c "{statement}"')
    operator.types("sudo docs/operations/install.sh scorecard.example.org")
    place.run(f"install -o tracker -g tracker -m 600 /root/{file} /var/backups/tracker/{file}")
    place.run(f"sed -i 's/^SECRET_KEY=.*/SECRET_KEY={key}/' {SETTINGS}")
    operator.types(stop)
    operator.types(replace, FILE=file)
    operator.types(start)
    operator.wait()
    seen.restored = record(operator)
    seen.inside_again = seen.browser.is_inside()
    seen.verified = operator.place.run(
        "sudo tracker-manage shell -v0 -c 'from tracker import log; print(log.verify())'"
    )


def record(operator):
    return operator.psql(
        "SELECT (SELECT sequence || digest FROM tracker_head), (SELECT count(*) FROM tracker_article),"
        " (SELECT password FROM auth_user WHERE username = 'ada')"
    )


def the_rest(place, operator, seen):
    seen.seeded = operator.types("manage.py seed")
    issue = "manage.py keys issue NAME --account USER --scope propose"
    seen.issued = operator.types(issue, NAME="reader", USER="ada")
    seen.listed = operator.types("manage.py keys list")
    operator.types("manage.py keys revoke PREFIX", PREFIX=seen.listed.split()[0])
    operator.types("manage.py axes_reset")
    seen.person = operator.types("sudo tracker-manage person reader@example.org")
    operator.types("sudo tracker-manage person reader@example.org --forget --never")
    place.run(
        "printf '#!/bin/sh\\nexec redis-cli \"$@\"\\n' >/usr/local/bin/valkey-cli; chmod 755 /usr/local/bin/valkey-cli"
    )
    operator.types("valkey-cli FLUSHDB")
    for unit in ("tracker-backup.service", "tracker-check.service"):  # what the timers start
        place.run(f"systemctl start {unit}")
    seen.backups = place.run("ls /var/backups/tracker").split()


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.skipif("BY_THE_BOOK" not in os.environ, reason="ten minutes: `make book` types the page")
class TestTyped:
    def test_every_command_of_the_page_was_typed_or_is_named_with_its_reason(self, story):
        assert set(commands()) == story.operator.typed | set(NOT_TYPED)

    def test_it_is_installed_and_safe(self, story):
        assert "Superuser created" in story.account
        assert story.signed_in
        assert "no issues" in story.deploy
        assert "migrations: all applied" in story.health

    def test_an_upgrade_gives_out_no_kept_page_of_before(self, story):
        (status, _tag, style), (was, _old_tag, old_style) = story.after, story.before
        assert (was, story.known[0], status) == (200, 304, 200)
        assert style != old_style
        assert story.sheets == [200, 200]

    def test_the_way_back_is_the_release_before(self, story):
        assert story.back == story.before

    def test_new_secrets_keep_everybody_inside_and_lock_the_old_ones_out(self, story):
        assert story.kept_inside == [True, True, True]
        assert story.after_passwords == 200
        assert story.metrics == [403, 200] or story.metrics == [401, 200]

    def test_an_empty_machine_has_the_record_the_accounts_and_the_sessions_again(self, story):
        assert story.mode == "600 tracker"
        assert story.restored == story.record
        assert story.inside_again
        assert int(story.verified.split()[-1]) > 400

    def test_what_the_timers_start_works(self, story):
        assert len(story.backups) == 2

    def test_no_log_holds_a_secret(self, story):
        logs = story.place.run("cat /var/log/tracker-*.log")
        for secret in (PASSWORD, story.key, "services-new", "owners-new", "metrics-new"):
            assert secret not in logs

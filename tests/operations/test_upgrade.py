"""From the release before to this one, with its data and under its readers: nothing that was published changes."""

import contextlib
import json
import sqlite3
import threading
import time
import urllib.error

import psycopg
import pytest

from tests.operations import release
from tests.scorecard.golden import readings
from tests.scorecard.golden.keeping import difference
from tests.service import Service

pytestmark = pytest.mark.slow
PATIENCE = 20  # seconds that a reader may wait while the machine does other things too
PAGES = (
    "/",
    "/zh-hans/recommendations/trust/",
    "/events/?q=chips",
    "/api/v1/changes/?limit=100",
    "/feeds/all.atom",
)


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path, API_RATE_ANONYMOUS="1000000") as service:
        yield service


def test_a_sqlite_file_of_the_release_before_is_brought_up_to_date_under_its_readers(service):
    upgrade(service)


@pytest.mark.servers
def test_so_is_a_postgresql_database(service, postgres_server):
    service.environment["DATABASE_URL"] = postgres_server.create("release_before")
    upgrade(service)


def upgrade(service):
    """Two minutes of one core. Processes of the release before read their tables on through all of it; those of this
    release start once the database is migrated, as the operators' guide has it, and answer before it is seeded."""
    url = service.environment["DATABASE_URL"]
    release.load(service.folder, url, service.manage)
    kept, old = release.kept(), RowReader(url)
    lines = old.lines_of_the_log()
    with reading(old):
        service.manage("migrate", "-v0")
        service.start_web()
        with reading(Reader(service, kept["figures"])):
            told = service.manage("seed")
    said = service.run("-m", "tests.operations.release", url, service.environment["DATA_FOLDER"]).stdout
    found = json.loads(said.splitlines()[-1])
    assert not difference(kept["figures"], found["figures"])
    assert old.lines_of_the_log()[: len(lines)] == lines
    edition = {name: kept["digests"][name] for name in found["digests"]}
    assert len(edition) > 5
    assert not difference(edition, found["digests"])
    answered = {address: status for address, status in kept["addresses"].items() if status == 200}
    assert not difference(answered, {address: found["addresses"][address] for address in answered})
    assert f"{release.DAY}: " in service.manage("edition", "verify")
    assert "release 2, new events: " in told
    assert "release 2: kept as an analyst left them: " in told
    assert " added, " in (again := service.manage("seed"))
    assert all(" 0 added" in line for line in again.splitlines())


@contextlib.contextmanager
def reading(reader):
    """A reader that goes on meanwhile, two rounds before and after."""
    reader.start()
    reader.go_on_for_a_round()
    yield
    reader.go_on_for_a_round()
    reader.ended.set()
    reader.join()
    assert not reader.faults, reader.faults[:3]
    assert max(reader.waits) < PATIENCE, "somebody waited for a migration"


class Rounds(threading.Thread):
    """Asks its questions over and over, until `ended`, and keeps what was wrong with an answer."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.rounds, self.faults, self.waits = threading.Event(), 0, [], []

    def run(self):
        while not self.ended.is_set():
            for question in self.questions:
                started = time.monotonic()
                if fault := self.ask(question):
                    self.faults.append((question, fault))
                self.waits.append(time.monotonic() - started)
                time.sleep(0.02)
            self.rounds += 1

    def go_on_for_a_round(self):
        """Return when every question was asked once more from now on."""
        wanted, deadline = self.rounds + 2, time.monotonic() + 300
        while self.rounds < wanted:
            assert self.is_alive(), "a reader has given up"
            assert time.monotonic() < deadline, f"{type(self).__name__} waits in vain: {self.faults[:3]}"
            time.sleep(0.1)


class Reader(Rounds):
    """Somebody at the web process: the figures are always right."""

    def __init__(self, service, figures):
        super().__init__()
        self.service, self.figures = service, figures
        self.questions = (*figures, *PAGES)

    def ask(self, question):
        day = question in self.figures
        try:
            body = self.service.get(f"/api/v1/scores/?{readings.then(question)}" if day else question)
        except urllib.error.HTTPError as error:
            return f"status {error.code}"
        return day and difference(
            self.figures[question]["recommendations"], json.loads(body)["recommendations"]
        )


class RowReader(Rounds):
    """A process of the release before: it goes on to read every column that its tables had."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        with self.connected() as database:
            self.questions = [
                f"SELECT {columns} FROM {table} LIMIT 50" for table, columns in self.tables(database)
            ]

    def connected(self):
        if self.url.startswith("sqlite"):
            file = self.url.removeprefix("sqlite:///")
            return contextlib.closing(sqlite3.connect(file, timeout=PATIENCE, check_same_thread=False))
        return psycopg.connect(self.url)

    def lines_of_the_log(self):
        """Every version on record in its order, with its digest."""
        with self.connected() as database:
            asked = "SELECT sequence, event_id, kind, body, digest FROM tracker_revision ORDER BY sequence"
            return database.execute(asked).fetchall()

    def tables(self, database):
        listed = (
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
            if self.url.startswith("sqlite")
            else "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
        found = {}
        for table, column in database.execute(listed).fetchall():
            if table.startswith(("tracker_", "feeds_", "scorecard_")):
                found.setdefault(table, []).append(f'"{column}"')
        return [(table, ", ".join(columns)) for table, columns in found.items()]

    def ask(self, question):
        try:
            with self.connected() as database:
                database.execute(question).fetchall()
        except (sqlite3.Error, psycopg.Error) as error:
            return str(error)
        return ""

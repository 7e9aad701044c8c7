"""The whole service in processes of its own, in a folder of its own, as an operator would start it.

`run` and `start` are new Pythons, as an operator's; `manage`, `said_by`, `ask` and `fork` are children of one
process that has everything imported, which saves two seconds each.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings

from tests import once
from tests.forking import Forks
from tests.servers import free_port
from tracker import tagger_versions

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 150  # seconds


class Service:
    """Commands and processes that share one database, one broker and one environment.

    `database_url` and `redis_url` default to a SQLite file in `folder` and to the embedded broker.
    """

    def __init__(self, folder, *, database_url="", redis_url="", **environment):
        self.folder, self.port, self.processes = Path(folder), free_port(), []
        self.forks = None
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in ("DEBUG", "DJANGO_SETTINGS_MODULE")
            },
            "DATABASE_URL": database_url or f"sqlite:///{self.folder / 'service.sqlite3'}",
            "REDIS_URL": redis_url,
            "DATA_FOLDER": str(self.folder / "data"),
            "DEBUG": "1",
            "SECRET_KEY": "only for the tests, thirty-two characters and more",
            "DJANGO_SETTINGS_MODULE": "tracker.settings",
            "FETCH_ALLOW_PRIVATE": "1",
            "SITE_URL": self.address,
            "PORT": str(self.port),
            **environment,
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:  # all at once, so that none waits for another
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in reversed(self.processes):
            self.end(process)
        if self.forks:
            self.forks.close()

    def filled(self, server=None, *, seeds=True):
        """Give the service what `migrate` makes, and `seed` with `seeds`, copied from where they ran once.

        With a `server` its database is one of that server's; else it is the SQLite file.
        """
        if server:
            name = f"filled_{self.port}"
            self.environment["DATABASE_URL"] = server.create(name, template=filled_database(server, seeds))
        else:
            shutil.copy(
                once.filled_file(_managed, seeds), self.environment["DATABASE_URL"].removeprefix("sqlite:///")
            )
        return self

    def run(self, *command, text=None, check=True):
        """A command to its end; its output. A failure shows what it said."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        return _good(done, command) if check else done

    def manage(self, *command, **options):
        """What a command of manage.py writes to standard output."""
        return self.said_by("manage.py", *command, **options).stdout

    def said_by(self, *command, text=None, check=True):
        """As `run`, in a fork."""
        done = self.forking().run(*command, text=text)
        return _good(done, command) if check else done

    def ask(self, code):
        """What `answer` is after running `code` inside the service's Django; it must be plain JSON."""
        lines = f"import json\n{code}\nprint(json.dumps(answer))"
        return json.loads(self.said_by("-c", lines).stdout.strip().splitlines()[-1])

    def forking(self):
        """The process that forks, with the environment as it is now."""
        if self.forks and self.forks.environment != self.environment:
            self.forks.close()
            self.forks = None
        self.forks = self.forks or Forks(self.environment)
        return self.forks

    def with_tagger(self):
        """Give the service the tagger trained from the seeds, which this machine trains only once."""
        tagger_versions.from_seeds()
        (self.folder / "data").mkdir(exist_ok=True)
        for path in Path(settings.DATA_FOLDER).glob("tagger-*.npz"):
            shutil.copy(path, self.folder / "data")
        return self

    def start(self, *command, log="process"):
        """A process of its own group that ends with the service."""
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            stdout=(self.folder / f"{log}.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def fork(self, *command, log="process"):
        """As `start`, in a fork."""
        process = self.forking().start(*command, log=self.folder / f"{log}.log")
        self.processes.append(process)
        return process

    def start_web(self):
        process = self.fork("-m", "gunicorn", "-c", "python:tracker.gunicorn", "tracker.wsgi", log="web")
        self.wait(lambda: self.get("/robots.txt"), "the web process answers", process)
        return process

    def start_worker(self, concurrency=2):
        words = f"-m celery -A tracker worker --concurrency {concurrency} --loglevel INFO".split()
        queues = ("-Q", "polling,judging,sending,housekeeping")
        name = f"worker{len(self.processes)}@localhost"
        return self.fork(*words, *queues, "-n", name, log="worker")

    def send(self, task):
        """Put a task into the broker, as beat does."""
        self.said_by("-m", "celery", "-A", "tracker", "call", task)

    def get(self, path, **headers):
        """The body of a page, as text."""
        request = urllib.request.Request(self.address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def json(self, path):
        return json.loads(self.get(path))

    def wait(self, condition, what, process=None):
        """Wait until `condition` is true, calmly; fail with the logs after a minute."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and (process is None or process.poll() is None):
            with contextlib.suppress(OSError, urllib.error.URLError):
                if found := condition():
                    return found
            time.sleep(0.2)
        raise AssertionError(f"waited in vain: {what}\n{self.logs()}")

    def end(self, process, how=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def logs(self):
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in self.folder.glob("*.log")
        )


def _good(done, command):
    assert done.returncode == 0, f"{' '.join(command)[:200]}\n{done.stdout}\n{done.stderr}"
    return done


def filled_database(server, seeds=True):
    """The name of a database of this server that is migrated, and seeded with `seeds`; made once."""
    return once.filled_database(_managed, server, seeds)


def _managed(url, command):
    with tempfile.TemporaryDirectory() as folder, Service(folder, database_url=url) as service:
        service.manage(command, "-v0")

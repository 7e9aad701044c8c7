"""A warm child process for documents that could hang or bloat their reader: killable, limited, reused.

feedparser needs seconds, then minutes, for some documents of a megabyte (its time grows with the square of an
element's attributes). Threads cannot be stopped and Celery's limits do not exist for threads, so the time
limit is this process's life. The child reads frames from its standard input and answers in JSON; it has no
environment, no files but its own, and ends with its parent.
"""

import atexit
import json
import resource
import select
import subprocess  # nosec B404
import sys
import threading
import time
from datetime import datetime
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import cast

from feeds.parsing import dates, fast, reference, webpages
from feeds.parsing.document import Document, Entry, NotAFeed

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 8  # of wall clock for one document
CPU_SECONDS = 6
MEMORY = 1 << 30  # bytes of address space
REUSES = 200
PIPE = 1 << 20  # bytes, so that a large document changes hands once and not at every 64 KB


class Child:
    """One child process and the lock that gives it to one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._served = 0

    @property
    def number(self) -> int | None:
        """The child's process id, while there is one."""
        return self._process.pid if self._process else None

    def read(self, body: bytes, base: str, *, reference_only: bool) -> Document:
        """Parse in the child. Raises NotAFeed when it cannot, or when it takes too long and is killed."""
        return _revived(self._asked({"base": base, "reference_only": reference_only}, body))

    def text_of(self, page: bytes) -> str:
        """The main text of a web page in UTF-8, "" when there is none. Raises NotAFeed as `read` does."""
        return self._asked({"page": True}, page)["text"]

    def _asked(self, order: dict, body: bytes) -> dict:
        with self._lock:
            orders, answers = _pipes(self._started())
            line = json.dumps({"size": len(body), **order}).encode()
            deadline = time.monotonic() + SECONDS
            try:
                orders.write(line + b"\n" + body)
                orders.flush()
                said = self._line(answers, deadline)
            except (BrokenPipeError, ConnectionResetError):
                said = b""
            if not said:
                self.close()
                raise NotAFeed(
                    f"The document takes more than {SECONDS} seconds or too much memory to read; given up."
                )
        told = json.loads(said)
        if "error" in told:
            raise NotAFeed(told["error"])
        return told

    def close(self) -> None:
        """Kill the child, if there is one; the next document starts another."""
        process, self._process, self._served = self._process, None, 0
        if process is not None:
            process.kill()
            for pipe in _pipes(process):
                pipe.close()
            process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._process.poll() is not None or self._served >= REUSES):
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(  # nosec B603  # our own interpreter and our own words
                [sys.executable, "-c", "from feeds.parsing.sandbox import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pipesize=PIPE,
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
                start_new_session=True,
            )
        self._served += 1
        return self._process

    @staticmethod
    def _line(answers: BufferedReader, deadline: float) -> bytes:
        """One line from the child, or nothing when it died or ran out of time."""
        said = bytearray()
        while not said.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([answers], [], [], max(0, left))
            piece = answers.read1(1 << 20) if ready else b""
            if not piece:
                return b""
            said += piece
        return bytes(said)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[BufferedWriter, BufferedReader]:
    """The ends for orders and for answers; `Popen` cannot know that it was asked for both, and buffered."""
    return cast(BufferedWriter, process.stdin), cast(BufferedReader, process.stdout)


CHILD = Child()
atexit.register(CHILD.close)


def serve() -> None:
    """The child's life: read an order, answer it, until the parent closes the pipe."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while order := source.readline():
        told = json.loads(order)
        body = source.read(told["size"])
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        sink.write(_answered(body, told).encode("utf-8", "replace") + b"\n")
        sink.flush()


def _answered(body: bytes, told: dict) -> str:
    try:
        if told.get("page"):
            return json.dumps({"text": webpages.main_text(body)})
        document = None if told["reference_only"] else fast.read(body, told["base"])
        document = document or reference.read(body, told["base"])
    except NotAFeed as error:
        return json.dumps({"error": str(error)})
    except MemoryError:
        return json.dumps({"error": "The document needs too much memory to read."})
    said = {name: getattr(document, name) for name in document.__slots__}
    return json.dumps(said | {"entries": [entry._asdict() for entry in document.entries]}, default=_written)


def _written(moment: datetime) -> str:
    unstated = moment.tzinfo is dates.UNSTATED
    return (moment.replace(tzinfo=None) if unstated else moment).isoformat()


def _revived(told: dict) -> Document:
    entries = tuple(Entry(**entry | _moments(entry)) for entry in told.pop("entries"))
    return Document(entries=entries, **told)


def _moments(entry: dict) -> dict:
    return {name: _moment(entry[name]) for name in ("published", "updated")}


def _moment(written: str | None) -> datetime | None:
    if not written:
        return None
    moment = datetime.fromisoformat(written)
    return moment.replace(tzinfo=dates.UNSTATED) if moment.tzinfo is None else moment

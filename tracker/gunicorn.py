"""gunicorn's settings, and its worker, in which a slow client holds no thread.

`gunicorn -c python:tracker.gunicorn tracker.wsgi`: one process with threads by default; WEB_PROCESSES makes more.

Without REDIS_URL the one process also runs worker and schedule as threads. The database holds the work, so the
in-memory broker may lose every message when the process dies: the next tick finds what was left.

The law of the worker: a thread gets a request when all of it has arrived. Until then the connection costs one entry of
the event loop and at most what it has sent; it has so many seconds, whatever it does meanwhile, and when there are too
many the one that has taken longest goes. An answer fits the kernel's buffer or must be taken in so many seconds. A
process that outgrows MEMORY_MB finishes what it has begun and is replaced.
"""

import contextlib
import errno
import functools
import logging
import os
import re
import resource
import selectors
import socket
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path

import django
from celery import beat
from celery.worker import WorkController
from django.conf import settings
from gunicorn.workers.gthread import TConn, ThreadWorker

from tracker.celery import app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

# Only this machine's own, unless told: whoever reaches this port directly is not held by the proxy in front of it.
bind = f"{settings.HOST}:{settings.PORT}"
worker_class = "tracker.gunicorn.PatientWorker"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
worker_connections = 1000
timeout = 60  # a process that does not come back within it is replaced
graceful_timeout = 25  # requests under way at a stop are finished; docker-compose.yml waits for 30
keepalive = 5
max_requests = 0 if settings.EMBEDDED else 20_000  # then a process is replaced, one after the other
max_requests_jitter = 2000
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
# In memory, so that a slow disk does not make a process look dead.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  # nosec B108
control_socket_disable = True
accesslog = None  # tracker.operations.logs.RequestLog writes it, without readers' addresses
logconfig_dict = settings.LOGGING
loglevel = settings.LOG_LEVEL.lower()
proc_name = "tracker"
# Whom to believe about https: the proxies in front of us, whose number TRUSTED_PROXIES gives.
forwarded_allow_ips = "*" if settings.TRUSTED_PROXIES else "127.0.0.1"
# Of https, and by one header only. gunicorn would also take SCRIPT_NAME and PATH_INFO from them, which proxies pass on
# as any caller wrote them: another page under this one's address, and kept there for all.
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
forwarder_headers = ""

if workers > 1:  # before anybody imports prometheus_client, which looks at it only then
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="metrics-"))

# Of the worker, which gunicorn passes over: its own settings are named in small letters.
HEAD_SECONDS = 15.0
SLOWEST = 20_000  # bytes a second that a body must bring on the whole
ANSWER_SECONDS = 60.0  # for one piece of an answer
WHOLE_ANSWER_SECONDS = 600.0
LONGEST_HEAD = 65_536
LONGEST_LINE = 1_000  # that says how long a chunk is
LONGEST_BODY = (
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 100_000
)  # with the frame of a form; a longer one is refused unread
MOST_BYTES = 64_000_000  # of unfinished requests, together
BUFFER = 512 * 1024  # of the kernel, for an answer that nobody takes yet
LOOKED_EVERY = 10.0  # seconds between looks at the process's memory
TOO_SLOW, TOO_LARGE, BROKEN = "408 Request Timeout", "413 Content Too Large", "400 Bad Request"
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)

log = logging.getLogger(__name__)


def post_worker_init(worker):
    if settings.EMBEDDED:
        django.setup()
        start()


def child_exit(server, worker):
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def start() -> None:
    """Start both threads; they end with the process."""
    app.finalize()
    app.set_current()
    app.set_default()
    worker = WorkController(
        app=app,
        hostname="embedded@localhost",
        concurrency=settings.WORKER_CONCURRENCY,
        pool="threads",
        pool_cls="threads",
        queues=",".join(settings.QUEUES),
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        loglevel="WARNING",
    )
    threading.Thread(target=worker.start, name="celery-worker", daemon=True).start()
    beat.EmbeddedService(app, thread=True, scheduler_cls=settings.CELERY_BEAT_SCHEDULER).start()
    log.info("worker and schedule run inside this process")


class Impatient(socket.socket):
    """A socket that blocks for a time only."""

    until = float("inf")  # when the whole answer must be out

    def setblocking(self, flag):
        self.settimeout(ANSWER_SECONDS if flag else 0)
        self.until = time.monotonic() + WHOLE_ANSWER_SECONDS

    def sendall(self, *args):
        try:
            if time.monotonic() > self.until:
                raise TimeoutError
            return super().sendall(*args)
        except TimeoutError:
            # As when the reader hangs up, which gunicorn takes without a word.
            raise BrokenPipeError(errno.EPIPE, "the answer is taken too slowly") from None


class Arriving:
    """What has come of one request, and whether that is all of it. gunicorn reads it properly afterwards.

    `refused` says why it is not read to its end.
    """

    def __init__(self, now):
        self.data = bytearray()
        self.until = now + HEAD_SECONDS
        self.body = None  # where it begins
        self.length = 0  # of the body; None: in chunks
        self.next_chunk = 0
        self.expects = False
        self.refused = ""

    def take(self, piece):
        """Whether the request is complete with this piece, or hopeless, which gunicorn then says."""
        looked = max(0, len(self.data) - 3)
        self.data += piece
        if self.body is None:
            end = self.data.find(b"\r\n\r\n", looked)
            if end < 0:
                return len(self.data) > LONGEST_HEAD
            self._read_head(bytes(self.data[:end]).lower(), end + 4)
        if max(self.length or 0, len(self.data) - self.body) > LONGEST_BODY:
            self.refused = TOO_LARGE
            return False
        if self.length is None:
            return self._chunks_are_complete()
        return len(self.data) >= self.body + self.length

    def _read_head(self, head, end):
        self.body = self.next_chunk = end
        for line in head.split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            value = value.strip()
            if name == b"content-length" and value.isdigit():
                # What is counted here must be what gunicorn counts, zeros in front included, or it waits for the rest.
                digits = value.lstrip(b"0")
                self.length = int(digits or b"0") if len(digits) < 19 else LONGEST_BODY + 1
                self.until += min(self.length, LONGEST_BODY) / SLOWEST
            elif name == b"transfer-encoding" and b"chunked" in value:
                self.length = None
                self.until += LONGEST_BODY / SLOWEST
                return
            elif name == b"expect" and value == b"100-continue":
                self.expects = True

    def _chunks_are_complete(self):
        while (end := self.data.find(b"\r\n", self.next_chunk, self.next_chunk + LONGEST_LINE)) >= 0:
            line = CHUNK.fullmatch(bytes(self.data[self.next_chunk : end]))
            if not line:
                self.refused = BROKEN
                return False
            size = int(line[1], 16)
            if size == 0:
                return self._trailers_are_complete(end)
            if end + 4 + size > len(self.data):
                return False
            self.next_chunk = end + 4 + size
        if len(self.data) >= self.next_chunk + LONGEST_LINE:
            self.refused = BROKEN
        return False

    def _trailers_are_complete(self, start):
        if self.data.find(b"\r\n\r\n", start) >= 0:
            return True
        if len(self.data) > start + LONGEST_HEAD:
            self.refused = BROKEN
        return False


class PatientWorker(ThreadWorker):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.arriving = OrderedDict()  # connection -> Arriving, the oldest first
        self.bytes = 0
        self.swept = self.looked = time.monotonic()

    def accept(self, listener):
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        line = Impatient(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.nr_conns += 1
        conn = TConn(self.cfg, line, address, listener.getsockname())
        conn.data_ready = True
        self._gather(conn)
        while len(self.arriving) > self.worker_connections * 3 // 4:
            self._turn_away(next(iter(self.arriving)))

    def on_client_socket_readable(self, conn, client):
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def finish_request(self, conn, fs):
        ended = not fs.cancelled() and not fs.exception() and fs.result() is True
        if ended and conn.parser.unreader.buf.getvalue():
            # The beginning of the next request came with the end of this one: it too must be all there.
            self._gather(conn, conn.parser.unreader.take_buffered())
            return
        super().finish_request(conn, fs)

    def murder_pending(self):
        super().murder_pending()
        now = time.monotonic()
        if now - self.swept < 0.5:
            return
        self.swept = now
        for conn, request in list(self.arriving.items()):
            if now > request.until or (not self.alive and not request.data):
                self._turn_away(conn)

    def notify(self):
        super().notify()
        now = time.monotonic()
        if now - self.looked > LOOKED_EVERY:
            self.looked = now
            if self.alive and (used := resident_megabytes()) > settings.MEMORY_MB:
                self.log.warning(
                    "this process holds %d MB, its budget is %d: it is replaced", used, settings.MEMORY_MB
                )
                self.alive = False

    def _gather(self, conn, begun=b""):
        conn.sock.setblocking(False)
        self.arriving[conn] = request = Arriving(time.monotonic())
        self.poller.register(conn.sock, selectors.EVENT_READ, functools.partial(self._read, conn))
        if begun:
            self._took(conn, request, begun)

    def _read(self, conn, line):
        request = self.arriving.get(conn)
        if request is None:
            return
        try:
            piece = line.recv(65_536)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            piece = b""
        if not piece:
            self._drop(conn)
            return
        self._took(conn, request, piece)

    def _took(self, conn, request, piece):
        waiting_for_head = request.body is None
        self.bytes += len(piece)
        if request.take(piece):
            self._forget(conn)
            conn.init()
            conn.parser.unreader.unread(bytes(request.data))
            self.enqueue_req(conn)
        elif request.refused or self.bytes > MOST_BYTES:
            self._turn_away(conn, request.refused or TOO_SLOW)
        elif waiting_for_head and request.body is not None and request.expects:
            with contextlib.suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _turn_away(self, conn, why=TOO_SLOW):
        if self.arriving[conn].data:
            said = f"HTTP/1.1 {why}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            with contextlib.suppress(OSError):
                conn.sock.send(said.encode())
        self._drop(conn)

    def _drop(self, conn):
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn):
        self.bytes -= len(self.arriving.pop(conn).data)
        self.poller.unregister(conn.sock)


def resident_megabytes():
    """Memory that this process really holds; its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1_048_576

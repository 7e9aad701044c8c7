"""Clients that take their time: they cost other readers nothing, directly and behind the proxy."""

import contextlib
import http.client
import socket
import time

import pytest

from tests.operations import proxy
from tests.service import Service

pytestmark = pytest.mark.slow
MANY = 60  # far more than there are threads
LONG = 3.0  # seconds that a reader may wait among them
HEAD = b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /alerts/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SLOW = {
    "who say nothing": b"",
    "who never end their headers": HEAD + b"X-A: b\r\n",
    "who never send the body": POST + b"Content-Length: 1000\r\n\r\n",
    "who send half of it": POST + b"Content-Length: 1000\r\n\r\nemail=",
    "who never end their chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nemail\r\n",
    "who hide the length behind zeros": POST + b"Content-Length: 0000000000000000001000\r\n\r\nemail=",
    "who name an endless length": POST + b"Content-Length: 99999999999999999999\r\n\r\nemail=",
    "who send chunks of less than nothing": POST + b"Transfer-Encoding: chunked\r\n\r\n-6\r\n",
    "who never end the length of a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 5000,
    "who never read": b"GET /method/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 3,
    "who begin a second request": HEAD + b"\r\nGET /events/ HTTP/1.1\r\nHost:",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("slow"), WEB_THREADS="4").filled() as service:
        service.start_web()
        yield service


@contextlib.contextmanager
def clients(port, words, number=MANY):
    with contextlib.ExitStack() as stack:
        lines = []
        for _client in range(number):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.sendall(words)
            lines.append(line)
        yield lines


def seconds_of(port, path="/events/"):
    started = time.monotonic()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path, headers={"X-Forwarded-Proto": "https"})
    answer = line.getresponse()
    assert answer.status == 200
    assert answer.read()
    return time.monotonic() - started


@pytest.mark.parametrize("how", SLOW)
def test_readers_do_not_wait_for_those(service, how):
    seconds_of(service.port)
    with clients(service.port, SLOW[how]):
        time.sleep(0.3)
        assert max(seconds_of(service.port) for _time in range(3)) < LONG


def test_a_whole_request_in_small_pieces_is_answered(service):
    body = b"email=nobody&rhythm=weekly"
    for words in (
        POST + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        POST + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(body), body),
    ):
        with clients(service.port, b"", 1) as (line,):
            for start in range(0, len(words), 7):
                line.sendall(words[start : start + 7])
                time.sleep(0.001)
            assert line.recv(15).startswith(b"HTTP/1.1 400")


def test_two_requests_in_one_piece_get_two_answers(service):
    with clients(service.port, (HEAD + b"\r\n") * 2, 1) as (line,):
        found = b""
        while found.count(b"HTTP/1.1 200 OK") < 2:
            piece = line.recv(4096)
            assert piece, found
            found += piece


def test_who_asks_whether_to_send_a_body_is_told(service):
    with clients(service.port, POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 1) as (line,):
        assert line.recv(100).startswith(b"HTTP/1.1 100")
        line.sendall(b"email")
        found = b""
        while b"HTTP/1.1 400" not in found:
            piece = line.recv(4096)
            assert piece, found
            found += piece


def test_a_body_beyond_all_measure_is_refused_before_it_comes(service):
    with clients(service.port, POST + b"Content-Length: 999999999\r\n\r\n", 1) as (line,):
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_time_runs_out(service):
    with clients(service.port, HEAD, 1) as (line,):
        line.settimeout(25)
        started = time.monotonic()
        for _piece in range(4):  # what trickles in buys no time
            time.sleep(1)
            line.sendall(b"X-A: b\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 408")
        assert 10 < time.monotonic() - started < 20


@pytest.fixture
def caddy(service):
    with proxy.caddy(service) as port:
        yield port


@pytest.mark.parametrize("how", ["who never end their headers", "who send half of it", "who never read"])
def test_nor_behind_the_documented_proxy(caddy, how):
    with clients(caddy, SLOW[how]):
        time.sleep(0.3)
        assert max(seconds_of(caddy) for _time in range(3)) < LONG

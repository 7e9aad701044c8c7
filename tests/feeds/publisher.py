"""A publisher on the loopback that behaves as told: honest servers, and every kind of hostile one."""

import gzip
import socket
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RSS = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Desk</title>'
    "<link>https://desk.example/</link>{items}</channel></rss>"
)
ITEM = "<item><title>{title}</title><link>https://desk.example/{key}</link><guid>{key}</guid></item>"


def feed_of(*keys):
    """An RSS document with one item per key."""
    items = "".join(ITEM.format(title=f"Act {key}", key=key) for key in keys)
    return RSS.format(items=items).encode()


class Publisher:
    """`with Publisher() as publisher:` serves `publisher.pages[path]`: bytes, or a function."""

    def __init__(self):
        self.pages = {}
        self.requests = []
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                publisher.requests.append((self.path, dict(self.headers)))
                page = publisher.pages.get(self.path.split("?")[0])
                try:
                    if callable(page):
                        page(self)
                        self.close_connection = True
                    elif page is None:
                        reply(self, 404, b"nothing here")
                    else:
                        reply(self, 200, page, {"Content-Type": "application/rss+xml"})
                except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
                    self.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def reply(handler, status, body=b"", headers=None, *, length=None):
    """A well-formed answer, save for a wrong length when asked for."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def answering(status, body=b"", headers=None, **options):
    return lambda handler: reply(handler, status, body, headers, **options)


def raw(*pieces, pause=0.0, forever=False):
    """Bytes on the wire, as they are; `forever` repeats the last piece."""

    def send(handler):
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)
        while forever:
            handler.wfile.write(pieces[-1])
            handler.wfile.flush()
            time.sleep(pause)

    return send


def bomb(megabytes=100):
    """Zeros, compressed a thousandfold."""
    return gzip.compress(b"\0" * (megabytes << 20), 9)


def reset(handler):
    """Close the connection with a reset in the middle of the answer."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>")
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    handler.connection.close()


def deflated(body, wrapped=True):
    machine = zlib.compressobj(wbits=15 if wrapped else -15)
    return machine.compress(body) + machine.flush()

"""A publisher for measurements: a folder's files from a process of its own, with validators or without.

`python -m tests.bench.publishing FOLDER` prints its port; `/plain/NAME` never answers 304.
"""

import contextlib
import hashlib
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: dict[str, tuple[bytes, str]] = {}

    def log_message(self, *_):
        pass

    def do_GET(self):
        kind, _, name = unquote(self.path).lstrip("/").partition("/")
        body, tag = self.pages[name.partition("?")[0]]
        fresh = kind == "fresh" and self.headers.get("If-None-Match") == tag
        head = f"HTTP/1.1 {'304 Not Modified' if fresh else '200 OK'}\r\nContent-Type: application/xml\r\n"
        if kind == "fresh":
            head += f"ETag: {tag}\r\n"
        body = b"" if fresh else body
        self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # with the usual five a caller of many connections waits a second for one


@contextlib.contextmanager
def publisher(folder):
    """Serves `folder` from another process; yields the address it is found at."""
    process = subprocess.Popen([sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def serve(folder):
    for path in Path(folder).iterdir():
        body = path.read_bytes()
        Handler.pages[path.name] = (body, f'"{hashlib.sha256(body).hexdigest()[:16]}"')
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])

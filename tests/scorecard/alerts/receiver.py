"""A receiver of webhooks on the loopback: keeps what came, and answers as it is told."""

import contextlib
import http.server
import threading


class Receiver:
    def __init__(self):
        self.calls = []
        self.answers = []  # taken one by one; 200 when none is left
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def _handler(receiver):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                if answer == "hang":
                    receiver.wait.wait(20)
                    return
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", receiver.url)
                self.end_headers()

            def log_message(self, *arguments):
                """The tests read `calls` instead."""

        return Handler

    def __enter__(self):
        self.wait = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.wait.set()
        with contextlib.suppress(OSError):
            self.server.shutdown()
            self.server.server_close()

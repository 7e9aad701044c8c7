"""An endpoint on this machine that speaks the protocol of second opinions, well and badly; one thread for numpy."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.evaluate.conftest import one_thread as one_thread

GOOD = {
    "relevant": 0.9,
    "assessments": [{"rec": "trust", "direction": -1, "strength": 4, "ask": None, "p": 0.9}],
    "actors": ["us"],
    "certainty": "reported",
    "date": "2026-02-01",
    "same": None,
    "title": {"en": "The US bans an app", "zh-hans": "美国封禁一款应用"},
    "rationale": {"en": "A ban.", "zh-hans": "一项禁令。"},
}


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.asked.append(
            (self.path, dict(self.headers), json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        )
        answers = self.server.answers
        status, body = answers(self.server.asked[-1][2]) if callable(answers) else answers
        if status:  # without one the body brings its own headers
            self.send_response(status)
            self.end_headers()
        for part in body if isinstance(body, list) else [body]:
            try:
                self.wfile.write(part)
                self.wfile.flush()
            except OSError:
                return
            if isinstance(body, list):
                time.sleep(0.3)

    def log_message(self, *args):
        pass


def said(content):
    text = content if isinstance(content, str) else json.dumps(content)
    return 200, json.dumps({"choices": [{"message": {"content": text}}]}).encode()


@pytest.fixture
def endpoint(settings):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.asked, server.answers = [], said(GOOD)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.SECOND_OPINION_URL = f"http://127.0.0.1:{server.server_port}/v1"
    settings.SECOND_OPINION_MODEL = "local-model"
    settings.SECOND_OPINION_KEY = "a key"
    settings.SECOND_OPINION_SECONDS = 1
    yield server
    server.shutdown()
    server.server_close()

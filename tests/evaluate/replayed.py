"""A recording of a language model's answers, replayed by an endpoint on this machine that speaks OpenAI's protocol.

`tests/samples/opinions.jsonl` holds 700 answers about items of the labelled stream (all acts, 280 near misses, 315
ordinary items): a large language model was given the codebook, six precedents, title and summary. It is a recording;
whatever rests on it says so. What was not recorded is answered by no opinion, and stays as the tagger left it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.test import override_settings

RECORDING = Path(__file__).resolve().parents[1] / "samples" / "opinions.jsonl"
MODEL = "recording of a large language model"
NOT_RECORDED = "Nothing was recorded of this report."


def answers() -> dict[str, dict[str, Any]]:
    """The recorded answer about each title, in the form that is asked for today."""
    lines = RECORDING.read_text(encoding="utf-8").splitlines()
    return {row["title"]: _today(row) for row in map(json.loads, lines)}


def _today(row: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of the recording; it was made before day, same act and Chinese words were asked for."""
    kept = {name: row[name] for name in ("relevant", "assessments", "actors", "certainty")}
    return kept | {"date": None, "same": None, "title": row["act_title"], "rationale": row["rationale"]}


class _Endpoint(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        title = json.loads(asked["messages"][1]["content"])["report"]["title"]
        found = self.server.answers.get(title)
        said = NOT_RECORDED if found is None else json.dumps(found)
        body = json.dumps({"choices": [{"message": {"content": said}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def endpoint() -> Iterator[None]:
    """The settings name an endpoint that replays the recording, without a bound on how many are asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    server.answers = answers()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    named = {
        "SECOND_OPINION_URL": f"http://127.0.0.1:{server.server_port}/v1",
        "SECOND_OPINION_MODEL": MODEL,
        "SECOND_OPINION_KEY": "",
        "SECOND_OPINION_SECONDS": 20,
        "SECOND_OPINION_DAILY": 10**6,
        "SECOND_OPINION_MONTHLY": 10**6,
        "HIDDEN_SUGGESTION_SHARE": 0.0,
    }
    try:
        with override_settings(**named):
            yield
    finally:
        server.shutdown()
        server.server_close()

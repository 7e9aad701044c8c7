"""The proxy of docs/operators.md in front of a service of the tests."""

import contextlib
import http.client
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.service import ROOT


@contextlib.contextmanager
def caddy(service):
    """The port of a Caddy that runs docs/operations/Caddyfile, but for its names and numbers."""
    program = shutil.which("caddy")
    if not program:
        pytest.skip("no Caddy here: install the distribution's caddy")
    text, port = (ROOT / "docs/operations/Caddyfile").read_text(), free_port()
    text = text.replace("scorecard.example.org", f"http://127.0.0.1:{port}")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Caddyfile"
        file.write_text("{\n\tadmin off\n" + text.removeprefix("{\n"))
        process = subprocess.Popen(
            [program, "run", "--config", str(file), "--adapter", "caddyfile"],
            env={"HOME": folder, "PATH": "/usr/bin:/bin"},
            stderr=subprocess.DEVNULL,
        )
        try:
            service.wait(lambda: answers(port), "Caddy answers", process)
            yield port
        finally:
            process.terminate()
            process.wait(20)


def answers(port):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", "/robots.txt")
    return line.getresponse().status == 200

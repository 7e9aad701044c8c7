"""`make worker`: worker and beat together, and together they end."""

import os
import signal
import subprocess

import pytest

from tests.service import Service

BEATEN = "from tracker.models import Heartbeat\nanswer = Heartbeat.objects.filter(name='beat').count()"


@pytest.mark.slow
@pytest.mark.servers
def test_both_run_and_both_end_when_asked(tmp_path, redis_url):
    with Service(tmp_path, redis_url=redis_url.removesuffix("/0") + "/5").filled(seeds=False) as service:
        process = service.start("manage.py", "worker", log="worker")
        service.wait(lambda: service.ask(BEATEN), "beat has been seen", process)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0, service.logs()
        left = subprocess.run(["pgrep", "-g", str(process.pid)], check=False, capture_output=True, text=True)
        assert left.stdout == ""


def test_without_redis_it_says_what_to_do(tmp_path):
    with Service(tmp_path) as service:
        done = service.run("manage.py", "worker", check=False)
    assert done.returncode == 1
    assert "REDIS_URL: missing" in done.stderr

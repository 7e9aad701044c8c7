"""The same on PostgreSQL: what SQLite forgives (a NUL, a number too long) is an error there."""

import os
import subprocess
import sys

import pytest

from tests.service import ROOT


@pytest.mark.slow  # a minute: some refusals only PostgreSQL shows, and it is what services run on
@pytest.mark.servers
def test_the_security_suite_and_the_walk_over_all_addresses_hold_on_postgresql(postgres_server):
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SUITE_FOLDER"))
    }
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "--show-capture=no",
                "--tb=short",
                "-p",
                "no:cacheprovider",
            ),
            *("-m", "not browser", "tests/security", "--ignore", __file__),
        ],
        cwd=ROOT,
        env=kept | {"DATABASE_URL": postgres_server.url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:]

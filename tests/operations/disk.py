"""A small disk of its own, which can be filled to the last byte: what a forgotten log does to a server."""

import contextlib
import errno
import subprocess
import tempfile
from pathlib import Path

import pytest

BLOCK = bytes(65536)


class Disk:
    """The mounted `folder`; `fill` leaves no byte free, `clear` is an operator who throws the ballast away."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._ballast = self.folder / "ballast"

    def fill(self):
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(BLOCK):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def clear(self):
        self._ballast.unlink()


@contextlib.contextmanager
def small_disk(megabytes):
    """A disk of that size in memory, gone afterwards. Where none may be mounted, the test is skipped."""
    with tempfile.TemporaryDirectory(prefix="disk-") as folder:
        order = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder)
        mounted = subprocess.run(order, capture_output=True, text=True)
        if mounted.returncode:
            pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
        try:
            yield Disk(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)

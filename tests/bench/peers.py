"""The feed readers we are measured beside, each in a process of its own: `reader` and newsboat.

`reader` (lemon24) lives in an environment of its own below `.local/bench`, made at the first run: it needs
packages that are no business of the service. Where it cannot be installed, or newsboat is missing, a
measurement says so and goes without.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.bench.corpus import ROOT

VENV = ROOT / ".local" / "bench" / "reader"
WANTED = ("reader==3.26", "sgmllib3k")
WORK = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
from reader import make_reader
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
path, rounds, *urls = json.load(sys.stdin)
reader = make_reader(path, feed_root=None)
for url in urls:
    reader.add_feed(url, exist_ok=True)
took = []
for _ in range(rounds):
    start = spent()
    reader.update_feeds(workers=8, scheduled=False)
    took.append(spent() - start)
counts = reader.get_entry_counts()
broken = reader.get_feed_counts(broken=True).total
print(json.dumps({"seconds": took, "entries": counts.total, "broken": broken}))
"""


def reader_python() -> Path | None:
    """The Python that has `reader`, installed if need be; None where it cannot be had."""
    python = VENV / "bin" / "python"
    if not (VENV / "ready").exists():
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            quiet = {"check": True, "capture_output": True, "timeout": 300}
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], **quiet)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *WANTED], **quiet)
        except (subprocess.SubprocessError, OSError):
            return None
        (VENV / "ready").touch()
    return python


def reader(python: Path, folder: Path, urls: list[str], rounds: int) -> dict:
    """CPU seconds of each of `rounds` updates in one warm process, entries kept, feeds given up."""
    order = json.dumps([str(folder / "reader.sqlite3"), rounds, *urls])
    done = subprocess.run([str(python), "-c", WORK], input=order, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def newsboat(folder: Path, urls: list[str], rounds: int) -> list[float] | None:
    """CPU seconds of each of `rounds` reloads, start of the process included, or None without newsboat."""
    if not shutil.which("newsboat"):
        return None
    (folder / "urls").write_text("\n".join(urls))
    (folder / "config").write_text("reload-threads 8\n")
    files = ("-C", f"{folder}/config", "-u", f"{folder}/urls", "-c", f"{folder}/newsboat.db")
    took = []
    for _ in range(rounds):
        process = subprocess.Popen(
            ["newsboat", *files, "-x", "reload"],
            env=os.environ | {"HOME": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _pid, _status, used = os.wait4(process.pid, 0)
        process.returncode = 0
        took.append(used.ru_utime + used.ru_stime)
    return took

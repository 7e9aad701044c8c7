"""Commands in forks of a process that has the whole service imported: a new Python takes two seconds for that.

`Forks(environment)` starts `python -m tests.forking`, which reads one request a line and answers each with one
line. A child is what `python WORDS` would be, in a session of its own; only what it imports is there already.
"""

import atexit
import contextlib
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300  # seconds for a command to its end


class Forks:
    """The process that forks; it ends when it is closed, its children do not."""

    def __init__(self, environment):
        self.environment = dict(environment)
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.forking"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ask(self, **request):
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the process that forks has ended; its standard error says why"
        return json.loads(line)

    def run(self, *words, text=None):
        """A command to its end, as subprocess.run gives it back."""
        with tempfile.TemporaryDirectory() as folder:
            paths = {name: f"{folder}/{name}" for name in ("stdin", "stdout", "stderr")}
            Path(paths["stdin"]).write_text(text or "")
            code = Fork(self, self.ask(words=words, **paths)["pid"]).wait(PATIENCE)
            said = [Path(paths[name]).read_text(errors="replace") for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(words, code, *said)

    def start(self, *words, log):
        return Fork(self, self.ask(words=words, log=str(log))["pid"])

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Fork:
    """A started child, to be handled as subprocess.Popen is."""

    def __init__(self, forks, pid):
        self.forks, self.pid, self.returncode = forks, pid, None

    def poll(self):
        if self.returncode is None:
            self.returncode = self.forks.ask(look=self.pid)["code"]
        return self.returncode

    def wait(self, timeout=60.0):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing but answers may reach the asker
    import_everything()
    for line in sys.stdin:
        request = json.loads(line)
        if "look" in request:
            answer = {"code": ended(request["look"])}
        else:
            pid = os.fork()
            if not pid:
                answers.close()
                leave(lambda request=request: become(request))
            answer = {"pid": pid}
        print(json.dumps(answer), file=answers, flush=True)


def import_everything():
    django.setup()
    from django.urls import get_resolver

    from tracker.celery import app

    app.loader.import_default_modules()
    app.finalize()
    assert get_resolver().url_patterns
    gc.freeze()  # else the first collection in a child would copy all of this


def ended(pid):
    """A child's exit code, negative for a signal; None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def leave(deed):
    """Do it and end the process with its exit code, without the second that taking all modules apart takes."""
    code = 1
    try:
        deed()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def become(request):
    """In the child: the command itself."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    files = {0: ("stdin", os.O_RDONLY), 1: ("stdout", os.O_CREAT | os.O_WRONLY), 2: ("stderr", 0)}
    for number, (name, flags) in files.items():
        path = request.get(name) or (request.get("log", os.devnull) if number else os.devnull)
        appending = os.O_CREAT | os.O_WRONLY | os.O_APPEND
        os.dup2(os.open(path, flags if number == 0 else appending, 0o644), number)
    sys.stdin = os.fdopen(0)  # the asker's lines that were read ahead are not the child's
    first, *rest = request["words"]
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(rest[0], {"__name__": "__main__"})
    else:
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main()

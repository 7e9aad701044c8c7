"""A bare machine to install on: this one's files under a layer that vanishes, with processes and a loopback of its own.

The law: what is done in there touches nothing here and reaches nobody; all its processes end with it. Two programs are
stand-ins: `sudo`, as everything is root's already, and `systemctl`, which starts what a unit says as that unit's user
with its settings, since no systemd runs in there.
"""

import contextlib
import ctypes
import http.client
import os
import pty
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.servers import Missing
from tests.service import ROOT

LAYERED = ("etc", "srv", "var/lib", "var/log", "var/backups", "usr/local/bin", "run", "root")
CHECKOUT = "/srv/checkout"
NETWORK = 0x40000000  # CLONE_NEWNET
SETUP = f"""
set -e
mount -t tmpfs tmpfs "$LAYERS"
for place in {" ".join(LAYERED)}; do
    mkdir -p "/$place" "$LAYERS/$place/new" "$LAYERS/$place/work"
    mount -t overlay overlay -o "lowerdir=/$place,upperdir=$LAYERS/$place/new,workdir=$LAYERS/$place/work" "/$place"
done
ip link set lo up
# Python and the packages of this checkout serve there too; a user of the service must be able to walk to them.
for way in $WAYS; do chmod o+x "$way"; done
mkdir -p /srv/tracker/.venv {CHECKOUT}
mount --bind "$ROOT/.venv" /srv/tracker/.venv
tar -C "$ROOT" --exclude=./.git --exclude=./.local --exclude=./.venv -cf - . | tar -C {CHECKOUT} -xf -
printf '#!/bin/sh\\nexec "$@"\\n' >/usr/local/bin/sudo
cp "$ROOT/tests/operations/systemctl.py" /usr/local/bin/systemctl
sed -i "1i #!$PYTHON" /usr/local/bin/systemctl
chmod 755 /usr/local/bin/sudo /usr/local/bin/systemctl
echo ready
exec cat >/dev/null
"""


class Machine:
    def __init__(self, folder):
        ways = [path for start in (ROOT, Path(sys.base_prefix)) for path in (start, *start.parents)]
        environment = {
            "PATH": os.environ["PATH"],
            "LAYERS": str(folder),
            "ROOT": str(ROOT),
            "PYTHON": sys.executable,
            "WAYS": " ".join(str(way) for way in ways if not way.stat().st_mode & 0o001),
        }
        spaces = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
        self.process = subprocess.Popen(
            ["unshare", *spaces, "sh", "-c", SETUP],
            env=environment,
            stdin=subprocess.PIPE,  # its first process ends with the pipe, so with whoever made it, however that ends
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.process.stdout.readline() != "ready\n":
            raise Missing("no machine can be made here: that needs root, unshare and overlays")
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        self.inside = int(children.split()[0])

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()

    def command(self, line):
        environment = ("env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root")
        spaces = ("-t", str(self.inside), "-m", "-n", "-p")
        return ["nsenter", *spaces, *environment, "bash", "-c", f"cd {CHECKOUT}; {line}"]

    def run(self, line, *, check=True):
        """A line as root types it; what it printed. Without `check` the finished process."""
        done = subprocess.run(self.command(line), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if not check:
            return done
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}\n{self.logs()}"
        return done.stdout + done.stderr

    def type(self, line, *answers):
        """A line at a terminal, which asks; each answer is given when something new was asked."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self.command(line), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        said, waiting = "", list(answers)
        with contextlib.suppress(OSError):  # the terminal is gone when the last process has ended
            while select.select([ours], [], [], 60)[0]:
                said += os.read(ours, 4096).decode(errors="replace")
                if waiting and said.rstrip(" ").endswith(":"):
                    os.write(ours, f"{waiting.pop(0)}\n".encode())
        os.close(ours)
        assert process.wait(60) == 0, said
        return said

    def logs(self):
        return self.run("tail -n 5 /var/log/tracker-*.log; true", check=False).stdout[-4000:]

    def connected(self, port):
        """A socket to a port of its loopback; only the thread that opens it visits there."""
        found = []

        def visit():
            with open(f"/proc/{self.inside}/ns/net") as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), NETWORK):
                    found.append(OSError(ctypes.get_errno(), "setns"))
                    return
            try:
                found.append(socket.create_connection(("127.0.0.1", port), 30))
            except OSError as error:
                found.append(error)

        thread = threading.Thread(target=visit)
        thread.start()
        thread.join()
        if isinstance(found[0], OSError):
            raise found[0]
        return found[0]

    def line(self, port=443, host="scorecard.example.org"):
        """An HTTP connection to it: over TLS where the port is that of https, whatever the certificate."""
        line = http.client.HTTPConnection(host, port, timeout=60)
        line.sock = self.connected(port)
        if port == 443:
            context = ssl._create_unverified_context()
            line.sock = context.wrap_socket(line.sock, server_hostname=host)
        return line

    def ask(self, method, path, body=None, port=443, **headers):
        """The answer to one request, read."""
        line = self.line(port)
        with contextlib.closing(line):
            line.request(method, path, body, {"Host": "scorecard.example.org"} | headers)
            answer = line.getresponse()
            answer.text = answer.read().decode(errors="replace")
            return answer

    def wait(self, condition, what, patience=90):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if found := condition():
                    return found
            time.sleep(0.3)
        raise AssertionError(f"waited in vain: {what}\n{self.logs()}")


@contextlib.contextmanager
def bare():
    """A machine with nothing of ours on it."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        raise Missing("a machine of its own needs root, util-linux and iproute2")
    with tempfile.TemporaryDirectory(prefix="machine-") as folder:
        machine = Machine(folder)
        try:
            yield machine
        finally:
            machine.end()

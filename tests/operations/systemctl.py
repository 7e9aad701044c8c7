"""What `systemctl` is on the machine of tests/operations/machine.py: it starts what a unit says, as that unit does.

It has no timers, no sandbox and no memory limits: a timer is only noted.
"""

import contextlib
import os
import pwd
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

UNITS, STATE = Path("/etc/systemd/system"), Path("/run")


def described(name):
    """The settings of a unit; `%i` is what stands behind the @ of its name."""
    template, at, instance = name.partition("@")
    text = (
        UNITS / (f"{template}@.service" if at else f"{name.removesuffix('.service')}.service")
    ).read_text()
    text = text.replace("%%", "\0").replace("%i", instance.removesuffix(".service")).replace("\0", "%")
    return dict(re.findall(r"^(\w+)=(.*)$", text.partition("[Service]")[2].partition("[Install]")[0], re.M))


def environment(unit, user):
    found = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": user.pw_dir, "LANG": "C.UTF-8"}
    lines = Path(unit["EnvironmentFile"]).read_text()
    return found | dict(re.findall(r"^([A-Z_]+)=(.*)$", lines, re.M))


def start(name):
    if name.endswith(".timer"):
        assert (UNITS / name).exists()
        return 0
    unit = described(name)
    user = pwd.getpwnam(unit["User"])
    log = os.open(f"/var/log/{name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    process = subprocess.Popen(
        shlex.split(unit["ExecStart"]),
        cwd=unit["WorkingDirectory"],
        env=environment(unit, user),
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        umask=int(unit.get("UMask", "022"), 8),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    if unit.get("Type") == "oneshot":
        return process.wait()
    (STATE / f"{name}.pid").write_text(str(process.pid))
    return 0


def stop(name):
    file = STATE / f"{name}.pid"
    if not file.exists():
        return
    process = int(file.read_text())
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + 40
    while Path(f"/proc/{process}").exists() and "Z" not in state(process):
        if time.monotonic() > deadline:
            os.killpg(process, signal.SIGKILL)
        time.sleep(0.1)
    file.unlink()


def state(process):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"


def main(verb, *names):
    if verb == "daemon-reload":
        return 0
    failed = 0
    for name in (name for name in names if not name.startswith("--")):
        if verb in ("stop", "restart"):
            stop(name)
        if verb in ("start", "restart", "enable") and not (STATE / f"{name}.pid").exists():
            failed |= start(name)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

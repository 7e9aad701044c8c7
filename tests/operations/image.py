"""`make image`: the image, built here without a container engine, and the service run inside it.

Registries of images may be out of reach, so the base is made as the official one is: Debian of the Dockerfile's name by
debootstrap, and in /usr/local the Python that runs this. Needs root, debootstrap, buildah, and whatever the machine's
own apt and pip need to reach their packages. All else is the Dockerfile as it stands.
"""

import contextlib
import http.client
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import servers

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".local/image"  # the base, which is made once
LIBRARIES = "ca-certificates,netbase,tzdata,libffi8,libreadline8t64,libncursesw6,libsqlite3-0"
LIMITS = 750, 320  # megabytes without extras: unpacked, and packed as it travels
NOT_IN_THE_OFFICIAL_ONE = ("test", "idlelib", "tkinter", "lib2to3/tests", "site-packages", "config-*")
CANNOT = 75  # what the process ends with where an image cannot be built (EX_TEMPFAIL of sysexits.h)
CLIENT = 17  # the version of pg_dump in the image
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}'
SERVED = {"Host": "image.example.org", "X-Forwarded-Proto": "https"}


def main():
    began = time.monotonic()
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "policy.json").write_text(POLICY)
    if reason := what_is_missing():
        said(f"No image here: {reason}")
        sys.exit(CANNOT)
    name = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.M)[-1]
    if name not in images():
        make_base(name)
    said(f"{time.monotonic() - began:.0f} s: a base")
    began = time.monotonic()
    build()
    said(f"{time.monotonic() - began:.0f} s: the image")
    began = time.monotonic()
    with container() as image:
        look_at(image)
        with servers.postgres(newest=CLIENT) as postgres, servers.redis() as redis:
            run_in(image, postgres, redis)
    said(f"{time.monotonic() - began:.0f} s: the service inside it")


def what_is_missing():
    """Why no image can be built on this machine, in words; nothing if it can."""
    if os.geteuid() != 0:
        return "only root may make a base with debootstrap."
    if missing := [program for program in ("buildah", "debootstrap") if not shutil.which(program)]:
        return f"install {' and '.join(missing)}."
    try:
        buildah("rm", buildah("from", "scratch", capture_output=True).stdout.strip(), capture_output=True)
    except subprocess.CalledProcessError as error:
        return f"buildah cannot keep a container: {error.stderr.strip()[-500:]}"
    return ""


def said(words):
    print(words, flush=True)


def buildah(*words, **options):
    store = ("--root", KEPT / "store", "--runroot", KEPT / "run")
    environment = os.environ | {"BUILDAH_ISOLATION": "chroot"}
    return subprocess.run(["buildah", *store, *words], env=environment, check=True, text=True, **options)


def images():
    return buildah("images", "--format", "{{.Name}}:{{.Tag}}", stdout=subprocess.PIPE).stdout.replace(
        "docker.io/library/", ""
    )


def make_base(name):
    """Debian's smallest, Python beside it, and nothing of what apt keeps: the shape of the official image."""
    release = name.rpartition("-")[2]
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        tree = Path(folder) / "tree"
        run("debootstrap", "--variant=minbase", f"--include={LIBRARIES}", release, tree, mirror())
        for waste in (
            "var/cache/apt",
            "var/lib/apt/lists",
            "usr/share/doc",
            "usr/share/man",
            "usr/share/locale",
        ):
            shutil.rmtree(tree / waste)
        (tree / "var/lib/apt/lists").mkdir()
        (tree / "etc/apt/apt.conf.d/docker-clean").write_text(
            'APT::Keep-Downloaded-Packages "false";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n'
        )
        add_python(tree)
        run("tar", "-C", tree, "-cf", f"{folder}/base.tar", ".")
        made = buildah("from", "scratch", stdout=subprocess.PIPE).stdout.strip()
        buildah("add", "-q", made, f"{folder}/base.tar", "/")
        buildah("config", "--env", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", made)
        policy = ("--signature-policy", KEPT / "policy.json")
        buildah("commit", "-q", "--rm", *policy, made, f"docker.io/library/{name}")


def mirror():
    """Where this machine's own apt finds Debian."""
    texts = [path.read_text() for path in Path("/etc/apt").rglob("*") if path.suffix in (".list", ".sources")]
    return re.search(r"(?:URIs:|deb(?: \[.*?\])?) +(http\S+/debian/?)\s", "\n".join(texts))[1]


def add_python(tree):
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    here, there = Path(sys.base_prefix), tree / "usr/local"
    if here == Path("/usr"):
        sys.exit("This needs a Python that is not the distribution's: its files would be mixed with others.")
    shutil.copy2(here / "bin" / version, there / "bin")
    for alias in ("python3", "python"):
        (there / "bin" / alias).symlink_to(version)
    leave = shutil.ignore_patterns("__pycache__", "*.a", "idle_test", *NOT_IN_THE_OFFICIAL_ONE)
    shutil.copytree(here / "lib" / version, there / "lib" / version, ignore=leave)
    (there / "lib" / version / "site-packages").mkdir()
    for library in (here / "lib").glob("libpython*.so*"):
        shutil.copy2(library, there / "lib", follow_symlinks=False)
    for library in (there / "lib").glob("libpython*.so.*"):
        run("strip", "--strip-unneeded", library)
    run("chroot", tree, "/sbin/ldconfig")
    run("chroot", tree, "/usr/local/bin/python", "-c", "import bz2, ctypes, lzma, readline, sqlite3, ssl")


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def build():
    # What this machine's pip needs to reach its packages: no part of the image.
    borrowed = [path for path in ("/etc/ssl/certs", "/etc/pip.conf") if Path(path).exists()]
    mounts = [word for path in borrowed for word in ("-v", f"{path}:{path}:ro")]
    policy = ("--signature-policy", KEPT / "policy.json")
    (KEPT / "build.log").unlink(missing_ok=True)
    with (KEPT / "build.log").open("w") as log:
        buildah(
            "bud",
            f"--layers={str('CI' not in os.environ).lower()}",  # kept for the next build, which a clean machine has not
            "--pull-never",
            *policy,
            *mounts,
            "-t",
            "tracker:check",
            ROOT,
            stdout=log,
            stderr=log,
        )


@contextlib.contextmanager
def container():
    made = buildah("from", "--pull-never", "localhost/tracker:check", stdout=subprocess.PIPE).stdout.strip()
    try:
        yield Image(made)
    finally:
        buildah("rm", made, stdout=subprocess.DEVNULL)


class Image:
    def __init__(self, name):
        self.name = name
        self.settings = {}

    def words(self, *command):
        settings = [word for pair in self.settings.items() for word in ("--env", "=".join(pair))]
        store = ("--root", str(KEPT / "store"), "--runroot", str(KEPT / "run"))
        return ["buildah", *store, "run", "--isolation", "chroot", *settings, self.name, "--", *command]

    def run(self, *command):
        done = subprocess.run(self.words(*command), capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def succeeds(self, *command):
        return subprocess.run(self.words(*command), capture_output=True).returncode == 0

    @contextlib.contextmanager
    def started(self, *command):
        with (KEPT / f"{command[0]}-{command[-1]}.log").open("w") as log:
            process = subprocess.Popen(self.words(*command), stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def look_at(image):
    root = buildah("mount", image.name, stdout=subprocess.PIPE).stdout.strip()
    size = int(subprocess.check_output(["du", "-sm", root], text=True).split()[0])
    packed = subprocess.check_output(f"tar -C {root} -cf - . | gzip -3 | wc -c", shell=True)
    buildah("umount", image.name, stdout=subprocess.DEVNULL)
    sizes = size, int(packed) // 1_000_000
    said(f"{sizes[0]} MB unpacked, {sizes[1]} MB packed")
    assert all(found < limit for found, limit in zip(sizes, LIMITS, strict=True))
    assert "uid=10001(tracker) gid=10001(tracker) groups=10001(tracker)" in image.run("id")
    look = 'find / -xdev -writable -not -type l -not -path "/proc/*" -not -path "/dev/*" 2>/dev/null; true'
    writable = set(image.run("sh", "-c", look).split())
    assert writable <= {"/tmp", "/var/tmp", "/run/lock", "/var/lib/tracker", "/var/backups/tracker"}, writable
    for program in ("pg_dump", "pg_restore", "age"):
        image.run(program, "--version")


def run_in(image, postgres, redis):
    """What docker-compose.yml starts, in its order, with the network of this machine."""
    port = servers.free_port()
    service = {
        "SECRET_KEY": secrets.token_urlsafe(40),
        "SITE_URL": "https://image.example.org",
        "ALLOWED_HOSTS": "image.example.org",
        "CONTACT": "editors@image.example.org",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": postgres.url.replace("//tracker@", "//tracker_app@"),
        "REDIS_URL": redis.url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    owner = {
        "DATABASE_URL": postgres.url,
        "APP_ROLE": "tracker_app",
        "APP_DATABASE_PASSWORD": "of no use here",
    }
    image.settings = service | owner
    image.run("python", "manage.py", "migrate", "--noinput")
    assert "events" in image.run("python", "manage.py", "seed")
    image.settings = service
    encode = "from tracker.tagging import vectors; print(vectors.encoder()(['chips']).shape)"
    assert "(1, 384)" in image.run("python", "-c", encode)
    queues = "polling,judging,sending,housekeeping"
    with (
        image.started("gunicorn", "-c", "python:tracker.gunicorn", "tracker.wsgi"),
        image.started("celery", "--quiet", "-A", "tracker", "worker", "-Q", queues, "-n", "worker@image"),
        image.started("celery", "--quiet", "-A", "tracker", "beat", "--pidfile="),
    ):
        page = eventually(lambda: asked(port, "/"))
        style = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
        assert asked(port, style)
        eventually(lambda: asked(port, "/health/ready"))
        eventually(lambda: image.succeeds("celery", "-A", "tracker", "inspect", "ping", "-d", "worker@image"))
        image.run("python", "manage.py", "health")
        image.run("python", "manage.py", "backup", "/var/backups/tracker/one.tar")
        image.settings = service | owner
        assert "restored beside the database" in image.run(
            "python", "manage.py", "restore", "/var/backups/tracker/one.tar", "--check"
        )


def asked(port, path):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path, headers=SERVED)
    answer = line.getresponse()
    text = answer.read().decode(errors="replace")
    return text if answer.status == 200 else ""


def eventually(condition, patience=300):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := condition():
                return found
        time.sleep(0.5)
    raise AssertionError("waited in vain; the logs are in .local/image")


if __name__ == "__main__":
    main()

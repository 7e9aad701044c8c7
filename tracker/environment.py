"""The environment as typed values: what an operator sets, what it is when nothing is set, and what this build is
called.

The law: a setting that is wrong or missing stops the start with its name and the remedy. A secret may also come from a
file: `SECRET_KEY_FILE=/run/secrets/key` stands for `SECRET_KEY`.

A build is called by a digest of everything that a kept page may show or link to. The law: two installations answer to
the same name only if they would make the same pages, so that a page kept from before an upgrade is never given out
after it, whatever the operator calls the release.
"""

import hashlib
import os
from collections.abc import Iterator
from email.utils import getaddresses
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

ROOT = Path(__file__).resolve().parent.parent
LOCAL = Path(os.environ.get("LOCAL_FOLDER") or ROOT / ".local")  # database, models, static files
DATABASES = ("sqlite", "postgres", "postgresql", "psql", "pgsql")

_read = environ.Env()
APPS = ("tracker", "feeds", "scorecard")
SHOWN = {".py", ".html", ".txt", ".xml", ".css", ".js", ".svg", ".mo", ".json"}


def text(name: str, default: str = "") -> str:
    """The value of `name`, or of the file that `name_FILE` points to."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {path} ({error.strerror}).") from None
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in ("", *(known := {"1": True, "true": True, "yes": True, "on": True})):
        return known.get(value, default)
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name}: 1 or 0, not {value!r}.")


def flag_or_auto(name: str) -> bool | None:
    """1 or 0, or None for `auto`, which is also what is meant when nothing is set."""
    return None if os.environ.get(name, "").strip().lower() in ("", "auto") else flag(name)


def number(name: str, default: int, *, least: int = 0, most: int = 1 << 31) -> int:
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name}: a whole number from {least} to {most}, not {value!r}.")
    return int(value)


def choice(name: str, default: str, *, of: tuple[str, ...]) -> str:
    """One of a few words; capitals or not."""
    value = os.environ.get(name, "").strip() or default
    found = next((word for word in of if word.lower() == value.lower()), None)
    if found is None:
        raise ImproperlyConfigured(f"{name}: one of {', '.join(of)}, not {value!r}.")
    return found


def share(name: str, default: float) -> float:
    """A part of a whole, from 0 to 1."""
    value = os.environ.get(name, "").strip() or str(default)
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise ImproperlyConfigured(f"{name}: a number from 0 to 1, not {value!r}.")
    return found


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A list, its items separated by commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()] or list(default)


def secrets(name: str) -> list[str]:
    """A list of secrets, separated by commas or, in a file, by lines."""
    return [word.strip() for word in text(name).replace("\n", ",").split(",") if word.strip()]


def address(name: str, default: str = "", *, schemes: tuple[str, ...]) -> str:
    value = text(name, default)
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    if value and scheme not in schemes:
        allowed = ", ".join(f"{each}://" for each in schemes)
        raise ImproperlyConfigured(f"{name}: an address that starts with {allowed}.")
    return value


def people(name: str) -> list[tuple[str, str]]:
    """Names and mail addresses, separated by commas: `editor@desk.example, Ada <ada@desk.example>`."""
    found = []
    for who, mailbox in getaddresses([text(name).replace("\n", ",")]) if text(name) else ():
        try:
            validate_email(mailbox)
        except ValidationError:
            raise ImproperlyConfigured(
                f"{name}: mail addresses separated by commas, such as editor@desk.example; {mailbox or who!r} is none."
            ) from None
        found.append((who or mailbox, mailbox))
    return found


def database() -> dict[str, Any]:
    """Django's description of DATABASE_URL; without it one SQLite file in `.local`."""
    url = address("DATABASE_URL", schemes=DATABASES) or f"sqlite:///{local_folder() / 'tracker.sqlite3'}"
    found = database_of(url)
    found["PASSWORD"] = text("DATABASE_PASSWORD") or found.get("PASSWORD", "")
    return found


def database_of(url: str) -> dict[str, Any]:
    """Django's description of the database at this address."""
    if url.partition("://")[0] not in DATABASES:
        raise ImproperlyConfigured(
            f"An address of a database begins with one of {', '.join(DATABASES)}, not {url[:40]!r}."
        )
    found: dict[str, Any] = dict(_read.db_url_config(url))
    if "sqlite" in found["ENGINE"]:
        # IMMEDIATE: a transaction that reads first and writes later would fail at once when another one
        # writes; WAL: readers never wait.
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    else:
        found["CONN_MAX_AGE"] = 60
        found["CONN_HEALTH_CHECKS"] = True
        found.setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
    return found


def local_folder() -> Path:
    """The folder of everything this installation keeps on its own disk, made if it is missing."""
    try:
        LOCAL.mkdir(parents=True, exist_ok=True)
        (LOCAL / ".writable").touch()
    except OSError as error:
        raise ImproperlyConfigured(
            f"LOCAL_FOLDER: {LOCAL} cannot be written ({error.strerror}). The database, models and static "
            "files live there: make it writable, or set LOCAL_FOLDER to a folder that is."
        ) from None
    return LOCAL


def mail(url: str) -> dict[str, Any]:
    """Django's mail settings from EMAIL_URL, for instance smtp+tls://user:password@host:587."""
    try:
        return dict(_read.email_url_config(url))
    except (ValueError, KeyError, environ.ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"EMAIL_URL: an address such as smtp+tls://host:587 ({error}).") from None


def secret_key(debug: bool) -> str:
    """SECRET_KEY; in development one that is fine for nothing else."""
    key = text("SECRET_KEY")
    if not key and debug:
        return "development only, never in production " * 2
    if len(key) < 32 and not debug:
        raise ImproperlyConfigured(
            "SECRET_KEY: missing or shorter than 32 characters. Set it (or SECRET_KEY_FILE) to a long random "
            "text, for instance the output of `openssl rand -base64 48`, or set DEBUG=1 on your own machine."
        )
    return key


def build_name(root: Path, *more: Path) -> str:
    """Twelve digits for the code, templates, translations and styles under `root`, and for the files `more`."""
    found = hashlib.sha256()
    for path in (*_shown_files(root), *more):
        content = path.read_bytes() if path.is_file() else b""
        found.update(f"{path.name}\n{len(content)}\n".encode() + content)
    return found.hexdigest()[:12]


def _shown_files(root: Path) -> Iterator[Path]:
    return (
        path
        for app in APPS
        for path in sorted((root / app).rglob("*"))
        if path.suffix in SHOWN and "__pycache__" not in path.parts
    )

"""What this build is called: a digest of everything that a kept page may show or link to.

The law: two installations answer to the same name only if they would make the same pages, so that a page kept from
before an upgrade is never given out after it, whatever the operator calls the release.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

APPS = ("tracker", "feeds", "scorecard")
SHOWN = {".py", ".html", ".txt", ".xml", ".css", ".js", ".svg", ".mo", ".json"}


def name(root: Path, *more: Path) -> str:
    """Twelve digits for the code, templates, translations and styles under `root`, and for the files `more`."""
    found = hashlib.sha256()
    for path in (*_files(root), *more):
        content = path.read_bytes() if path.is_file() else b""
        found.update(f"{path.name}\n{len(content)}\n".encode() + content)
    return found.hexdigest()[:12]


def _files(root: Path) -> Iterator[Path]:
    return (
        path
        for app in APPS
        for path in sorted((root / app).rglob("*"))
        if path.suffix in SHOWN and "__pycache__" not in path.parts
    )

"""The codebook: what exists, in the words and the order of one file. `load` reads a folder, `current` is ours.

One process has one codebook. It is read once, at the start, from the folder that INSTANCE_FOLDER names: languages,
choices of forms and widths of columns all follow from it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from tracker.codebook.document import read
from tracker.codebook.loading import load
from tracker.codebook.reading import CodebookError
from tracker.codebook.schema import Actor, Ask, Codebook, Recommendation, Term, Text, faults

__all__ = [
    "Actor",
    "Ask",
    "Codebook",
    "CodebookError",
    "Recommendation",
    "Term",
    "Text",
    "current",
    "faults",
    "folder",
    "load",
    "read",
]

ROOT = Path(__file__).resolve().parents[2]


def folder() -> Path:
    """The instance's folder: INSTANCE_FOLDER, absolute or from the project's root; `seeds` by default."""
    return ROOT / (os.environ.get("INSTANCE_FOLDER", "").strip() or "seeds")


@cache
def current() -> Codebook:
    """The codebook of this process; `CodebookError` if its folder holds none that can be used."""
    return load(folder())

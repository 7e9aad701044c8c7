"""The codebook: what exists, in the words and the order of one file. `load` reads a folder, `current` is ours.

One process has one codebook. It is read once, at the start, from the folder that INSTANCE_FOLDER names: languages,
choices of forms and widths of columns all follow from it. With it is read all that belongs to it, prompt, outlets and
prose, whole or refused with every fault at once. Pure but for the name of the folder.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tracker.codebook import document, schema
from tracker.codebook.document import read
from tracker.codebook.reading import CodebookError, Reader, did_you_mean, parsed
from tracker.codebook.schema import (
    THIRD,
    UNKNOWN,
    Actor,
    Ask,
    Codebook,
    Outlets,
    Recommendation,
    Term,
    Text,
    faults,
)

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
FILE = "codebook.json"
PROSE = ("lede", "about", "limits", "method", "codebook")
PROMPT = "second_opinion.txt"
LIST, RULES = "{recommendations}", "{rules}"  # where the prompt gets them

_HOST_RULE = "a host in small letters, without http://"
_HOST = r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?"


def folder() -> Path:
    """The instance's folder: INSTANCE_FOLDER, absolute or from the project's root; `seeds` by default."""
    return ROOT / (os.environ.get("INSTANCE_FOLDER", "").strip() or "seeds")


@cache
def current() -> Codebook:
    """The codebook of this process; `CodebookError` if its folder holds none that can be used."""
    return load(folder())


def load(folder: Path | str) -> Codebook:
    """The codebook of an instance's folder; `CodebookError` names every fault, the path of the value first."""
    folder = Path(folder)
    reader = Reader()
    text = _text(folder, FILE, reader)
    book = None if text is None else document.read(text, reader)
    earlier = _earlier(folder, reader)
    if book is not None:
        for before, after in itertools.pairwise((*earlier, book)):
            name = FILE if after is book else f"versions/{after.version}.json"
            reader.faults += [
                f"{name}, after {before.version}: {one}" for one in schema.faults(before, after)
            ]
    outlets = _outlets(folder, [actor.slug for actor in book.actors] if book else None, reader)
    prompt = _prompt(folder, reader)
    pages = _pages(folder, book.languages if book else None, reader)
    replay = _replay(folder, reader)
    if book is None or reader.faults:
        raise CodebookError(reader.faults)
    return dataclasses.replace(
        book, earlier=earlier, outlets=outlets, prompt=prompt, pages=pages, replay=replay
    )


def _text(folder: Path, name: str, reader: Reader) -> str | None:
    path = folder / name
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reader.faults.append(f"{name}: cannot be read in {folder} ({error.strerror}).")
    except UnicodeDecodeError as error:
        reader.faults.append(f"{name}: byte {error.start + 1} is not UTF-8; save it as UTF-8.")
    return None


def _earlier(folder: Path, reader: Reader) -> tuple[Codebook, ...]:
    """The versions before, the oldest first."""
    found = []
    for path in sorted((folder / "versions").glob("*.json")):
        name = f"versions/{path.name}"
        own = Reader(name)
        text = _text(folder, name, own)
        book = None if text is None else document.read(text, own, earlier=True)
        reader.faults += own.faults
        if book is not None and book.version != path.stem:
            reader.faults.append(f"{name}: holds version {book.version}; name the file {book.version}.json.")
        elif book is not None:
            found.append(book)
    return tuple(sorted(found, key=lambda book: schema.version_order(book.version)))


def _outlets(folder: Path, actors: Sequence[str] | None, reader: Reader) -> Outlets | None:
    name = "outlets.json"
    if not (folder / name).exists() or (text := _text(folder, name, reader)) is None:
        return None
    own = Reader(name)
    try:
        raw = parsed(text)
    except (ValueError, RecursionError) as error:
        reader.faults.append(f"{name}: not JSON ({error}).")
        return None
    sides = raw if isinstance(raw, dict) else own.object(raw, "", ())
    known = (*(actors or ()), THIRD, UNKNOWN)
    tables: tuple[dict[str, tuple[str, ...]], ...] = ({}, {})
    for side, value in sides.items():
        if actors is not None and side not in known:
            own.fault(side, f"no actor, nor third or unknown{did_you_mean(side, known)}")
        item = own.object(value, side, (), ("hosts", "endings"))
        for table, key in zip(tables, ("hosts", "endings"), strict=True):
            listed = own.items(item, key, side, 0, 5000)
            table[side] = tuple(
                own.shaped({"_": each}, "_", f"{side}.{key}[{place}]", _HOST, _HOST_RULE)
                for place, each in enumerate(listed)
            )
    reader.faults += own.faults
    return Outlets(*tables)


def _prompt(folder: Path, reader: Reader) -> str | None:
    if not (folder / PROMPT).exists() or (text := _text(folder, PROMPT, reader)) is None:
        return None
    for mark in (LIST, RULES):
        if mark not in text:
            reader.faults.append(f"{PROMPT}: {mark} is missing; write it where they are to be put in.")
    return text


def _replay(folder: Path, reader: Reader) -> dict[int, tuple[float, float]]:
    """How often words had changed so many days after coding stopped, as `make evaluate` found it; none without it."""
    name = "replay.json"
    if not (folder / name).exists() or (text := _text(folder, name, reader)) is None:
        return {}
    try:
        changed = parsed(text)["changed"].items()
        found = {int(days): (float(each["balance"]), float(each["all"])) for days, each in changed}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        found = {0: (0.0, 0.0)}
    if not all(days > 0 and 0 <= share <= 1 for days, both in found.items() for share in both):
        reader.faults.append(
            f'{name}: "changed" holds for days (7, 30 …) the shares "balance" and "all", from 0 to 1.'
        )
    return found


def _pages(folder: Path, languages: Sequence[str] | None, reader: Reader) -> dict[tuple[str, str], str]:
    """Prose by language and name; a file that no page would show is a fault, as its writer thinks otherwise."""
    found = {}
    for path in sorted((folder / "prose").glob("*/*")):
        language, name = path.parent.name, f"prose/{path.parent.name}/{path.name}"
        if languages is not None and language not in languages:
            reader.faults.append(f"{name}: the languages are {', '.join(languages)}, not {language}.")
        elif path.suffix != ".md" or path.stem not in PROSE:
            files = [f"{one}.md" for one in PROSE]
            meant = did_you_mean(path.name, files)
            reader.faults.append(f"{name}: pages read {', '.join(files)}{meant}")
        elif (text := _text(folder, name, reader)) is not None:
            found[language, path.stem] = text
    return found

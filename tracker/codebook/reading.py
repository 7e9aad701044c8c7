"""Values out of JSON with every fault noted under its path, so that a file's writer mends all of it at once.

Pure. A `Reader` never raises: what cannot be read becomes a fault and an empty value of the same kind.
"""

from __future__ import annotations

import datetime
import difflib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from tracker.codebook.schema import Text

Value = TypeVar("Value")

SLUG = r"[a-z][a-z0-9-]{0,39}"
VERSION = r"[0-9]{1,4}(\.[0-9]{1,4}){0,3}"
ADDRESS = r"https?://[^\s/][^\s]*"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class CodebookError(ValueError):
    """A codebook that cannot be used: every fault on a line of its own, the path of the value first."""

    def __init__(self, faults: Iterable[str]):
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class Doubled(ValueError):
    """A key given twice in one object; JSON readers would silently keep the last."""


def parsed(text: str) -> Any:
    """The value of a JSON text; `ValueError` says what is wrong, a doubled key among it."""
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


class Reader:
    """Reads values of one file and keeps the faults, each with the path of its value; `file` is said where the
    file is not the codebook itself. `languages` are those that every text must be given in."""

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.faults: list[str] = []
        self.languages: tuple[str, ...] = ()

    def fault(self, path: str, sentence: str) -> None:
        where = ": ".join(part for part in (self.file, path) if part) or "codebook.json"
        self.faults.append(f"{where}: {sentence}")

    def object(
        self, value: Any, path: str, required: Iterable[str], optional: Iterable[str] = ()
    ) -> Mapping[str, Any]:
        """A JSON object with exactly these keys."""
        if not isinstance(value, dict):
            self.fault(path, f"a JSON object, not {kind(value)}.")
            return {}
        required, known = tuple(required), (*required, *optional)
        for key in value:
            if key not in known:
                self.fault(path, f"unknown key {key!r:.60}{did_you_mean(key, known)}")
        for key in required:
            if key not in value:
                self.fault(path, f"key '{key}' is missing.")
        return value

    def items(
        self, raw: Mapping[str, Any], key: str, path: str, least: int = 0, most: int = 1000
    ) -> list[Any]:
        """A list of `least` to `most`; one that is absent was either named as missing or may be empty."""
        if key not in raw:
            return []
        value, place = raw[key], join(path, key)
        if not isinstance(value, list):
            self.fault(place, f"a list, not {kind(value)}.")
            return []
        if not least <= len(value) <= most:
            where = "this file" if not path else "this one"
            self.fault(place, f"{least} to {most} are possible, {where} has {len(value)}.")
        return value[:most]

    def words(self, raw: Mapping[str, Any], key: str, path: str, longest: int = 200) -> str:
        """Plain text on one line, with something in it."""
        if key not in raw:
            return ""
        value, place = raw[key], join(path, key)
        if not isinstance(value, str):
            self.fault(place, f"text, not {kind(value)}.")
            return ""
        if found := _CONTROL.search(value):
            code = ord(found.group())
            self.fault(
                place, f"character {found.start() + 1}: U+{code:04X} is a control character; delete it."
            )
            return ""
        value = unicodedata.normalize("NFC", value).strip()
        if not value:
            self.fault(place, "empty; give it words.")
        if len(value) > longest:
            self.fault(place, f"{len(value)} characters, at most {longest} are allowed; shorten it.")
        return value

    def shaped(self, raw: Mapping[str, Any], key: str, path: str, pattern: str, what: str) -> str:
        """Text of one shape, which `what` describes."""
        if key not in raw:
            return ""
        value = raw[key]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.fault(join(path, key), f"{what}, not {value!r:.60}.")
            return ""
        return value

    def text(self, raw: Mapping[str, Any], key: str, path: str, longest: int = 2000) -> Text:
        """The words of one thing in every language offered."""
        if key not in raw:
            return Text({})
        return self.text_of(raw[key], join(path, key), longest)

    def text_of(self, value: Any, place: str, longest: int = 2000) -> Text:
        if not isinstance(value, dict):
            self.fault(place, f"a JSON object of words by language, not {kind(value)}.")
            return Text({})
        for language in value:
            if self.languages and language not in self.languages:
                offered = ", ".join(self.languages)
                self.fault(place, f"words for {language!r:.20}, but the languages are {offered}.")
        for language in self.languages:
            if language not in value:
                self.fault(place, f"no word for {language}, which is offered.")
        return Text(
            {each: self.words(value, each, place, longest) for each in self.languages if each in value}
        )

    def one_of(self, raw: Mapping[str, Any], key: str, path: str, allowed: Iterable[str]) -> str:
        if key not in raw:
            return ""
        value, allowed = raw[key], tuple(allowed)
        if value not in allowed:
            self.fault(join(path, key), f"{value!r:.60} is not one of {', '.join(allowed)}.")
            return ""
        return str(value)

    def day(self, raw: Mapping[str, Any], key: str, path: str) -> datetime.date:
        value = raw.get(key)
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                if 1900 <= (found := datetime.date.fromisoformat(value)).year <= 2100:
                    return found
            except ValueError:
                pass  # no day of the calendar, said below
        if key in raw:
            self.fault(join(path, key), f"a day as YYYY-MM-DD, between 1900 and 2100, not {value!r:.60}.")
        return datetime.date.min

    def unique(self, values: Iterable[str], path: str, each: Callable[[int], str]) -> None:
        """Notes every value that stood before; `each` names the place of the n-th."""
        first: dict[str, int] = {}
        for place, value in enumerate(values):
            if value and value in first:
                self.fault(each(place), f"{value} is the name of {path}[{first[value]}] already.")
            first.setdefault(value, place)


def join(path: str, key: str) -> str:
    """The path of a value; that of an item of a list (`_`) is its place, which `path` holds already."""
    return path if key == "_" else f"{path}.{key}" if path else key


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest known one, if one is near."""
    near = difflib.get_close_matches(str(word), tuple(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else "."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Doubled(f"key '{key[:60]}' is given twice in one object")
        found[key] = value
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number that a codebook can hold")

"""Query parameters: declared once, checked and documented from the same line.

The law: an unknown parameter, one value given twice or a value that means nothing is refused with its reason;
nothing is silently ignored. A list may be written with commas or by repeating its name. Pure but for the
exception it raises.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from scorecard.api.problems import Invalid
from scorecard.method import METHODS
from tracker import record, search
from tracker.codebook import current

DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_PLACE = r"[1-9][0-9]{0,17}(\.[1-9][0-9]{0,5})?"
LONGEST_SEARCH = 100
MOST = 100


@dataclass(frozen=True)
class Parameter:
    """`read` turns the text of the address into a value, or raises ValueError with a reason."""

    name: str
    description: str
    read: Callable[[str], Any]
    schema: Mapping[str, Any]
    default: Any = None
    example: Any = None
    examples: Sequence[OpenApiExample] = field(default=())

    @property
    def listed(self) -> bool:
        return self.schema.get("type") == "array"

    def documented(self) -> OpenApiParameter:
        schema = dict(self.schema)
        if self.default is not None and not callable(self.default):
            schema["default"] = self.default
        examples = [OpenApiExample(self.name, value=self.example)] if self.example is not None else []
        return OpenApiParameter(
            self.name,
            schema,
            OpenApiParameter.QUERY,
            description=self.description,
            examples=examples,
            explode=True if self.listed else None,
            style="form" if self.listed else None,
        )


def read(query: Any, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """name → value of every parameter, its default where the address has none; `Invalid` otherwise."""
    known = {parameter.name: parameter for parameter in parameters}
    errors = [
        {
            "name": name[:60],
            "reason": f"not a parameter of this address{_meant(name, known)}; allowed: "
            + (", ".join(known) or "none"),
        }
        for name in query
        if name not in known
    ]
    found: dict[str, Any] = {}
    for name, parameter in known.items():
        values = query.getlist(name)
        found[name] = parameter.default() if callable(parameter.default) else parameter.default
        if not values:
            continue
        if len(values) > 1 and not parameter.listed:
            errors.append({"name": name, "reason": "given twice; it takes one value"})
            continue
        try:
            found[name] = parameter.read(",".join(values))
        except ValueError as problem:
            errors.append({"name": name, "reason": str(problem)})
    if errors:
        raise Invalid(errors)
    return found


def _meant(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """What was probably meant by a name that is none."""
    alike = difflib.get_close_matches(name[:60], known, 1)
    return f" (did you mean {alike[0]}?)" if alike else ""


def choice(
    name: str, allowed: Sequence[str], description: str, *, default: str | None = None, example: Any = None
) -> Parameter:
    def value(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{text[:60]!r} is not one of {', '.join(allowed)}")
        return text

    return Parameter(name, description, value, {"type": "string", "enum": [*allowed]}, default, example)


def choices(name: str, allowed: Sequence[str], description: str, *, example: Any = None) -> Parameter:
    """Several of a list, separated by commas or each under the name again."""

    def value(text: str) -> list[str]:
        given = text.split(",")
        for each in given:
            if each not in allowed:
                raise ValueError(f"{each[:60]!r} is not one of {', '.join(allowed)}")
        return list(dict.fromkeys(given))

    schema = {"type": "array", "items": {"type": "string", "enum": [*allowed]}, "minItems": 1}
    return Parameter(
        name, description + " Several: separated by commas, or the name again.", value, schema, None, example
    )


def number(
    name: str, description: str, *, least: int, most: int, default: int | None = None, example: Any = None
) -> Parameter:
    def value(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}, not {text[:40]!r}")
        return int(text)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Parameter(name, description, value, schema, default, example)


def flag(name: str, description: str) -> Parameter:
    def value(text: str) -> bool:
        if text not in ("true", "false"):
            raise ValueError(f"true or false, not {text[:40]!r}")
        return text == "true"

    return Parameter(name, description, value, {"type": "boolean"}, False)


def day(name: str, description: str, *, example: str = "2026-01-31") -> Parameter:
    def value(text: str) -> datetime.date:
        try:
            return record.day(text, name)
        except record.RecordError:
            raise ValueError(f"a day written as YYYY-MM-DD, not {text[:40]!r}") from None

    # A format alone would also allow the years 0001 and 9999.
    schema = {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"}
    return Parameter(name, description, value, schema, None, example)


def words(name: str, description: str, *, example: str | None = None) -> Parameter:
    def value(text: str) -> str:
        if "\x00" in text:
            raise ValueError("holds a NUL character")
        if not text.strip() or len(text) > LONGEST_SEARCH:
            raise ValueError(f"1 to {LONGEST_SEARCH} characters, not only spaces")
        return " ".join(text.split())

    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_SEARCH, "pattern": r"[^\s\x00]"}
    return Parameter(name, description, value, schema, None, example)


def query(name: str, description: str, *, example: str | None = None) -> Parameter:
    """Words in the language of the one search; what cannot be read is refused with what is allowed."""

    def value(text: str) -> str:
        search.EventQuery.read(text)
        return text.strip()

    schema = {"type": "string", "maxLength": search.LONGEST}
    return Parameter(name, description, value, schema, None, example)


def identifier(name: str, description: str, *, example: str | None = None) -> Parameter:
    def value(text: str) -> str:
        if not record.ID.fullmatch(text):
            raise ValueError("small letters, digits and hyphens, 1 to 100 of them")
        return text

    schema = {"type": "string", "pattern": f"^{record.ID.pattern}$"}
    return Parameter(name, description, value, schema, None, example)


def digest(text: str) -> str:
    """A SHA-256 as the log writes it."""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError("64 hexadecimal digits")
    return text


def revision() -> Parameter:
    def value(text: str) -> str:
        if not re.fullmatch(_PLACE, text):
            raise ValueError(f"a revision of the log, or one of its states: 337, 337.2; not {text[:40]!r}")
        return text

    return Parameter(
        "rev",
        "The state of the record, as answers and citations name it: the same figures for ever, whatever is recorded "
        "later. Day and method are then those of that state unless they are named. Default: the present state.",
        value,
        {"type": "string", "pattern": f"^{_PLACE}$"},
    )


def fields(allowed: Sequence[str]) -> Parameter:
    return choices("fields", allowed, "Only these fields of each item.", example=[*allowed[:2]])


AS_OF = day("as_of", "The day of the figures: what had happened by its end (UTC). Default: today.")
KNOWN_AT = day(
    "known_at",
    "As known on that day: later records, corrections and retractions are left out. Default: all we know.",
)
METHOD = choice("method", tuple(METHODS), "Version of the method; default: the current one.")
REV = revision()
ACTOR = choice(
    "actor",
    current().actor_slugs,
    "The view of one actor: acts that name it.",
    example=current().actor_slugs[0],
)
RECOMMENDATION = choice("recommendation", current().slugs, "One recommendation.", example=current().slugs[0])
METHOD = choice("method", tuple(METHODS), "Version of the method; default: the current one.")
BEYOND = flag(
    "beyond",
    "Also read the days after the last coded one, as if nothing had happened since: figures without words.",
)
THEN = flag("then", "Each day as it was known on that day: what the scorecard said then, or would have said.")

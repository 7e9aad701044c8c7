"""Query parameters: declared once, checked and documented from the same line; and what else the description of the API
says beyond its serializers: problems, headers, summaries.

The law: an unknown parameter, one value given twice or a value that means nothing is refused with its reason; nothing
is silently ignored. A list may be written with commas or by repeating its name.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from scorecard.api.problems import Invalid
from scorecard.method import METHODS
from tracker import record, search
from tracker.codebook import current

DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_PLACE = r"[1-9][0-9]{0,17}(\.[1-9][0-9]{0,5})?"
LONGEST_SEARCH = 100
MOST = 100
PROBLEMS = {
    "400": "A parameter or field that means nothing; `errors` says which and why.",
    "401": "The key is missing, unknown, revoked or expired.",
    "403": "The key or its account may not do this.",
    "404": "Nothing stands at this address or for this day, or the cursor leads nowhere.",
    "405": "This address does not know the method.",
    "406": "Only JSON is spoken here.",
    "409": "A rule of the record stands against it.",
    "413": "The body is too large.",
    "415": "The body must be JSON.",
    "422": "Well-formed, but not what the codebook allows.",
    "429": "Too many requests in this minute; `Retry-After` says when to go on.",
    "501": "This server does not write files of this format.",
}


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
BEYOND = flag(
    "beyond",
    "Also read the days after the last coded one, as if nothing had happened since: figures without words.",
)
THEN = flag("then", "Each day as it was known on that day: what the scorecard said then, or would have said.")


def _header(description: str, example: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}, "example": example}


HEADERS = {
    "ETag": _header("Send it back in If-None-Match and get 304 until something changes.", '"9f1c0a…"'),
    "Last-Modified": _header("When this state was first seen.", "Sat, 31 Jan 2026 09:00:00 GMT"),
    "RateLimit": _header("What is left in the running minute (IETF draft).", '"anonymous";r=59;t=42'),
    "RateLimit-Policy": _header("The rule: quota and window.", '"anonymous";q=60;w=60'),
    "Retry-After": _header("Seconds to wait.", "42"),
    "Location": _header("Where it stands.", "https://scorecard.example/api/v1/events/"),
    "Content-Length": _header("Bytes of the file.", "48213"),
    "Accept-Ranges": _header("Parts may be asked for with Range.", "bytes"),
    "Repr-Digest": _header(
        "SHA-256 of the file (RFC 9530).", "sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:"
    ),
    "Idempotency-Replayed": _header(
        "true: this answer was given before, under the same Idempotency-Key.", "true"
    ),
}
OF_FILES = ("Content-Length", "Accept-Ranges", "Repr-Digest")


class Described(AutoSchema):
    """Adds a view's query parameters, its problems and its limits to what the serializers say."""

    def get_override_parameters(self) -> list[Any]:
        found = [*super().get_override_parameters()]
        if self.method in ("GET", "HEAD"):
            found += [parameter.documented() for parameter in getattr(self.view, "parameters", ())]
        return found

    def get_filter_backends(self) -> list[Any]:
        return []

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        words = operation.get("description", "").partition("\n\n")[0].replace("\n", " ")
        operation.setdefault("summary", re.split(r"[.:;] |[.:;]$", words)[0][:120])
        codes = ["400", "401", "404", "406", "429"]
        if getattr(self.view, "branches", False):
            codes.append("409")
        if self.method != "GET":
            codes += ["403", "409", "413", "415", "422"]
        elif getattr(self.view, "scopes", {}).get(self.method):
            codes.append("403")
        responses = operation["responses"]
        if self.method == "GET":
            responses.setdefault("304", {"description": "Unchanged since the ETag or the date you sent."})
        for code in codes:
            responses.setdefault(
                code,
                {
                    "description": PROBLEMS[code],
                    "content": {
                        "application/problem+json": {
                            "schema": {"$ref": "#/components/schemas/Problem"},
                            "example": {
                                "type": "about:blank",
                                "title": HTTPStatus(int(code)).phrase,
                                "status": int(code),
                                "detail": PROBLEMS[code],
                            },
                        }
                    },
                },
            )
        return operation


class StrictShape(OpenApiSerializerExtension):
    """Shapes that refuse unknown fields say so."""

    target_class = "scorecard.api.serializers.writing.Strict"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        found = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**found, "additionalProperties": False}


class LettersTaken(OpenApiSerializerFieldExtension):
    """Texts say which letters they take."""

    target_class = "scorecard.api.serializers.writing.CleanText"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        found = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)
        return {**found, "pattern": self.target.pattern}


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "scorecard.keys.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of an analyst's program: sck_…"}

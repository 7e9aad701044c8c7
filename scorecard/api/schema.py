"""OpenAPI 3.1 of the API: made from the views, served as JSON and as a page to try it on."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from scorecard.api.views.base import Reading, reads
from tracker.codebook import current, folder

BOOK = current()
DESCRIPTION = f"""\
{BOOK.title}: {len(BOOK)} recommendations on {BOOK.subject}, followed act by act since {BOOK.start}. Everything on the
pages is here: figures for any day as known on any day, the record with its whole history, and downloads.

- Reading needs no key. Errors are problem+json (RFC 9457) and say what is wrong.
- Lists have a `total` and a `next`; follow `next` until it is null and you have seen every item once.
- Every answer has an ETag; send it back in If-None-Match and get 304 until something changes.
- RateLimit says how many requests are left in the running minute. More with a key (Authorization: Bearer).
- Ids are permanent. The id of a merged event answers 301 to the event it became.
- Quote a score only with its band, its day and the day to which coding is complete. {BOOK.licence.name}.
"""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
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
}
# True answers of this instance, shortened, if its folder holds any; `tests/scorecard/api/examples.py` makes them.
_KEPT = folder() / "examples.json"
EXAMPLES: dict[str, Any] = json.loads(_KEPT.read_text("utf-8")) if _KEPT.exists() else {}
_ROW = {"date": "2026-01-31", "recommendation": BOOK.slugs[0], "reading": "balance", "score": -38.2}
FILES = {
    "application/json": {"title": str(BOOK.title), "day": "2026-01-31", "sequence": 288},
    "application/jsonl": json.dumps(_ROW, separators=(",", ":")) + "\n",
    "text/csv": f"{','.join(_ROW)}\n{','.join(map(str, _ROW.values()))}\n",
    "text/markdown": f"# {BOOK.title}: edition of 2026-01-31\n",
    "text/plain": "9f1c…",
    "text/x-python": '"""Checks an edition with nothing but Python."""\n',
}
PROBLEM = {
    "type": "object",
    "description": "An error after RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what is allowed."},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "reason"],
                "properties": {"name": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}


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
        codes = ["400", "401", "404", "406", "429"]
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
    target_class = "scorecard.api.keys.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of an analyst's program: sck_…"}


def only_version_one(endpoints: list[Any], **_kwargs: Any) -> list[Any]:
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def finished(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add the shape of problems; give examples of one value, as they stand, to parameters."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            _add_answer_examples(operation)
            for parameter in operation.get("parameters", ()):
                _one_example(parameter)
                _add_path_example(parameter)
    return result


def _add_answer_examples(operation: dict[str, Any]) -> None:
    """What each answer may look like; of files that are no text there is nothing to show."""
    for code, answer in operation["responses"].items():
        for kind, content in answer.get("content", {}).items():
            name = f"{operation['operationId']}_moved" if code == "301" else operation["operationId"]
            found = EXAMPLES.get(name) if kind == "application/json" else None
            if found is None:
                found = FILES.get(kind)
            if found is not None:
                content.setdefault("example", found)


PATH_EXAMPLES = {
    "slug": BOOK.slugs[0],
    "id": EXAMPLES.get("event", {}).get("id", f"{BOOK.start}-an-act"),
    "day": "2026-01-31",
    "name": "scores",
    "ending": "csv",
    "reference": "D-7K3F-29QX",
    "message": "msg_" + "0" * 32,
}


def _add_path_example(parameter: dict[str, Any]) -> None:
    """Something to start from when the page of the API is tried."""
    if parameter["in"] != "path":
        return
    name, schema = parameter["name"], parameter["schema"]
    if schema.get("type") == "integer":
        parameter["example"] = 1
    elif "enum" in schema and PATH_EXAMPLES.get(name) not in schema["enum"]:
        parameter["example"] = schema["enum"][0]
    elif name in PATH_EXAMPLES:
        parameter["example"] = PATH_EXAMPLES[name]


def _one_example(parameter: dict[str, Any]) -> None:
    examples = parameter.pop("examples", None)
    if examples and "example" not in parameter:
        parameter["example"] = next(iter(examples.values()))["value"]


def document() -> dict[str, Any]:
    found = SchemaGenerator().get_schema(request=None, public=True)
    licence = {"name": BOOK.licence.name, "identifier": BOOK.licence.spdx}
    found["info"] |= {"title": str(BOOK.title), "description": DESCRIPTION, "license": licence}
    return found


@reads(exclude=True)
class Schema(Reading):
    """This description."""

    def version(self):
        return f"schema:{settings.RELEASE}"

    def answer(self, asked, **place):
        return document()


def docs(request: HttpRequest) -> HttpResponse:
    """The page to read and try the API, from our own host alone."""
    answer = render(request, "api/docs.html", {"schema": reverse("api:schema")})
    answer.headers["Content-Security-Policy"] = PAGE_POLICY
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


__all__ = ["Described", "KeyScheme", "Schema", "docs", "document"]

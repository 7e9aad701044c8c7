"""How each operation is described beyond what its serializers say: parameters, problems, headers, summaries."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema

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

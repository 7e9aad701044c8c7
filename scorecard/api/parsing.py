"""Bodies: JSON, however it is nested; and at the one address that takes a file its lines, as they came."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser


class Json(JSONParser):
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


class Lines(BaseParser):
    """The bytes of a file in one of its formats."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> bytes:
        return bytes(stream.read())


class JsonLines(Lines):
    media_type = "application/jsonl"


class NdJson(Lines):
    """The other name of JSON Lines."""

    media_type = "application/x-ndjson"


class Csv(Lines):
    media_type = "text/csv"

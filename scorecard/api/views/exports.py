"""Downloads: the whole record and every table, streamed, with a data dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Max
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, OpenApiTypes, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation

from scorecard import standings
from scorecard.api import kept, streaming
from scorecard.api.parameters import AS_OF, KNOWN_AT
from scorecard.api.serializers import about as shapes
from scorecard.api.tables import CHANGES, RECORD, TABLES
from scorecard.api.views.base import Reading, View, check_days, public, reads
from scorecard.api.views.events import change
from tracker import record
from tracker.models import Article, Report, Revision

FORMATS = ("jsonl", "csv", "parquet")
LOGS = {"record": RECORD, "changes": CHANGES}
NAME = OpenApiParameter(
    "name", {"type": "string", "enum": [*TABLES, *LOGS]}, OpenApiParameter.PATH, description="Which table."
)
FORMAT = OpenApiParameter(
    "format", {"type": "string", "enum": [*FORMATS]}, OpenApiParameter.PATH,
    description="`record` and `changes` come as JSON Lines only.",
)  # fmt: skip


@reads(operation_id="exports", responses=shapes.Dictionary, tags=["Downloads"])
class Exports(Reading):
    """What can be downloaded, and what every column means."""

    def answer(self, asked, **place):
        listed = [
            {
                "name": table.name,
                "meaning": table.meaning,
                "files": {ending: _address(table.name, ending) for ending in FORMATS},
                "columns": [
                    {"name": column.name, "type": column.type, "meaning": column.meaning}
                    for column in table.columns
                ],
            }
            for table in TABLES.values()
        ]
        logs = [
            {"name": name, "meaning": meaning, "files": {"jsonl": _address(name, "jsonl")}, "columns": []}
            for name, meaning in LOGS.items()
        ]
        return {"licence": "CC BY 4.0", "tables": [*listed, *logs]}


def _address(name: str, ending: str) -> str:
    return public(f"/api/v1/exports/{name}.{ending}")


class AsAddressed(BaseContentNegotiation):
    """A download is what its address says, whatever the caller accepts."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class Export(View):
    """One table as a file, streamed. `as_of` and `known_at` are for `scores` and `series` only."""

    content_negotiation_class = AsAddressed
    parameters = (AS_OF, KNOWN_AT)

    @extend_schema(
        operation_id="export",
        parameters=[NAME, FORMAT],
        responses={
            (200, kind): OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
            for kind in ("application/jsonl", "text/csv", "application/vnd.apache.parquet")
        },
        tags=["Downloads"],
    )
    def get(self, request: Any, name: str, format: str) -> HttpResponse:
        asked = self.asked()
        check_days(asked)
        if name not in {**TABLES, **LOGS} or format not in (FORMATS if name in TABLES else ("jsonl",)):
            raise NotFound(f"There is no download {name[:40]}.{format[:10]}; /api/v1/exports/ lists them.")
        etag = kept.tag(request, _version(name))
        if kept.holds(request, etag):
            return kept.dressed(HttpResponse(status=304), etag)
        return kept.dressed(_file(request, name, format, _chunks(name, format, asked)), etag)


def _version(name: str) -> str:
    if name != "articles":
        return standings.head()
    state = Article.objects.aggregate(count=Count("id"), at=Max("changed_at"))
    return f"{standings.head()}:{state}:{Report.objects.count()}"


def _chunks(name: str, ending: str, asked: dict[str, Any]) -> Iterator[bytes]:
    if name == "record":
        return streaming.gathered(f"{line}\n" for line in record.lines())
    if name == "changes":
        return streaming.gathered(_changes())
    table = TABLES[name]
    rows = table.rows(asked["as_of"] or timezone.now().date(), asked["known_at"])
    return streaming.written(ending, table.columns, rows)


def _changes() -> Iterator[str]:
    for revision in Revision.objects.order_by("sequence").iterator(1000):
        yield streaming.line(change(revision))


def _file(request: Any, name: str, ending: str, chunks: Iterator[bytes]) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="scorecard-{name}.{ending}"'}
    if ending != "parquet" and "gzip" in request.headers.get("Accept-Encoding", ""):
        chunks = streaming.compressed(chunks)
        headers["Content-Encoding"] = "gzip"
    return StreamingHttpResponse(chunks, content_type=streaming.MEDIA_TYPES[ending], headers=headers)

"""Downloads: the whole record and every table, streamed, with a data dictionary.

Editions: the list, each edition's files, the public key, and the verifier.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Max
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, OpenApiTypes, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation

from scorecard import conditional, editions, formats, standings
from scorecard.api import paging
from scorecard.api.parameters import AS_OF, KNOWN_AT, METHOD, REV
from scorecard.api.serializers import record as shapes
from scorecard.api.views.base import Listing, Reading, View, check_days, moment, pinned, public, reads
from scorecard.api.views.events import change
from scorecard.models import Edition
from scorecard.tables import CHANGES, RECORD, TABLES
from tracker import log, record
from tracker.codebook import current
from tracker.models import Article, Report, Revision

FORMATS = ("jsonl", "csv", "parquet")
LOGS = {"record": RECORD, "changes": CHANGES}
PINNABLE = ("record", "changes", "scores", "series")
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
        return {"licence": current().licence.name, "tables": [*listed, *logs]}


def _address(name: str, ending: str) -> str:
    return public(f"/api/v1/exports/{name}.{ending}")


class AsAddressed(BaseContentNegotiation):
    """A download is what its address says, whatever the caller accepts."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class Export(View):
    """One table as a file, streamed. `as_of`, `known_at` and `method` are for `scores` and `series` only, `rev`
    also for `record` and `changes`."""

    content_negotiation_class = AsAddressed
    parameters = (AS_OF, KNOWN_AT, METHOD, REV)

    @extend_schema(
        operation_id="export",
        parameters=[NAME, FORMAT],
        responses={
            (200, kind): OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
            for kind in ("application/jsonl", "text/csv", "application/vnd.apache.parquet")
        },
        tags=["Downloads"],
    )
    def get(self, request: Any, name: str, format: str) -> HttpResponseBase:
        asked = self.asked()
        check_days(asked)
        if name not in {**TABLES, **LOGS} or format not in (FORMATS if name in TABLES else ("jsonl",)):
            raise NotFound(f"There is no download {name[:40]}.{format[:10]}; /api/v1/exports/ lists them.")
        if asked["rev"] and name not in PINNABLE:
            raise NotFound(f"There is no {name} of a revision; there is of {', '.join(PINNABLE)}.")
        with pinned(asked):
            return conditional.streamed(
                request, _version(name), lambda: _file(request, name, format, _chunks(name, format, asked))
            )


def _version(name: str) -> str:
    if name != "articles":
        return standings.head()
    state = Article.objects.aggregate(count=Count("id"), at=Max("changed_at"))
    return f"{standings.head()}:{state}:{Report.objects.count()}"


def _chunks(name: str, ending: str, asked: dict[str, Any]) -> Iterator[bytes]:
    last = standings.footing()["sequence"] if asked["rev"] else None
    if name == "record":
        return formats.gathered(f"{line}\n" for line in log.lines(until=last))
    if name == "changes":
        return formats.gathered(_changes(last))
    table = TABLES[name]
    rows = table.rows(asked["as_of"] or timezone.now().date(), asked["known_at"], asked["method"])
    if asked["rev"]:
        rows = iter(list(rows))  # read now: the state is left before the answer is streamed
    return formats.written(ending, table.columns, rows)


def _changes(last: int | None) -> Iterator[str]:
    found = Revision.objects.order_by("sequence")
    for revision in (found if last is None else found.filter(sequence__lte=last)).iterator(1000):
        yield formats.line(change(revision))


def _file(request: Any, name: str, ending: str, chunks: Iterator[bytes]) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="scorecard-{name}.{ending}"'}
    if ending != "parquet" and conditional.accepts_gzip(request):
        chunks = formats.compressed(chunks)
        headers["Content-Encoding"] = "gzip"
    return StreamingHttpResponse(chunks, content_type=formats.MEDIA_TYPES[ending], headers=headers)


INSIDE = (
    "README.md", "verify.py", "changes.jsonl", "settings.jsonl", "completeness.jsonl", "recommendations.json",
    "codebook.json",
    "dictionary.json", "scores.json", "series.csv", "manifest.json", "manifest.sig",
)  # fmt: skip
DAY = OpenApiParameter(
    "day", {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"},
    OpenApiParameter.PATH, description="The day of the edition.",
)  # fmt: skip
FILE_NAME = OpenApiParameter(
    "name", {"type": "string", "enum": [*INSIDE]}, OpenApiParameter.PATH, description="A file of the edition."
)


@reads(operation_id="editions", responses=shapes.Editions, tags=["Editions"])
class Editions(Listing):
    """The editions, newest first. Each is frozen, signed, and chained to the one before it."""

    keys = int
    orders = {"-day": paging.Order("day", down=True)}
    parameters = (paging.LIMIT, paging.CURSOR)

    def version(self):
        return f"editions:{standings.head()}"

    def rows(self, asked, **place):
        return Edition.objects.defer("manifest")

    def item(self, row):
        return edition(row)


@reads(operation_id="edition", parameters=[DAY], responses=shapes.EditionShape, tags=["Editions"])
class OneEdition(Reading):
    """One edition."""

    def version(self):
        return f"edition:{settings.RELEASE}:{standings.head()}"

    def answer(self, asked, day):
        return edition(find(day))


def find(day: str) -> Edition:
    try:
        row = Edition.objects.filter(day=record.day(day, "day")).first()
    except record.RecordError:
        row = None
    if row is None:
        raise NotFound(f"There is no edition of {day[:20]}; /api/v1/editions/ lists them.")
    return row


def edition(row: Edition) -> dict[str, Any]:
    base = f"/api/v1/editions/{row.day}"
    return {
        "day": row.day.isoformat(),
        "sequence": row.sequence,
        "digest": row.digest,
        "previous": row.previous,
        "signature": row.signature,
        "key": row.key,
        "bytes": row.size,
        "made_at": moment(row.made_at),
        "doi": row.doi or None,
        "page": public(f"/editions/{row.day}/"),
        "file": public(f"{base}.zip"),
        "manifest": public(f"{base}/manifest.json"),
    }


class EditionZip(View):
    """The whole edition as one zip."""

    content_negotiation_class = AsAddressed

    @extend_schema(
        operation_id="edition_zip",
        parameters=[DAY],
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, description="The zip.")},
        tags=["Editions"],
    )
    def get(self, request: Any, day: str) -> HttpResponseBase:
        self.asked()
        row = find(day)
        path = _edition_file(row)
        return conditional.frozen(
            request,
            row.digest[:32],
            lambda: FileResponse(path.open("rb"), as_attachment=True, filename=f"edition-{row.day}.zip"),
        )


class EditionFile(View):
    """One file of an edition."""

    content_negotiation_class = AsAddressed

    @extend_schema(
        operation_id="edition_file",
        parameters=[DAY, FILE_NAME],
        responses={
            (200, kind): OpenApiResponse(shape, description="The file.")
            for kind, shape in (
                ("application/json", OpenApiTypes.ANY),
                *dict.fromkeys(
                    ("application/jsonl", "text/csv", "text/plain", "text/markdown"), OpenApiTypes.BINARY
                ).items(),
            )
        },
        tags=["Editions"],
    )
    def get(self, request: Any, day: str, name: str) -> HttpResponseBase:
        self.asked()
        row = find(day)
        if name not in INSIDE:
            raise NotFound(f"An edition has no file {name[:40]!r}; it has {', '.join(INSIDE)}.")
        path = _edition_file(row)
        return conditional.frozen(
            request,
            f"{row.digest[:24]}-{INSIDE.index(name)}",
            lambda: StreamingHttpResponse(_inside(path, name), content_type=_type(name)),
        )


def _edition_file(row: Edition) -> Path:
    path = editions.folder() / row.file
    if not path.is_file():
        raise NotFound(f"The file of the edition of {row.day} is not on this server.")
    return path


def _inside(path: Path, name: str) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        while chunk := file.read(64 * 1024):
            yield chunk


def _type(name: str) -> str:
    kinds = {
        "json": "application/json",
        "jsonl": "application/jsonl",
        "csv": "text/csv",
        "md": "text/markdown",
    }
    kind = kinds.get(name.rpartition(".")[2], "text/plain")
    return kind if kind.startswith("application/") else f"{kind}; charset=utf-8"


@reads(operation_id="edition_key", responses=shapes.PublicKey, tags=["Editions"])
class Key(Reading):
    """The public key with which editions are signed from now on."""

    def version(self):
        return f"key:{editions.public(editions.key())}"

    def answer(self, asked, **place):
        private = editions.key()
        return {"algorithm": "Ed25519", "key": editions.public(private), "pem": editions.pem(private)}


class Verifier(View):
    """`verify.py`: checks an edition with nothing but Python."""

    content_negotiation_class = AsAddressed

    @extend_schema(
        operation_id="verifier",
        responses={(200, "text/x-python"): OpenApiResponse(OpenApiTypes.STR, description="The program.")},
        tags=["Editions"],
    )
    def get(self, request: Any) -> HttpResponse:
        self.asked()
        return conditional.answer(
            request, "verifier", editions.verifier, media_type="text/x-python; charset=utf-8"
        )

"""Editions: the list, each edition's files, the public key, and the verifier."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, OpenApiTypes, extend_schema
from rest_framework.exceptions import NotFound

from scorecard.api import kept, paging
from scorecard.api.serializers import about as shapes
from scorecard.api.views.base import Listing, Reading, View, moment, public, reads
from scorecard.api.views.exports import AsAddressed
from scorecard.editions import making, signing
from scorecard.models import Edition
from tracker import codebook

INSIDE = (
    "README.md", "verify.py", "changes.jsonl", "settings.jsonl", "completeness.jsonl", "recommendations.json",
    "dictionary.json", "scores.json", "series.csv", "manifest.json", "manifest.sig",
)  # fmt: skip
DAY = OpenApiParameter(
    "day", {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"},
    OpenApiParameter.PATH, description="The day of the edition.",
)  # fmt: skip
NAME = OpenApiParameter(
    "name", {"type": "string", "enum": [*INSIDE]}, OpenApiParameter.PATH, description="A file of the edition."
)
FOREVER = "public, max-age=31536000, immutable"


@reads(operation_id="editions", responses=shapes.Editions, tags=["Editions"])
class Editions(Listing):
    """The editions, newest first. Each is frozen, signed, and chained to the one before it."""

    keys = int
    orders = {"-day": paging.Order("day", down=True)}
    parameters = (paging.LIMIT, paging.CURSOR)

    def version(self):
        return f"editions:{Edition.objects.order_by('-day').values_list('digest', flat=True).first()}"

    def rows(self, asked, **place):
        return Edition.objects.defer("manifest")

    def item(self, row):
        return edition(row)


@reads(operation_id="edition", parameters=[DAY], responses=shapes.EditionShape, tags=["Editions"])
class OneEdition(Reading):
    """One edition."""

    def version(self):
        return f"edition:{settings.RELEASE}"

    def answer(self, asked, day):
        return edition(find(day))


def find(day: str) -> Edition:
    try:
        row = Edition.objects.filter(day=codebook.day(day, "day")).first()
    except codebook.RecordError:
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
    def get(self, request: Any, day: str) -> HttpResponse:
        self.asked()
        row = find(day)
        etag = f'"{row.digest[:32]}"'
        if kept.holds(request, etag):
            return _frozen(HttpResponse(status=304), etag)
        answer = FileResponse(_file(row).open("rb"), as_attachment=True, filename=f"edition-{row.day}.zip")
        return _frozen(answer, etag)


class EditionFile(View):
    """One file of an edition."""

    content_negotiation_class = AsAddressed

    @extend_schema(
        operation_id="edition_file",
        parameters=[DAY, NAME],
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
    def get(self, request: Any, day: str, name: str) -> HttpResponse:
        self.asked()
        row = find(day)
        if name not in INSIDE:
            raise NotFound(f"An edition has no file {name[:40]!r}; it has {', '.join(INSIDE)}.")
        etag = f'"{row.digest[:24]}-{INSIDE.index(name)}"'
        if kept.holds(request, etag):
            return _frozen(HttpResponse(status=304), etag)
        answer = StreamingHttpResponse(_inside(_file(row), name), content_type=_type(name))
        return _frozen(answer, etag)


def _file(row: Edition) -> Path:
    path = making.folder() / row.file
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


def _frozen(answer: HttpResponse, etag: str) -> HttpResponse:
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = FOREVER
    return answer


@reads(operation_id="edition_key", responses=shapes.PublicKey, tags=["Editions"])
class Key(Reading):
    """The public key with which editions are signed from now on."""

    def version(self):
        return f"key:{signing.public(signing.key())}"

    def answer(self, asked, **place):
        private = signing.key()
        return {"algorithm": "Ed25519", "key": signing.public(private), "pem": signing.pem(private)}


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
        return kept.answered(
            request,
            f"verifier:{settings.RELEASE}",
            lambda: making.verifier().encode(),
            "text/x-python; charset=utf-8",
        )

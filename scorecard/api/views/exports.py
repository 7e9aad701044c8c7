"""Downloads: the whole record and every table as files, with a data dictionary.

Editions: the list, each edition's files, the public key, and the verifier.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, OpenApiTypes, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation

from scorecard import catalogue, conditional, downloads, editions, footing, standings
from scorecard.api import parameters
from scorecard.api.parameters import AS_OF, BEYOND, KNOWN_AT, METHOD, REV, THEN, Parameter
from scorecard.api.problems import Invalid, NotWritten
from scorecard.api.serializers import record as shapes
from scorecard.api.views import (
    CURSOR,
    LIMIT,
    Listing,
    Order,
    Reading,
    View,
    check_days,
    moment,
    pinned,
    public,
    reads,
)
from scorecard.api.views.events import change
from scorecard.models import Edition
from scorecard.tables import CHANGES, RECORD, TABLES, Asked
from tracker import log, record
from tracker.codebook import current
from tracker.models import Revision

FORMATS = ("jsonl", "csv", "parquet", "xlsx")
LOGS = {"record": RECORD, "changes": CHANGES}
NAMES = (*TABLES, *LOGS)
LIST_STYLES = ("joined", "arrays")
NAME = OpenApiParameter(
    "name", {"type": "string", "enum": [*NAMES]}, OpenApiParameter.PATH, description="Which table."
)
ENDING = OpenApiParameter(
    "ending", {"type": "string", "enum": [*FORMATS]}, OpenApiParameter.PATH,
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
                "files": {
                    ending: _address(table.name, ending) for ending in FORMATS if downloads.writable(ending)
                },
                "parameters": [*table.takes],
                "key": [*table.key],
                "columns": [
                    {"name": column.name, "type": column.type, "meaning": column.meaning}
                    for column in table.columns
                ],
            }
            for table in TABLES.values()
        ]
        logs = [
            {
                "name": name,
                "meaning": meaning,
                "files": {"jsonl": _address(name, "jsonl")},
                "parameters": [],
                "key": ["sequence"] if name == "changes" else [],
                "columns": [],
            }
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


class Document(Reading):
    """The tables described for machines, in the words of one of their standards."""

    content_negotiation_class = AsAddressed
    name = ""

    def answer(self, asked, **place):
        make, kind = catalogue.DOCUMENTS[self.name]
        return HttpResponse(conditional.written(make()), content_type=kind)


def _of_kind(name: str) -> dict[tuple[int, str], Any]:
    return {(200, catalogue.DOCUMENTS[name][1]): OpenApiTypes.OBJECT}


@reads(operation_id="data_package", responses=_of_kind("datapackage.json"), tags=["Downloads"])
class DataPackage(Document):
    """The tables as a Frictionless Data Package."""

    name = "datapackage.json"


@reads(operation_id="croissant", responses=_of_kind("croissant.json"), tags=["Downloads"])
class Croissant(Document):
    """The tables described in Croissant, for programs that learn from them."""

    name = "croissant.json"


@reads(operation_id="dcat", responses=_of_kind("dcat.jsonld"), tags=["Downloads"])
class Dcat(Document):
    """The tables as a catalogue in DCAT, for portals of data."""

    name = "dcat.jsonld"


@reads(operation_id="dataset", responses=_of_kind("dataset.jsonld"), tags=["Downloads"])
class Dataset(Document):
    """The tables as a data set of schema.org, for search engines."""

    name = "dataset.jsonld"


DOCUMENTS = (DataPackage, Croissant, Dcat, Dataset)


LISTS = Parameter(
    "lists",
    "How lists are written in JSON Lines and Parquet: `joined` as one text with spaces, or as `arrays`.",
    parameters.choice("lists", LIST_STYLES, "").read,
    {"type": "string", "enum": [*LIST_STYLES]},
    "joined",
)
TAKEN = (
    *(AS_OF, KNOWN_AT, REV, METHOD, BEYOND, THEN),
    parameters.flag(
        "vintages", "Every figure once as each release of the record had it, and once as it is known now."
    ),
    parameters.number("year", "Only the days of this year.", least=2000, most=2099),
    parameters.choices("recommendation", current().slugs, "Only these."),
    parameters.choices(
        "actor", standings.ACTORS, f"Only these views; `{standings.EVERYBODY}` counts everybody's acts."
    ),
    parameters.choices("reading", standings.READINGS, "Only these."),
    LISTS,
)


class Export(View):
    """One table as a file. Each table takes the parameters that `exports/` lists for it, and refuses the others."""

    content_negotiation_class = AsAddressed
    parameters = TAKEN

    @extend_schema(
        operation_id="export",
        parameters=[NAME, ENDING],
        responses={
            (200, kind.partition(";")[0]): OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
            for kind in downloads.MEDIA_TYPES.values()
        },
        tags=["Downloads"],
    )
    def get(self, request: Any, name: str, ending: str) -> HttpResponseBase:
        if name not in {**TABLES, **LOGS} or ending not in (FORMATS if name in TABLES else ("jsonl",)):
            raise NotFound(f"There is no download {name[:40]}.{ending[:10]}; /api/v1/exports/ lists them.")
        table = TABLES.get(name)
        takes = table.takes if table else ("rev",)
        given = parameters.read(request.query_params, [each for each in TAKEN if each.name in takes])
        check_days(given)
        if given.get("then") and given.get("vintages"):
            raise Invalid(
                [{"name": "vintages", "reason": "not together with then, whose days have their own"}]
            )
        as_of = given.get("as_of")
        try:
            with pinned(given):
                if table is None:
                    return _log(request, name, bool(given.get("rev")))
                asked = {field: given[field] for field in takes}
                if "method" not in takes:
                    asked["as_of"] = as_of  # a state's own day is for its figures; of the record it has all
                if "lists" in takes:
                    asked["lists"] = given["lists"] == "arrays"
                return catalogue.answer_table(request, table, ending, Asked(**asked))
        except downloads.Missing as missing:
            raise NotWritten(str(missing)) from None


def _log(request: Any, name: str, pinned_: bool) -> HttpResponseBase:
    """The log as it stands, or stood: lines that an import reads, or all that the digests cover."""
    last = footing.counted()["sequence"] if pinned_ else None

    def make() -> Iterator[bytes]:
        if name == "record":
            return downloads.gathered(f"{line}\n" for line in log.lines(until=last))
        found = Revision.objects.order_by("sequence")
        found = found if last is None else found.filter(sequence__lte=last)
        return downloads.gathered(downloads.line(change(each)) for each in found.iterator(1000))

    key = f"{settings.RELEASE}:{name}:{footing.record_head()}"
    kind, file = downloads.MEDIA_TYPES["jsonl"], f"scorecard-{name}.jsonl"
    return downloads.answer(request, key, make, media_type=kind, name=file, packs=True)


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
    orders = {"-day": Order("day", down=True)}
    parameters = (LIMIT, CURSOR)

    def version(self):
        return f"editions:{footing.head()}"

    def rows(self, asked, **place):
        return Edition.objects.defer("manifest")

    def item(self, row):
        return edition(row)


@reads(operation_id="edition", parameters=[DAY], responses=shapes.EditionShape, tags=["Editions"])
class OneEdition(Reading):
    """One edition."""

    def version(self):
        return f"edition:{settings.RELEASE}:{footing.head()}"

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
        path, tag = _edition_file(row), row.digest[:32]
        headers = {"Content-Disposition": f'attachment; filename="edition-{row.day}.zip"'}
        return conditional.frozen(
            request,
            tag,
            lambda: downloads.file(
                request, stored_at(path), media_type="application/zip", headers=headers, tag=f'"{tag}"'
            ),
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
            lambda: _one_file(row, path, name),
        )


def _one_file(row: Edition, path: Path, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(_inside(path, name), content_type=_type(name))
    # The manifest knows all but itself and its signature.
    if entry := json.loads(row.manifest)["files"].get(name):
        answer.headers["Content-Length"] = str(entry["bytes"])
        answer.headers["Repr-Digest"] = downloads.repr_digest(entry["sha256"])
    return answer


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


def stored_at(path: Path) -> downloads.Stored:
    """A file that never changes under its name; its digest is worked out once."""

    def worked() -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    size = path.stat().st_size
    return downloads.Stored(
        path, cache.get_or_set(f"digest:{path.name}:{size}", worked, 24 * 3600) or worked(), size
    )

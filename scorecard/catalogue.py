"""The tables as they are given out: each answered as a file, and all described for machines (Frictionless Data Package,
Croissant, DCAT and schema.org) from their own dictionary, so that none says what another does not.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from scorecard import downloads, footing, method, standings
from scorecard.tables import TABLES, Asked, Column, Table
from tracker import agreement
from tracker.codebook import current
from tracker.models import Article, Report, Revision

PACKAGE_TYPES = {
    "text": "string", "integer": "integer", "number": "number", "boolean": "boolean", "day": "date",
    "moment": "datetime", "list": "string",
}  # fmt: skip
CROISSANT_TYPES = {
    "text": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean", "day": "sc:Date",
    "moment": "sc:DateTime", "list": "sc:Text",
}  # fmt: skip
PACKED = ("jsonl", "csv")  # worth compressing on the way
KEYWORDS = ("policy", "recommendations", "scorecard", "events", "time series")
MEASURED = ("value", "low", "high", "word")
_CROISSANT = "http://mlcommons.org/croissant/"
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": _CROISSANT,
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "recordSet": "cr:recordSet",
    **{name: f"cr:{name}" for name in ("citeAs", "column", "extract", "field", "fileObject", "key")},
    **{name: f"cr:{name}" for name in ("isLiveDataset", "parentField", "repeated", "source", "subField")},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "references": "cr:references",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "md5": "cr:md5",
    "includes": "cr:includes",
    "jsonPath": "cr:jsonPath",
    "regex": "cr:regex",
    "replace": "cr:replace",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "separator": "cr:separator",
    "transform": "cr:transform",
}


def about(upto: int | None = None) -> dict[str, Any]:
    """What every document says of the whole, or of its first revisions."""
    book, last = (
        current(),
        Revision.objects.filter(sequence__lte=upto or footing.counted()["sequence"])
        .order_by("-sequence")
        .values_list("sequence", "written_at")
        .first(),
    )
    sequence, written = last or (0, timezone.now())
    return {
        "name": str(book.title),
        "description": f"Acts that advance or undermine {len(book)} recommendations on {book.subject} since "
        f"{book.start}, how each is coded, and daily scores with their bands.",
        "version": f"{method.CURRENT}+{sequence}",
        "modified": written.astimezone(datetime.UTC).date().isoformat(),
        "home": _public("/"),
        "identifier": f"https://doi.org/{settings.DATASET_DOI}"
        if settings.DATASET_DOI
        else _public("/data/"),
        "licence": book.licence,
        "period": f"{book.start.isoformat()}/{standings.read_on(timezone.now().date()).isoformat()}",
    }


def package() -> dict[str, Any]:
    """A Data Package, version 2 (datapackage.org)."""
    said = about()
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "scorecard",
        "id": said["identifier"],
        "title": said["name"],
        "description": said["description"],
        "homepage": said["home"],
        "version": said["version"],
        "created": f"{said['modified']}T00:00:00Z",
        "keywords": [*KEYWORDS],
        "licenses": [
            {"name": said["licence"].spdx, "title": said["licence"].name, "path": said["licence"].url}
        ],
        "contributors": [{"title": said["name"], "path": said["home"], "roles": ["creator"]}],
        "resources": [_resource(table) for table in TABLES.values()],
    }


def _resource(table: Table) -> dict[str, Any]:
    fields = [
        {
            "name": column.name,
            "type": PACKAGE_TYPES[column.type],
            "description": column.meaning,
            **({"constraints": {"required": True}} if column.name in table.key else {}),
        }
        for column in table.columns
    ]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if table.key:
        schema["primaryKey"] = [*table.key]
    return {
        "name": table.name,
        "description": table.meaning,
        "path": _file(table, "csv"),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def croissant() -> dict[str, Any]:
    """Croissant 1.0 (mlcommons.org/croissant), of a set that is still growing."""
    said = about()
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": f"{_CROISSANT}1.0",
        "isLiveDataset": True,
        **_shared(said),
        "citeAs": f"{said['name']}, version {said['version']}, {said['identifier']}",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f"{table.name}.csv",
                "name": f"{table.name}.csv",
                "description": table.meaning,
                "contentUrl": _file(table, "csv"),
                "encodingFormat": "text/csv",
            }
            for table in TABLES.values()
        ],
        "recordSet": [_record_set(table) for table in TABLES.values()],
    }


def _record_set(table: Table) -> dict[str, Any]:
    def field(column: Column) -> dict[str, Any]:
        return {
            "@type": "cr:Field",
            "@id": f"{table.name}/{column.name}",
            "name": f"{table.name}/{column.name}",
            "description": column.meaning,
            "dataType": CROISSANT_TYPES[column.type],
            "source": {"fileObject": {"@id": f"{table.name}.csv"}, "extract": {"column": column.name}},
        }

    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.meaning,
        **({"key": [{"@id": f"{table.name}/{name}"} for name in table.key]} if table.key else {}),
        "field": [field(column) for column in table.columns],
    }


def dcat() -> dict[str, Any]:
    """DCAT 3 as JSON-LD: a catalogue with one data set."""
    said = about()
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": said["home"],
        "@type": "dcat:Catalog",
        "dct:title": said["name"],
        "dct:description": said["description"],
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": said["name"]},
        "dcat:dataset": {
            "@id": said["identifier"],
            "@type": "dcat:Dataset",
            "dct:title": said["name"],
            "dct:description": said["description"],
            "dct:identifier": said["identifier"],
            "dct:license": {"@id": said["licence"].url},
            "dct:modified": {"@type": "xsd:date", "@value": said["modified"]},
            "dcat:version": said["version"],
            "dcat:keyword": [*KEYWORDS],
            "dcat:distribution": [
                {
                    "@id": _file(table, ending),
                    "@type": "dcat:Distribution",
                    "dct:title": f"{table.name}.{ending}",
                    "dct:description": table.meaning,
                    "dct:license": {"@id": said["licence"].url},
                    "dcat:downloadURL": {"@id": _file(table, ending)},
                    "dcat:mediaType": {
                        "@id": f"https://www.iana.org/assignments/media-types/{_media_type(ending)}"
                    },
                }
                for table in TABLES.values()
                for ending in downloads.MEDIA_TYPES
                if downloads.writable(ending)
            ],
        },
        "dcat:service": {
            "@id": _public("/api/v1/"),
            "@type": "dcat:DataService",
            "dct:title": f"{said['name']}: API",
            "dcat:endpointURL": {"@id": _public("/api/v1/")},
            "dcat:endpointDescription": {"@id": _public("/api/v1/schema/")},
        },
    }


def schema_org(upto: int | None = None) -> dict[str, Any]:
    """A schema.org `Dataset` as search engines read it."""
    return {"@context": "https://schema.org", "@type": "Dataset", **_shared(about(upto))} | {
        "variableMeasured": [
            {"@type": "PropertyValue", "name": column.name, "description": column.meaning}
            for column in TABLES["figures"].columns
            if column.name in MEASURED
        ],
        "measurementTechnique": _public("/method/"),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": table.name,
                "encodingFormat": _media_type(ending),
                "contentUrl": _file(table, ending),
            }
            for table in TABLES.values()
            for ending in downloads.MEDIA_TYPES
            if downloads.writable(ending)
        ],
    }


def _shared(said: Mapping[str, Any]) -> dict[str, Any]:
    """What Croissant and schema.org say in the same words."""
    return {
        "name": said["name"],
        "description": said["description"],
        "url": said["home"],
        "identifier": said["identifier"],
        "version": said["version"],
        "license": said["licence"].url,
        "isAccessibleForFree": True,
        "keywords": [*KEYWORDS],
        "creator": {"@type": "Organization", "name": said["name"], "url": said["home"]},
        "publisher": {"@type": "Organization", "name": said["name"], "url": said["home"]},
        "dateModified": said["modified"],
        "datePublished": said["modified"],
        "temporalCoverage": said["period"],
    }


def _media_type(ending: str) -> str:
    return downloads.MEDIA_TYPES[ending].partition(";")[0]


def _file(table: Table, ending: str) -> str:
    return _public(f"/api/v1/exports/{table.name}.{ending}")


def _public(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path


DOCUMENTS = {
    "datapackage.json": (package, "application/json"),
    "croissant.json": (croissant, "application/ld+json"),
    "dcat.jsonld": (dcat, "application/ld+json"),
    "dataset.jsonld": (schema_org, "application/ld+json"),
}


def answer_table(
    request: HttpRequest, table: Table, ending: str, asked: Asked, name: str = ""
) -> HttpResponseBase:
    """The answer to a GET or HEAD for a table; `downloads.Missing` where this server cannot write the format."""
    downloads.library_of(ending)
    rests = table_version(table, asked)

    def make() -> Iterable[bytes]:
        about = _said_of_itself(table, asked) | {"rests_on": rests}
        chunks = downloads.written(ending, table.typed(asked), table.answered(asked), about)
        # Read now: the state is left before an answer that cannot be stored is streamed.
        return list(chunks) if asked.rev else chunks

    return downloads.answer(
        request,
        f"{settings.RELEASE}:{current().version}:{table.name}.{ending}:{asked}:{rests}",
        make,
        media_type=downloads.MEDIA_TYPES[ending],
        name=name or f"scorecard-{table.name}.{ending}",
        packs=ending in PACKED,
    )


def table_version(table: Table, asked: Asked) -> str:
    """What the rows rest on; of figures only that which may move those of the day."""
    if "method" in table.takes:
        return f"{asked.day}:{standings.day_of_knowledge()}:{standings.rests(asked.day, asked.known_at)}"
    if table.name == "codings":
        return agreement.raw_state()
    if table.name != "articles":
        # Confirmations stand beside the log; of a state that an address names they are those of before its day.
        return footing.record_head() if asked.rev else footing.head()
    return f"{footing.record_head()}:{Article.objects.state()}:{Report.objects.count()}"


def _said_of_itself(table: Table, asked: Asked) -> dict[str, str]:
    """What a file says of itself; of a pinned state nothing that another day or a new codebook would change."""
    book, figures = footing.book(asked.known_at), "method" in table.takes
    day = standings.day_of_knowledge() if asked.rev and asked.as_of is None else asked.day
    return {
        "title": f"{book.title}: {table.name}",
        "description": table.meaning,
        "licence": book.licence.spdx,
        "source": f"{settings.SITE_URL.rstrip('/')}/api/v1/exports/",
        "as_of": day.isoformat(),
        "known_at": (asked.known_at or standings.day_of_knowledge()).isoformat(),
        **({"method": method.method_of(asked.method).version} if figures else {}),
        "codebook": book.version,
    }

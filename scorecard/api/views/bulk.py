"""Many proposals as one file, JSON Lines or a spreadsheet's CSV: all of them or none, and every fault at its place."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiTypes, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser

from scorecard.api.problems import NotARecord, fields
from scorecard.api.serializers import writing as shapes
from scorecard.api.views import answered_once, created, public
from scorecard.api.views.writing import DRY_RUN, KEY, Writing, as_record, may, propose
from tracker import rows
from tracker.triage.steps import DECIDE

MOST = 200  # they hold the database for as long as they take
TEXTS = ("title", "date", "language", "summary", "certainty")
LISTS = ("actors", "assessments")
SOURCE = tuple(shapes.SourceInput().fields)
COLUMNS = (*TEXTS, *LISTS, *(f"source_{name}" for name in SOURCE))
ASSESSMENT = re.compile(r"([a-z0-9-]+):(-?[0-9]):([0-9])(?::([a-z0-9-]+))?")
Fault = dict[str, str]


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


def _row(proposal: Mapping[str, Any]) -> dict[str, str]:
    """A proposal with one source as a row of a spreadsheet."""
    parts = [
        (each["rec"], each["direction"], each["strength"], each["ask"]) for each in proposal["assessments"]
    ]
    return {
        **{name: proposal.get(name, "") for name in TEXTS},
        "actors": " ".join(proposal["actors"]),
        "assessments": " ".join(":".join(map(str, each)) for each in parts),
        **{f"source_{name}": proposal["sources"][0].get(name, "") for name in SOURCE},
    }


EXAMPLES = [
    OpenApiExample(
        "lines",
        json.dumps(shapes.PROPOSAL) + "\n",
        request_only=True,
        media_type=JsonLines.media_type,
    ),
    OpenApiExample(
        "sheet",
        "".join(rows.csv_lines(COLUMNS, [_row(shapes.PROPOSAL).values()])),
        request_only=True,
        media_type=Csv.media_type,
    ),
]


class FileOfProposals(Writing):
    scopes = {"POST": "propose"}
    parser_classes = (JsonLines, NdJson, Csv)

    @extend_schema(
        operation_id="proposals_create",
        summary="Put many events before the analysts at once",
        parameters=[DRY_RUN.documented(), KEY],
        request={parser.media_type: OpenApiTypes.STR for parser in (JsonLines, Csv)},
        responses={201: shapes.Filed},
        examples=EXAMPLES,
        tags=["Writing"],
    )
    @answered_once
    def post(self, request):
        """Put many events before the analysts at once, all or none: each line of JSON Lines is a proposal, or each row
        of CSV. Every fault is named with the number of its line, as `lines[3].date`. CSV has the columns of the
        example; `actors` are separated by spaces, and so are `assessments`, each written as
        recommendation:direction:strength, with :ask after it where it speaks to one."""
        may(request.user, DECIDE, "propose events")
        return self.deed(lambda: _filed(request))


def _filed(request: Any) -> HttpResponse:
    body = request.data if isinstance(request.data, bytes) else b""  # nothing was sent
    given, errors = _read(body, request.content_type or "")
    if len(given) > MOST:
        raise NotARecord(f"At most {MOST} proposals at once, not {len(given)}.")
    if not given and not errors:
        raise NotARecord("The file holds no proposal.")
    checked = []
    for number, line in given:
        shape = shapes.Proposal(data=line)
        try:
            if shape.is_valid():
                as_record(shape.validated_data)
                checked.append((number, shape.validated_data))
            else:
                errors += [_at(number, each["reason"], each["name"]) for each in fields(shape.errors)]
        except NotARecord as wrong:
            errors.append(_at(number, str(wrong.detail)))
    made = []
    for number, proposal in [] if errors else checked:
        try:
            made.append({"line": number, "id": propose(proposal, request.user).pk})
        except APIException as refusal:
            errors.append(_at(number, str(refusal.detail)))
    if errors:
        told = "; ".join(f"{each['name']}: {each['reason']}" for each in errors[:20])
        raise NotARecord(told, errors)
    return created({"proposed": len(made), "results": made}, public("/api/v1/proposals/"))


def _at(number: int, reason: str, field: str = "") -> Fault:
    return {"name": f"lines[{number}]{'.' if field else ''}{field}", "reason": reason}


def _read(body: bytes, kind: str) -> tuple[list[tuple[int, dict[str, Any]]], list[Fault]]:
    """The proposals with the numbers of their lines, and what could not be read."""
    found, errors = [], []
    lines = _of_sheet if kind.partition(";")[0].strip().lower() == Csv.media_type else rows.json_lines
    try:
        for number, line in lines(io.BytesIO(body)):
            found.append((number, line))
    except rows.BadFile as bad:
        errors = [_at(number, reason) for number, reason in bad.faults]
    return found, errors


def _of_sheet(binary: io.BytesIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a spreadsheet as the same objects; an empty cell is a field that is not given."""
    sheet = rows.csv_rows(binary, {name: (name,) for name in COLUMNS})
    if sheet.unknown:
        told = f"unknown column {', '.join(sheet.unknown)[:200]}; known are {', '.join(COLUMNS)}"
        raise rows.BadFile([(1, told)])
    faults = []
    for number, cells in sheet.rows:
        try:
            line: dict[str, Any] = {name: cells[name] for name in TEXTS if cells.get(name)}
            line |= {"actors": cells["actors"].split()} if cells.get("actors") else {}
            line |= {"assessments": _assessments(cells["assessments"])} if cells.get("assessments") else {}
            source = {name: cells[f"source_{name}"] for name in SOURCE if cells.get(f"source_{name}")}
            yield number, line | ({"sources": [source]} if source else {})
        except ValueError as error:
            faults.append((number, str(error)))
    if faults:
        raise rows.BadFile(faults)


def _assessments(cell: str) -> list[dict[str, Any]]:
    found = []
    for text in cell.split():
        parts = ASSESSMENT.fullmatch(text)
        if parts is None:
            raise ValueError(
                f"assessments: {text[:60]!r} is not recommendation:direction:strength or "
                "recommendation:direction:strength:ask"
            )
        one = {"rec": parts[1], "direction": int(parts[2]), "strength": int(parts[3])}
        found.append(one | ({"ask": parts[4]} if parts[4] else {}))
    return found

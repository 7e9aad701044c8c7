"""OpenAPI 3.1 of the API: made from the views, served as JSON and as a page to try it on.

Lists of values have names, so that generated clients get one type for each and no `VALUE_0` in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from scorecard import standings
from scorecard.ahead import KINDS
from scorecard.api.parameters import HEADERS, OF_FILES
from scorecard.api.serializers import record as shapes
from scorecard.api.serializers import scores, writing
from scorecard.api.views import Reading, about, events, exports, readers, reads
from scorecard.method import METHODS
from scorecard.models import Dispute, Subscription
from tracker import agreement, record
from tracker.codebook import current, folder
from tracker.models import Ask, Event, Revision

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
TAGS = {
    "Figures": "Scores, series and what moved them, for any day as known on any day.",
    "Record": "Recommendations, events with their history, articles and sources.",
    "Mirror": "The log, revision by revision, for exact copies.",
    "About": "What explains the figures: method, codebook, coverage, agreement.",
    "Downloads": "Whole tables as files.",
    "Editions": "The record frozen at the end of a day, signed and chained.",
    "Disputes": "Challenge a code, and see what became of it.",
    "Alerts": "Mails about changes of meaning.",
    "Writing": "Propose, decide, import; with a key.",
    "Webhooks": "Be called at each change of meaning; with a key.",
}


# True answers of this instance, shortened, if its folder holds any; `tests/scorecard/api/examples.py` makes them.
_KEPT = folder() / "examples.json"
EXAMPLES: dict[str, Any] = json.loads(_KEPT.read_text("utf-8")) if _KEPT.exists() else {}
_ROW = {"date": "2026-01-31", "recommendation": BOOK.slugs[0], "reading": "balance", "score": -38.2}
FILES = {
    "application/json": {"title": str(BOOK.title), "day": "2026-01-31", "sequence": 288},
    "application/ld+json": {"@context": "https://schema.org", "@type": "Dataset", "name": str(BOOK.title)},
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
_DIRECTIONS = {1: "advances", -1: "undermines", 0: "mixed"}
_STATES = Dispute.State.values


def only_version_one(endpoints: list[Any], **_kwargs: Any) -> list[Any]:
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def finished(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add the shape of problems; give examples of one value, as they stand, to parameters."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    result["components"]["headers"] = HEADERS
    result["tags"] = [{"name": name, "description": words} for name, words in TAGS.items()]
    result["webhooks"] = messages(result)
    for operations in result["paths"].values():
        for operation in operations.values():
            if {} in operation.get("security", ()):
                # Generators take a list that also names a key for one that needs it.
                operation["security"] = []
            _add_answer_examples(operation)
            _add_headers(operation)
            for parameter in operation.get("parameters", ()):
                _one_example(parameter)
                _add_path_example(parameter)
    named(result)
    return result


def _add_headers(operation: dict[str, Any]) -> None:
    """What stands in the headers of each answer."""
    for code, answer in operation["responses"].items():
        names = ["RateLimit", "RateLimit-Policy"]
        if code in ("200", "304") and not operation["security"]:
            names += ["ETag", "Last-Modified"]
        if code == "200" and operation["tags"] == ["Downloads"] and operation["operationId"] == "export":
            names += OF_FILES
        names += {"201": ["Location"], "301": ["Location"], "429": ["Retry-After"]}.get(code, [])
        if code in ("201", "200", "202") and "Writing" in operation["tags"] and "requestBody" in operation:
            names += ["Idempotency-Replayed"]
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


MESSAGES = {
    "added": "An act is new on record.",
    "recoded": "An act has another meaning than before.",
    "retracted": "An act was taken off the record.",
    "restored": "A retracted act is on record again.",
}


CALENDAR = "The calendar of what comes next has another entry, or one less."


def _entry_sent() -> dict[str, Any]:
    text = {"type": "string"}
    found = {
        "kind": {"type": "string", "enum": [*KINDS]},
        "named": {
            **text,
            "description": "term: the first day on which the act no longer counts; due: the day, month or year "
            "that the act names; pending: its stage.",
        },
        "event": {**text, "description": "The id of the act."},
        "title": text,
        "title_zh": text,
        "what": {**text, "description": "What is due; empty where the act does not say it."},
        "what_zh": text,
        "recommendations": {"type": "array", "items": text},
        "page": {**text, "format": "uri", "description": "The page of the act."},
    }
    return {"type": "object", "required": [*found], "properties": found}


def _calendar_sent() -> dict[str, Any]:
    entry = {"$ref": "#/components/schemas/CalendarEntry"}
    answer = {
        "type": ["string", "null"],
        "description": "The id of the act that answered it; null: it was recoded or retracted.",
    }
    gone = {
        "allOf": [entry],
        "type": "object",
        "required": ["answered_by"],
        "properties": {"answered_by": answer},
    }
    return {
        "type": "object",
        "required": ["sequence", "added", "removed"],
        "properties": {
            "sequence": {"type": "integer", "description": "The revision up to which it is told."},
            "added": {"type": "array", "items": entry},
            "removed": {"type": "array", "items": gone},
        },
    }


def messages(result: dict[str, Any]) -> dict[str, Any]:
    """What a webhook is sent: one operation for each kind of message, after Standard Webhooks."""
    text = {"type": "string"}
    result["components"]["schemas"]["ChangeSent"] = {
        "allOf": [{"$ref": "#/components/schemas/Change"}],
        "type": "object",
        "required": ["before", "page", "words"],
        "properties": {
            "before": {
                "description": "The record as it was; null: a new act.",
                "oneOf": [{"$ref": "#/components/schemas/Record"}, {"type": "null"}],
            },
            "page": {**text, "format": "uri", "description": "The page of the event."},
            "words": {"type": "array", "items": text, "description": "What changed, a sentence each."},
        },
    }
    bodies = result["components"]["schemas"]
    bodies["CalendarEntry"], bodies["CalendarSent"] = _entry_sent(), _calendar_sent()
    found = {}
    kinds = {f"event.{kind}": (kind, meaning, "ChangeSent") for kind, meaning in MESSAGES.items()}
    kinds["calendar.changed"] = ("calendar", CALENDAR, "CalendarSent")
    for name, (kind, meaning, shape) in kinds.items():
        body = {
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": {
                "type": {"type": "string", "const": name},
                "timestamp": {"type": "string", "format": "date-time"},
                "data": {"$ref": f"#/components/schemas/{shape}"},
            },
        }
        headers = [
            {"name": header, "in": "header", "required": True, "schema": text, "description": words}
            for header, words in (
                ("webhook-id", "The id of the message; it stays the same at every try."),
                ("webhook-timestamp", "When it was sent, in seconds since 1970."),
                ("webhook-signature", "v1, and the HMAC-SHA256 of id, timestamp and body."),
            )
        ]
        found[name] = {
            "post": {
                "operationId": f"told_{kind}",
                "summary": meaning.rstrip("."),
                "description": f"{meaning} Answer with 2xx within ten seconds.",
                "tags": ["Webhooks"],
                "security": [],
                "parameters": headers,
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": {
                    "2XX": {"description": "Taken."},
                    "410": {"description": "Never call here again."},
                },
            }
        }
    return found


APART = {"301": "_moved", "202": "_waits"}  # codes whose answers may have a shape of their own


def _add_answer_examples(operation: dict[str, Any]) -> None:
    """What each answer may look like; of files that are no text there is nothing to show."""
    for code, answer in operation["responses"].items():
        for kind, content in answer.get("content", {}).items():
            name = operation["operationId"]
            found = EXAMPLES.get(f"{name}{APART.get(code)}", EXAMPLES.get(name))
            if found is None or kind != "application/json":
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
    contact = {"name": str(BOOK.title), "url": f"{settings.SITE_URL.rstrip('/')}/about/"}
    about = {"title": str(BOOK.title), "description": DESCRIPTION, "license": licence, "contact": contact}
    found["info"] |= about
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


__all__ = ["Schema", "docs", "document"]


def _choices(shape: type, field: str) -> tuple[Any, ...]:
    return tuple(shape().fields[field].choices)


# name → its values; of numbers, value → the word for it.
NAMED: dict[str, Sequence[Any] | Mapping[Any, str]] = {
    "RecommendationSlug": current().slugs,
    "ActorSlug": current().actor_slugs,
    "ActorView": standings.ACTORS,
    "AskSlug": events.ASKS,
    "AskMode": Ask.Mode.values,
    "VersionOfMethod": tuple(METHODS),
    "DailyReading": standings.READINGS[:2],
    "Reading": standings.READINGS,
    "CoderKind": agreement.KINDS,
    "CodedBy": _choices(shapes.EventShape, "coded_by"),
    "Label": scores.LABEL_CHOICES,
    "DeliveryLabel": scores.DELIVERY_CHOICES,
    "StepKind": _choices(scores.Step, "step"),
    "Certainty": record.CERTAINTIES,
    "Reach": _choices(shapes.EventShape, "reach"),
    "Stage": _choices(shapes.EventShape, "stage"),
    "DatePrecision": record.PRECISIONS,
    "Direction": _DIRECTIONS,
    "DirectionText": {str(value): word for value, word in _DIRECTIONS.items()},
    "StrengthText": {str(value): word for value, word in record.STRENGTHS.items()},
    "SourceKind": record.SOURCE_KINDS,
    "SourceSide": _choices(shapes.SourceOfRecord, "side"),
    "SourceLanguage": events.TONGUES,
    "EventField": events.FIELDS,
    "EventOrder": tuple(events.Events.orders),
    "EventStatus": Event.Status.values,
    "OpenStatus": Event.OPEN,
    "RetractedFilter": ("false", "true", "any"),
    "RevisionKind": Revision.Kind.values,
    "ArticleField": about.FIELDS_OF_ARTICLE,
    "ArticleOrder": tuple(about.Articles.orders),
    "ArticleLanguage": about.LANGUAGES,
    "TableName": exports.NAMES,
    "FileFormat": exports.FORMATS,
    "ListStyle": exports.LIST_STYLES,
    "ColumnType": _choices(shapes.Column, "type"),
    "EditionFileName": exports.INSIDE,
    "DisputeState": _STATES,
    "PublicDisputeState": readers.STATES,
    "Deed": _choices(writing.Decision, "deed"),
    "DismissalReason": Event.Dismissal.values,
    "DeliveryState": _choices(writing.DeliveryShape, "state"),
    "Rhythm": Subscription.Rhythm.values,
    "Language": current().languages,
    "CalendarKind": KINDS,
}


def variable(value: Any, words: Any) -> str:
    """What a value is called in a program."""
    text = str(words[value]) if isinstance(words, Mapping) else str(value)
    name = re.sub(r"\W+", "_", text.removeprefix("-")).strip("_").upper()
    name = f"{name}_DESCENDING" if text.startswith("-") else name
    return f"V{name}" if name[:1].isdigit() else name


def named(document: dict[str, Any]) -> None:
    """Put each list of values under its name, and a reference in its place."""
    names = {frozenset(map(repr, values)): name for name, values in NAMED.items()}
    used: dict[str, dict[str, Any]] = {}

    def replaced(node: Any) -> Any:
        if isinstance(node, list):
            return [replaced(each) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("enum"), list):
            return _reference(node)
        return {key: each if key in ("example", "examples") else replaced(each) for key, each in node.items()}

    def _reference(node: dict[str, Any]) -> dict[str, Any]:
        values = [value for value in node["enum"] if value is not None]
        name = names.get(frozenset(map(repr, values)))
        if name is None:
            return node
        used[name] = {
            "type": "integer" if isinstance(values[0], int) else "string",
            "enum": values,
            "x-enum-varnames": [variable(value, NAMED[name]) for value in values],
        }
        reference: dict[str, Any] = {"$ref": f"#/components/schemas/{name}"}
        if len(values) < len(node["enum"]):
            reference = {"oneOf": [reference, {"type": "null"}]}
        rest = {key: each for key, each in node.items() if key not in ("enum", "type", "x-spec-enum-id")}
        if not rest:
            return reference
        return rest | (reference if "oneOf" in reference else {"allOf": [reference]})

    found = replaced(document)
    if taken := sorted(used.keys() & document["components"]["schemas"].keys()):
        raise ValueError(f"{', '.join(taken)}: a shape bears this name already")
    document.clear()
    document.update(found)
    document["components"]["schemas"] = dict(sorted((document["components"]["schemas"] | used).items()))

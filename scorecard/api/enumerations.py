"""Lists of values by name, so that generated clients get one type for each and no `VALUE_0` in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scorecard import tidy
from scorecard.ahead import KINDS
from scorecard.api.serializers import record as shapes
from scorecard.api.serializers import scores, writing
from scorecard.api.views import articles, disputes, events, exports
from scorecard.method import METHODS
from scorecard.models import Dispute, Subscription
from tracker import agreement, record
from tracker.codebook import current
from tracker.models import Ask, Event, Revision

_DIRECTIONS = {1: "advances", -1: "undermines", 0: "mixed"}
_STATES = Dispute.State.values


def _choices(shape: type, field: str) -> tuple[Any, ...]:
    return tuple(shape().fields[field].choices)


# name → its values; of numbers, value → the word for it.
NAMED: dict[str, Sequence[Any] | Mapping[Any, str]] = {
    "RecommendationSlug": current().slugs,
    "ActorSlug": current().actor_slugs,
    "ActorView": tidy.ACTORS,
    "AskSlug": events.ASKS,
    "AskMode": Ask.Mode.values,
    "VersionOfMethod": tuple(METHODS),
    "DailyReading": tidy.READINGS[:2],
    "Reading": tidy.READINGS,
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
    "ArticleField": articles.FIELDS,
    "ArticleOrder": tuple(articles.Articles.orders),
    "ArticleLanguage": articles.LANGUAGES,
    "TableName": exports.NAMES,
    "FileFormat": exports.FORMATS,
    "ListStyle": exports.LIST_STYLES,
    "ColumnType": _choices(shapes.Column, "type"),
    "EditionFileName": exports.INSIDE,
    "DisputeState": _STATES,
    "PublicDisputeState": disputes.STATES,
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

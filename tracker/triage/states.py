"""The state of one event as plain JSON, and back: what a decision journals and an undo restores.

The law: a state holds every column that a decision can change, with keys, so that restoring it gives the same
rows again. What arrived after the decision (reports, the machine's newer suggestion) is kept.
"""

from __future__ import annotations

from typing import Any

from tracker.models import Assessment, Event, Report

# The machine's own columns move under our feet; `version` must only ever rise.
_NOT_OURS = {"id", "version", "relevance", "priority", "suggestion", "model_version", "proposed_at"} | {
    "folded",
    "folded_title",
}
_COUNTS = ("reports_count", "outlets_count")
_NEWEST = "last_reported_at"


def _columns() -> list[Any]:
    return [field for field in Event._meta.concrete_fields if field.name not in _NOT_OURS]


def of(event: Event) -> dict[str, Any]:
    """Row, assessments and reports of an event, read from the database except for the row in hand."""
    return {
        "row": {field.attname: _plain(getattr(event, field.attname)) for field in _columns()},
        "assessments": _rows(Assessment, event),
        "reports": _rows(Report, event),
    }


def restore(event: Event, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Bring `event` (locked) from `after` back to `before`, keeping what others added since."""
    for field in _columns():
        was, then = before["row"].get(field.attname), after["row"].get(field.attname)
        if field.attname in _COUNTS:
            setattr(event, field.attname, max(0, getattr(event, field.attname) + was - then))
        elif field.attname != _NEWEST or _plain(getattr(event, field.attname)) == then:
            setattr(event, field.attname, field.to_python(was))
    Assessment.objects.filter(event=event).delete()
    _insert(Assessment, before["assessments"])
    _restore_reports(event, before["reports"], after["reports"])


def _restore_reports(event: Event, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    kept, left = {row["id"] for row in before}, {row["id"] for row in after}
    Report.objects.filter(event=event, id__in=left - kept).delete()
    there = set(Report.objects.filter(event=event).values_list("article_id", flat=True))
    _insert(
        Report,
        [row for row in before if row["id"] not in left and row["article_id"] not in there],
    )


def _rows(model: Any, event: Event) -> list[dict[str, Any]]:
    names = [field.attname for field in model._meta.concrete_fields]
    found = model.objects.filter(event=event).order_by("id").values(*names)
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    # An undone move left the row under another event: the key is free again only once that one is gone.
    model.objects.filter(id__in=[row["id"] for row in rows]).delete()
    model.objects.bulk_create(
        model(**{name: fields[name].to_python(value) for name, value in row.items()}) for row in rows
    )


def _plain(value: Any) -> Any:
    # isoformat, as JSON encoders cut a time's microseconds and the restored row would differ.
    return value.isoformat() if hasattr(value, "isoformat") else value

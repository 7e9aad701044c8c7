"""Every step of one event with its differences: who, when, why, from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tracker import vocabulary
from tracker.codebook import current
from tracker.models import Decision, Event, Revision
from tracker.triage.steps import name_of

SHOWN = 60
_QUIET = ("version", "decided_at", "decided_by_id", "last_reported_at", "recorded_at", "codebook")
_FIELDS = (
    "title", "title_zh", "summary", "summary_zh", "date", "date_precision", "certainty", "actors",
    "reach", "until", "stage", "due", "due_what", "due_what_zh", "supersedes", "suspends", "sources", "retracted",
)  # fmt: skip

DEEDS = {
    "propose": _("proposed"),
    "accept": _("accepted"),
    "edit": _("changed"),
    "dismiss": _("rejected"),
    "snooze": _("snoozed"),
    "wake": _("woke up"),
    "review": _("sent to review"),
    "reopen": _("reopened"),
    "dispute": _("disputed"),
    "settle": _("dispute settled"),
    "look": _("looked at again"),
    "merge": _("merged"),
    "split": _("split"),
    "supersede": _("superseded"),
    "retract": _("retracted"),
    "restore": _("restored"),
    "undo": _("undone"),
    "enter": _("entered from a file"),
    "revisit": _("source edited"),
    "join": _("report joined"),
    "part": _("report parted"),
    "confirm": _("codes confirmed"),
    "countersign": _("a second person asked for"),
    "withdraw": _("request withdrawn"),
    "lapse": _("ran out by its own terms"),
    "keep": _("kept as it was when a release coded it otherwise"),
    "unblind": _("first coding looked at before the second was given"),
}


def of(event: Event) -> list[dict[str, Any]]:
    """Newest first: versions of the log with their differences, and the journal's steps between them."""
    entries: list[dict[str, Any]] = []
    # By the account: a revision bears the name that readers see, which the analyst chooses.
    logged = set()
    previous = None
    for revision in Revision.objects.filter(event=event).order_by("sequence")[:SHOWN]:
        record = revision.record
        entries.append(
            {
                "at": revision.written_at,
                "what": revision.get_kind_display(),
                "who": revision.who,
                "why": revision.why,
                "sequence": revision.sequence,
                "differences": differences(previous, record) if previous else [],
            }
        )
        logged.add((revision.written_at.replace(microsecond=0), revision.by_id))
        previous = record
    decisions = Decision.objects.filter(event=event).select_related("by").order_by("-id")[:SHOWN]
    for decision in decisions:
        key = (decision.at.replace(microsecond=0), decision.by_id)
        if key in logged and decision.action not in ("undo",):
            continue  # the log says it already, with more
        entries.append(
            {
                "at": decision.at,
                "what": DEEDS.get(decision.action, decision.action),
                "who": name_of(decision.by),
                "why": decision.reason,
                "sequence": None,
                "differences": _rows(decision),
            }
        )
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Field by field, and recommendation by recommendation, what a version changed. Pure."""
    found = [
        {"name": name, "before": _said(before.get(name)), "after": _said(after.get(name))}
        for name in _FIELDS
        if before.get(name) != after.get(name)
    ]
    one = {line["rec"]: line for line in before["assessments"]}
    other = {line["rec"]: line for line in after["assessments"]}
    found += [
        {"name": vocabulary.short(rec), "before": _coded(one.get(rec)), "after": _coded(other.get(rec))}
        for rec in current().slugs
        if one.get(rec) != other.get(rec)
    ]
    return found


def _rows(decision: Decision) -> list[dict[str, str]]:
    """What a step changed on the row of a proposal."""
    if not decision.before or not decision.after:
        return []
    before, after = decision.before["row"], decision.after["row"]
    return [
        {"name": name, "before": _said(before[name]), "after": _said(after.get(name))}
        for name in before
        if before[name] != after.get(name) and name not in _QUIET
    ]


def _coded(line: Mapping[str, Any] | None) -> str:
    if not line:
        return ""
    chip = vocabulary.chip(line)
    ask = f" · {line['ask']}" if line["ask"] else ""
    rationale = f" · {line['rationale']}" if line["rationale"] else ""
    return f"{chip['mark']} {chip['direction']} {line['strength']} {chip['strength_word']}{ask}{rationale}"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            each.get("url") or each.get("title", "") if isinstance(each, dict) else str(each)
            for each in value
        )
    return "" if value in (None, "") else str(value)

"""Every step of one event with its differences: who, when, why, from what to what, and what has just been done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracker import triage, wording
from tracker.codebook import current
from tracker.models import Article, Decision, Event, Revision
from tracker.triage.steps import name_of
from tracker.wording import words_of

UNDO = "undo-"  # begins the tag of a message that can be undone; the rest is the decision's number
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
    "part": _("report taken out"),
    "move": _("report moved"),
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
    for revision in Revision.objects.filter(event=event).select_related("by").order_by("sequence")[:SHOWN]:
        record = revision.record
        entries.append(
            {
                "at": revision.written_at,
                "what": revision.get_kind_display(),
                # Colleagues know one another by their accounts.
                "who": name_of(revision.by) if revision.by_id else revision.who,
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
                "differences": rows_of(decision),
            }
        )
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Field by field, and recommendation by recommendation, what a version changed. Pure."""
    found = [
        {"name": named(name), "before": said(name, before.get(name)), "after": said(name, after.get(name))}
        for name in _FIELDS
        if before.get(name) != after.get(name)
    ]
    one = {line["rec"]: line for line in before["assessments"]}
    other = {line["rec"]: line for line in after["assessments"]}
    found += [
        {"name": wording.short(rec), "before": _coded(one.get(rec)), "after": _coded(other.get(rec))}
        for rec in current().slugs
        if one.get(rec) != other.get(rec)
    ]
    return found


def rows_of(decision: Decision) -> list[dict[str, str]]:
    """What a step changed on the row of a proposal, on its codes and its reports."""
    if not decision.before or not decision.after:
        return []
    before, after = decision.before["row"], decision.after["row"]
    found = [
        {"name": named(name), "before": said(name, before[name]), "after": said(name, after.get(name))}
        for name in before
        if before[name] != after.get(name) and name not in _QUIET
    ]
    reports = [{row["article_id"] for row in state["reports"]} for state in (decision.before, decision.after)]
    for place, keys in (("before", reports[0] - reports[1]), ("after", reports[1] - reports[0])):
        if keys:
            titles = Article.objects.filter(pk__in=keys).order_by("pk").values_list("title", flat=True)
            line = {"name": str(_("reports")), "before": "", "after": ""}
            found.append(line | {place: ", ".join(title[:80] for title in titles[:10])})
    return found


def named(name: str) -> str:
    """What a reader calls a column."""
    try:
        return str(getattr(Event._meta.get_field(name.removesuffix("_id")), "verbose_name", name))
    except FieldDoesNotExist:
        return name


def _coded(line: Mapping[str, Any] | None) -> str:
    if not line:
        return ""
    chip = wording.chip(line)
    recommendation = current()[line["rec"]]
    asks = {ask.slug: words_of(ask.name) for ask in recommendation.asks}
    ask = f" · {asks.get(line['ask'], line['ask'])}" if line["ask"] else ""
    rationale = f" · {line['rationale']}" if line["rationale"] else ""
    return f"{chip['mark']} {chip['direction']} {line['strength']} {chip['strength_word']}{ask}{rationale}"


def said(name: str, value: Any) -> str:
    """A column's value in the reader's words: names for slugs, yes for true."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if value in (None, "", []):
        return ""
    if name == "actors":
        return ", ".join(words_of(current().actor(slug).short) for slug in value)
    if name == "certainty" and value in current().certainties:
        return words_of(current().certainties[value].name)
    if name == "date_precision":
        return str(wording.PRECISIONS.get(value, value))
    if name in ("supersedes", "suspends"):
        titles = {row.pk: str(row) for row in Event.objects.filter(pk__in=value)}
        return ", ".join(titles.get(key, key) for key in value)
    if choices := _choices(name):
        return str(choices.get(value, value))
    if isinstance(value, list):
        return ", ".join(
            (each.get("title") or each.get("url", "")) if isinstance(each, dict) else str(each)
            for each in value
        )
    return str(value)


def _choices(name: str) -> dict[Any, Any]:
    try:
        return dict(getattr(Event._meta.get_field(name), "choices", None) or ())
    except FieldDoesNotExist:
        return {}


def done(request: HttpRequest, said: str, event: str) -> None:
    """Say what was done to an event, with the button that takes it back."""
    last = next((each for each in triage.last_of(request.user) if each.event_id == event), None)
    messages.success(request, said, f"{UNDO}{last.pk}" if last else "")

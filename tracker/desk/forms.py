"""From a form's JSON to a deed of triage. Every value is checked here or there; nothing is done by halves.

The law: a form that is sent twice does its deed once. It carries a token, which becomes the step's batch.

What a decision would do to the scores, in words such as "trust −50 → −47", before it is taken.

The law: there is one way for all deeds. The deed is done and taken back in one transaction; what it wrote to the
log is what moves the scores, so that a preview can never say anything else than the deed does. Who works out
scores is named by a setting, as this app knows no scorecard.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from tracker import agreement, record, text, triage, wording
from tracker.models import Coding, Decision, Event, Revision

LONGEST = 100_000  # bytes of one form


class BadForm(ValueError):
    """A form that no page of ours sends; the message says what is wrong with it."""


def decide(form: Mapping[str, Any], by: Any, *, foretelling: bool = False) -> dict[str, Any]:
    """Do what the form says; what the desk needs to go on. `Refused` or `BadForm` when it cannot be done. One that
    only foretells needs no reasons yet."""
    form = {**form, "foretelling": foretelling}
    action = form.get("action")
    if not isinstance(action, str) or action not in DEEDS:
        raise BadForm(_("There is no deed “%(name)s”.") % {"name": str(action)[:40]})
    token = _token(form)
    if (event_id := _done(token, by)) is not None:
        return _answer(event_id, again=True)
    try:
        event = DEEDS[action](form, by, token)
    except triage.Refused:
        # The same form may have come twice at once; then the other one did the deed.
        if (event_id := _done(token, by)) is not None:
            return _answer(event_id, again=True)
        raise
    return _answer(event.pk if isinstance(event, Event) else event)


def _done(token: uuid.UUID, by: Any) -> str | None:
    """The event of the step that this token stands for, if it was taken."""
    done = list(Decision.objects.filter(batch=token).select_related("undoes").defer("before", "after"))
    if done and done[0].by_id != by.pk:
        raise BadForm(_("This token belongs to somebody else's form."))
    chief = triage.chief([part.undoes or part for part in done])
    return chief.event_id if chief else None


def _answer(event_id: str, again: bool = False) -> dict[str, Any]:
    row = Event.objects.only("id", "status", "version", "title", "title_zh").get(pk=event_id)
    return {
        "event": row.pk,
        "status": row.status,
        "status_label": row.get_status_display(),
        "version": row.version,
        "title": str(row)[:120],
        "again": again,
    }


# One function for each deed: (form, by, token) -> event or its id


def _accept(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    key = _event(form)
    triage.accept(
        key,
        by,
        version=_version(form),
        batch=token,
        why=_text(form, "why"),
        seconds=_seconds(form),
        shown=bool(form.get("shown", True)),
        reasoned=not form.get("foretelling"),
        **_coding(form),
    )
    return key


def _dismiss(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> Event:
    return triage.dismiss(
        _event(form),
        by,
        _text(form, "reason"),
        _text(form, "note"),
        version=_version(form),
        batch=token,
        seconds=_seconds(form),
        shown=bool(form.get("shown", True)),
    )


def _snooze(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> Event:
    until, grows = form.get("until"), form.get("grows")
    try:
        day = record.day(until, "until") if until else None
    except record.RecordError as error:
        raise BadForm(str(error)) from error
    if grows is not None and (isinstance(grows, bool) or not isinstance(grows, int)):
        raise BadForm(_("grows: a whole number"))
    return triage.snooze(
        _event(form), by, until=day, grows=grows, version=_version(form), batch=token, seconds=_seconds(form)
    )


def _review(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> Event:
    note = _text(form, "note")
    return triage.ask_review(_event(form), by, note, version=_version(form), batch=token)


def _merge(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    key, target = _event(form), _text(form, "into")
    triage.merge(
        [key],
        target,
        by,
        _text(form, "why"),
        versions={key: version} if (version := _version(form)) else None,
        batch=token,
        seconds=_seconds(form),
    )
    return key


def _split(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    key, parts = _event(form), form.get("parts")
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        raise BadForm(_("parts: a list of new events"))
    for part in parts:
        articles = part.get("articles")
        if articles is not None and not (
            isinstance(articles, list) and all(type(article) is int for article in articles)
        ):
            raise BadForm(_("articles: a list of numbers"))
    triage.split(key, parts, by, _text(form, "why"), version=_version(form), batch=token)
    return key


def _edit(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    key = _event(form)
    changes = form.get("changes")
    if not isinstance(changes, Mapping):
        raise BadForm(_("changes: the fields to change"))
    reasoned = not form.get("foretelling")
    triage.edit(key, by, dict(changes), _text(form, "why"), _version(form), batch=token, reasoned=reasoned)
    return key


def _why_deed(deed: Callable[..., Any]) -> Callable[..., str]:
    def do(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
        deed(_event(form), by, _text(form, "why"), version=_version(form), batch=token)
        return _event(form)

    return do


def _supersede(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    key, earlier = _event(form), form.get("earlier")
    if not isinstance(earlier, list) or not all(isinstance(each, str) for each in earlier):
        raise BadForm(_("earlier: a list of ids"))
    triage.supersede(key, earlier, by, _text(form, "why"), version=_version(form), batch=token)
    return key


def _reports_of(form: Mapping[str, Any]) -> list[int]:
    articles = form.get("articles")
    if not isinstance(articles, list) or not all(type(article) is int for article in articles):
        raise BadForm(_("articles: a list of numbers"))
    return articles


def _attach(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> Event:
    why = _text(form, "why")
    return triage.attach(_event(form), _reports_of(form), by, why, version=_version(form), batch=token)


def _detach(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> Event:
    why = _text(form, "why")
    return triage.detach(_event(form), _reports_of(form), by, why, version=_version(form), batch=token)


def _move(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    key, into = _event(form), _text(form, "into")
    triage.move(key, _reports_of(form), into, by, _text(form, "why"), version=_version(form), batch=token)
    return key


def _drop_source(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    key, source = _event(form), _text(form, "source")
    triage.drop_source(key, source, by, _text(form, "why"), version=_version(form), batch=token)
    return key


def undone(form: Mapping[str, Any], by: Any) -> Decision:
    """The decision that a form wants undone: by the token of its step, or by its number."""
    step, number = form.get("step"), form.get("decision")
    decision: Decision | None
    if isinstance(step, str):
        decision = triage.chief(Decision.objects.filter(batch=_uuid(step, "step"), by=by, undoes=None))
    elif type(number) is int:
        decision = Decision.objects.filter(pk=number).first()
        if decision and decision.batch:
            decision = triage.chief(Decision.objects.filter(batch=decision.batch, undoes=None))
    else:
        raise BadForm(_("Say which decision to undo."))
    if decision is None:
        raise triage.Refused(_("There is nothing to undo: the decision was not taken."))
    return decision


def _undo(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    decision = undone(form, by)
    triage.undo(decision, by, _text(form, "why"), batch=token)
    return str(decision.event_id)


def _second(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    row = _row(form, Coding.Part.SECOND)
    if row.done_at and row.coder_id == by.pk:  # sent twice
        return row.event_id
    agreement.code_second(row, by, _body(form))
    return row.event_id


def _adjudicate(form: Mapping[str, Any], by: Any, token: uuid.UUID) -> str:
    row = _row(form, Coding.Part.ADJUDICATION)
    if row.done_at and row.coder_id == by.pk:
        return row.event_id
    agreement.adjudicate(row, by, _body(form), _text(form, "why"))
    return row.event_id


DEEDS: dict[str, Callable[[Mapping[str, Any], Any, uuid.UUID], Any]] = {
    "accept": _accept,
    "dismiss": _dismiss,
    "snooze": _snooze,
    "review": _review,
    "merge": _merge,
    "split": _split,
    "edit": _edit,
    "supersede": _supersede,
    "attach": _attach,
    "detach": _detach,
    "move": _move,
    "drop_source": _drop_source,
    "reopen": _why_deed(triage.reopen),
    "dispute": _why_deed(triage.dispute),
    "settle": _why_deed(triage.settle),
    "look": _why_deed(triage.looked),
    "retract": _why_deed(triage.retract),
    "restore": _why_deed(triage.restore),
    "undo": _undo,
    "second": _second,
    "adjudicate": _adjudicate,
}


# Reading a form


def _coding(form: Mapping[str, Any]) -> dict[str, Any]:
    """Codes and words of an acceptance; absent ones stay as they are."""
    found: dict[str, Any] = {}
    for name, kind in (("assessments", list), ("actors", list), ("supersedes", list)):
        if form.get(name) is not None:
            if not isinstance(form[name], kind):
                raise BadForm(_("%(name)s: a list") % {"name": name})
            found[name] = form[name]
    for name in ("certainty", "title", "title_zh", "summary", "summary_zh", "date", "date_precision"):
        if form.get(name) is not None:
            found[name] = _text(form, name)
    terms = {name: form[name] for name in record.ADDED if form.get(name) is not None}
    return found | {"terms": terms} if terms else found


def _body(form: Mapping[str, Any]) -> dict[str, Any]:
    lists = {name: form.get(name) or [] for name in ("assessments", "actors")}
    if not all(isinstance(value, list) for value in lists.values()):
        raise BadForm(_("%(name)s: a list") % {"name": "assessments"})
    return {"relevant": bool(form.get("relevant", True)), "certainty": form.get("certainty"), **lists}


def _row(form: Mapping[str, Any], part: str) -> Coding:
    number = form.get("coding")
    row = Coding.objects.filter(pk=number, part=part).first() if type(number) is int else None
    if row is None:
        raise BadForm(_("There is no such coding."))
    return row


def _event(form: Mapping[str, Any]) -> str:
    key = form.get("event")
    if not isinstance(key, str) or not record.ID.fullmatch(key):
        raise BadForm(_("event: the id of an event"))
    return key


def _version(form: Mapping[str, Any]) -> int | None:
    version = form.get("version")
    if version is not None and type(version) is not int:
        raise BadForm(_("version: a whole number"))
    return version


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name) or ""
    if not isinstance(value, str):
        raise BadForm(_("%(name)s: text") % {"name": name})
    try:
        return text.strict(value, name, LONGEST, lines=True)
    except text.BadText as error:
        raise BadForm(wording.refusal(error)) from error


def _seconds(form: Mapping[str, Any]) -> float | None:
    value = form.get("seconds")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A tab left open over lunch is not time spent on the item.
    return round(float(value), 1) if 0 <= value <= 1800 else None


def _token(form: Mapping[str, Any]) -> uuid.UUID:
    return _uuid(form.get("token"), "token")


def _uuid(value: Any, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise BadForm(_("%(name)s: missing or not a token") % {"name": name}) from None


NO_REASON_YET = "–"  # a preview comes before the reason; the deed itself will ask for it


def of_form(form: Mapping[str, Any], by: Any) -> list[dict[str, Any]]:
    """What the deed that a form asks for would do. `Refused` or `BadForm` as the deed itself."""
    asked = {**form, "token": str(uuid.uuid4()), "why": form.get("why") or NO_REASON_YET}
    return of(lambda: decide(asked, by, foretelling=True))


def of(deed: Callable[[], Any]) -> list[dict[str, Any]]:
    """The recommendations whose balance `deed` would move, ready to print. `Refused` as the deed would be."""
    return effects(written(deed))


def written(deed: Callable[[], Any]) -> list[dict[str, Any]]:
    """The versions that `deed` would append to the log; nothing of it stays."""
    with transaction.atomic():
        last = _newest()
        deed()
        # A version that somebody else wrote in between is in the log by now; said twice it changes nothing.
        new = Revision.objects.filter(sequence__gt=last).order_by("sequence")
        bodies = [revision.record for revision in new]
        transaction.set_rollback(True)
    return bodies


def effects(after: Sequence[Mapping[str, Any]], day: datetime.date | None = None) -> list[dict[str, Any]]:
    """What these versions at the end of the log would do today, or on a day to come; empty when no scorecard is set
    up."""
    if not after or not settings.SCORE_PREVIEW:
        return []
    return printed(import_string(settings.SCORE_PREVIEW)([], after, day))


def printed(moved: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the scorecard says would move, ready to print."""
    return [
        {
            "rec": entry["rec"],
            "name": wording.short(entry["rec"]),
            "before": signed(entry["before"]),
            "after": signed(entry["after"]),
            "class": "up" if entry["after"] > entry["before"] else "down",
            "label_before": entry["label_before"],
            "label_after": entry["label_after"],
        }
        for entry in moved
    ]


def signed(value: float) -> str:
    """A score as readers see it, with a real minus sign and one decimal."""
    return f"{value:+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")


def _newest() -> int:
    return Revision.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0

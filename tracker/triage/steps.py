"""One step of triage: the events it touches under lock, its checks, its journal and its lines in the log.

The law: whatever a step changes, it changes in one transaction, together with one decision for each event and
one revision for each event on record. A refused step changes nothing.

The state of one event as plain JSON, and back: what a decision journals and an undo restores.

The law: a state holds every column that a decision can change, with keys, so that restoring it gives the same
rows again. What arrived after the decision (reports, the machine's newer suggestion) is kept.

One deed for exactly the events that a page showed, as one step that one undo takes back.

The law: the set is what was shown. The form carries a fingerprint of ids and versions; when the set has
changed since, nothing is done.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log, record, text, wording
from tracker.models import Assessment, Claim, Decision, Event, Preference, Report, Revision, decisions
from tracker.triage import coding
from tracker.triage.statuses import Claimed, NotAllowed, Refused, Stale, legal

# The machine's own columns move under our feet; `version` must only ever rise.
_NOT_OURS = {"id", "version", "relevance", "priority", "suggestion", "model_version", "proposed_at"} | {
    "codes",
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
        if field.attname not in before["row"]:
            continue  # a column that came after the decision was journaled
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


DECIDE, REVIEW = "tracker.triage_event", "tracker.review_event"
LONGEST_WHY = 1000


class Step:
    """A context manager: `take` the events, change them, `write` them; leaving it journals the step."""

    def __init__(
        self,
        action: str,
        by: Any,
        *,
        why: str = "",
        batch: uuid.UUID | None = None,
        seconds: float | None = None,
        shown: bool = True,
        permission: str = DECIDE,
        undoing: bool = False,
    ) -> None:
        self.why = reason(why)
        if by is not None and not by.has_perm(permission):
            raise NotAllowed(_("Your role does not include this step; ask an administrator for it."))
        self.action, self.by, self.batch = action, by, batch
        self.seconds, self.shown, self.undoing = seconds, shown, undoing
        self.given: dict[str, Event] = {}
        self.events: dict[str, Event] = {}
        self.before: dict[str, dict[str, Any] | None] = {}
        self.decisions: dict[str, Decision] = {}
        self.undoes: dict[str, Decision] = {}

    def __enter__(self) -> Step:
        if trouble := log.codebook_trouble():
            raise Refused(trouble)
        self._atomic = transaction.atomic()
        self._atomic.__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self._journal()
        except BaseException as failure:
            self._atomic.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._atomic.__exit__(kind, error, trace)
        if kind is None:
            self._hand_back()

    def take(self, event: Event | str, version: int | None = None) -> Event:
        """The event, fresh and locked. `Stale` when it is no longer at `version`, `Claimed` when another
        analyst works on it."""
        key = event if isinstance(event, str) else event.pk
        if key in self.events:
            return self.events[key]
        fresh = Event.objects.select_for_update().filter(pk__in=record.ids([key])).first()
        if fresh is None:
            raise Refused(_("There is no event %(id)s.") % {"id": key})
        if version is not None and fresh.version != version:
            raise Stale(_how_it_changed(fresh, self.by, version))
        self._check_claim(fresh)
        if isinstance(event, Event):
            self.given[key] = event
        self.events[key] = fresh
        self.before[key] = of(fresh)
        fresh.version += 1
        if self.by is not None and not self.undoing:
            fresh.look_again = ""
        return fresh

    def take_all(self, events: Iterable[Event | str], version: dict[str, int] | None = None) -> list[Event]:
        """Several events, always locked in the same order so that two steps never wait for each other."""
        given = list(events)
        for event in sorted(given, key=lambda item: item if isinstance(item, str) else item.pk):
            key = event if isinstance(event, str) else event.pk
            self.take(event, (version or {}).get(key))
        return [self.events[item if isinstance(item, str) else item.pk] for item in given]

    def add(self, event: Event) -> Event:
        """An event that this step creates."""
        coding.note_searchable(event, [])
        event.save(force_insert=True)
        self.events[event.pk], self.before[event.pk] = event, None
        return event

    def move(self, event: Event, status: str) -> None:
        """Set the status, or refuse a move that the table does not hold."""
        if not legal(event.status, status, undoing=self.undoing):
            raise Refused(
                _("“%(title)s” is %(before)s and cannot become %(after)s.")
                % {
                    "title": str(event)[:80],
                    "before": event.get_status_display(),
                    "after": Event.Status(status).label,
                }
            )
        event.status = status

    def write(self, event: Event, *, kind: str | None = None, related: Iterable[str] = ()) -> Revision | None:
        """Save the row and, when the event is on record (or `kind` is given), append its new version."""
        logged = kind is not None or event.on_record
        if logged:
            event.recorded_at = stamp()
        self.save(event)
        if not logged:
            return None
        try:
            revision = log.append(
                event,
                kind=kind or kind_of_next(event),
                who=public_name(self.by),
                by=self.by,
                why=self.why,
                related=related,
            )
        except record.RecordError as error:
            raise Refused(wording.refusal(error)) from error
        if self.by is not None and not self.undoing:
            decisions.note_written(revision)
        return revision

    def save(self, event: Event) -> None:
        coding.note_searchable(event)
        event.save()

    def _check_claim(self, event: Event) -> None:
        if self.by is None:
            return
        claim = (
            Claim.objects.filter(event=event, until__gt=Now(), ahead=False)
            .exclude(by=self.by)
            .select_related("by")
            .first()
        )
        if claim:
            raise Claimed(
                _("%(name)s works on “%(title)s” just now; the claim ends by itself.")
                % {"name": name_of(claim.by), "title": str(event)[:80]}
            )

    def _journal(self) -> None:
        if len(self.events) > 1 and self.batch is None:
            self.batch = uuid.uuid4()
        for key, event in self.events.items():
            before = self.before[key]
            self.decisions[key] = Decision.objects.create(
                event=event,
                action=self.action,
                status_before=before["row"]["status"] if before else "",
                status_after=event.status,
                by=self.by,
                reason=self.why,
                before=before,
                after=of(event),
                undoes=self.undoes.get(key),
                batch=self.batch,
                seconds=self.seconds,
                model_version=event.model_version,
                suggestion_shown=self.shown,
            )
        if self.by is not None:
            ended = Claim.objects.filter(event__in=self.events.values())
            ended.filter(Q(by=self.by) | Q(ahead=True)).delete()

    def _hand_back(self) -> None:
        """Let the objects that callers hold say what the database says."""
        for key, given in self.given.items():
            for field in Event._meta.concrete_fields:
                setattr(given, field.attname, getattr(self.events[key], field.attname))
            vars(given)["_prefetched_objects_cache"] = {}


def _how_it_changed(event: Event, by: Any, version: int) -> str:
    """Who changed an event while somebody looked at it, and to what: honest also where it was that person."""
    decisions = Decision.objects.filter(event=event).select_related("by").defer("before", "after")
    last = decisions.first() if version < event.version else None
    said = {
        "title": str(event)[:80],
        "status": event.get_status_display(),
        "name": name_of(last.by) if last else "",
        "time": timezone.localtime(last.at).strftime("%H:%M") if last else "",
    }
    if last is not None and by is not None and last.by_id == by.pk:
        return (
            _(
                "“%(title)s”: you changed it yourself at %(time)s, here or in another window;"
                " it is %(status)s. Look again."
            )
            % said
        )
    if last is not None and last.by_id:
        return (
            _(
                "“%(title)s” was changed by somebody else while you looked: %(name)s, at %(time)s;"
                " it is %(status)s. Yours was not done. Look again."
            )
            % said
        )
    return _("“%(title)s” has changed while you looked (%(status)s). Look again.") % said


def reason(why: str) -> str:
    """The reason that readers see beside a change, as it is kept; `Refused` for what no text may hold."""
    try:
        return text.strict(why, "why", LONGEST_WHY, lines=True)
    except text.BadText as error:
        raise Refused(wording.refusal(error)) from error


def stamp() -> datetime.date:
    """The day a version is recorded: today, never earlier than what the log already holds."""
    today, newest = timezone.now().date(), log.latest_recorded()
    return max(today, newest) if newest else today


def kind_of_next(event: Event) -> str:
    """What the next version of an event is: created, changed, retracted or restored."""
    last = Revision.objects.filter(event=event).order_by("-sequence").first()
    if last is None:
        return Revision.Kind.CREATE
    was = last.record["retracted"]
    if was == event.retracted:
        return Revision.Kind.UPDATE
    return Revision.Kind.RETRACT if event.retracted else Revision.Kind.RESTORE


def name_of(user: Any) -> str:
    """The name that colleagues see beside a decision."""
    return "system" if user is None else text.lenient(user.get_full_name() or user.get_username(), 150)


def public_name(user: Any) -> str:
    """The name that readers see: the one that the analyst chose, else initials, else a number; never the account's."""
    if user is None:
        return "system"
    chosen = Preference.objects.filter(user=user.pk).values_list("public_name", flat=True).first()
    initials = " ".join(f"{word[0]}." for word in user.get_full_name().split())
    return text.lenient(chosen or initials or f"analyst {user.pk}", 150)


MOST = 500


def fingerprint(events: Iterable[Event]) -> str:
    """A short text that is the same only for the same events in the same versions."""
    shown = sorted(f"{event.pk}:{event.version}" for event in events)
    return f"{len(shown)}-{hashlib.sha256('|'.join(shown).encode()).hexdigest()[:16]}"


def bulk(events: Iterable[Event], shown: str, deed: Callable[..., Any], by: Any, **more: Any) -> uuid.UUID:
    """`deed(event, by, version=…, batch=…, **more)` for every event, or for none; the step's batch."""
    chosen = list(events)
    if not chosen or len(chosen) > MOST:
        raise Refused(_("Choose 1 to %(most)d events.") % {"most": MOST})
    if fingerprint(chosen) != shown:
        said = {"now": len(chosen), "then": shown.partition("-")[0][:8]}
        if str(said["now"]) == said["then"]:
            raise Stale(_("One of these events has changed since they were shown. Look again."))
        raise Stale(
            _("The set has changed: %(now)d events match now, %(then)s were shown. Look again.") % said
        )
    batch = uuid.uuid4()
    with transaction.atomic():
        for event in sorted(chosen, key=lambda each: each.pk):
            deed(event.pk, by, version=event.version, batch=batch, **more)
    return batch

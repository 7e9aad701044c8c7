"""The write side, for tools of analysts: propose, decide, import. The same `triage` as the admin, so the same
rules; a key can do no more than its scopes and its account's role."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied

from scorecard import conditional
from scorecard.api import parameters
from scorecard.api.problems import NotARecord, Refused
from scorecard.api.serializers import writing as shapes
from scorecard.api.views import (
    CURSOR,
    IDEMPOTENCY_KEY,
    IDEMPOTENCY_NAME,
    LIMIT,
    Order,
    View,
    answered_once,
    checked,
    created,
    next_address,
    page_of,
    public,
)
from scorecard.api.views.events import ID
from scorecard.keys import Holds
from tracker import importing, record, triage
from tracker.addresses import canonical_or_empty
from tracker.desk import signing
from tracker.models import Article, Decision, Event, Report, Revision
from tracker.triage import coding
from tracker.triage.steps import DECIDE

PROPOSALS = Order("pk", down=True)


DRY_RUN = parameters.flag("dry_run", "Check and do everything, answer as if, and then undo it all.")
KEY = OpenApiParameter(
    IDEMPOTENCY_KEY, {"type": "string", "pattern": f"^{IDEMPOTENCY_NAME.pattern}$", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="A name for this request, made by you. Sent again within 24 hours it is answered as before.",
)  # fmt: skip


class Writing(View):
    permission_classes = (Holds,)

    def deed(self, act: Callable[[], HttpResponse]) -> HttpResponse:
        """Do it, all or nothing; on a dry run nothing."""
        dry = parameters.read(self.request.query_params, (DRY_RUN,))["dry_run"]
        with transaction.atomic():
            answer = act()
            if dry:
                transaction.set_rollback(True)
                answer.headers["Dry-Run"] = "true"
                answer.headers.pop("Location", None)
        return answer

    def who(self) -> str:
        """The name that readers see beside what this key writes."""
        return triage.public_name(self.request.user)


def refusing(deed: Callable[[], Any]) -> Any:
    """Do it, and say triage's refusal as a problem."""
    try:
        return deed()
    except triage.NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from None
    except triage.Unexplained as missing:
        fault = {"name": "changes.assessments", "reason": f"rationale missing; {missing}"}
        raise NotARecord(str(missing), [fault]) from None
    except triage.Refused as refusal:
        raise Refused(str(refusal)) from None
    except record.RecordError as wrong:
        raise NotARecord(str(wrong)) from None


def may(by: Any, permission: str, deed: str) -> None:
    """A key does no more than its account could do at the desk."""
    if not by.has_perm(permission):
        raise PermissionDenied(f"The role of this key's account does not include to {deed}.")


class Proposals(Writing):
    scopes = {"GET": "propose", "HEAD": "propose", "POST": "propose"}
    parameters = (
        parameters.choice("status", Event.OPEN, "Only in this status."),
        LIMIT,
        CURSOR,
    )

    @extend_schema(operation_id="proposals", responses=shapes.Proposals, tags=["Writing"])
    def get(self, request):
        """The proposals that wait for a decision, by id."""
        asked = self.asked()
        may(request.user, "tracker.view_event", "look at proposals")
        rows = Event.objects.open()
        if asked["status"]:
            rows = rows.filter(status=asked["status"])
        found, cursor = page_of(rows, PROPOSALS, asked["limit"], asked["cursor"], "proposals")
        address = next_address(public(request.path), request.query_params, cursor)
        body = {"total": rows.count(), "next": address, "results": [proposal(row) for row in found]}
        answer = HttpResponse(conditional.written(body), content_type=conditional.JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @extend_schema(
        operation_id="proposal_create",
        parameters=[DRY_RUN.documented(), KEY],
        request=shapes.Proposal,
        responses={201: shapes.ProposalShape},
        tags=["Writing"],
    )
    @answered_once
    def post(self, request):
        """Put an event before the analysts. Its sources become articles, its assessments a suggestion."""
        return self.deed(lambda: self._proposed(request))

    def _proposed(self, request):
        return created(
            proposal(propose(checked(shapes.Proposal, request), request.user)), public("/api/v1/proposals/")
        )


def propose(given: Mapping[str, Any], by: Any) -> Event:
    """Put a checked proposal before the analysts."""
    may(by, DECIDE, "propose events")
    line = as_record(given)
    return refusing(
        lambda: triage.propose(
            title=given["title"],
            date=given["date"],
            language=given.get("language", ""),
            summary=given.get("summary", ""),
            actors=line["actors"],
            certainty=line["certainty"],
            suggestion={"labels": line["assessments"]} if line["assessments"] else None,
            articles=[_article(source) for source in line["sources"]],
            how=Report.How.IMPORT,
            by=by,
        )
    )


def as_record(given: Mapping[str, Any]) -> dict[str, Any]:
    """The proposal's parts as the codebook checks them."""
    raw = {
        "id": "proposal",
        "date": given["date"].isoformat(),
        "title": given["title"],
        "summary": given.get("summary", ""),
        "actors": given.get("actors", []),
        "certainty": given.get("certainty", "reported"),
        "assessments": [dict(item) for item in given.get("assessments", [])],
        "sources": [
            {
                name: value.isoformat() if hasattr(value, "isoformat") else value
                for name, value in source.items()
            }
            for source in given["sources"]
        ],
    }
    try:
        return record.check(raw)
    except record.RecordError as wrong:
        raise NotARecord(str(wrong)) from None


def _article(source: Mapping[str, Any]) -> Article:
    """The article at a source's address, made if we have never seen it."""
    key = canonical_or_empty(source["url"]) or source["url"]
    article, _made = Article.objects.get_or_create(
        url_key=hashlib.sha256(key.encode()).hexdigest(),
        defaults={
            "url": source["url"],
            "title": source["title"][:500],
            "publisher": source["publisher"],
            "language": source["lang"],
            "published_at": _midnight(source["date"]) if source["date"] else None,
            "state": Article.State.FILED,
        },
    )
    return article


def _midnight(day: str) -> datetime.datetime:
    return datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time.min, datetime.UTC)


def proposal(row: Event) -> dict[str, Any]:
    articles = Article.objects.filter(reports__event=row).order_by("reports__id")[:20]
    names = ("id", "status", "version", "title", "title_zh", "summary", "summary_zh", "actors", "certainty")
    return {
        **{name: getattr(row, name) for name in names},
        "date": row.date.isoformat(),
        "priority": row.priority,
        "reports": row.reports_count,
        # Some are coded by people alone, to compare: they are not shown it here either.
        "suggestion": None if coding.suggestion_hidden(row) else row.suggestion,
        "sources": [article.source() for article in articles],
    }


class Decisions(Writing):
    scopes = {"POST": "decide"}

    @extend_schema(
        operation_id="decide",
        parameters=[ID, DRY_RUN.documented(), KEY],
        request=shapes.Decision,
        responses={200: shapes.Decided, 202: shapes.Waits},
        tags=["Writing"],
    )
    @answered_once
    def post(self, request, id):
        """Decide on an event: accept (changes), dismiss (reason), snooze (until), ask_review, reopen, edit
        (changes), retract, restore, dispute, settle, supersede (events), merge (events), undo.

        Every code that an event did not have before needs a `rationale` of one sentence, as at the desk: without
        one the answer is 422. What is on record changes only with a `why`, which readers see. Send the `version` you
        saw: if somebody else was quicker, the answer is 409 and nothing has happened. What turns a recommendation's
        word, or lets a weaker act end a stronger one, waits for a second person at the desk: the answer is 202 and
        says why."""
        given = checked(shapes.Decision, request)
        if not Event.objects.filter(pk=id).exists():
            raise NotFound(f"There is no event {id[:100]!r}.")

        def act():
            if why := refusing(lambda: _asked_instead(id, request.user, given)):
                waits = decided(id) | {"why": why, "detail": signing.where_it_waits(request.user)}
                return HttpResponse(conditional.written(waits), status=202, content_type=conditional.JSON)
            refusing(lambda: DEEDS[given["deed"]](id, request.user, given))
            return HttpResponse(conditional.written(decided(id)), content_type=conditional.JSON)

        return self.deed(act)


def _asked_instead(event: str, by: Any, given: Mapping[str, Any]) -> list[str]:
    """Why this decision needs a second person, who is asked as the desk asks; empty where it needs none."""
    deed, others = given["deed"], given.get("events", [])
    form = {"action": deed, "event": event, "why": given.get("why", ""), "version": given.get("version")}
    if deed == "accept":
        form |= _typed(given.get("changes", {}))
    elif deed == "edit":
        form |= {"changes": dict(_typed(given.get("changes", {})))}
    elif deed == "supersede":
        form |= {"earlier": others}
    elif deed == "undo":
        form |= {"decision": _undone(event, by).pk}
    elif deed == "merge" and len(others) == 1:
        form |= {"event": others[0], "into": event, "version": None}
    elif deed == "merge":
        if why := signing.weight_of(lambda: _merge(event, by, given), by):
            raise triage.Refused(" ".join([*why, "That needs a second person: merge these one by one."]))
        return []
    return signing.asked_instead(form, by)


def decided(event_id: str) -> dict[str, Any]:
    row = Event.objects.get(pk=event_id)
    last = Revision.objects.filter(event=row).order_by("-sequence").values_list("sequence", flat=True).first()
    return {"id": row.pk, "status": row.status, "version": row.version, "sequence": last}


def _accept(event: str, by: Any, given: Mapping[str, Any]) -> None:
    allowed = {
        *("title", "title_zh", "summary", "summary_zh", "date", "date_precision", "actors", "certainty"),
        *("supersedes", "assessments"),
        *record.ADDED,
    }
    changes = given.get("changes", {})
    if unknown := sorted(set(changes) - allowed):
        raise triage.Refused(
            f"changes: cannot set {', '.join(unknown)[:200]}; allowed are {', '.join(sorted(allowed))}"
        )
    typed = _typed(changes)
    known = {name: value for name, value in typed.items() if name not in record.ADDED}
    terms = {name: value for name, value in typed.items() if name in record.ADDED}
    triage.accept(
        event,
        by,
        version=given.get("version"),
        why=given.get("why", ""),
        terms=terms or None,
        reasoned=True,
        **known,
    )


def _edit(event: str, by: Any, given: Mapping[str, Any]) -> None:
    changes = _typed(given.get("changes", {}))
    triage.edit(event, by, changes, given.get("why", ""), given.get("version"), reasoned=True)


def _typed(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse values of a shape that no field of the record has, before they reach it."""
    lists, texts = (
        ("actors", "supersedes", "suspends", "sources", "assessments"),
        ("date", "title", "title_zh", "summary"),
    )
    for name, value in changes.items():
        if name in lists and not isinstance(value, list):
            raise triage.Refused(f"changes: {name} is a list")
        if name in (*texts, "summary_zh", "date_precision", "certainty") and not isinstance(value, str):
            raise triage.Refused(f"changes: {name} is text")
        if name == "assessments" and not all(isinstance(item, dict) for item in value):
            raise triage.Refused("changes: each of assessments is an object")
    return changes


def _dismiss(event: str, by: Any, given: Mapping[str, Any]) -> None:
    reason = given.get("reason", Event.Dismissal.NOT_RELEVANT)
    triage.dismiss(event, by, reason, given.get("why", ""), version=given.get("version"))


def _merge(event: str, by: Any, given: Mapping[str, Any]) -> None:
    versions = {event: given["version"]} if "version" in given else None
    triage.merge(given.get("events", []), event, by, given.get("why", ""), versions=versions)


def _undone(event: str, by: Any) -> Decision:
    last = next((decision for decision in triage.last_of(by) if decision.event_id == event), None)
    if last is None:
        raise triage.Refused("None of your latest decisions on this event can be undone.")
    return last


def _undo(event: str, by: Any, given: Mapping[str, Any]) -> None:
    triage.undo(_undone(event, by), by, given.get("why", ""))


def _plain(name: str) -> Callable[[str, Any, Mapping[str, Any]], None]:
    """A deed that needs nothing but the event, the reason and the version."""

    def deed(event: str, by: Any, given: Mapping[str, Any]) -> None:
        getattr(triage, name)(event, by, given.get("why", ""), version=given.get("version"))

    return deed


DEEDS: dict[str, Callable[[str, Any, Mapping[str, Any]], None]] = {
    "accept": _accept,
    "dismiss": _dismiss,
    "edit": _edit,
    "merge": _merge,
    "undo": _undo,
    "snooze": lambda event, by, given: triage.snooze(
        event, by, until=given.get("until"), version=given.get("version")
    ),
    "supersede": lambda event, by, given: triage.supersede(
        event, given.get("events", []), by, given.get("why", ""), version=given.get("version")
    ),
    **{name: _plain(name) for name in ("ask_review", "reopen", "retract", "restore", "dispute", "settle")},
}


class Imports(Writing):
    scopes = {"POST": "import"}

    @extend_schema(
        operation_id="import",
        parameters=[DRY_RUN.documented(), KEY],
        request=shapes.Import,
        responses=shapes.Imported,
        tags=["Writing"],
    )
    @answered_once
    def post(self, request):
        """Put records on record, all of them or none. Sent twice, it changes nothing the second time. A
        `recorded_at` is kept where the log allows it and refused where its past would change."""
        return self.deed(lambda: self._imported(request))

    def _imported(self, request):
        if not request.user.has_perm("tracker.review_event"):
            raise PermissionDenied("Importing puts events on record unseen; it needs the role of a reviewer.")
        given = checked(shapes.Import, request)
        records, errors = [], []
        for number, raw in enumerate(given["records"]):
            try:
                records.append(record.check(raw))
            except record.RecordError as wrong:
                errors.append({"name": f"records[{number}]", "reason": str(wrong)})
        if errors:
            told = "; ".join(f"{each['name']}: {each['reason']}" for each in errors[:20])
            raise NotARecord(told, errors)

        def enter():
            return importing.enter(records, who=self.who(), by=request.user, why=given.get("why", ""))

        if why := refusing(lambda: signing.weight_of(enter, request.user)):
            # A file cannot be put before a colleague, each of its acts can.
            instead = (
                "That needs a second person: send them as proposals, or let the operator import the file."
            )
            raise Refused(" ".join([*why[:20], instead]))
        outcome = refusing(enter)
        body = {"added": outcome.added, "changed": outcome.changed, "known": outcome.known}
        return HttpResponse(conditional.written(body), content_type=conditional.JSON)

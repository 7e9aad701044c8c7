"""Events on record: the list with its filters, one event, its history.

The change feed: every revision in the order of the log, for exact mirrors.
"""

from __future__ import annotations

import bisect
import datetime
import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.exceptions import NotFound

from scorecard import acts, conditional, footing, history, method, reliability
from scorecard.api import parameters
from scorecard.api.problems import Branched, Invalid
from scorecard.api.serializers import record as shapes
from scorecard.api.views import (
    CURSOR,
    LIMIT,
    Listing,
    Order,
    Reading,
    Walk,
    closed,
    moment,
    next_address,
    only,
    opened,
    public,
    reads,
)
from scorecard.models import Dispute
from tracker import log, record, search
from tracker.codebook import current
from tracker.models import ArchivedCopy, Event, Head, Revision

FIELDS = (*shapes.EventShape().fields,)
ID = OpenApiParameter(
    "id", {"type": "string", "pattern": f"^{record.ID.pattern}$"}, OpenApiParameter.PATH,
    description="The permanent id of an event.",
)  # fmt: skip
OFF_RECORD = tuple(status for status in Event.Status.values if status not in Event.ON_RECORD)
# The parameters that are lists, and the prefixes of the search that say the same.
TERMS = {
    "recommendation": "rec", "direction": "direction", "strength": "strength", "ask": "ask", "actor": "actor",
    "certainty": "certainty",
}  # fmt: skip
QUERY = (
    'Words in any of its languages, each where a word begins; "in quotes" whole and in this order. `-` before a word '
    "excludes, `OR` between two takes either. Prefixes: "
    + ", ".join(f"`{name}:`" for name in search.PUBLIC)
    + "."
)
TONGUES = tuple(language.split("-")[0] for language in current().languages)
ASKS = sorted({ask for _, ask in current().asks})


@reads(operation_id="events", responses=shapes.Events, tags=["Record"])
class Events(Listing):
    """The events on record, newest act first. Proposals that nobody has accepted are not public.

    With `known_at` each event is as it was known at the end of that day, and filters look at it as it was; the
    method takes the same versions for the figures of that day.
    """

    orders = {
        "-date": Order("date", down=True),
        "date": Order("date", down=False),
        "id": Order("pk", down=False),
        "-id": Order("pk", down=True),
    }
    parameters = (
        parameters.query("q", QUERY, example=str(current()[current().slugs[0]].short)),
        parameters.choices("recommendation", current().slugs, "Coded for one of these."),
        parameters.choices("direction", ("1", "-1", "0"), "1 advances, -1 undermines, 0 mixed."),
        parameters.choices("strength", ("1", "2", "3", "4", "5"), "1 words … 5 operating."),
        parameters.choices("ask", ASKS, "Speaks to one of these asks."),
        parameters.choices("actor", current().actor_slugs, "Names one of these actors."),
        parameters.choices("certainty", record.CERTAINTIES, "How sure it is."),
        parameters.day("first", "Acts of this day or later.", example="2025-05-01"),
        parameters.day("last", "Acts of this day or earlier.", example="2025-12-31"),
        parameters.choice(
            "language",
            TONGUES,
            "With a source in this language.",
        ),
        parameters.identifier("supersedes", "Events that end this one's effect."),
        parameters.choice(
            "retracted",
            ("false", "true", "any"),
            "Retracted events: left out, only they, or both.",
            default="false",
        ),
        parameters.choice("order", tuple(orders), "By the day of the act, or by id.", default="-date"),
        parameters.KNOWN_AT,
        parameters.fields(FIELDS),
        LIMIT,
        CURSOR,
    )

    def rows(self, asked, **place):
        # Said as an exclusion, so that the order by date comes from its index and not from a sort of all.
        return with_state(Event.objects.exclude(status__in=OFF_RECORD).filter(wanted(asked).condition()))

    def answer(self, asked, **place):
        day = asked["known_at"]
        if day is None:
            return {"known_at": None, **super().answer(asked, **place)}
        name, order = self.ordered(asked)
        total, revisions, cursor = _page(asked, order, f"{name}:{day}")
        return {
            "known_at": day.isoformat(),
            "total": total,
            "next": next_address(self.public(), self.request.query_params, cursor),
            "results": only(as_known(revisions, day), asked["fields"]),
        }

    def walk(self):
        return Walk(int(self.state.partition("-")[0]), redated)

    def together(self, rows):
        return stated(rows)

    def item(self, row):
        return event(row)


def wanted(asked: dict[str, Any]) -> search.EventQuery:
    """The query that the parameters make together; a query that speaks of retracted events itself has its way."""
    chosen = {term: asked[name] for name, term in TERMS.items() if asked[name]}
    chosen["supersedes"] = [asked["supersedes"]] if asked["supersedes"] else []
    chosen["lang"] = [asked["language"]] if asked["language"] else []
    if asked["first"] or asked["last"]:
        chosen["date"] = [f"{asked['first'] or ''}..{asked['last'] or ''}"]
    if asked["retracted"] != "any" and not search.EventQuery.read(asked["q"] or "").asks("retracted"):
        chosen["retracted"] = [asked["retracted"]]
    try:
        return search.EventQuery.read(asked["q"] or "", chosen)
    except search.SearchError as error:
        raise Invalid([{"name": "q", "reason": str(error)}]) from None


def redated(since: int) -> dict[str, datetime.date]:
    """The events that have another date than at a revision, each with the date that it had then."""
    touched = Revision.objects.filter(sequence__gt=since).values("event")
    before = Revision.objects.filter(sequence__lte=since, event__in=touched).order_by("sequence")
    then = {event: json.loads(body)["date"] for event, body in before.values_list("event", "body")}
    now = Event.objects.filter(pk__in=then).values_list("pk", "date")
    return {key: datetime.date.fromisoformat(then[key]) for key, date in now if then[key] != date.isoformat()}


def with_state(rows: QuerySet) -> QuerySet:
    """Events with the number of the revision that is their present state."""
    latest = Revision.objects.filter(event=OuterRef("pk")).order_by("-sequence")
    numbered = rows.annotate(latest=Subquery(latest.values("sequence")[:1]))
    return numbered.only("id", "date", "status", "merged_into_id")


def stated(rows: Iterable[Any]) -> list[Any]:
    """The same with that revision at hand; one query for all."""
    found = list(rows)
    revisions = Revision.objects.only("body", "written_at", "event_id", "who", "by_id").in_bulk(
        [row.latest for row in found if row.latest]
    )
    for row in found:
        row.state = revisions.get(row.latest)
    reviews = reliability.reviews(*_written([row.state for row in found if row.state]))
    copies = _copies(row.state for row in found if row.state)
    for row in found:
        row.review, row.copies = reviews.get(row.pk), copies
    return found


def _copies(revisions: Iterable[Revision], day: datetime.date | None = None) -> dict[str, ArchivedCopy]:
    """The archived copies of what these versions cite, as known on a day."""
    return acts.copies(
        [source["url"] for revision in revisions for source in revision.record["sources"]], day
    )


def event(row: Event) -> dict[str, Any]:
    disputed = row.status == Event.Status.DISPUTED
    return shown(row.state, disputed, row.review, row.copies)


def _page(asked: dict[str, Any], order: Order, name: str) -> tuple[int, list[Revision], str | None]:
    """How many there were as known on the day asked for, the versions of one page, and the cursor of the next."""
    found, key = history.ordered(asked["known_at"], order.column, wanted(asked))
    limit, cursor = asked["limit"], asked["cursor"]
    first = len(found) if order.down else 0
    if cursor is not None:
        (value, event), _began = opened(cursor, order, name, str)
        place = (event,) if value is None else (value.isoformat(), event)
        side = bisect.bisect_left if order.down else bisect.bisect_right
        first = side(found, place, key=key)
    taken = found[max(0, first - limit) : first][::-1] if order.down else found[first : first + limit]
    more = first > limit if order.down else first + limit < len(found)
    last = key(taken[-1]) if more else ()
    after = closed((None if order.column == "pk" else last[0], last[-1]), name) if more else None
    revisions = Revision.objects.in_bulk([version + 1 for version in taken])
    return len(found), [revisions[version + 1] for version in taken], after


@reads(
    operation_id="event",
    parameters=[ID],
    responses={
        200: shapes.EventShape,
        301: OpenApiResponse(shapes.Merged, description="Merged: `Location` is the event it became."),
    },
    tags=["Record"],
)
class OneEvent(Reading):
    """One event as it stands, or as it was known on a day. A merged id leads to its target."""

    parameters = (parameters.KNOWN_AT,)

    def answer(self, asked, id):
        (row,) = stated(with_state(Event.objects.filter(pk=id))) or (None,)
        if row is None or (row.latest is None and row.merged_into_id is None):
            raise NotFound(f"No event on record has the id {id[:100]!r}.")
        day = asked["known_at"]
        if day is None:
            return _moved(row) if row.merged_into_id else event(row)
        revision = _known(id, day)
        if row.merged_into_id and (revision is None or revision.record["retracted"]):
            return _moved(row)
        if revision is None:
            raise NotFound(f"The record did not hold {id} on {day}.")
        return as_known([revision], day)[0]


def as_known(revisions: list[Revision], day: datetime.date) -> list[dict[str, Any]]:
    """Versions of events in the shape of events, as known on a day. Whether a dispute is open is said of today."""
    ids = [revision.event_id for revision in revisions]
    disputed = set(
        Event.objects.filter(pk__in=ids, status=Event.Status.DISPUTED).values_list("pk", flat=True)
    )
    records, writers = _written(revisions)
    reviews = reliability.reviews(records, writers, day)
    copies = _copies(revisions, day)
    return [
        shown(revision, revision.event_id in disputed, reviews[revision.event_id], copies)
        for revision in revisions
    ]


def _written(revisions: list[Revision]) -> tuple[list[Any], reliability.Writers]:
    """Records of versions, and who wrote each."""
    writers = {revision.event_id: (revision.who, revision.by_id) for revision in revisions}
    return [revision.record for revision in revisions], writers


def shown(
    revision: Revision, disputed: bool, review: reliability.Review, copies: dict[str, ArchivedCopy]
) -> dict[str, Any]:
    """One version of an event as the API shows it."""
    line = revision.record
    return {
        **record.whole(line),
        "sequence": revision.sequence,
        "changed_at": moment(revision.written_at),
        "disputed": disputed,
        "coded_by": review.coded_by,
        "confirmed_on": review.confirmed_on.isoformat() if review.confirmed_on else None,
        "archived": [
            {"url": found.url, "copy": found.copy, "made_on": found.made_on and found.made_on.isoformat()}
            for found in (copies.get(source["url"]) for source in line["sources"])
            if found
        ],
        "page": public(f"/events/{line['id']}/"),
    }


def _known(event_id: str, day: datetime.date) -> Revision | None:
    """The version of an event that the method takes for a day of knowledge; retractions too."""
    revisions = list(Revision.objects.filter(event=event_id).order_by("sequence"))
    places = history.known(method.EMPTY.extend(revision.record for revision in revisions), day).tolist()
    return revisions[places[0]] if places else None


def target(event: Event) -> str:
    """The id at the end of a chain of merges."""
    seen = {event.pk}
    while event.merged_into_id and event.merged_into_id not in seen:
        seen.add(event.merged_into_id)
        event = Event.objects.only("id", "merged_into_id").get(pk=event.merged_into_id)
    return event.pk


def _moved(row: Event) -> HttpResponse:
    found = target(row)
    location = public(f"/api/v1/events/{found}/")
    body = conditional.written({"id": row.pk, "merged_into": found, "location": location})
    answer = HttpResponse(body, status=301, content_type=conditional.JSON)
    answer.headers["Location"] = location
    return answer


@reads(operation_id="event_history", parameters=[ID], responses=shapes.History, tags=["Record"])
class EventHistory(Reading):
    """Every version of one event, oldest first, who wrote it and why, and the disputes about it."""

    def version(self):
        latest = Dispute.objects.aggregate(last=Max("id"), answered=Max("answered_at"))
        return f"{footing.head()}:{latest['last']}:{latest['answered']}"

    def answer(self, asked, id):
        revisions = Revision.objects.filter(event=id).order_by("sequence")
        found = [change(revision) for revision in revisions]
        if not found:
            raise NotFound(f"No event on record has the id {id[:100]!r}.")
        row = Event.objects.only("id", "merged_into_id").get(pk=id)
        names = ("reference", "state", "received_at", "answered_at", "changed_by")
        disputes = Dispute.objects.public().filter(event=id).order_by("id").values(*names)
        return {
            "id": id,
            "merged_into": target(row) if row.merged_into_id else None,
            "results": found,
            "disputes": [
                {
                    **each,
                    "received_at": moment(each["received_at"]),
                    "answered_at": moment(each["answered_at"]),
                }
                for each in disputes
            ],
        }


def change(revision: Revision) -> dict[str, Any]:
    """A revision as mirrors read it."""
    return {**log.envelope(revision), "previous": revision.previous, "digest": revision.digest}


AFTER = parameters.number(
    "after", "The last sequence number you hold.", least=0, most=(1 << 53) - 1, default=0, example=0
)
LIMIT = parameters.number("limit", "How many.", least=1, most=1000, default=500, example=2)


DIGEST = parameters.Parameter(
    "digest",
    "The `digest` of that revision, as you hold it: 409 if it is not the one of this log.",
    parameters.digest,
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
)


def _digest_of(sequence: int) -> str:
    return Revision.objects.filter(sequence=sequence).values_list("digest", flat=True).first() or ""


def _check_branch(after: int, digest: str | None, last: int) -> None:
    """Refuse a mirror that holds what this log does not."""
    if after > last:
        raise Branched(
            f"after: you hold revision {after}, and this log ends with {last}. It was set back, by a restore for "
            "instance: go back to the last revision whose digest is still in it, or begin again with after=0."
        )
    if digest is not None and digest != _digest_of(after):
        raise Branched(
            f"digest: revision {after} of this log has another digest than yours, so that the two have parted. Go back "
            "to the last revision whose digest is still in it, or begin again with after=0."
        )


@reads(operation_id="changes", responses=shapes.Changes, tags=["Mirror"])
class Changes(Reading):
    """Every revision after a sequence number: create, update, merge, split, supersede, retract, restore.

    Numbers are 1, 2, 3 … without gaps. Write each `record` as JSON without spaces, one a line, and your file
    equals `/api/v1/exports/record.jsonl` byte for byte, however long you were away. Each `digest` chains the
    revision to the one before it. A mirror that holds what this log does not (after a restore, say) is told so by a
    `409`: by its number, or by its `digest`, which `next` carries along.
    """

    branches = True  # a mirror may hold another log

    parameters = (AFTER, DIGEST, LIMIT)

    def version(self):
        return footing.record_head()

    def answer(self, asked, **place):
        head = Head.objects.filter(id=1).first() or Head()
        after = asked["after"]
        _check_branch(after, asked["digest"], head.sequence)
        rows = Revision.objects.filter(sequence__gt=after, sequence__lte=head.sequence)
        found = list(rows.order_by("sequence")[: asked["limit"]])
        last = (found[-1].sequence, found[-1].digest) if found else (after, _digest_of(after))
        held = f"&digest={last[1]}" if last[1] else ""
        return {
            "head": {"sequence": head.sequence, "digest": head.digest},
            "next": public(f"/api/v1/changes/?after={last[0]}{held}&limit={asked['limit']}"),
            "complete": last[0] >= head.sequence,
            "results": [change(revision) for revision in found],
        }

"""The record coded again: events that no person has coded, drawn by chance and stratum, to be coded blind by people.

The law: an editor says how many and chance says which, keyed by the service's secret and the draw. What stands is
kept as the first coding, under the name of the hand that it came from, which is no person's; the second is a person's
who has neither confirmed nor changed the event.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log, rows
from tracker import record as record_format
from tracker.models import Coding, Draw, Event, MachineCoding, Revision
from tracker.triage import access, coding, trust
from tracker.triage.statuses import NotAllowed, Refused
from tracker.triage.steps import REVIEW

MOST = 500
PARTS = {1: "talk", 2: "talk", 3: "commitment", 4: "deed", 5: "deed"}
COLUMNS = (
    "event", "kind", "part", "coder", "done_on", "relevant", "actors", "certainty", "recommendation",
    "direction", "strength", "ask",
)  # fmt: skip


def draw(count: int, by: Any) -> Draw:
    """Ask for a blind second coding of so many events of the record that no person has coded."""
    if not by.has_perm(REVIEW):
        raise NotAllowed(_("Your role does not include this step; ask an administrator for it."))
    if not 1 <= count <= MOST:
        raise Refused(_("Choose 1 to %(most)d events.") % {"most": MOST})
    with transaction.atomic():
        log.lock()
        waiting = list(_undrawn())
        if not waiting:
            raise Refused(_("Every event on record has been coded by a person, or waits to be coded blind."))
        row = Draw.objects.create(asked=count, by=by)
        drawn = _drawn(waiting, count, f"draw {row.pk}")
        row.strata = dict(sorted(Counter(stratum(event) for event in drawn).items()))
        row.save(update_fields=["strata"])
        _ask(row, drawn)
        log.turn()
    return row


def stratum(event: Event) -> str:
    """The recommendation that the event's strongest code is about, and whether that is talk, a commitment or a deed.
    Its assessments are at hand."""
    strongest = max(event.assessments.all(), key=lambda row: row.strength, default=None)
    return f"{strongest.recommendation_id} {PARTS[strongest.strength]}" if strongest else ""


def shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """So many of each stratum that all are in proportion: the whole parts, then the largest remainders. Pure."""
    whole = sum(sizes.values())
    count = min(count, whole)
    exact = {name: count * size / whole for name, size in sizes.items()}
    found = {name: int(share) for name, share in exact.items()}
    rest = sorted(exact, key=lambda name: (found[name] - exact[name], name))
    for name in rest[: count - sum(found.values())]:
        found[name] += 1
    return found


def _undrawn() -> Iterator[Event]:
    """What counts, was coded by no person, and is in no double coding yet."""
    found = Event.objects.accepted().exclude(codings__isnull=False).prefetch_related("assessments")
    people = {
        event
        for event, marks in trust.everything().items()
        if any(how == "written" for _codes, _day, how, _ended in marks)
    }
    return (event for event in found if event.pk not in people)


def _drawn(waiting: list[Event], count: int, name: str) -> list[Event]:
    strata: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(waiting, key=lambda event: coding.lot(event.pk, name)):
        strata[stratum(event)].append(event)
    wanted = shares({key: len(events) for key, events in strata.items()}, count)
    return [event for key, events in strata.items() for event in events[: wanted[key]]]


def _ask(row: Draw, events: list[Event]) -> None:
    hands: dict[str, str] = {}
    last = Revision.objects.filter(event__in=events).order_by("sequence").values_list("event_id", "who")
    hands.update(last)
    now = timezone.now()
    for event in events:
        Coding.objects.create(
            event=event,
            part=Coding.Part.FIRST,
            reader=hands.get(event.pk) or "–",
            draw=row,
            done_at=now,
            body=access.coding_of(event, relevant=True),
        )
        Coding.objects.create(event=event, part=Coding.Part.SECOND, draw=row)


def progress() -> list[Draw]:
    """Every draw, the newest first, with `total` events and how many are `done`."""
    second = Q(codings__part=Coding.Part.SECOND)
    return list(
        Draw.objects.select_related("by")
        .annotate(
            total=Count("codings", filter=second),
            done=Count("codings", filter=second & Q(codings__done_at__isnull=False)),
        )
        .order_by("-pk")
    )


# The raw codings as a download


def lines(*, on_record: bool = False) -> Iterator[dict[str, Any]]:
    """Every finished coding of an event that was coded twice, people under numbers and not names, a line each;
    `on_record`: only of events that are."""
    coders: dict[int, str] = {}
    seconds = Coding.objects.filter(part=Coding.Part.SECOND, done_at__isnull=False)
    found = Coding.objects.filter(event__in=seconds.values("event"), done_at__isnull=False)
    machines = MachineCoding.objects.order_by("event_id", "id")
    if on_record:
        found = found.filter(event__in=Event.objects.accepted())
        machines = machines.filter(event__in=Event.objects.accepted())
    for row in found.order_by("event_id", "id"):
        who = row.reader or coders.setdefault(row.coder_id or 0, f"person {len(coders) + 1}")
        day = row.done_at.date().isoformat() if row.done_at else None
        kind = "machine" if row.reader else "person"
        yield {
            "event": row.event_id,
            "kind": kind,
            "part": row.part,
            "coder": who,
            "done_on": day,
            **(row.body or {}),
        }
    for each in machines:
        plain = {"event": each.event_id, "kind": "machine", "done_on": None}
        for part, coder, body in (
            ("first", f"release {each.release}", each.first),
            ("second", each.reader, each.body),
        ):
            yield {**plain, "part": part, "coder": coder, "relevant": True, **record_format.codes(body)}


def state() -> str:
    """Changes with whatever moves a line."""
    people = Coding.objects.aggregate(count=Count("id"), at=Max("done_at"))
    machines = MachineCoding.objects.aggregate(count=Count("id"), last=Max("id"))
    return f"{log.head()}:{people}:{machines}"


def jsonl() -> Iterator[str]:
    for line in lines():
        yield json.dumps(line, ensure_ascii=False) + "\n"


def csv_lines() -> Iterator[str]:
    """One row for each assessment of each coding; a coding without one has one row."""
    return rows.csv_lines(COLUMNS, table())


def table(*, on_record: bool = False) -> Iterator[list[Any]]:
    """The same as rows of COLUMNS."""
    for line in lines(on_record=on_record):
        facts = [line[name] for name in COLUMNS[:6]]
        facts += [" ".join(line.get("actors") or ()), line.get("certainty") or ""]
        yield from ([*facts, *code] for code in _codes(line))


def _codes(line: Mapping[str, Any]) -> Iterable[list[Any]]:
    found = [
        [code["rec"], code["direction"], code["strength"], code.get("ask") or ""]
        for code in line.get("assessments") or ()
    ]
    return found or [[""] * 4]

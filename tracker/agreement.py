"""Blind double coding: the second coding, its adjudication, how far coders agree, and the raw codings to take along.

The law: agreement compares what two people said before either could see the other, never what stands after
they talked. Krippendorff's alpha with a bootstrap interval over events, and the number of events it rests on; people
and language models each under their own name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import krippendorff
import numpy as np
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import log, record, rows, triage
from tracker.codebook import current
from tracker.models import Coding, Event, MachineCoding
from tracker.triage import coding, double_coding
from tracker.triage.steps import DECIDE, REVIEW, reason

DRAWS = 400
KEPT_SECONDS = 24 * 3600
CERTAINTY_ORDER = {"rumoured": 1, "reported": 2, "confirmed": 3}
# Who the two coders were: two people; a person and the record as no account of ours coded it; two language models.
KINDS = PEOPLE, RECORD, MACHINES = ("people", "record", "machines")
LEAST_UNITS = 30  # below, an alpha says nothing and its interval pretends to
RAW_COLUMNS = (
    "event", "kind", "part", "coder", "done_on", "relevant", "actors", "certainty", "recommendation",
    "direction", "strength", "ask",
)  # fmt: skip
Level = Literal["nominal", "ordinal"]
Pair = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One field's alpha: None where it is not defined (fewer than two events, or only one value used)."""

    field: str
    recommendation: str
    alpha: float | None
    low: float | None
    high: float | None
    n: int


# Asking and answering


def to_adjudicate(user: Any = None) -> Any:
    """Disagreements that wait for a reviewer; for `user` without those in which the user gave one of the codings."""
    waiting = Coding.objects.filter(part=Coding.Part.ADJUDICATION, done_at=None)
    if user is not None:
        waiting = waiting.exclude(event_id__in=_coded_by(user))
    return waiting.select_related("event").order_by("asked_at", "id")


def code_second(row: Coding, by: Any, body: Mapping[str, Any]) -> Coding | None:
    """Keep the blind second coding; the adjudication that it opens, or None when both agree."""
    _allowed(by, DECIDE)
    with transaction.atomic():
        row = Coding.objects.select_for_update().get(pk=row.pk, part=Coding.Part.SECOND)
        first = Coding.objects.get(event=row.event, part=Coding.Part.FIRST)
        if first.coder_id == by.pk:
            raise triage.NotAllowed(_("You coded this event first; somebody else codes it blind."))
        if row.done_at:
            raise triage.Stale(_("This event has been coded a second time already."))
        if not double_coding.second_codings_for(by).filter(pk=row.pk).exists():
            raise triage.NotAllowed(_("You have seen the first coding; somebody else codes it blind."))
        row.coder, row.done_at, row.body = by, timezone.now(), checked(row.event, body)
        row.save()
        opened = None
        if differences(first.body or {}, row.body):
            opened, _made = Coding.objects.get_or_create(event=row.event, part=Coding.Part.ADJUDICATION)
        log.turn()
    return opened


def adjudicate(row: Coding, by: Any, body: Mapping[str, Any], why: str) -> Coding:
    """Settle a disagreement: the coding that holds from now on. The record follows it, with the reason."""
    _allowed(by, REVIEW)
    if not reason(why):
        raise triage.Refused(_("Say why: readers see the reason beside every change of the record."))
    with transaction.atomic():
        row = Coding.objects.select_for_update().get(pk=row.pk, part=Coding.Part.ADJUDICATION)
        if row.done_at:
            raise triage.Stale(_("This disagreement has been settled already."))
        if _coded_by(by).filter(event=row.event).exists():
            raise triage.NotAllowed(_("You gave one of the two codings; somebody else settles it."))
        settled = checked(row.event, body)
        _follow(row.event, settled, by, why)
        row.coder, row.done_at, row.body = by, timezone.now(), settled
        row.save()
    return row


def _coded_by(user: Any) -> Any:
    """The events of which the user gave one of the two codings."""
    parts = (Coding.Part.FIRST, Coding.Part.SECOND)
    return Coding.objects.filter(part__in=parts, coder=user, done_at__isnull=False).values("event_id")


def checked(event: Event, body: Mapping[str, Any]) -> dict[str, Any]:
    """A coding in its full form, or `Refused` with what the codebook says."""
    if not body.get("relevant", True):
        return {"relevant": False, "actors": [], "certainty": "", "assessments": []}
    lines = coding.checked(event, body.get("assessments") or ())
    coding.needs_some(lines)
    certainty = body.get("certainty")
    if certainty not in record.CERTAINTIES:
        raise triage.Refused(
            _("certainty is one of %(allowed)s.") % {"allowed": ", ".join(record.CERTAINTIES)}
        )
    actors = [actor for actor in current().actor_slugs if actor in (body.get("actors") or ())]
    return {"relevant": True, "actors": actors, "certainty": certainty, "assessments": lines}


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """The fields in which two codings differ; rationale and ask are each coder's own words."""
    found = [name for name in ("relevant", "actors", "certainty") if first[name] != second[name]]
    one, other = _codes(first), _codes(second)
    return found + [slug for slug in current().slugs if one.get(slug) != other.get(slug)]


def _codes(body: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    return {line["rec"]: (line["direction"], line["strength"]) for line in body["assessments"]}


def _allowed(by: Any, permission: str) -> None:
    if not by.has_perm(permission):
        raise triage.NotAllowed(_("Your role does not include this step; ask an administrator for it."))


def _follow(event: Event, settled: Mapping[str, Any], by: Any, why: str) -> None:
    """Bring the event to what was settled, if it stands otherwise."""
    event.refresh_from_db()
    stands = double_coding.coding_of(event, relevant=event.on_record and not event.retracted)
    if not differences(stands, settled):
        return
    if not settled["relevant"]:
        if event.on_record:
            triage.retract(event, by, why)
        return
    fields = {name: settled[name] for name in ("assessments", "actors", "certainty")}
    if event.on_record:
        if event.retracted:
            triage.restore(event, by, why)
        if differences(double_coding.coding_of(event, relevant=True), settled):
            triage.edit(event, by, fields, why)
        return
    if event.status == Event.Status.DISMISSED:
        triage.reopen(event, by, why)
    triage.accept(event, by, why=why, **fields)


# Measuring


def figures(draws: int = DRAWS) -> list[dict[str, Any]]:
    """Agreement of two people: for relevance, actors, certainty, all directions together, and direction and
    strength of each recommendation."""
    found: list[dict[str, Any]] = by_kind(draws)[PEOPLE]["results"]
    return found


def by_kind(draws: int = DRAWS) -> dict[str, dict[str, Any]]:
    """For each of `KINDS` how many events were coded twice and how far both agree, as plain values that are kept
    until the next coding is done. An alpha and its interval are there only from `LEAST_UNITS` units on."""
    done = Coding.objects.aggregate(count=Count("done_at"), last=Max("done_at"))
    machines = MachineCoding.objects.count()
    key = f"agreement:{draws}:{done['count']}:{done['last']}:{machines}".replace(" ", "_")
    found: dict[str, dict[str, Any]] | None = cache.get(key)
    if found is None:
        counts = {PEOPLE: done["count"], RECORD: done["count"], MACHINES: machines}
        pairs = {kind: finished(kind) if counts[kind] else [] for kind in KINDS}
        found = {
            kind: {"events": len(each), "results": [_told(line) for line in measured(each, draws)]}
            for kind, each in pairs.items()
        }
        cache.set(key, found, KEPT_SECONDS)
    return found


def _told(found: Agreement) -> dict[str, Any]:
    line = asdict(found)
    return line if found.n >= LEAST_UNITS else line | {"alpha": None, "low": None, "high": None}


def finished(kind: str = PEOPLE) -> list[Pair]:
    """First and second codings of every event that was coded twice by coders of a kind."""
    if kind == MACHINES:
        given = MachineCoding.objects.filter(blind=True).values_list("first", "body")
        return [tuple({"relevant": True, **body} for body in both) for both in given]  # type: ignore[misc]
    readers = {"reader": ""} if kind == PEOPLE else {"reader__gt": ""}
    second = Coding.objects.filter(part=Coding.Part.SECOND, done_at__isnull=False).order_by("event_id")
    seconds: dict[str, Any] = dict(second.values_list("event_id", "body"))
    if not seconds:  # most records: what was coded once need not be read
        return []
    first = Coding.objects.filter(part=Coding.Part.FIRST, done_at__isnull=False, **readers)
    firsts: dict[str, Any] = dict(
        first.filter(event__in=second.values("event")).values_list("event_id", "body")
    )
    return [(firsts[key], body or {}) for key, body in seconds.items() if key in firsts]


def measured(pairs: list[Pair], draws: int = DRAWS) -> list[Agreement]:
    """Every field's alpha. Pure."""
    found = [
        _alpha("relevant", "", pairs, lambda body: [str(body["relevant"])], "nominal", draws),
        _alpha("actors", "", pairs, lambda body: ["+".join(body["actors"])], "nominal", draws),
        _alpha(
            "certainty", "", pairs, lambda body: [CERTAINTY_ORDER.get(body["certainty"])], "ordinal", draws
        ),
        _alpha("direction", "", pairs, _all_directions, "nominal", draws),
    ]
    for slug in current().slugs:
        found.append(_alpha("direction", slug, pairs, _direction_of(slug), "nominal", draws))
        found.append(_alpha("strength", slug, pairs, _strength_of(slug), "ordinal", draws))
    return found


def _direction_of(slug: str) -> Callable[[Mapping[str, Any]], list[str]]:
    def values(body: Mapping[str, Any]) -> list[str]:
        code = _codes(body).get(slug)
        return ["none" if code is None else str(code[0])]

    return values


def _strength_of(slug: str) -> Callable[[Mapping[str, Any]], list[int | None]]:
    def values(body: Mapping[str, Any]) -> list[int | None]:
        code = _codes(body).get(slug)
        return [None if code is None else code[1]]

    return values


def _all_directions(body: Mapping[str, Any]) -> list[str]:
    return [value for slug in current().slugs for value in _direction_of(slug)(body)]


def _alpha(
    field: str,
    recommendation: str,
    pairs: list[Pair],
    values: Callable[[Mapping[str, Any]], Iterable[Any]],
    level: Level,
    draws: int,
) -> Agreement:
    """Alpha over the units of all pairs; an event is drawn with all its units, as they are not
    independent."""
    units = [list(zip(values(first), values(second), strict=True)) for first, second in pairs]
    units = [[unit for unit in event if None not in unit] for event in units]
    units = [event for event in units if event]
    used = sorted({value for event in units for unit in event for value in unit})
    number = {value: place for place, value in enumerate(used)}
    # counts[event]: how often each value was given to each unit
    counts = [
        np.array([[(number[one] == v) + (number[two] == v) for v in range(len(used))] for one, two in event])
        for event in units
    ]
    alpha = _of_counts(counts, used, level)
    if alpha is None:
        return Agreement(field, recommendation, None, None, None, len(units))
    spread = _drawn(counts, level, draws)
    low, high = np.quantile(spread, (0.025, 0.975)) if len(spread) >= draws / 2 else (None, None)
    return Agreement(
        field,
        recommendation,
        alpha,
        None if low is None else float(low),
        None if high is None else float(high),
        len(units),
    )


def _drawn(counts: list[np.ndarray], level: Level, draws: int) -> np.ndarray:
    """Alphas of so many draws of as many events with replacement; draws with one value only are left out.

    All draws at once, from how often each event brings two values together: alpha is 1 - observed / expected
    disagreement (Krippendorff 2011), for two coders without gaps.
    """
    chance = np.random.default_rng(20250121)
    places = chance.integers(0, len(counts), (draws, len(counts)))
    times = np.stack([np.bincount(row, minlength=len(counts)) for row in places])
    together = np.stack([units.T @ units - np.diag(units.sum(axis=0)) for units in counts])
    observed = np.einsum("de,eck->dck", times, together).astype(float)
    count = observed.sum(axis=2)
    if level == "ordinal":
        upto = np.cumsum(count, axis=1)
        low, high = np.minimum.outer(r := np.arange(count.shape[1]), r), np.maximum.outer(r, r)
        between = upto[:, high] - upto[:, low] + count[:, low] - (count[:, low] + count[:, high]) / 2
        apart = between**2
    else:
        apart = np.broadcast_to(1.0 - np.eye(count.shape[1]), observed.shape)
    expected = (count[:, :, None] * count[:, None, :] * apart).sum(axis=(1, 2)) / (count.sum(axis=1) - 1)
    told = expected > 0
    found: np.ndarray = 1 - (observed * apart).sum(axis=(1, 2))[told] / expected[told]
    return found


def _of_counts(counts: list[np.ndarray], used: list[Any], level: Level) -> float | None:
    if len(counts) < 2:
        return None
    table = np.vstack(counts)
    if (table.sum(axis=0) > 0).sum() < 2:  # one value only: nothing to disagree about, alpha is not defined
        return None
    domain = used if level == "ordinal" else list(range(len(used)))
    return float(krippendorff.alpha(value_counts=table, value_domain=domain, level_of_measurement=level))


def raw_lines(*, on_record: bool = False) -> Iterator[dict[str, Any]]:
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
            yield {**plain, "part": part, "coder": coder, "relevant": True, **record.codes(body)}


def raw_state() -> str:
    """Changes with whatever moves a line."""
    people = Coding.objects.aggregate(count=Count("id"), at=Max("done_at"))
    machines = MachineCoding.objects.aggregate(count=Count("id"), last=Max("id"))
    return f"{log.head()}:{people}:{machines}"


def raw_jsonl() -> Iterator[str]:
    for line in raw_lines():
        yield json.dumps(line, ensure_ascii=False) + "\n"


def raw_csv() -> Iterator[str]:
    """One row for each assessment of each coding; a coding without one has one row."""
    return rows.csv_lines(RAW_COLUMNS, raw_table())


def raw_table(*, on_record: bool = False) -> Iterator[list[Any]]:
    """The same as rows of RAW_COLUMNS."""
    for line in raw_lines(on_record=on_record):
        facts = [line[name] for name in RAW_COLUMNS[:6]]
        facts += [" ".join(line.get("actors") or ()), line.get("certainty") or ""]
        yield from ([*facts, *code] for code in _cells(line))


def _cells(line: Mapping[str, Any]) -> Iterable[list[Any]]:
    found = [
        [code["rec"], code["direction"], code["strength"], code.get("ask") or ""]
        for code in line.get("assessments") or ()
    ]
    return found or [[""] * 4]

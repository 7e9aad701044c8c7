"""What somebody follows: changes of acts by recommendation and actor, single acts with what follows them, searches, and
the calendar of what comes next; what changed in meaning between two places of the log, and to whom it is told.

The law: mails and webhooks ask here and nowhere else, so that one wish means the same in both. A change is told where
any of the wish fits the act as it is or as it was, so that nobody misses the end of what they followed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from scorecard import acts, footing, sentences, vocabulary
from scorecard.limits import Fault, none_in
from scorecard.models import Subscription, Webhook
from tracker import record
from tracker.codebook import current
from tracker.models import Event, Revision
from tracker.record import Record
from tracker.search import EventQuery, SearchError, codes_of
from tracker.text import words_of

logger = logging.getLogger(__name__)

Row = Subscription | Webhook
FIELDS = ("changes", "recommendations", "actors", "acts", "searches", "calendar")
MOST_ACTS = 50
MOST_SEARCHES = 20
MEANING = (
    "date", "date_precision", "actors", "certainty", "reach", "until", "supersedes", "suspends", "retracted",
)  # fmt: skip


class BadWish(Fault):
    """A wish that cannot be kept; `field` names what is wrong with it."""


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is followed in its checked form, by `FIELDS`; `BadWish` with everything that is wrong with it. Without a
    word about `changes` they are followed where recommendations or actors are chosen, or nothing else is."""
    found = none_in(
        {
            "recommendations": lambda: among(
                "recommendations", given.get("recommendations", []), current().slugs
            ),
            "actors": lambda: among("actors", given.get("actors", []), current().actor_slugs),
            "acts": lambda: _acts(given.get("acts", [])),
            "searches": lambda: _searches(given.get("searches", [])),
        }
    )
    found["calendar"] = bool(given.get("calendar"))
    chosen = bool(found["recommendations"] or found["actors"])
    others = bool(found["acts"] or found["searches"] or found["calendar"])
    changes = given.get("changes")
    found["changes"] = chosen or (not others if changes is None else bool(changes))
    if not (found["changes"] or others):
        raise BadWish("changes", _("Mark at least one thing to follow."))
    return found


def among(field: str, given: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """What was chosen, in the order of what may be chosen."""
    if set(given) - set(allowed):
        raise BadWish(field, _("Choose one of: %(allowed)s.") % {"allowed": ", ".join(allowed)})
    return [value for value in allowed if value in given]


def _acts(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(given))
    if len(found) > MOST_ACTS:
        raise BadWish("acts", _("At most %(most)d acts can be followed.") % {"most": MOST_ACTS})
    known = set(Event.objects.accepted().filter(pk__in=record.ids(found)).values_list("pk", flat=True))
    for each in found:
        if each not in known:
            raise BadWish("acts", _("No act on record has the id “%(id)s”.") % {"id": each[:100]})
    return found


def _searches(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(" ".join(text.split()) for text in given if text.strip()))
    if len(found) > MOST_SEARCHES:
        raise BadWish("searches", _("At most %(most)d searches can be followed.") % {"most": MOST_SEARCHES})
    for text in found:
        try:
            EventQuery.read(text)
        except SearchError as problem:
            raise BadWish("searches", str(problem)) from None
    return found


def joined(before: Mapping[str, Any] | None, wish: Mapping[str, Any]) -> dict[str, Any]:
    """A new wish on top of what was followed before: acts, searches and the calendar come to it, and what all changes
    are narrowed to is what was asked for last. Of too many acts or searches the newest stay, as to say so would tell
    whether an address is known."""
    before = before or {}
    last = wish if wish["changes"] or not before else before
    return {
        "changes": bool(last.get("changes", True)),
        "recommendations": list(last.get("recommendations", [])),
        "actors": list(last.get("actors", [])),
        "acts": list(dict.fromkeys([*before.get("acts", []), *wish["acts"]]))[-MOST_ACTS:],
        "searches": list(dict.fromkeys([*before.get("searches", []), *wish["searches"]]))[-MOST_SEARCHES:],
        "calendar": bool(before.get("calendar") or wish["calendar"]),
    }


def of(row: Row) -> dict[str, Any]:
    """What a row follows."""
    return {name: getattr(row, name) for name in FIELDS}


def told(wish: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is followed: (key, words in the reader's language) of each thing."""
    found = []
    if wish.get("changes", True):
        names = [vocabulary.short_name(slug) for slug in wish.get("recommendations", ())]
        actors = [vocabulary.actor(actor) for actor in wish.get("actors", ())]
        narrowed = pgettext("joint of clauses", "; ").join(
            sentences.enumerated(each) for each in (names, actors) if each
        )
        words = _("Changes: %(of)s") % {"of": narrowed} if narrowed else _("All changes")
        found.append(("changes", words))
    rows = Event.objects.filter(pk__in=wish.get("acts", ())).values("id", "title", "title_zh")
    titles = {row["id"]: acts.title(row) for row in rows}
    for each in wish.get("acts", ()):
        words = _("%(title)s, and what follows it") % {"title": titles.get(each, each)}
        found.append((f"act:{each}", words))
    for text in wish.get("searches", ()):
        found.append((f"search:{text}", _("Search: %(words)s") % {"words": text}))
    return [*found, ("calendar", _("What comes next"))] if wish.get("calendar") else found


def without(wish: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """What is left to follow without one thing; None where nothing is."""
    kind, _colon, which = key.partition(":")
    left = dict(wish)
    if kind in ("changes", "calendar"):
        left[kind] = False
    elif kind in ("act", "search"):
        name = {"act": "acts", "search": "searches"}[kind]
        left[name] = [each for each in wish[name] if each != which]
    return left if any(left[name] for name in ("changes", "acts", "searches", "calendar")) else None


@dataclass(frozen=True, slots=True)
class Changed:
    """One event whose meaning is another than before; `before` is None for a new one."""

    record: Record
    before: Record | None
    why: str
    sequence: int

    @property
    def kind(self) -> str:
        """added, retracted, restored or recoded."""
        if self.before is None:
            return "added"
        if self.record["retracted"] != self.before["retracted"]:
            return "retracted" if self.record["retracted"] else "restored"
        return "recoded"

    @property
    def lines(self) -> list[Record]:
        """The event as it is, and as it was."""
        return [line for line in (self.record, self.before) if line]


def meaning(record: Record) -> tuple[Any, ...]:
    """What counts as the meaning of a version: all that can move a score, and nothing else."""
    codes = tuple(
        (item["rec"], item["direction"], item["strength"], item["ask"]) for item in record["assessments"]
    )
    return (*(str(record.get(key)) for key in MEANING), codes)


def differs(before: Record | None, after: Record) -> bool:
    """Whether readers must be told. An event that came and went unseen is no news."""
    if before is None:
        return not after["retracted"]
    return meaning(before) != meaning(after)


def net_changes(after: int, until: int) -> list[Changed]:
    """The events whose meaning at revision `until` is another than at `after`, in the order of the log."""
    latest: dict[str, tuple[int, Record, str]] = {}
    rows = Revision.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence")
    for sequence, event, body, why in rows.values_list("sequence", "event", "body", "why").iterator(1000):
        latest[event] = (sequence, json.loads(body), why)
    before = _states(latest, after)
    found = [
        Changed(line, before.get(event), why, sequence)
        for event, (sequence, line, why) in latest.items()
        if differs(before.get(event), line)
    ]
    return sorted(found, key=lambda changed: changed.sequence)


def each_change(after: int, until: int) -> list[tuple[Revision, Changed]]:
    """Every revision between the two that changed the meaning of its event, one by one."""
    rows = list(Revision.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence"))
    before = _states({row.event_id for row in rows}, after)
    found = []
    for row in rows:
        line, old = row.record, before.get(row.event_id)
        if differs(old, line):
            found.append((row, Changed(line, old, row.why, row.sequence)))
        before[row.event_id] = line
    return found


def _states(events: Iterable[str], at: int) -> dict[str, Record]:
    """The records of these events at revision `at`; none for those not yet in the log."""
    if not at:
        return {}
    wanted, found = list(events), {}
    for start in range(0, len(wanted), 500):
        rows = Revision.objects.filter(event__in=wanted[start : start + 500], sequence__lte=at)
        for event, body in rows.order_by("sequence").values_list("event", "body"):
            found[event] = body
    return {event: json.loads(body) for event, body in found.items()}


def successors(records: Iterable[Mapping[str, Any]], event: str) -> set[str]:
    """An act, and every act that ended it or put it to sleep, and those that did so to these."""
    after: dict[str, list[str]] = {}
    for line in records:
        for earlier in (*line["supersedes"], *line.get("suspends", ())):
            after.setdefault(earlier, []).append(line["id"])
    found, todo = {event}, [event]
    while todo:
        new = [each for each in after.get(todo.pop(), ()) if each not in found]
        found.update(new)
        todo += new
    return found


class Follower:
    """Which changes are to be told to whom. What it looks up of the record it looks up once for all who follow."""

    def __init__(self) -> None:
        self._families: dict[str, set[str]] = {}

    def mine(self, row: Row, changes: Sequence[Changed]) -> list[Changed]:
        """Of the changes those that fit what the row follows."""
        queries = [query for query in map(self._query, row.searches) if query is not None]
        family = set().union(*map(self._family, row.acts))
        return [
            changed
            for changed in changes
            if changed.record["id"] in family
            or any(_fits(row, line) or _found(queries, line) for line in changed.lines)
        ]

    def _query(self, text: str) -> EventQuery | None:
        try:
            return EventQuery.read(text)
        except SearchError as problem:  # it could be read when it was asked for: the codebook has moved on
            logger.warning("a search that somebody follows cannot be read any more: %s", problem)
            return None

    def _family(self, event: str) -> set[str]:
        if event not in self._families:
            self._families[event] = successors(self._latest.values(), event)
        return self._families[event]

    @cached_property
    def _latest(self) -> dict[str, Record]:
        return {line[0]["id"]: line[0] for line in footing.bodies()}


def _fits(row: Row, line: Record) -> bool:
    if not row.changes:
        return False
    mine = not row.recommendations or any(item["rec"] in row.recommendations for item in line["assessments"])
    return mine and (not row.actors or any(actor in line["actors"] for actor in row.actors))


def _found(queries: Sequence[EventQuery], line: Record) -> bool:
    if not queries:
        return False
    words, codes = words_of(line), codes_of(line["assessments"])
    return any(query.matches(words, codes, line) for query in queries)

"""Which status an event may move to from which, and how a refusal is said. Pure: no Django, no database.

The law: `FORWARD` is what people and the machine may do; `BACK` is what only an undo may do. Migration
`status_moves` gives the database the union of both, so that no code path can make any other move.
"""

from __future__ import annotations

NEW, PROPOSED, IN_REVIEW, SNOOZED = "new", "proposed", "in_review", "snoozed"
ACCEPTED, DISPUTED, DISMISSED, MERGED = "accepted", "disputed", "dismissed", "merged"
OPEN = (NEW, PROPOSED, IN_REVIEW, SNOOZED)

_DECIDED = {ACCEPTED, DISMISSED, MERGED}

FORWARD: dict[str, set[str]] = {
    "": {NEW, PROPOSED, ACCEPTED},
    NEW: _DECIDED | {PROPOSED, IN_REVIEW, SNOOZED},
    PROPOSED: _DECIDED | {IN_REVIEW, SNOOZED},
    IN_REVIEW: _DECIDED | {PROPOSED, SNOOZED},
    SNOOZED: _DECIDED | {PROPOSED, IN_REVIEW},
    ACCEPTED: {DISPUTED, MERGED},
    DISPUTED: {ACCEPTED, MERGED},
    DISMISSED: {PROPOSED},
    MERGED: set(),
}
BACK: dict[str, set[str]] = {
    NEW: {DISMISSED},
    PROPOSED: {NEW, DISMISSED},
    IN_REVIEW: {NEW},
    SNOOZED: {NEW},
    ACCEPTED: set(OPEN),
    DISPUTED: set(),
    DISMISSED: set(OPEN),
    MERGED: {*OPEN, ACCEPTED, DISPUTED},
}


class Refused(ValueError):
    """A step that triage does not take; the message says why and what to do. Nothing has changed."""


class Stale(Refused):
    """Somebody else was quicker: the event is no longer what the form showed."""


class Claimed(Refused):
    """Somebody else works on the event just now."""


class Unexplained(Refused):
    """A new code that says in no words why."""


class NotAllowed(Refused):
    """The account's role does not include this step."""


def legal(before: str, after: str, *, undoing: bool = False) -> bool:
    """Whether an event may move from one status to the other. What is decided is not decided once more."""
    if after in FORWARD.get(before, ()) or before == after == SNOOZED:
        return True
    return undoing and (before == after or after in BACK.get(before, ()))


def pairs() -> list[tuple[str, str]]:
    """Every move that any path may make, for the database's own guard."""
    return sorted(
        {
            (before, after)
            for table in (FORWARD, BACK)
            for before, allowed in table.items()
            for after in allowed
            if before
        }
    )

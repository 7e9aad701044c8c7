"""What analysts decide: the only writer of an event.

The law: the machine proposes, an analyst decides, the log remembers. Each deed is one transaction that holds
the event's row, its codes, a decision in the journal and, once it is on record, a version in the log; a
refused deed (`Refused`) changes nothing.
"""

from tracker.triage.claims import Holder, claim, holders, keep_ahead, leave, release
from tracker.triage.coding import suggested
from tracker.triage.deciding import (
    accept,
    ask_review,
    confirm,
    dismiss,
    dispute,
    edit,
    looked,
    reopen,
    restore,
    retract,
    settle,
    snooze,
)  # fmt: skip
from tracker.triage.entering import enter, enter_all
from tracker.triage.joining import attach, detach, drop_source, free, merge, move, split, supersede
from tracker.triage.proposing import let_go, propose, refresh, revisit, wake
from tracker.triage.statuses import Claimed, NotAllowed, Refused, Stale, Unexplained
from tracker.triage.steps import bulk, fingerprint, public_name
from tracker.triage.undoing import chief, last_of, undo

__all__ = [
    "Claimed", "Holder", "NotAllowed", "Refused", "Stale", "Unexplained", "accept", "ask_review", "attach", "bulk",
    "chief", "claim", "confirm", "detach", "dismiss", "dispute", "drop_source", "edit", "enter", "enter_all",
    "fingerprint", "free", "holders", "keep_ahead", "last_of", "leave", "let_go", "looked", "merge", "move", "propose",
    "public_name", "refresh", "release", "reopen", "restore", "retract", "revisit", "settle", "snooze", "split",
    "suggested", "supersede", "undo", "wake",
]  # fmt: skip

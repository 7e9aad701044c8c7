"""Heads of the log, countersigned by whoever mirrors it.

The law: a countersignature is kept only if a key that the operator trusts made it and this log has the head it speaks
of. One that is genuine and speaks of a head that this log has not is refused and is an alarm: a mirror has seen what is
gone from here. The service may lose countersignatures, so that each mirror keeps its own (`mirror.py`).
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.core.mail import mail_admins
from django.db import transaction
from django.utils import timezone

from scorecard import verify
from scorecard.models import Countersignature, Witness
from tracker import log

logger = logging.getLogger(__name__)
ONE_MAIL_IN = 3600  # seconds, for each witness


class Unknown(ValueError):
    """The key is none of those that the operator trusts."""


class Unsigned(ValueError):
    """The signature is not one of this statement with this key."""


class Parted(ValueError):
    """The mirror has seen a head that this log has not."""


def take(given: dict[str, Any]) -> tuple[Countersignature, bool]:
    """Keep a countersignature (`key`, `sequence`, `digest`, `seen`, `signature`); it, and whether it is new. Of one
    head the latest day stays. `Unknown`, `Unsigned` or `Parted` says why it is not taken."""
    witness = Witness.objects.filter(key=given["key"], ended_at=None).first()
    if witness is None:
        raise Unknown("key: the operator of this service does not trust this key, or no longer; ask for it.")
    said = {**given, "seen": given["seen"].isoformat()}
    if not verify.signed(
        bytes.fromhex(given["key"]), verify.statement(said), bytes.fromhex(given["signature"])
    ):
        raise Unsigned("signature: it is not one of this revision, digest and day with this key.")
    if given["seen"] > timezone.now().date() + datetime.timedelta(1):
        raise Unsigned("seen: this day is to come.")
    try:
        log.check_held(str(given["sequence"]), given["digest"])
    except log.BrokenLog as broken:
        _sound_the_alarm(witness, said)
        raise Parted(
            f"digest: {broken}. Keep what you hold: it is the proof. The operator has been told."
        ) from None
    with transaction.atomic():
        log.lock()
        values = {name: given[name] for name in ("digest", "seen", "signature")}
        row, is_new = Countersignature.objects.get_or_create(
            witness=witness, sequence=given["sequence"], defaults=values
        )
        if is_new or given["seen"] > row.seen:
            Countersignature.objects.filter(pk=row.pk).update(**values)
            row.refresh_from_db()
            log.turn()
    return row, is_new


def _sound_the_alarm(witness: Witness, said: dict[str, Any]) -> None:
    words = (
        f"The witness {witness.name} has signed that on {said['seen']} revision {said['sequence']} of the log had the "
        f"digest {said['digest']}. This log has no such revision"
    )
    logger.critical("the record was set back or rewritten: %s", words)
    if cache.add(f"witness-alarm:{witness.pk}", 1, ONE_MAIL_IN):
        mail_admins(
            "A witness has seen revisions that are gone",
            f"{words}: it was set back, by a restore for instance, or rewritten.\n\nIf you restored a backup, tell "
            "those who mirror. If not, take writers off (stop web and workers), keep the database as it is, and "
            "compare it with the last backup, the last edition and what the witness holds.\n",
        )


def of(sequences: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """For each of these revisions: of every witness the first countersignature that covers it, which is one of it or of
    a later one, as each digest covers all before it."""
    wanted = sorted(set(sequences))
    found: dict[int, list[dict[str, Any]]] = {each: [] for each in wanted}
    if not wanted:
        return found
    held: dict[int, list[Countersignature]] = {}
    rows = Countersignature.objects.filter(sequence__gte=wanted[0]).select_related("witness")
    for row in rows.order_by("witness", "sequence"):
        held.setdefault(row.witness_id, []).append(row)
    for own in held.values():
        place = 0
        for each in wanted:
            while place < len(own) and own[place].sequence < each:
                place += 1
            if place < len(own):
                found[each].append(told(own[place]))
    return found


def told(row: Countersignature) -> dict[str, Any]:
    """A countersignature as it is published; `verify.py` checks it."""
    return {
        "witness": row.witness.name,
        "key": row.witness.key,
        "sequence": row.sequence,
        "digest": row.digest,
        "seen": row.seen.isoformat(),
        "signature": row.signature,
    }


def program() -> str:
    """The text of `mirror.py`, as it is served."""
    return (Path(__file__).parent / "mirror.py").read_text()

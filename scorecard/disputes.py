"""Challenge this code: anyone may dispute an assessment with a source and sees the answer.

Disputes come in, editors answer, the event's history shows it.

The law: every dispute gets a reference and a state that anyone can look up, and none vanishes but spam. What
a reader wrote is text, never markup. The record itself changes only through `triage`.
"""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from scorecard.alerts import mailing
from scorecard.limits import Fault, none_in
from scorecard.models import Dispute
from tracker import log, record, text, triage, wording
from tracker.codebook import current
from tracker.models import Event, Revision

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that look alike
ANSWER_WITHIN_DAYS = 14
MOST_OPEN = 20  # of one event; more would bury the editors
SHORTEST_CLAIM, LONGEST_CLAIM = 20, 4000
MOST_LINKS = 2
_ADDRESS = re.compile(r"https?://[^\x00-\x20\x7f-\xa0/?#]+[^\x00-\x20\x7f-\xa0]*")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


class BadDispute(Fault):
    """A dispute that cannot be taken; `field` names what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a reader says, as sent."""

    event: str
    claim: str
    source: str
    recommendation: str = ""
    direction: int | None = None
    strength: int | None = None
    name: str = ""
    email: str = ""
    language: str = "en"


def file(claim: Claim) -> Dispute:
    """Take a dispute; `BadDispute` says which field is wrong. The same claim twice gives the first one."""
    event = _event(claim.event)
    values = _checked(claim, event)
    same = Dispute.objects.filter(event=event, claim=values["claim"], source=values["source"]).first()
    if same is not None:
        return same
    if Dispute.objects.open().filter(event=event).count() >= MOST_OPEN:
        raise BadDispute("event", _("This event has so many open disputes that no more are taken just now."))
    latest = Revision.objects.filter(event=event).order_by("-sequence").first()
    with transaction.atomic():
        row = Dispute.objects.create(
            reference=_reference(), event=event, sequence=latest.sequence if latest else 0, **values
        )
        log.turn()  # the event's page lists it
    return row


def lately() -> int:
    """How many came in since this time yesterday, spam too."""
    return Dispute.objects.filter(received_at__gt=timezone.now() - datetime.timedelta(1)).count()


def _event(event_id: str) -> Event:
    event = Event.objects.filter(pk=event_id, status__in=Event.ON_RECORD).first()
    if event is None:
        raise BadDispute("event", _("No event on record has this id."))
    return event


def _checked(claim: Claim, event: Event) -> dict[str, Any]:
    """The fields as they are kept; what is wrong with any of them is said at once."""
    found = none_in(
        {
            "recommendation": lambda: _code(claim, event),
            "claim": lambda: _said(claim.claim),
            "source": lambda: _source(claim.source),
            "direction": lambda: _one_of(
                "direction", claim.direction, record.DIRECTIONS, _("1 advances, -1 undermines, 0 mixed.")
            ),
            "strength": lambda: _one_of(
                "strength", claim.strength, record.STRENGTHS, _("1 (words) to 5 (operating).")
            ),
            "name": lambda: _name(claim.name),
            "email": lambda: _email(claim.email),
        }
    )
    return found | {"language": claim.language[:10]}


def _said(given: str) -> str:
    said = _taken("claim", given, lines=True)
    if not SHORTEST_CLAIM <= len(said) <= LONGEST_CLAIM:
        raise BadDispute("claim", _("Say what is wrong, in 20 to 4000 characters."))
    if len(_LINK.findall(said)) > MOST_LINKS:
        raise BadDispute("claim", _("At most two links in the text; the source has a field of its own."))
    return said


def _code(claim: Claim, event: Event) -> str:
    """The recommendation whose code is disputed, if any."""
    if not claim.recommendation:
        return ""
    if claim.recommendation not in current():
        allowed = ", ".join(current().slugs)
        raise BadDispute("recommendation", _("Choose one of: %(allowed)s.") % {"allowed": allowed})
    coded = event.assessments.filter(recommendation=claim.recommendation).exists()
    if not coded and claim.direction is None:
        words = _("The event has no code for it. Propose one, with a direction and a strength.")
        raise BadDispute("recommendation", words)
    return claim.recommendation


def _one_of(field: str, value: int | None, allowed: Collection[int], words: str) -> int | None:
    if value is not None and value not in allowed:
        raise BadDispute(field, words)
    return value


def _name(given: str) -> str:
    name = _taken("name", " ".join(given.split()))
    if len(name) > 100 or _LINK.search(name):
        raise BadDispute("name", _("A name of at most 100 characters, without a link."))
    return name


def _taken(field: str, value: str, *, lines: bool = False) -> str:
    """A text as it is kept, of any length that one may send."""
    try:
        return text.strict(value, field, len(value) * 4, lines=lines)
    except text.BadText as error:
        raise BadDispute(field, wording.refusal(error)) from error


def _source(given: str) -> str:
    """The address of the page that shows it."""
    try:
        source = text.address(given, "source", len(given))
    except text.BadText as error:
        raise BadDispute("source", wording.refusal(error)) from error
    if not _ADDRESS.fullmatch(source):
        raise BadDispute("source", _("Give the address of a page that shows it, with http:// or https://."))
    if len(source) > 2000:
        raise BadDispute("source", _("The address is longer than 2000 characters."))
    return source


def _email(given: str) -> str:
    email = _taken("email", given)
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise BadDispute("email", _("This is not an e-mail address.")) from None
    if len(email) > 254:
        raise BadDispute("email", _("This is not an e-mail address."))
    return email


def _reference() -> str:
    """A reference that is short enough to read out and too long to guess: D-XXXX-XXXX."""
    while True:
        drawn = "".join(secrets.choice(LETTERS) for _place in range(8))
        reference = f"D-{drawn[:4]}-{drawn[4:]}"
        if not Dispute.objects.filter(reference=reference).exists():
            return reference


def take_up(dispute: Dispute, by: Any) -> None:
    """An editor looks into it; readers see the event as disputed meanwhile."""
    with transaction.atomic():
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if row.state != Dispute.State.RECEIVED:
            raise triage.Refused(_("This dispute is %(state)s already.") % {"state": row.get_state_display()})
        row.state = Dispute.State.IN_REVIEW
        row.save(update_fields=["state"])
        if row.event.status == Event.Status.ACCEPTED:
            triage.dispute(row.event, by, row.reference)


def answer(dispute: Dispute, by: Any, *, accepted: bool, words: str) -> None:
    """Close a dispute. Accepting needs a change of the event since the dispute came in, and refers to it."""
    try:
        said = text.strict(words, "answer", LONGEST_CLAIM, lines=True)
    except text.BadText as error:
        raise triage.Refused(wording.refusal(error)) from error
    if not said:
        raise triage.Refused(_("Write an answer; the reader and everybody else will see it."))
    with transaction.atomic():
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if row.state not in Dispute.OPEN:
            raise triage.Refused(_("This dispute is %(state)s already.") % {"state": row.get_state_display()})
        change = (
            Revision.objects.filter(event=row.event, sequence__gt=row.sequence).order_by("-sequence").first()
        )
        if accepted and change is None:
            raise triage.Refused(
                _("Change the event first: an accepted dispute points at the change it led to.")
            )
        row.state = Dispute.State.ACCEPTED if accepted else Dispute.State.REJECTED
        row.answer, row.answered_at, row.answered_by = said, timezone.now(), by
        row.changed_by = change.sequence if accepted and change else None
        _write_to_reader(row)
        row.save()
        others = Dispute.objects.filter(event=row.event, state=Dispute.State.IN_REVIEW)
        if not others.exists() and row.event.status == Event.Status.DISPUTED:
            triage.settle(row.event, by, row.reference)
        log.turn()


def _write_to_reader(row: Dispute) -> None:
    """The one letter to a reader who left an address, which is kept no longer. Of what the reader wrote there is
    nothing in it: the address may be a stranger's."""
    if not row.email:
        return
    with override(row.language):
        subject = _("Your dispute %(reference)s is answered") % {"reference": row.reference}
        body = _(
            "Somebody, we hope you, disputed how an event on our record is coded: %(reference)s.\n"
            "State: %(state)s.\n\n%(answer)s\n\nAll of it stands here:\n%(address)s\n\n"
            "No other mail will come, and we have deleted your address.\n"
        ) % {
            "reference": row.reference,
            "state": row.get_state_display(),
            "answer": row.answer,
            "address": settings.SITE_URL.rstrip("/") + reverse("disputes:one", args=[row.reference]),
        }
    mailing.write_letter(row.email, f"answer:{row.reference}", subject, body)
    row.email = ""


def mark_as_spam(dispute: Dispute) -> None:
    received = Dispute.objects.filter(pk=dispute.pk, state=Dispute.State.RECEIVED)
    with transaction.atomic():
        if received.update(state=Dispute.State.SPAM, email=""):
            log.turn()


def counts() -> Mapping[str, int]:
    """How many disputes came in and what became of them, for readers."""
    found = {state: 0 for state in Dispute.State.values if state != Dispute.State.SPAM}
    for state in Dispute.objects.public().values_list("state", flat=True):
        found[state] += 1
    return found


def of(event_id: str) -> list[Dispute]:
    """The disputes of one event that readers may see, oldest first."""
    return list(Dispute.objects.public().filter(event=event_id).order_by("id"))


def due(dispute: Dispute) -> datetime.date:
    """The day by which we promised an answer."""
    return dispute.received_at.date() + datetime.timedelta(ANSWER_WITHIN_DAYS)

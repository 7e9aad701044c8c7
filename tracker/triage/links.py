"""Which events an event may supersede: earlier ones on record, and never in a circle."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from tracker.models import Event
from tracker.triage.moves import Refused


def check_supersedes(event: Event, ids: Iterable[str]) -> None:
    """`Refused` when one of `ids` is the event itself, unknown, not on record, later, or superseded by a
    chain that leads back here. A rumour ends nothing."""
    wanted = list(ids)
    if wanted and event.certainty == "rumoured":
        raise Refused(_("A rumour ends nothing: raise the certainty first, or leave the link out."))
    rows = Event.objects.in_bulk(wanted)
    for key in wanted:
        earlier = rows.get(key)
        if key == event.pk:
            raise Refused(_("An event cannot supersede itself."))
        if earlier is None or not earlier.on_record or earlier.retracted:
            raise Refused(_("%(id)s is not an event on record.") % {"id": key})
        if leads_to(earlier, event.pk):
            raise Refused(
                _("That would be a circle: “%(title)s” already supersedes this event.")
                % {"title": str(earlier)[:80]}
            )
        if (earlier.date, earlier.pk) >= (event.date, event.pk):
            raise Refused(
                _("“%(title)s” is of %(day)s, later than this event; only an earlier one can be superseded.")
                % {"title": str(earlier)[:80], "day": earlier.date}
            )


def leads_to(event: Event, target: str) -> bool:
    """Whether a chain of links starts at `event` and reaches `target`."""
    waiting, seen = list(event.supersedes), {event.pk}
    while waiting:
        if target in waiting:
            return True
        seen.update(waiting)
        rows = Event.objects.filter(pk__in=waiting).values_list("supersedes", flat=True)
        waiting = [key for links in rows for key in links if key not in seen]
    return False


def superseding(key: str) -> list[Event]:
    """Events on record that name `key` as superseded."""
    # The list is stored as text, so that both databases can search it; the quotes keep the id whole.
    found = Event.objects.filter(status__in=Event.ON_RECORD, supersedes__icontains=f'"{key}"')
    return [event for event in found.order_by("pk") if key in event.supersedes]

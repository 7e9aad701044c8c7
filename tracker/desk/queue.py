"""The queue beside the item: what waits, the most valuable first, without ever counting a large table."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker import vocabulary
from tracker.models import Event, Report
from tracker.search import EventQuery
from tracker.triage import blind, coding, held_by_others, searchable

SHOWN = 40
COUNTED = 1000  # beyond that the desk says "1000+"

TABS = {
    "queue": _("Queue"),
    "review": _("In review"),
    "again": _("Look again"),
    "snoozed": _("Snoozed"),
    "disputed": _("Disputed"),
}


def events(tab: str = "queue", query: str = "", user: Any = None) -> QuerySet[Event]:
    """The events of one tab that match a query, in the order in which they are worth a look. A search by `user`
    leaves out what the user may still code blind, as what finds an event tells how it was coded."""
    if tab == "again":
        found = Event.objects.exclude(look_again="").order_by("-date", "pk")
    elif tab == "snoozed":
        found = Event.objects.filter(status="snoozed").order_by("snoozed_until", "pk")
    elif tab == "disputed":
        found = Event.objects.filter(status="disputed").order_by("-date", "pk")
    elif tab == "record":  # only for deeds in bulk
        found = Event.objects.accepted().order_by("-date", "pk")
    elif tab == "review":
        found = Event.objects.filter(status="in_review").order_by("-priority", "pk")
    else:
        # Exactly the condition of the index `events_in_the_queue`, so that the order costs nothing.
        found = Event.objects.waiting().order_by("-priority", "pk")
    wanted = EventQuery.read(query, desk=True)
    if wanted and user is not None:
        found = found.exclude(pk__in=blind.withheld(user).order_by().values("event_id"))
    # What is searched is long and shown nowhere.
    return (found.filter(wanted.condition()) if wanted else found).defer(*searchable.COLUMNS)


def rows(tab: str, query: str, user: Any, *, without: list[str] | None = None) -> list[dict[str, Any]]:
    """The next events of the queue, ready to print, those that others work on left out."""
    found = events(tab, query, user).exclude(pk__in=held_by_others(user))
    if without:
        found = found.exclude(pk__in=without[:500])
    return described(list(found[:SHOWN]))


def counted(tab: str, query: str, user: Any) -> str:
    """How many a search found, up to a thousand; nothing without a search."""
    return _capped(events(tab, query, user)) if query.strip() else ""


def described(found: list[Event]) -> list[dict[str, Any]]:
    """Events as rows of a list, with one more query for all of their outlets."""
    outlets: dict[str, list[str]] = defaultdict(list)
    reports = Report.objects.filter(event__in=[event.pk for event in found]).order_by("id")
    for key, publisher in reports.values_list("event_id", "article__publisher")[:400]:
        if publisher and publisher not in outlets[key]:
            outlets[key].append(publisher)
    return [_row(event, outlets[event.pk]) for event in found]


def tabs() -> list[dict[str, Any]]:
    """The tabs, and how many wait in each, up to a thousand."""
    return [{"name": name, "label": label, "number": _capped(events(name))} for name, label in TABS.items()]


def median_age() -> int | None:
    """Days that the middle one of the first thousand waiting proposals has waited."""
    waiting = Event.objects.waiting().order_by("-priority", "pk")
    ages = sorted(timezone.now() - at for at in waiting.values_list("proposed_at", flat=True)[:COUNTED])
    return ages[len(ages) // 2].days if ages else None


def _capped(found: QuerySet[Event]) -> str:
    number = len(found.order_by().values_list("pk", flat=True)[: COUNTED + 1])
    return f"{COUNTED}+" if number > COUNTED else str(number)


def _row(event: Event, outlets: list[str]) -> dict[str, Any]:
    open_ = event.status in Event.OPEN
    hidden = open_ and coding.suggestion_hidden(event)
    codes = [] if hidden or not open_ else coding.suggested(event)
    return {
        "id": event.pk,
        "title": event.title or event.title_zh,
        "lang": "en" if event.title else "zh-Hans",
        "date": event.date,
        "outlet": outlets[0] if outlets else "",
        "more": max(0, event.outlets_count - 1),
        "codes": [vocabulary.chip(line) for line in codes[:3]],
        "status": event.status,
        "status_label": event.get_status_display(),
        "look_again": event.look_again,
        "snoozed_until": event.snoozed_until,
        "hidden": hidden,
    }

"""The queue beside the item: what waits, the most valuable first, and deeds in bulk on what matches a search of it.

No large table is ever counted. A deed in bulk is done to exactly the events that are ticked, shown with their number
and what it does to the scores first, and undone with one press.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Floor
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tracker import search, triage, wording
from tracker.desk import forms, signing
from tracker.desk.people import desk_view, languages
from tracker.models import Assessment, Decision, Event, Report, SavedView
from tracker.search import EventQuery, best_first
from tracker.triage import coding, double_coding
from tracker.triage.steps import MOST, REVIEW

SHOWN = 40
COUNTED = 1000  # beyond that the desk says "1000+"
DEEPEST = 400  # rows that a reload brings back, so that the item at hand keeps its place

TABS = {
    "queue": _("Queue"),
    "review": _("In review"),
    "again": _("Look again"),
    "snoozed": _("Snoozed"),
    "disputed": _("Disputed"),
    "words": _("Machine's words"),
}
ORDERS = {
    "": _("Worth a look"),
    "match": _("Best match"),
    "chance": _("Chance"),
    "effect": _("Effect"),
    "oldest": _("Waiting longest"),
    "newest": _("Came in last"),
    "feed": _("Publisher"),
}
_PUBLISHER = Report.objects.filter(event=OuterRef("pk")).order_by("id").values("article__publisher")[:1]
SNOOZES = (1, 3, 7, 30)
BULK_TABS = {name: TABS[name] for name in ("queue", "review", "snoozed")} | {"record": _("On record")}
LOOKED_AT_FIRST = 10  # of a preview: where a mistake is likeliest


def events(tab: str = "queue", query: str = "", user: Any = None, order: str = "") -> QuerySet[Event]:
    """The events of one tab that match a query, in the order in which they are worth a look, or in another one. A
    search by `user` leaves out what the user may still code blind, as what finds an event tells how it was coded;
    what the user sent to review waits for somebody else."""
    if tab == "again":
        found = Event.objects.exclude(look_again="").order_by("-date", "pk")
    elif tab == "snoozed":
        found = Event.objects.filter(status="snoozed").order_by("snoozed_until", "pk")
    elif tab == "disputed":
        found = Event.objects.filter(status="disputed").order_by("-date", "pk")
    elif tab == "words":  # on record with a reason that nobody has written or read over
        unread = Assessment.objects.filter(words=Assessment.Words.MACHINE).values("event")
        found = Event.objects.accepted().filter(pk__in=unread).order_by("-date", "pk")
    elif tab == "record":  # only for deeds in bulk
        found = Event.objects.accepted().order_by("-date", "pk")
    elif tab == "review":
        found = Event.objects.filter(status="in_review").order_by("-priority", "pk")
    else:
        # Exactly the condition of the index `events_in_the_queue`, so that the order costs nothing.
        found = Event.objects.waiting().order_by("-priority", "pk")
        if user is not None and (sent := sent_to_review(user)):
            found = found.exclude(pk__in=sent)
    wanted = EventQuery.read(query, desk=True)
    # What is not open says by the list that it stands in how it was decided.
    if user is not None and (wanted or tab in ("again", "disputed", "words", "record")):
        found = found.exclude(pk__in=double_coding.withheld(user).order_by().values("event_id"))
    # What is searched is long and shown nowhere.
    if wanted:
        found = found.filter(wanted.condition())
        if order == "match":
            return best_first(found, query).defer(*coding.SEARCHABLE)
    return _ordered(found, order).defer(*coding.SEARCHABLE)


def _ordered(found: QuerySet[Event], order: str) -> QuerySet[Event]:
    if order == "chance":
        return found.order_by("-relevance", "pk")
    if order == "oldest":
        return found.order_by("proposed_at", "pk")
    if order == "newest":
        return found.order_by("-proposed_at", "pk")
    if order == "effect":  # within its step of chance the priority is what the event would move
        return found.alias(moves=F("priority") - Floor(F("priority"))).order_by("-moves", "-priority", "pk")
    if order == "feed":
        return found.alias(publisher=Subquery(_PUBLISHER)).order_by("publisher", "-priority", "pk")
    return found


def sent_to_review(user: Any) -> list[str]:
    """What this analyst handed to the reviewers and nobody has decided yet."""
    handed = Decision.objects.filter(by=user, action="review", undone_by=None, event__status="in_review")
    return list(handed.order_by().values_list("event_id", flat=True).distinct()[:DEEPEST])


def rows(
    tab: str,
    query: str,
    user: Any,
    *,
    order: str = "",
    without: list[str] | None = None,
    upto: str | None = None,
) -> list[dict[str, Any]]:
    """The next events of the queue, ready to print, each with the name of whoever works on it just now. `upto`: as
    many as it takes to hold this event, or it alone after the others."""
    found = events(tab, query, user, order)
    if without:
        found = found.exclude(pk__in=without[:5000])
    shown = list(found[:SHOWN])
    if upto and upto not in [event.pk for event in shown]:
        deep = list(found.values_list("pk", flat=True)[:DEEPEST])
        more = found[SHOWN : deep.index(upto) + SHOWN // 2] if upto in deep else Event.objects.filter(pk=upto)
        shown += list(more)
    held = triage.holders(user, [event.pk for event in shown]) if user is not None else {}
    return [row | _held(held.get(row["id"])) for row in described(shown)]


def _held(holder: triage.Holder | None) -> dict[str, Any]:
    return {"held": holder.name if holder else "", "ahead": bool(holder and holder.ahead)}


def standing(keys: list[str], user: Any) -> dict[str, Any]:
    """How rows that were listed a while ago stand now: which are decided, and who else works on which."""
    open_ = set(Event.objects.open().filter(pk__in=keys).values_list("pk", flat=True))
    return {"decided": [key for key in keys if key not in open_], **held_by_others(user, keys)}


def held_by_others(user: Any, keys: list[str] | None = None) -> dict[str, Any]:
    """Who else has which event, for the page's script; `ahead` are those kept only ahead of time."""
    found = triage.holders(user, keys)
    return {
        "held": {key: holder.name for key, holder in found.items()},
        "ahead": [key for key, holder in found.items() if holder.ahead],
    }


def counted(tab: str, query: str, user: Any) -> str:
    """How many a search found, up to a thousand; nothing without a search."""
    return _capped(events(tab, query, user)) if query.strip() else ""


def described(found: list[Event], user: Any = None) -> list[dict[str, Any]]:
    """Events as rows of a list, with one more query for all of their outlets. Of what `user` may still code blind
    nothing is said but that."""
    secret = set(secrets_of(user).filter(event__in=[event.pk for event in found])) if user else set()
    outlets: dict[str, list[str]] = defaultdict(list)
    dated: dict[str, bool] = {}
    reports = Report.objects.filter(event__in=[event.pk for event in found]).order_by("id")
    told = reports.values_list("event_id", "article__publisher", "article__published_at")
    for key, publisher, published in told[:400]:
        dated[key] = dated.get(key, False) or published is not None
        if publisher and publisher not in outlets[key]:
            outlets[key].append(publisher)
    rows_ = [_row(event, outlets[event.pk], dated.get(event.pk, True)) for event in found]
    veil = {"secret": True, "status_label": _("waits for your second coding"), "codes": [], "look_again": ""}
    return [row | (veil if row["id"] in secret else {}) for row in rows_]


def secrets_of(user: Any) -> Any:
    """The ids of the events that the user may still code blind."""
    return double_coding.withheld(user).order_by().values_list("event_id", flat=True)


def not_set_aside(user: Any) -> Q:
    """What may be named to the user as an event that is there: neither rejected nor merged, and all that the user may
    still code blind whatever became of it, as its absence would tell."""
    return ~Q(status__in=("dismissed", "merged")) | Q(pk__in=secrets_of(user))


def tabs(user: Any = None) -> list[dict[str, Any]]:
    """The tabs, and how many wait in each, up to a thousand."""
    return [
        {"name": name, "label": label, "number": _capped(events(name, "", user))}
        for name, label in TABS.items()
    ]


def views_of(user: Any) -> list[SavedView]:
    """The analyst's own saved views and those that others share, by name."""
    return list(SavedView.objects.filter(Q(by=user) | Q(shared=True)).select_related("by")[:40])


def median_age() -> int | None:
    """Days that the middle one of the first thousand waiting proposals has waited."""
    waiting = Event.objects.waiting().order_by("-priority", "pk")
    ages = sorted(timezone.now() - at for at in waiting.values_list("proposed_at", flat=True)[:COUNTED])
    return ages[len(ages) // 2].days if ages else None


def _capped(found: QuerySet[Event]) -> str:
    number = len(found.order_by().values_list("pk", flat=True)[: COUNTED + 1])
    return f"{COUNTED}+" if number > COUNTED else str(number)


def _row(event: Event, outlets: list[str], dated: bool) -> dict[str, Any]:
    open_ = event.status in Event.OPEN
    hidden = open_ and coding.suggestion_hidden(event)
    codes = [] if hidden or not open_ else coding.suggested(event)
    return {
        "id": event.pk,
        "title": event.title or event.title_zh,
        "lang": "en" if event.title else "zh-Hans",
        "date": event.date,
        # Until somebody has written another day.
        "undated": open_ and event.version == 1 and not dated,
        "outlet": outlets[0] if outlets else "",
        "more": max(0, event.outlets_count - 1),
        "codes": [wording.chip(line) for line in codes[:3]],
        "status": event.status,
        "status_label": event.get_status_display(),
        "look_again": event.look_again,
        "snoozed_until": event.snoozed_until,
        "hidden": hidden,
    }


@desk_view(REVIEW)
@require_http_methods(["GET", "POST"])
def bulk(request):
    """GET shows what matches, with a box for each; `preview` says what a deed would do to what is ticked, and where
    a mistake is likeliest; POST without it does the deed to exactly what was shown."""
    given = request.POST if request.method == "POST" else request.GET
    if "undo" in request.POST:
        return _undo_bulk(request)
    asked = {name: given.get(name, "") for name in ("tab", "q", "deed", "note")}
    asked["tab"] = asked["tab"] if asked["tab"] in BULK_TABS else "queue"
    looking = request.method == "GET" or "preview" in request.POST
    events, chosen, effects, trouble = [], [], [], ""
    try:
        events = list(_matching(asked["tab"], asked["q"], request.user)[: MOST + 1])
        chosen = _chosen(request, events[:MOST])
        if not looking:
            return _do_bulk(request, chosen, asked)
        if asked["deed"] and chosen:
            effects = _previewed(request.user, chosen, asked)
    except (search.SearchError, triage.Refused) as error:
        trouble = str(error)
    return render(
        request,
        "desk/bulk.html",
        asked
        | {
            "effects": effects,
            "trouble": trouble,
            "tabs": BULK_TABS,
            "rows": _ticked(events[:MOST], chosen),
            "chosen": len(chosen),
            "first": described(_doubtful(chosen, asked["deed"])) if asked["deed"] and not trouble else [],
            "too_many": len(events) > MOST,
            "most": MOST,
            "shown": triage.fingerprint(chosen),
            "deeds": _choices(asked["tab"]),
            "last": _last_bulk(request.user),
            "languages": languages(request),
            "title": gettext("Bulk"),
        },
        status=200 if looking else 409,
    )


def _chosen(request, events):
    """What is ticked of what matches; all of it as long as nobody has ticked anything off."""
    if "picking" not in request.POST:
        return events
    marks = set(request.POST.getlist("event"))
    found = [event for event in events if f"{event.pk}:{event.version}" in marks]
    if len(found) < len(marks):
        raise triage.Stale(
            ngettext(
                "%(number)d of the events you ticked has changed since, or matches no more. Look again.",
                "%(number)d of the events you ticked have changed since, or match no more. Look again.",
                len(marks) - len(found),
            )
            % {"number": len(marks) - len(found)}
        )
    return found


def _ticked(events, chosen):
    ticked = {event.pk for event in chosen}
    versions = {event.pk: event.version for event in events}
    return [
        row | {"ticked": row["id"] in ticked, "mark": f"{row['id']}:{versions[row['id']]}"}
        for row in described(events)
    ]


def _doubtful(events, deed):
    """Where the deed is likeliest a mistake: what looks most like an act, or is told by most."""
    if deed == "retract":
        return sorted(events, key=lambda event: -len(event.sources))[:LOOKED_AT_FIRST]
    return sorted(events, key=lambda event: (-event.relevance, -event.priority))[:LOOKED_AT_FIRST]


def _matching(tab, query, user):
    """The set; of the record only what was searched for, without what the user may still code blind."""
    if tab != "record":
        return events(tab, query, user)
    if not query.strip():
        return Event.objects.none()
    return events(tab, query, user)


def _choices(tab):
    """The deeds for a set, in groups, each as the form sends it."""
    if tab == "record":
        return [(gettext("On record"), [("retract", gettext("Retract"))])]
    rejecting = [(f"dismiss:{value}", label) for value, label in Event.Dismissal.choices]
    putting_off = [
        (f"snooze:{days}", ngettext("%(days)d day", "%(days)d days", days) % {"days": days})
        for days in SNOOZES
    ]
    return [
        (gettext("Reject"), rejecting),
        (gettext("Snooze"), putting_off),
        (gettext("In review"), [("review", gettext("ask a reviewer"))]),
    ]


def _deed(asked):
    """The deed of triage that the form names, and what it needs."""
    if asked["deed"] not in (value for _group, deeds in _choices(asked["tab"]) for value, _label in deeds):
        raise triage.Refused(gettext("Choose what to do with them."))
    deed, _colon, what = asked["deed"].partition(":")
    if deed == "dismiss":
        return triage.dismiss, {"reason": what, "note": asked["note"]}
    if deed == "snooze":
        return triage.snooze, {"until": timezone.now() + datetime.timedelta(days=int(what))}
    if deed == "retract":
        return triage.retract, {"why": asked["note"]}
    return triage.ask_review, {"note": asked["note"]}


def _previewed(user, events, asked):
    deed, more = _deed(asked | {"note": asked["note"] or forms.NO_REASON_YET})
    return forms.of(lambda: triage.bulk(events, triage.fingerprint(events), deed, user, **more))


def _do_bulk(request, events, asked):
    deed, more = _deed(asked)
    if not events:
        raise triage.Refused(gettext("Tick at least one event."))
    shown = request.POST.get("shown", "")
    if why := signing.weight_of(lambda: triage.bulk(events, shown, deed, request.user, **more), request.user):
        # A list cannot be put before a colleague, each of its events can.
        raise triage.Refused(
            " ".join([*why, gettext("That needs a second person: do these one by one at their own pages.")])
        )
    batch = triage.bulk(events, shown, deed, request.user, **more)
    number = Decision.objects.filter(batch=batch).count()
    done = ngettext("%(number)d event done.", "%(number)d events done.", number) % {"number": number}
    messages.success(request, done)
    return redirect(f"{reverse('desk:bulk')}?tab={asked['tab']}")


def _undo_bulk(request):
    try:
        batch = uuid.UUID(request.POST["undo"])
        first = Decision.objects.filter(batch=batch, undoes=None).order_by("id").first()
        if first is None:
            raise triage.Refused(gettext("There is nothing to undo: the decision was not taken."))
        number = len(signing.undone(first, request.user, lambda: triage.undo(first, request.user)))
        messages.success(
            request,
            ngettext("%(number)d event as before.", "%(number)d events as before.", number)
            % {"number": number},
        )
    except ValueError as error:
        messages.error(request, str(error))
    return redirect("desk:bulk")


def _last_bulk(user):
    """The user's latest bulk steps that can be undone."""
    found = []
    for decision in triage.last_of(user):
        number = Decision.objects.filter(batch=decision.batch).count() if decision.batch else 1
        if number > 1:
            found.append({"decision": decision, "number": number})
    return found

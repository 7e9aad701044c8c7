"""Bulk deeds: exactly the events that are ticked among those that match a search, shown with their number and what
it does to the scores first, undone with one press."""

import datetime
import uuid

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from tracker import search, triage
from tracker.desk import forms, queue, second
from tracker.desk.views import desk_view, languages
from tracker.models import Decision, Event
from tracker.triage.steps import MOST, REVIEW

SNOOZES = (1, 3, 7, 30)
TABS = {name: queue.TABS[name] for name in ("queue", "review", "snoozed")} | {
    "record": gettext_lazy("On record")
}


LOOKED_AT_FIRST = 10  # of a preview: where a mistake is likeliest


@desk_view(REVIEW)
@require_http_methods(["GET", "POST"])
def bulk(request):
    """GET shows what matches, with a box for each; `preview` says what a deed would do to what is ticked, and where
    a mistake is likeliest; POST without it does the deed to exactly what was shown."""
    given = request.POST if request.method == "POST" else request.GET
    if "undo" in request.POST:
        return _undo(request)
    asked = {name: given.get(name, "") for name in ("tab", "q", "deed", "note")}
    asked["tab"] = asked["tab"] if asked["tab"] in TABS else "queue"
    looking = request.method == "GET" or "preview" in request.POST
    events, chosen, effects, trouble = [], [], [], ""
    try:
        events = list(_matching(asked["tab"], asked["q"], request.user)[: MOST + 1])
        chosen = _chosen(request, events[:MOST])
        if not looking:
            return _do(request, chosen, asked)
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
            "tabs": TABS,
            "rows": _rows(events[:MOST], chosen),
            "chosen": len(chosen),
            "first": queue.described(_doubtful(chosen, asked["deed"]))
            if asked["deed"] and not trouble
            else [],
            "too_many": len(events) > MOST,
            "most": MOST,
            "shown": triage.fingerprint(chosen),
            "deeds": _choices(asked["tab"]),
            "last": _last(request.user),
            "languages": languages(request),
            "title": _("Bulk"),
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


def _rows(events, chosen):
    ticked = {event.pk for event in chosen}
    versions = {event.pk: event.version for event in events}
    return [
        row | {"ticked": row["id"] in ticked, "mark": f"{row['id']}:{versions[row['id']]}"}
        for row in queue.described(events)
    ]


def _doubtful(events, deed):
    """Where the deed is likeliest a mistake: what looks most like an act, or is told by most."""
    if deed == "retract":
        return sorted(events, key=lambda event: -len(event.sources))[:LOOKED_AT_FIRST]
    return sorted(events, key=lambda event: (-event.relevance, -event.priority))[:LOOKED_AT_FIRST]


def _matching(tab, query, user):
    """The set; of the record only what was searched for, without what the user may still code blind."""
    if tab != "record":
        return queue.events(tab, query, user)
    if not query.strip():
        return Event.objects.none()
    return queue.events(tab, query, user)


def _choices(tab):
    """The deeds for a set, in groups, each as the form sends it."""
    if tab == "record":
        return [(_("On record"), [("retract", _("Retract"))])]
    rejecting = [(f"dismiss:{value}", label) for value, label in Event.Dismissal.choices]
    putting_off = [
        (f"snooze:{days}", ngettext("%(days)d day", "%(days)d days", days) % {"days": days})
        for days in SNOOZES
    ]
    return [
        (_("Reject"), rejecting),
        (_("Snooze"), putting_off),
        (_("In review"), [("review", _("ask a reviewer"))]),
    ]


def _deed(asked):
    """The deed of triage that the form names, and what it needs."""
    if asked["deed"] not in (value for _group, deeds in _choices(asked["tab"]) for value, _label in deeds):
        raise triage.Refused(_("Choose what to do with them."))
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


def _do(request, events, asked):
    deed, more = _deed(asked)
    if not events:
        raise triage.Refused(_("Tick at least one event."))
    shown = request.POST.get("shown", "")
    if why := second.weight_of(lambda: triage.bulk(events, shown, deed, request.user, **more), request.user):
        # A list cannot be put before a colleague, each of its events can.
        raise triage.Refused(
            " ".join([*why, _("That needs a second person: do these one by one at their own pages.")])
        )
    batch = triage.bulk(events, shown, deed, request.user, **more)
    number = Decision.objects.filter(batch=batch).count()
    done = ngettext("%(number)d event done.", "%(number)d events done.", number) % {"number": number}
    messages.success(request, done)
    return redirect(f"{reverse('desk:bulk')}?tab={asked['tab']}")


def _undo(request):
    try:
        batch = uuid.UUID(request.POST["undo"])
        first = Decision.objects.filter(batch=batch, undoes=None).order_by("id").first()
        if first is None:
            raise triage.Refused(_("There is nothing to undo: the decision was not taken."))
        number = len(second.undone(first, request.user, lambda: triage.undo(first, request.user)))
        messages.success(
            request,
            ngettext("%(number)d event as before.", "%(number)d events as before.", number)
            % {"number": number},
        )
    except ValueError as error:
        messages.error(request, str(error))
    return redirect("desk:bulk")


def _last(user):
    """The user's latest bulk steps that can be undone."""
    found = []
    for decision in triage.last_of(user):
        number = Decision.objects.filter(batch=decision.batch).count() if decision.batch else 1
        if number > 1:
            found.append({"decision": decision, "number": number})
    return found

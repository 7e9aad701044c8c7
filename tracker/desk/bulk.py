"""Bulk deeds: exactly the events that match a filter, shown with their number and what it does to the scores
first, undone with one press."""

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
from tracker.desk import forms, queue
from tracker.desk.views import desk_view, languages
from tracker.models import Decision, Event
from tracker.triage.steps import MOST, REVIEW

SNOOZES = (1, 3, 7, 30)
TABS = {name: queue.TABS[name] for name in ("queue", "review", "snoozed")} | {
    "record": gettext_lazy("On record")
}


@desk_view(REVIEW)
@require_http_methods(["GET", "POST"])
def bulk(request):
    """GET shows the set and, once a deed is chosen, what it would do; POST does it to the set that was shown."""
    given = request.POST if request.method == "POST" else request.GET
    if "undo" in request.POST:
        return _undo(request)
    asked = {name: given.get(name, "") for name in ("tab", "q", "deed", "note")}
    asked["tab"] = asked["tab"] if asked["tab"] in TABS else "queue"
    events, effects, trouble = [], [], ""
    try:
        events = list(_matching(asked["tab"], asked["q"], request.user)[: MOST + 1])
        if request.method == "POST":
            return _do(request, events, asked)
        if asked["deed"] and events:
            effects = _previewed(request.user, events, asked)
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
            "rows": queue.described(events[:MOST]),
            "too_many": len(events) > MOST,
            "most": MOST,
            "shown": triage.fingerprint(events),
            "deeds": _choices(asked["tab"]),
            "last": _last(request.user),
            "languages": languages(request),
            "title": _("Bulk"),
        },
        status=409 if request.method == "POST" else 200,
    )


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
    batch = triage.bulk(events, request.POST.get("shown", ""), deed, request.user, **more)
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
        number = len(triage.undo(first, request.user))
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

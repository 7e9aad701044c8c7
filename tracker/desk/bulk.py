"""Bulk deeds: exactly the events that match a filter, shown with their number first, undone with one
press."""

import datetime
import uuid

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tracker import search, triage
from tracker.desk import queue
from tracker.desk.views import desk_view, languages
from tracker.models import Decision, Event
from tracker.triage.bulk import MOST
from tracker.triage.steps import REVIEW

SNOOZES = (1, 3, 7, 30)


@desk_view(REVIEW)
@require_http_methods(["GET", "POST"])
def bulk(request):
    given = request.POST if request.method == "POST" else request.GET
    if "undo" in request.POST:
        return _undo(request)
    tab, query = given.get("tab", "queue"), given.get("q", "")
    tab = tab if tab in ("queue", "review", "snoozed") else "queue"
    trouble, events = "", []
    try:
        events = list(queue.events(tab, query)[: MOST + 1])
    except search.SearchError as error:
        trouble = str(error)
    if request.method == "POST" and not trouble:
        try:
            return _do(request, events, tab, query)
        except triage.Refused as error:
            trouble = str(error)
    return render(
        request,
        "desk/bulk.html",
        {
            "tab": tab,
            "tabs": {name: queue.TABS[name] for name in ("queue", "review", "snoozed")},
            "query": query,
            "trouble": trouble,
            "rows": queue.described(events[:MOST]),
            "too_many": len(events) > MOST,
            "most": MOST,
            "shown": triage.fingerprint(events),
            "dismissals": Event.Dismissal.choices,
            "snoozes": SNOOZES,
            "last": _last(request.user),
            "languages": languages(request),
            "title": _("Bulk"),
        },
        status=409 if request.method == "POST" else 200,
    )


def _do(request, events, tab, query):
    deed, _colon, what = request.POST.get("deed", "").partition(":")
    shown, by = request.POST.get("shown", ""), request.user
    if deed == "dismiss":
        batch = triage.bulk(events, shown, triage.dismiss, by, reason=what, note=request.POST.get("note", ""))
    elif deed == "snooze" and what.isdigit() and int(what) in SNOOZES:
        until = timezone.now() + datetime.timedelta(days=int(what))
        batch = triage.bulk(events, shown, triage.snooze, by, until=until)
    elif deed == "review":
        batch = triage.bulk(events, shown, triage.ask_review, by, note=request.POST.get("note", ""))
    else:
        raise triage.Refused(_("Choose what to do with them."))
    number = Decision.objects.filter(batch=batch).count()
    done = ngettext("%(number)d event done.", "%(number)d events done.", number) % {"number": number}
    messages.success(request, done)
    return redirect(f"{reverse('desk:bulk')}?tab={tab}")


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

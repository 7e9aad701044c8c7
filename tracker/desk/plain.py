"""Plain pages' forms: what each would do to the scores, said before it is sent, and what was done taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tracker import record, text, textfields, triage
from tracker.desk import second
from tracker.desk.forms import BadForm
from tracker.desk.views import desk_view
from tracker.models import Decision
from tracker.triage import lasting
from tracker.triage.steps import DECIDE

UNDO = "undo-"  # begins the tag of a message that can be undone; the rest is the decision's number


def foretelling(request: HttpRequest) -> bool:
    """Whether the form only asks what it would do."""
    return request.headers.get("X-Foretell") == "1"


def foretold(effects: Callable[[], list[dict[str, Any]]]) -> JsonResponse:
    """The effects on the scores, ready to print, or the sentence with which the deed would be refused."""
    try:
        return JsonResponse({"effects": effects()})
    except (triage.Refused, BadForm) as error:
        return JsonResponse({"effects": [], "refused": str(error)})
    except (record.RecordError, text.BadText) as error:
        return JsonResponse({"effects": [], "refused": textfields.sentence(error)})


def done(request: HttpRequest, said: str, event: str) -> None:
    """Say what was done to an event, with the button that takes it back."""
    last = next((each for each in triage.last_of(request.user) if each.event_id == event), None)
    messages.success(request, said, f"{UNDO}{last.pk}" if last else "")


@desk_view(DECIDE)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back the decision that a page has just told of; back to that page."""
    number = request.POST.get("decision", "")
    known = number.isascii() and number.isdigit() and len(number) < 12
    decision = Decision.objects.filter(pk=int(number)).first() if known else None
    try:
        if decision is None:
            raise triage.Refused(_("There is nothing to undo: the decision was not taken."))
        second.undone(decision, request.user, lambda: lasting.take_back(decision, request.user))
        messages.info(request, _("Taken back."))
    except triage.Refused as error:
        messages.error(request, str(error))
    back = request.POST.get("back", "")
    inside = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return redirect(back if inside else reverse("desk:desk"))

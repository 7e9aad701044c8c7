"""What waits for a second person, with the form that was sent and why it weighs: signed or withdrawn with one press."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tracker import triage, wording
from tracker.desk import forms, plain, second
from tracker.desk.history import DEEDS
from tracker.desk.views import desk_view, languages
from tracker.models import Decision
from tracker.triage import blind
from tracker.triage.steps import DECIDE, name_of


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def signing(request):
    """The list; POST signs or withdraws one of it."""
    if request.method == "POST":
        try:
            _done(request)
        except (triage.Refused, forms.BadForm) as error:
            messages.error(request, str(error))
        return redirect("desk:second")
    hidden = set(blind.withheld(request.user).order_by().values_list("event_id", flat=True))
    alone = not second.colleagues(request.user).exists()
    return render(
        request,
        "desk/second.html",
        {
            "waiting": [
                _described(row, request.user, alone) for row in second.waiting() if row.event_id not in hidden
            ],
            "fewest": second.FEWEST_WORDS,
            "languages": languages(request),
            "title": _("Second person"),
        },
    )


def _done(request):
    number = request.POST.get("asked", "")
    row = next((each for each in second.waiting() if str(each.pk) == number), None)
    if row is None:
        raise triage.Stale(_("This has been signed, withdrawn or overtaken already."))
    if "withdraw" in request.POST:
        second.withdraw(row, request.user, request.POST.get("why", ""))
        messages.info(request, _("Withdrawn."))
    else:
        second.sign(row, request.user, request.POST.get("why", ""))
        plain.done(request, _("Signed: “%(title)s”") % {"title": str(row.event)[:80]}, row.event_id)


def _described(row: Decision, user: Any, alone: bool) -> dict[str, Any]:
    form = (row.after or {})["form"]
    changes = form.get("changes") if isinstance(form.get("changes"), dict) else {}
    codes = form.get("assessments") or changes.get("assessments") or ()
    return {
        "row": row,
        "deed": DEEDS.get(form["action"], form["action"]),
        "who": name_of(row.by),
        "mine": row.by_id == user.pk,
        "may_sign": row.by_id != user.pk or alone,
        "why": form.get("why") or form.get("note") or "",
        "codes": [wording.chip(line) for line in codes],
        "effects": _effects(form, user),
        "changed": sorted(name for name in changes if name != "assessments"),
    }


def _effects(form: dict[str, Any], user: Any) -> list[dict[str, Any]]:
    """What signing would do to the scores; nothing where it could not be done any more."""
    try:
        return forms.of_form(form, user)
    except (triage.Refused, forms.BadForm):
        return []

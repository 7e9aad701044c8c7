"""Blind second codings and their adjudication, on the desk's own item and panel."""

import datetime
import json

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tracker import agreement, triage, wording
from tracker.codebook import current
from tracker.desk import item, keys
from tracker.desk.views import config_of, desk_view, languages
from tracker.models import Coding
from tracker.triage import blind
from tracker.triage.steps import DECIDE, REVIEW, name_of
from tracker.wording import words_of

SHOWN = 50
TAKEN_BACK = datetime.timedelta(minutes=10)  # how long the list offers to take back what was just settled


@desk_view(DECIDE)
@require_GET
def waiting(request):
    """What waits to be coded a second time, and what coders disagree about."""
    may_review = request.user.has_perm(REVIEW)
    return render(
        request,
        "desk/codings.html",
        {
            "seconds": list(blind.waiting_for(request.user)[:SHOWN]),
            "disagreements": list(agreement.to_adjudicate(request.user)[:SHOWN]) if may_review else [],
            "may_review": may_review,
            "settled": _settled_last(request.user) if may_review else None,
            "languages": languages(request),
            "title": _("Double coding"),
        },
    )


def _settled_last(user):
    """The decision by which the user has just settled a disagreement, to be taken back."""
    since = timezone.now() - TAKEN_BACK
    rows = Coding.objects.filter(part=Coding.Part.ADJUDICATION, coder=user, done_at__gte=since)
    event = rows.order_by("-done_at").values_list("event_id", flat=True).first()
    return next((each for each in triage.last_of(user) if each.event_id == event), None) if event else None


@desk_view(DECIDE)
@require_GET
def coding(request, coding_id):
    row = get_object_or_404(Coding.objects.select_related("event"), pk=coding_id)
    if row.part == Coding.Part.SECOND and not row.done_at:
        if not blind.waiting_for(request.user).filter(pk=row.pk).exists():
            raise PermissionDenied(_("You know the first coding; somebody else codes this event blind."))
    elif row.part != Coding.Part.ADJUDICATION or not request.user.has_perm(REVIEW):
        raise Http404
    elif not row.done_at and not agreement.to_adjudicate(request.user).filter(pk=row.pk).exists():
        raise PermissionDenied(_("You gave one of the two codings; somebody else settles it."))
    chosen, single = keys.of(request.user)
    described = item.described(row.event, request.user, blindly=True)
    both = None
    if row.part == Coding.Part.ADJUDICATION:
        both = _both(row)
    return render(
        request,
        "desk/coding.html",
        {
            "coding": row,
            "item": described,
            "both": both,
            "chinese": "zh-hans" in current().languages,
            "may_decide": True,
            "may_review": request.user.has_perm(REVIEW),
            "config": config_of(chosen, single),
            "keys": chosen,
            "legend": keys.legend(chosen),
            "languages": languages(request),
            "title": row.get_part_display(),
        },
    )


@desk_view(REVIEW)
@require_POST
def unblind(request, coding_id):
    """A reviewer sees the first coding, and leaves the second one to somebody else."""
    row = get_object_or_404(Coding.objects.select_related("event"), pk=coding_id, part=Coding.Part.SECOND)
    blind.unblind(row.event, request.user)
    return redirect("desk:event", row.event_id)


def _both(row):
    """Both codings, and where they differ."""
    codings = {each.part: each for each in Coding.objects.filter(event=row.event).select_related("coder")}
    first, second = codings[Coding.Part.FIRST], codings[Coding.Part.SECOND]
    differing = agreement.differences(first.body, second.body)
    return {
        "differing": differing,
        "codings": [
            {
                "label": each.get_part_display(),
                "coder": each.reader or name_of(each.coder),
                "relevant": each.body["relevant"],
                "actors": [words_of(current().actor(actor).short) for actor in each.body["actors"]],
                "actors_differ": "actors" in differing,
                "certainty": _certainty(each.body["certainty"]),
                "certainty_differs": "certainty" in differing,
                "codes": [
                    wording.chip(line) | {"rationale": line["rationale"], "differs": line["rec"] in differing}
                    for line in each.body["assessments"]
                ],
                "json": json.dumps(each.body),
            }
            for each in (first, second)
        ],
    }


def _certainty(slug):
    term = current().certainties.get(slug)
    return words_of(term.name) if term else ""

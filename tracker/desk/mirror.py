"""The coder's mirror: what one analyst's work comes to, shown to that analyst and to editors alone.

The law: it says on how many cases each figure rests, and compares nobody with anybody else.
"""

from __future__ import annotations

import datetime
import statistics
from collections import Counter, defaultdict
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models.functions import TruncDate
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tracker import agreement
from tracker.desk import history
from tracker.desk.figures import HUMAN
from tracker.desk.views import desk_view, languages
from tracker.models import Coding, Decision
from tracker.triage import blind
from tracker.triage.steps import DECIDE, REVIEW, name_of

DAYS = 30
LOOKED_THROUGH = 2000
SHOWN = 20
OVERTURNING = ("edit", "retract", "merge", "undo")


@desk_view(DECIDE)
@require_GET
def mirror(request):
    """One's own mirror; an editor may look into anybody's."""
    person, asked = request.user, request.GET.get("analyst", "")
    if asked and asked != str(request.user.pk):
        if not request.user.has_perm(REVIEW):
            raise PermissionDenied
        person = get_object_or_404(get_user_model(), pk=asked if asked.isascii() and asked.isdigit() else 0)
    colleagues = get_user_model().objects.filter(is_staff=True, is_active=True).order_by("username")[:100]
    return render(
        request,
        "desk/mirror.html",
        {
            "person": name_of(person),
            "person_id": person.pk,
            "colleagues": colleagues if request.user.has_perm(REVIEW) else [],
            "days": days(person),
            "overturned": overturned(person, request.user),
            "agreed": agreed(person),
            "languages": languages(request),
            "title": _("Mirror"),
        },
    )


def days(person: Any) -> list[dict[str, Any]]:
    """The person's decisions of each of the last days, and the median seconds spent on one."""
    since = timezone.now() - datetime.timedelta(days=DAYS)
    rows = Decision.objects.filter(by=person, at__gte=since, action__in=HUMAN)
    counted: dict[Any, Counter[str]] = defaultdict(Counter)
    seconds: dict[Any, list[float]] = defaultdict(list)
    told = rows.annotate(day=TruncDate("at")).order_by("-id").values_list("day", "action", "seconds")
    for day, action, spent in told[:LOOKED_THROUGH]:
        counted[day][action] += 1
        if spent is not None:
            seconds[day].append(spent)
    return [
        {
            "day": day,
            "total": sum(counts.values()),
            "accepted": counts["accept"],
            "dismissed": counts["dismiss"],
            "median": round(statistics.median(seconds[day]), 1) if seconds[day] else None,
        }
        for day, counts in sorted(counted.items(), reverse=True)
    ]


def overturned(person: Any, reader: Any) -> dict[str, Any]:
    """Of the person's acceptances those that somebody else changed, took back or joined later; the latest first,
    without what the reader may still code blind."""
    mine = Decision.objects.filter(by=person, action="accept", undone_by=None).order_by("-id")
    accepted = dict(mine.values_list("event_id", "id")[:LOOKED_THROUGH])
    later = (
        Decision.objects.filter(event__in=accepted, action__in=OVERTURNING, by__isnull=False)
        .exclude(by=person)
        .exclude(event__in=blind.withheld(reader).order_by().values("event_id"))
        .select_related("event", "by")
        .defer("before", "after")
        .order_by("-id")[:LOOKED_THROUGH]
    )
    found = [each for each in later if each.id > accepted[each.event_id]]
    return {
        "n": len(accepted),
        "events": len({each.event_id for each in found}),
        "rows": [
            {
                "event": each.event,
                "deed": history.DEEDS.get(each.action, each.action),
                "by": name_of(each.by),
                "at": each.at,
                "why": each.reason,
            }
            for each in found[:SHOWN]
        ],
    }


def agreed(person: Any) -> dict[str, Any]:
    """How often the person and a second coder, blind to each other, chose the same codes."""
    parts = (Coding.Part.FIRST, Coding.Part.SECOND)
    mine = Coding.objects.filter(coder=person, part__in=parts, done_at__isnull=False).order_by("-id")
    events = list(mine.values_list("event_id", flat=True)[:LOOKED_THROUGH])
    bodies: dict[str, dict[str, Any]] = defaultdict(dict)
    done = Coding.objects.filter(event__in=events, part__in=parts, done_at__isnull=False)
    for event, part, body in done.values_list("event_id", "part", "body"):
        bodies[event][part] = body
    pairs = [pair for pair in bodies.values() if len(pair) == 2]
    same = [not agreement.differences(pair[parts[0]], pair[parts[1]]) for pair in pairs]
    return {"n": len(same), "share": sum(same) / len(same) if same else None}

"""The operator's page: what /health/ready, /metrics and the last tasks say, in words, with the remedy beside it.

The law: it only reads, and it opens for whoever may look at the signs of life.
"""

from collections import defaultdict

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tracker import readiness, vitals
from tracker.models import Heartbeat

NOT_SIGNS = {"tasks_total", "task_seconds_total"}  # shown as the table of tasks


@never_cache
@staff_member_required(login_url="admin:login")
@permission_required("tracker.view_heartbeat", raise_exception=True)
@require_GET
def operations(request):
    findings = readiness.findings()
    signs = vitals.gather() if findings[0].well else []
    context = {
        **admin.site.each_context(request),
        "title": _("Operations"),
        "findings": findings,
        "troubles": vitals.bad(signs),
        "signs": [sign for sign in signs if sign.name not in NOT_SIGNS],
        "tasks": tasks(),
    }
    return render(request, "operations/page.html", context)


def tasks():
    """One row for each task: when it last succeeded and failed, how often, how long it takes."""
    rows = defaultdict(dict)
    for beat in Heartbeat.objects.filter(name__contains=" "):
        name, _space, outcome = beat.name.partition(" ")
        rows[name][outcome] = beat
    return [
        {
            "name": name,
            "succeeded": outcomes.get("success"),
            "failed": outcomes.get("failure"),
            "seconds": _mean(outcomes.get("success")),
        }
        for name, outcomes in sorted(rows.items())
    ]


def _mean(beat):
    return beat.seconds / beat.count if beat and beat.count else None

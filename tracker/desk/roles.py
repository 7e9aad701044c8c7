"""Who may what: the roles as they stand in the database, in words, so that a changed role is told as it is."""

from django.contrib.auth.models import Group
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from tracker.desk.views import desk_view, languages

NAMES = {
    "viewer": gettext_lazy("viewer"),
    "analyst": gettext_lazy("analyst"),
    "reviewer": gettext_lazy("reviewer"),
    "editor": gettext_lazy("editor"),
}
DEEDS = {
    "tracker.view_event": gettext_lazy("look at everything on the desk and in the admin"),
    "tracker.triage_event": gettext_lazy(
        "decide on proposals, correct what is on record, enter events by hand"
    ),
    "tracker.review_event": gettext_lazy(
        "retract, restore, merge on record, settle disputes, adjudicate, act in bulk"
    ),
    "tracker.add_completeness": gettext_lazy("state to which day coding is complete"),
    "tracker.add_asksetting": gettext_lazy("set an ask by hand"),
    "tracker.change_cue": gettext_lazy("change the tagger's cues"),
    "tracker.change_taggerversion": gettext_lazy("say which model serves"),
    "feeds.change_feed": gettext_lazy("add and change feeds"),
    "tracker.view_heartbeat": gettext_lazy("read the operator's page"),
    "auth.add_user": gettext_lazy("make and close accounts"),
}


def name_of(group):
    """A role's name in the reader's language; one that an administrator made keeps its own."""
    return str(NAMES.get(group, group))


@desk_view()
@require_GET
def roles(request):
    """The table of roles and deeds, and what the reader may."""
    groups = list(Group.objects.prefetch_related("permissions__content_type").order_by("pk"))
    may = {
        group.pk: {f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()}
        for group in groups
    }
    return render(
        request,
        "desk/roles.html",
        {
            "roles": [name_of(group.name) for group in groups],
            "rows": [
                {
                    "label": label,
                    "cells": [permission in may[group.pk] for group in groups],
                    "mine": request.user.has_perm(permission),
                }
                for permission, label in DEEDS.items()
            ],
            "languages": languages(request),
            "title": _("Who may what"),
        },
    )

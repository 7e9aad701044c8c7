"""The people of the desk: who may what, and by which name readers see them.

The roles are told as they stand in the database, in words, so that a changed role is told as it is. The law: nobody's
account or full name is public unless its owner wrote it here. What is in the log stays as it was written.
"""

from django.contrib.auth.models import Group
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tracker import text, triage, wording
from tracker.desk.views import desk_view, languages
from tracker.models import Preference
from tracker.triage.steps import DECIDE

ROLES = {
    "viewer": gettext_lazy("viewer"),
    "analyst": gettext_lazy("analyst"),
    "reviewer": gettext_lazy("reviewer"),
    "editor": gettext_lazy("editor"),
}
MAY = {
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
LONGEST_NAME = 60


def role_name(group):
    """A role's name in the reader's language; one that an administrator made keeps its own."""
    return str(ROLES.get(group, group))


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
            "roles": [role_name(group.name) for group in groups],
            "rows": [
                {
                    "label": label,
                    "cells": [permission in may[group.pk] for group in groups],
                    "mine": request.user.has_perm(permission),
                }
                for permission, label in MAY.items()
            ],
            "languages": languages(request),
            "title": _("Who may what"),
        },
    )


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def choose_name(request):
    trouble, given = "", triage.public_name(request.user)
    if request.method == "POST":
        given = request.POST.get("name", "")
        try:
            name = text.strict(given.strip(), "name", LONGEST_NAME) if given.strip() else ""
            if name and name == request.user.get_username():
                trouble = gettext(
                    "This is the name you sign in with. Choose another, so that nobody learns it."
                )
        except text.BadText as error:
            trouble = wording.refusal(error)
        if not trouble:
            Preference.objects.update_or_create(user=request.user, defaults={"public_name": name})
            return redirect("desk:desk")
    context = {"title": gettext("The name that readers see"), "given": given, "trouble": trouble}
    return render(request, "desk/name.html", context, status=400 if trouble else 200)

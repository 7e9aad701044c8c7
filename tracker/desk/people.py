"""Who sits at the desk: what each role may and which pages it opens, the name that readers see, the single keys.

The roles are told as they stand in the database, in words, so that a changed role is told as it is. The law: nobody's
account or full name is public unless its owner wrote it here. What is in the log stays as it was written.

The law of the keys: one key, one deed, of the analyst's own choice. No key needs Ctrl, Alt or Meta, so none takes a
key from the browser or the reader's software, and none acts while somebody types.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, translate_url
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tracker import text, triage, wording
from tracker.codebook import current
from tracker.models import Preference
from tracker.triage.steps import DECIDE
from tracker.wording import words_of

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
ACTIONS: dict[str, tuple[str, str | Promise]] = {
    "accept": ("a", gettext_lazy("accept")),
    "dismiss": ("r", gettext_lazy("reject, with reason")),
    "join": ("d", gettext_lazy("duplicate of …")),
    "split": ("x", gettext_lazy("split")),
    "snooze": ("z", gettext_lazy("snooze")),
    "review": ("v", gettext_lazy("ask a reviewer")),
    "undo": ("u", gettext_lazy("undo")),
    "next": ("j", gettext_lazy("next")),
    "previous": ("k", gettext_lazy("previous")),
    "certainty": ("c", gettext_lazy("certainty")),
    "actors": ("o", gettext_lazy("actors")),
    "ask": ("w", gettext_lazy("which ask")),
    "rationale": ("n", gettext_lazy("rationale")),
    "words": ("t", gettext_lazy("take the draft over")),
    "edit": ("e", gettext_lazy("title and date")),
    "suggested": ("s", gettext_lazy("as suggested again")),
    "preview": ("p", gettext_lazy("effect on the scores")),
    "take_first": ("h", gettext_lazy("when two codings differ: take the first")),
    "take_second": ("l", gettext_lazy("when two codings differ: take the second")),
    "open": ("g", gettext_lazy("open the source")),
    "search": ("/", gettext_lazy("search")),
    "help": ("?", gettext_lazy("help")),
}


def desk_view(permission="tracker.view_event", *, answers=False):
    """A view for staff with a permission. Pages send strangers to the login, answers say it in JSON."""

    def wrap(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            if not admin.site.has_permission(request):
                if answers:
                    return JsonResponse(
                        {"error": gettext("You are signed out."), "kind": "signed out"}, status=401
                    )
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if answers and request.headers.get("X-Desk-User", str(request.user.pk)) != str(request.user.pk):
                # Somebody else signed in meanwhile in this browser: what this page's analyst decided is not theirs.
                said = gettext("Somebody else is signed in now in this browser. Sign in again as yourself.")
                return JsonResponse({"error": said, "kind": "signed out"}, status=401)
            if not request.user.has_perm(permission):
                if answers:
                    return refusal(gettext("Your role does not include this step."), "not allowed", 403)
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return never_cache(guarded)

    return wrap


def refusal(message, kind, status, **more):
    """Why a script's request was not done."""
    return JsonResponse({"error": message, "kind": kind, **more}, status=status)


def languages(request):
    """The page's address in each language."""
    here = get_language()
    return [
        {
            "code": code,
            "name": {"en": "English", "zh-hans": "中文"}[code],
            "href": translate_url(request.get_full_path(), code),
            "current": code == here,
        }
        for code, _name in settings.LANGUAGES
    ]


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


def number_width() -> int:
    """How many digits name a recommendation: always the same, so that no number waits for another digit."""
    return 1 if len(current()) <= 9 else 2


def number_typed(number: int) -> str:
    """The digits that name the recommendation at a place: `7`; `07` where there are more than nine."""
    return f"{number:0{number_width()}d}"


def _digits() -> range:
    return range(1, 10 if number_width() == 2 else max(5, len(current())) + 1)


# Digits, signs and these are the grammar of coding and moving about; they cannot be given away.
FIXED = {
    **{str(number): gettext_lazy("recommendation, then strength") for number in _digits()},
    "+": gettext_lazy("advances"),
    "=": gettext_lazy("advances"),
    "-": gettext_lazy("undermines"),
    "_": gettext_lazy("undermines"),
    "0": gettext_lazy("mixed"),
    "Delete": gettext_lazy("clear the code"),
    "Escape": gettext_lazy("close, let go"),
    "Enter": gettext_lazy("press what has the focus"),
    "Tab": gettext_lazy("move the focus"),
    " ": gettext_lazy("scroll"),
}
# Keys that browsers use alone: quick find in Firefox ('), caret browsing, going back. The admin of Django has
# no single keys of its own.
BROWSER = ("'", "Backspace", "F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12")


class KeyClash(ValueError):
    """A choice of keys that cannot be; the message names the key and who has it."""


def keys_of(user: Any) -> tuple[dict[str, str], bool]:
    """The user's key for each action, and whether single keys are on."""
    chosen = Preference.objects.filter(user=user).first()
    keys = {name: key for name, (key, _label) in ACTIONS.items()}
    if chosen:
        keys |= {name: key for name, key in chosen.keys.items() if name in ACTIONS}
    return keys, chosen.single_keys if chosen else True


def keep_keys(user: Any, wanted: Mapping[str, Any], single_keys: bool = True) -> dict[str, str]:
    """Keep the user's choice; `KeyClash` when two deeds would share a key or a key is not free."""
    keys = {name: key for name, (key, _label) in ACTIONS.items()}
    for name, key in wanted.items():
        if name not in ACTIONS:
            raise KeyClash(_("There is no deed “%(name)s”.") % {"name": str(name)[:40]})
        keys[name] = str(key)
    check_keys(keys)
    differing = {name: key for name, key in keys.items() if key != ACTIONS[name][0]}
    Preference.objects.update_or_create(
        user=user, defaults={"keys": differing, "single_keys": bool(single_keys)}
    )
    return keys


def check_keys(keys: Mapping[str, str]) -> None:
    """`KeyClash` names the first key that is not one character, reserved, or used twice."""
    taken: dict[str, str] = {}
    for name, key in keys.items():
        label = ACTIONS[name][1]
        if len(key) != 1 or not key.isprintable():
            raise KeyClash(_("“%(label)s” needs one character as its key.") % {"label": label})
        if key in FIXED or key in BROWSER:
            raise KeyClash(_("“%(key)s” is not free: coding or the browser needs it.") % {"key": key})
        if key.lower() in taken:
            raise KeyClash(
                _("“%(key)s” is the key of “%(other)s” already.")
                % {"key": key, "other": ACTIONS[taken[key.lower()]][1]}
            )
        taken[key.lower()] = name


def key_prompts() -> dict[str, str]:
    """What the coding panel asks for at each step of the grammar, with this codebook's numbers and words."""
    book = current()
    steps = [f"{number} {words_of(term.name)}" for number, term in book.strengths.items()]
    actors = [f"{key} {words_of(book.actor(slug).short)}" for key, slug in book.keys().items()]
    return {
        "idle": _("Digit: recommendation. Then + − 0, then strength 1 to 5.")
        if number_width() == 1
        else _("Two digits: recommendation. Then + − 0, then strength 1 to 5."),
        "number": _("… now the second digit"),
        "direction": _("… now + advances, − undermines, 0 mixed"),
        "strength": _("… now strength %(steps)s") % {"steps": ", ".join(steps)},
        "actors": _("… now %(keys)s; Esc ends") % {"keys": ", ".join(actors)},
    }


def key_legend(keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every deed with its key, in the order of the legend."""
    return [{"name": name, "key": keys[name], "label": label} for name, (_key, label) in ACTIONS.items()]

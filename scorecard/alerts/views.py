"""Ask for mails, confirm, end them. No cookie, and nothing happens on GET, for mail scanners follow links."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from scorecard import guarding, vocabulary
from scorecard.alerts import subscribing
from scorecard.models import Subscription
from scorecard.pages import clock, frame, reading

ALLOWED = require_http_methods(["GET", "HEAD", "POST"])


def around(request: HttpRequest, key: str, title: str, description: str) -> dict[str, Any]:
    """What stands around a page that is not about a day."""
    read = reading.Reading(clock.read({}, reading.timezone.now().date()))
    page = frame.Page(
        key=key,
        title=title,
        description=description,
        card=reverse("pages:card", args=["overview"]),
        noindex=True,
    )
    found = frame.around(request, page, read.clock, read.coverage())
    return {"page": found | {"clock": None}, "headline": title}


# The token in the address, or the signed time in the form, stands for what a session's token would.
@never_cache
@csrf_exempt
@ALLOWED
def subscribe(request: HttpRequest) -> HttpResponse:
    error, status = "", 200
    if request.method == "POST":
        try:
            guarding.check(request, request.POST)
            subscribing.ask(_wish(request.POST))
        except (guarding.Turned, subscribing.BadWish) as turned:
            error, status = str(turned), 400
        else:
            return _said(
                request,
                gettext("Please look at your mail"),
                gettext("If the address is yours, a mail asks you to confirm. Nothing comes before that."),
            )
    context = around(
        request, "alerts", gettext("Follow by e-mail"), gettext("Mails when an event changes in meaning.")
    ) | {
        "action": request.path,
        "error": error,
        "given": _given(request.POST),
        "rhythms": Subscription.Rhythm.choices,
        "recommendations": [(slug, vocabulary.short_name(slug)) for slug in vocabulary.SHORT_NAMES],
        "actors": [(actor, vocabulary.actor(actor)) for actor in vocabulary.ACTORS],
        "stamp": guarding.stamp(),
    }
    return render(request, "alerts/subscribe.html", context, status=status)


def _wish(form: Any) -> dict[str, Any]:
    return subscribing.checked(
        form.get("email", ""),
        form.get("rhythm", ""),
        form.getlist("recommendations"),
        form.getlist("actors"),
        get_language() or "en",
    )


def _given(form: Any) -> dict[str, Any]:
    return {
        "email": form.get("email", "")[:254],
        "rhythm": form.get("rhythm", Subscription.Rhythm.WEEKLY),
        "recommendations": form.getlist("recommendations"),
        "actors": form.getlist("actors"),
    }


@never_cache
@csrf_exempt
@ALLOWED
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    row = subscribing.behind(token, "confirm")
    if row is None:
        return _unknown(request)
    if request.method == "POST":
        subscribing.confirm(row)
        words = gettext("From now on you get a mail when something changes. Each has a link that ends it.")
        return _said(request, gettext("Confirmed"), words)
    words = gettext("Mails to %(email)s begin when you press the button.") % {"email": row.email}
    return _said(request, gettext("Confirm the mails"), words, gettext("Confirm"))


@never_cache
@csrf_exempt
@ALLOWED
def off(request: HttpRequest, token: str) -> HttpResponse:
    """The button, or the mail program's own one click (RFC 8058)."""
    row = subscribing.behind(token, "off")
    if row is None:
        return _unknown(request)
    if request.method == "POST":
        subscribing.end(row)
        return _said(request, gettext("Ended"), gettext("No further mail will come."))
    words = gettext("Mails to %(email)s end when you press the button.") % {"email": row.email}
    return _said(request, gettext("End the mails"), words, gettext("End them"))


def _unknown(request: HttpRequest) -> HttpResponse:
    words = gettext("This link is not complete, or too old. Please ask for the mails once more.")
    return _said(request, gettext("This link does not work"), words, status=404)


def _said(request: HttpRequest, title: str, words: str, button: str = "", status: int = 200) -> HttpResponse:
    context = around(request, "alerts", title, words) | {
        "words": words,
        "button": button,
        "action": request.path,
    }
    return render(request, "alerts/step.html", context, status=status)

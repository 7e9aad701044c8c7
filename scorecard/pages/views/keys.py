"""Keys by mail: ask for one, confirm and see it once, end it. No cookie, and nothing happens on GET."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from scorecard import conditional, keys, limits
from scorecard.alerts import subscribing
from scorecard.pages.views import forms


# The token in the address, or the signed time in the form, stands for what a session's token would.
@never_cache
@csrf_exempt
@forms.ALLOWED
@conditional.unkept
def ask(request: HttpRequest) -> HttpResponse:
    turned: forms.Turned | None = None
    if request.method == "POST":
        try:
            limits.check(request, request.POST)
            email = subscribing.address(request.POST.get("email", ""))
            limits.spend(request, "keys", keys.lately())
            keys.ask(email, get_language() or "en")
        except (limits.Turned, subscribing.BadWish) as problem:
            turned = problem
        else:
            return forms.said(
                request,
                gettext("Please look at your mail"),
                gettext("If the address is yours, a mail asks you to confirm. Nothing comes before that."),
            )
    context = forms.around(
        request,
        "keys",
        gettext("A key to the API"),
        gettext("More requests a minute for programs that read."),
    ) | {
        "action": request.path,
        **forms.faults(turned),
        "email": request.POST.get("email", "")[:254],
        "days": keys.UNUSED.days,
        "stamp": limits.stamp(),
    }
    return render(request, "keys/ask.html", context, status=400 if turned else 200)


@never_cache
@csrf_exempt
@forms.ALLOWED
@conditional.unkept
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    row = keys.holder_behind(token, "confirm")
    if row is None:
        return _unknown(request)
    if request.method == "POST":
        text = keys.give(row)
        if not text:
            return _unknown(request)
        words = gettext("It is shown this once. Keep it where your program finds it and nobody else.")
        context = forms.around(request, "keys", gettext("Your key"), words) | {
            "words": words,
            "text": text,
            "end": keys.end_address(row),
        }
        return render(request, "keys/given.html", context)
    words = gettext("A key for %(email)s is made when you press the button. One that it had before ends.")
    return forms.said(
        request, gettext("Confirm, and see the key"), words % {"email": row.email}, gettext("Make the key")
    )


@never_cache
@csrf_exempt
@forms.ALLOWED
@conditional.unkept
def end(request: HttpRequest, token: str) -> HttpResponse:
    row = keys.holder_behind(token, "end")
    if row is None:
        return _unknown(request)
    if request.method == "POST":
        keys.end(row)
        return forms.said(
            request, gettext("The key has ended"), gettext("The key and your address are deleted.")
        )
    words = gettext("The key of %(email)s ends, and the address is deleted, when you press the button.")
    return forms.said(request, gettext("End the key"), words % {"email": row.email}, gettext("End it"))


def _unknown(request: HttpRequest) -> HttpResponse:
    words = gettext("This link is not complete, too old, or used up. Please ask for a key once more.")
    return forms.said(request, gettext("This link does not work"), words, status=404)

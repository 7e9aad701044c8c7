"""Who may try to sign in, and how often.

The law: a stranger's guesses never keep a colleague out. They are counted for an account from one address, and for an
address over all accounts; a browser that has been inside before carries a signed sign of it, and its tries are
counted by that sign alone. Tries while one waits do not make the wait longer.
"""

import datetime
import logging
import secrets

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.core.cache import cache
from django.db.models import Sum
from django.dispatch import receiver
from django.shortcuts import render
from django.utils import timezone

from tracker.operations import callers

OF_AN_ADDRESS = 30  # wrong tries in a quarter of an hour, whatever the accounts
OF_A_BROWSER = 10  # in an hour, of one that has been inside before
HOUR = 3600
KNOWN_DAYS = 90
SALT = "tracker.sign_in"

log = logging.getLogger(__name__)


class DoorMiddleware:
    """Before the form of the admin is looked at: whether this address or browser has guessed too often."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if name := getattr(request, "signed_in_as", None):
            value = signing.dumps([name, secrets.token_hex(8)], salt=SALT)
            response.set_cookie(
                _cookie(),
                value,
                max_age=KNOWN_DAYS * 86_400,
                secure=settings.SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    def process_view(self, request, view, args, kwargs):
        if request.method != "POST" or request.resolver_match.view_name != "admin:login":
            return None
        sign = _sign(request, {"username": request.POST.get("username", "")})
        wrong = _count(sign) if sign else _of_address(callers.address(request))
        limit = OF_A_BROWSER if sign else OF_AN_ADDRESS
        if wrong <= limit:
            return None
        log.warning("too many wrong passwords from one %s", "browser" if sign else "address")
        return render(request, settings.AXES_LOCKOUT_TEMPLATE, {"failure_limit": limit}, status=429)


def address_of(request):
    """What axes counts by."""
    return callers.address(request) or None


def is_known(request, credentials):
    """Whether axes leaves this try to us: the browser has been inside under this name before."""
    return bool(_sign(request, credentials))


@receiver(user_logged_in)
def remember(sender, request, user, **kwargs):
    """Mark the browser, and forget its wrong tries."""
    if request is None:
        return
    if sign := _sign(request, {"username": user.get_username()}):
        cache.delete(_place(sign))
    request.signed_in_as = user.get_username()


def _of_address(address):
    if not address:
        return 0
    since = timezone.now() - datetime.timedelta(hours=settings.AXES_COOLOFF_TIME)
    tries = AccessAttempt.objects.filter(ip_address=address, attempt_time__gt=since)
    return (tries.aggregate(all=Sum("failures_since_start"))["all"] or 0) + 1


def _count(sign):
    """The tries of a browser in this hour, this one with them; a right password sets them back."""
    cache.add(_place(sign), 0, HOUR)
    try:
        return cache.incr(_place(sign))
    except ValueError:
        return 1


def _place(sign):
    return f"sign-in:{sign}"


def _sign(request, credentials):
    """The sign by which a browser is known under this name; empty when it is not."""
    try:
        name, sign = signing.loads(request.COOKIES.get(_cookie(), ""), salt=SALT, max_age=KNOWN_DAYS * 86_400)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return ""
    return sign if name == (credentials or {}).get("username") else ""


def _cookie():
    return "__Host-known" if settings.SECURE else "known"

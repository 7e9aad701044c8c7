"""Who may sign in, how often one may try, by which second factor, and how long a session lasts.

The law: a stranger's guesses never keep a colleague out. They are counted for an account from one address, and for an
address over all accounts; a browser that has been inside before carries a signed sign of it, and its tries are counted
by that sign alone. Tries while one waits do not make the wait longer. With `SECOND_FACTOR` on, nobody sees a page of
the admin or the desk before the second factor, whatever the address. A session ends after half an hour without a
request and after twelve hours in any case.
"""

import base64
import datetime
import io
import logging
import secrets
import time

import segno
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.cache import cache
from django.db.models import Sum
from django.dispatch import receiver
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp import login as otp_login
from django_otp import match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tracker.operations import middleware

OF_AN_ADDRESS = 30  # wrong tries in a quarter of an hour, whatever the accounts
OF_A_BROWSER = 10  # in an hour, of one that has been inside before
HOUR = 3600
KNOWN_DAYS = 90
SALT = "tracker.sign_in"

log = logging.getLogger(__name__)
IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 3600
NOTED_EVERY = 60  # seconds; the session is not written on every request
INSIDE = {"admin", "desk", "operations"}
OPEN = {"admin:login", "admin:logout", "admin:jsi18n"}
SPARE_CODES = 8


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
        wrong = _count(sign) if sign else _of_address(middleware.caller_address(request))
        limit = OF_A_BROWSER if sign else OF_AN_ADDRESS
        if wrong <= limit:
            return None
        log.warning("too many wrong passwords from one %s", "browser" if sign else "address")
        return render(request, settings.AXES_LOCKOUT_TEMPLATE, {"failure_limit": limit}, status=429)


def address_of(request):
    """What axes counts by."""
    return middleware.caller_address(request) or None


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


class EntranceMiddleware:
    """After authentication and django-otp: ends old sessions, asks for the second factor."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not INSIDE & set(request.resolver_match.namespaces) or not request.user.is_authenticated:
            return None
        if request.resolver_match.view_name in OPEN:
            return None
        if ended := _session_ended(request.session, time.time()):
            logout(request)
            return _turned_away(request, ended, reverse("admin:login"))
        if settings.SECOND_FACTOR and request.user.is_staff and not request.user.is_verified():
            return _turned_away(request, _("The second factor is missing."), reverse("second-factor"))
        return None


def _session_ended(session, now):
    """Why the session is over, or nothing; notes that it was used."""
    started, seen = session.get("started", now), session.get("seen", now)
    if now - started > LONGEST_SECONDS:
        return _("The session has lasted twelve hours; sign in again.")
    if now - seen > IDLE_SECONDS:
        return _("The session was not used for half an hour; sign in again.")
    if "started" not in session or now - seen > NOTED_EVERY:
        session["started"], session["seen"] = started, now
    return ""


def _turned_away(request, why, where):
    if "application/json" in (request.headers.get("Content-Type", ""), request.headers.get("Accept", "")):
        return JsonResponse({"error": why, "kind": "signed out"}, status=401)
    messages.info(request, why)
    return redirect_to_login(request.get_full_path(), where)


@sensitive_post_parameters("code")
@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def second_factor(request):
    """Enrol a phone, or give its code. Pasting is allowed; spare codes are shown once."""
    if not admin.site.has_permission(request):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    if request.user.is_verified():
        return redirect(_onward(request))
    # A sheet of spare codes is no phone: whose phone an administrator deleted enrols another.
    enrolled = TOTPDevice.objects.filter(user=request.user, confirmed=True).exists()
    device = None if enrolled else _new_device(request.user)
    trouble = ""
    if request.method == "POST":
        code = "".join(request.POST.get("code", "").split())[:20]
        found = match_token(request.user, code) if enrolled else _confirmed(device, code)
        if found:
            otp_login(request, found)
            request.session.cycle_key()
            if enrolled:
                return redirect(_onward(request))
            return _page(request, spare=_spare_codes(request.user))
        trouble = _("This code is not right, or it has been used. Wait for the next one and try again.")
    return _page(request, device=device, trouble=trouble)


def _page(request, *, device=None, trouble="", spare=()):
    context = {
        "title": _("Second factor"),
        "device": device,
        "secret": base64.b32encode(device.bin_key).decode() if device else "",
        "picture": _picture(device) if device else "",
        "trouble": trouble,
        "spare": spare,
        "onward": _onward(request),
    }
    return render(request, "desk/second_factor.html", context, status=400 if trouble else 200)


def _onward(request):
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if here else reverse("admin:index")


def _new_device(user):
    """The one device that waits to be confirmed; its secret stays the same while the page is reloaded."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return device or TOTPDevice.objects.create(user=user, name="phone", confirmed=False)


def _confirmed(device, code):
    if not device.verify_token(code):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return device


def _spare_codes(user):
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="spare codes")
    codes = [StaticToken.random_token() for _number in range(SPARE_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def _picture(device):
    """The QR code as an image that needs no request and no inline style."""
    out = io.BytesIO()
    segno.make(device.config_url).save(out, kind="svg", scale=4, border=2, dark="#000", light="#fff")
    return f"data:image/svg+xml;base64,{base64.b64encode(out.getvalue()).decode()}"

"""Who may stay inside: the second factor of staff, and how long a session lasts.

The law: with `SECOND_FACTOR` on, nobody sees a page of the admin or the desk before the second factor,
whatever the address. A session ends after half an hour without a request and after twelve hours in any case.
"""

import base64
import io
import time

import segno
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
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

IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 3600
NOTED_EVERY = 60  # seconds; the session is not written on every request
INSIDE = {"admin", "desk", "operations"}
OPEN = {"admin:login", "admin:logout", "admin:jsi18n"}
SPARE_CODES = 8


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

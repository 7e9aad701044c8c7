"""WebSub: hubs that feeds name tell us when to poll (https://www.w3.org/TR/websub/), and where they call.

The law: a push is believed for nothing but "poll this soon". Its words are never read; only its signature is, and one
feed is called at most once a minute however often its hub nudges. What we did not ask for is never confirmed.
"""

import hashlib
import hmac
import ipaddress
import logging
import secrets
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db.models import DurationField, F, Q, Value
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from feeds.http import fetch, guard
from feeds.models import Feed, Subscription
from tracker import sql
from tracker.text import lenient

log = logging.getLogger(__name__)
State = Subscription.State

LEASE = timedelta(days=10)  # what we ask for
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=30)  # of a lease that a hub gives, as we count it
ANSWERED = timedelta(hours=1)  # a hub that has not confirmed by then is asked again
DENIED = timedelta(days=7)
DEADLINE = 10.0  # seconds for a hub's answer
AT_ONCE = 50  # subscriptions asked for in one go
LARGEST = 2_000_000  # bytes of a push whose signature is checked
SPACING = timedelta(minutes=1)  # between two polls that a hub may cause
CHALLENGE = 500  # characters
SIGNED = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


def is_on() -> bool:
    """Whether hubs can reach us: where SITE_URL is a public https address, unless FEEDS_WEBSUB says otherwise."""
    if settings.FEEDS_WEBSUB is not None:
        return settings.FEEDS_WEBSUB
    site = urlsplit(settings.SITE_URL)
    host = site.hostname or ""
    try:
        public = guard.is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        public = "." in host and not host.endswith((".local", ".internal", ".localhost", ".test", ".example"))
    return site.scheme == "https" and public


def note(feed: Feed, hub: str, topic: str) -> None:
    """Remember the hub that a feed's document names. Writes nothing when it is known."""
    if not is_on() or max(len(hub), len(topic)) > 1000:
        return
    known = sql.select(Subscription, ("hub", "topic"), feed=feed.pk)
    if known == [(hub, topic)]:
        return
    Subscription.objects.filter(feed=feed).delete()
    made = (feed.pk, hub, topic, secrets.token_hex(16), secrets.token_hex(32))
    sql.insert(Subscription, ("feed", "hub", "topic", "token", "secret"), [made])


def ask_hubs() -> int:
    """Ask every hub whose turn it is; how many took the question. A lost answer is asked for again an hour later."""
    if not is_on():
        return 0
    due = Subscription.objects.filter(next_try_at__lte=Now(), feed__paused=False).order_by("next_try_at")
    asked = 0
    for subscription in due[:AT_ONCE]:
        claimed = Subscription.objects.filter(pk=subscription.pk, next_try_at__lte=Now())
        if claimed.update(next_try_at=_from_now(ANSWERED)):
            asked += _ask(subscription)
    return asked


def _ask(subscription: Subscription) -> bool:
    form = {
        "hub.mode": "subscribe",
        "hub.topic": subscription.topic,
        "hub.callback": settings.SITE_URL.rstrip("/") + reverse("push", args=[subscription.token]),
        "hub.secret": subscription.secret,
        "hub.lease_seconds": int(LEASE.total_seconds()),
    }
    rows = Subscription.objects.filter(pk=subscription.pk)
    # Before the call: a hub may ask back before it answers.
    rows.exclude(state=State.ACTIVE).update(state=State.ASKED)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        status = fetch.post(subscription.hub, headers, urlencode(form).encode(), DEADLINE)
    except fetch.SendError as error:
        return _failed(subscription, str(error))
    if not 200 <= status < 300:
        return _failed(subscription, _("the hub answered %(status)d") % {"status": status})
    rows.update(failures=0)
    return True


def _failed(subscription: Subscription, said: str) -> bool:
    """Wait longer each time, a week at most; a lease that still runs goes on."""
    wait = min(DENIED, timedelta(hours=2 ** min(8, subscription.failures)))
    rows = Subscription.objects.filter(pk=subscription.pk)
    rows.update(failures=F("failures") + 1, said=lenient(said, 300), next_try_at=_from_now(wait))
    rows.filter(Q(lease_until=None) | Q(lease_until__lte=Now())).update(state=State.FAILED)
    log.warning("The hub %s of %s could not be asked: %s", subscription.hub, subscription.topic, said)
    return False


@csrf_exempt
@require_http_methods(["GET", "POST"])
def called(request: HttpRequest, token: str) -> HttpResponse:
    """What a hub calls: to verify that we meant it, to deny, or to nudge."""
    found = Subscription.objects.filter(token=token).select_related("feed").first()
    if found is None:
        return HttpResponse(status=404)
    return _nudged(request, found) if request.method == "POST" else _verified(request, found)


def _verified(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """The challenge back, where mode and topic are those that we asked for."""
    mode, topic = request.GET.get("hub.mode", ""), request.GET.get("hub.topic", "")
    rows = Subscription.objects.filter(pk=subscription.pk)
    if topic != subscription.topic:
        return HttpResponse(status=404)
    if mode == "denied":
        said = lenient(request.GET.get("hub.reason", ""), 300)
        rows.update(state=State.DENIED, said=said, lease_until=None, next_try_at=_from_now(DENIED))
        return HttpResponse(status=200)
    challenge = request.GET.get("hub.challenge", "")
    wanted = subscription.state in (State.ASKED, State.ACTIVE)
    if mode != "subscribe" or not wanted or not 0 < len(challenge) <= CHALLENGE:
        return HttpResponse(status=404)
    lease = _lease(request.GET.get("hub.lease_seconds", ""))
    rows.update(
        state=State.ACTIVE,
        said="",
        failures=0,
        lease_until=_from_now(lease),
        next_try_at=_from_now(lease * 0.8),  # renewed before it ends
    )
    return HttpResponse(
        challenge, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
    )


def _lease(seconds: str) -> timedelta:
    given = timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 10 else LEASE
    return min(LONGEST, max(SHORTEST, given))


def _nudged(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """202 for everybody: who may not nudge learns nothing by it."""
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) > LARGEST:
        return HttpResponse(status=413)
    signature = request.headers.get("X-Hub-Signature", "")
    if subscription.state == State.ACTIVE and _is_signed(
        request.read(LARGEST), signature, subscription.secret
    ):
        poll_soon(subscription)
    return HttpResponse(status=202)


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    method, _equals, given = signature.partition("=")
    if method not in SIGNED:
        return False
    right = hmac.new(secret.encode(), body, SIGNED[method]).hexdigest()
    return hmac.compare_digest(right.encode(), given.strip().lower().encode("utf-8", "replace"))


def poll_soon(subscription: Subscription) -> None:
    """Make the feed due: at once, or a minute after the last nudge. A feed that somebody holds is left alone."""
    now = timezone.now()
    soon = max(now, subscription.pushed_at + SPACING) if subscription.pushed_at else now
    free = Q(leased_until=None) | Q(leased_until__lte=Now())
    nudged = Feed.objects.filter(free, pk=subscription.pk, paused=False, next_poll_at__gt=soon)
    if nudged.exclude(state=Feed.State.STOPPED).update(next_poll_at=soon):
        Subscription.objects.filter(pk=subscription.pk).update(pushed_at=soon)


def sentence(subscription: Subscription, now) -> str:
    """How it stands with a feed's hub, in the reader's language."""
    host = urlsplit(subscription.hub).hostname or subscription.hub
    said = {
        State.WANTED: _("%(hub)s will be asked to tell us of news."),
        State.ASKED: _("%(hub)s was asked to tell us of news and has not confirmed it yet."),
        State.ACTIVE: _("%(hub)s tells us of news at once."),
        State.DENIED: _("%(hub)s refused to tell us of news; it is asked again after a week."),
        State.FAILED: _("%(hub)s cannot be asked to tell us of news; it is tried again later."),
    }[State(subscription.state)]
    if subscription.state == State.ACTIVE and subscription.lease_until and subscription.lease_until < now:
        said = _("%(hub)s told us of news until its lease ended, and has not renewed it.")
    return " ".join(filter(None, (said % {"hub": host}, subscription.said)))


def _from_now(wait: timedelta):
    return Now() + Value(wait, output_field=DurationField())


urlpatterns = [path("<slug:token>/", called, name="push")]

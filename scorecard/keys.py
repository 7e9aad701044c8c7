"""Keys of programs, made and recognised, held against what a request wants, and given by mail to a reader who asks and
confirms.

A key reads `sck_<prefix>_<secret>`; the secret is 32 random bytes. Since it is random, one SHA-256 is enough: there is
nothing to guess that a slow hash would protect.

The law of keys by mail, which read at the higher rate: the answer never tells whether an address is known; one question
is all that an address gets that has not confirmed; a reader has one key at most, and a new one ends the one before. Who
ends the key, does not confirm in time, or does not use it for long, is forgotten: address and key go together.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from rest_framework import authentication, exceptions, permissions

from scorecard.alerts import mailing, subscribing
from scorecard.models import ApiKey, KeyHolder, Unwanted
from tracker.codebook import current
from tracker.wording import words_of

FORM = re.compile(r"sck_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SALT = "scorecard.keyholders"
CONFIRM_WITHIN = datetime.timedelta(days=7)
ASK_AGAIN_AFTER = datetime.timedelta(hours=1)
UNUSED = datetime.timedelta(days=400)
NAME_BY_MAIL = "by mail"


def issue(
    name: str,
    account: Any,
    scopes: list[str],
    expires_at: datetime.datetime | None = None,
    holder: KeyHolder | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can read again. ValueError names an unknown scope."""
    if unknown := sorted(set(scopes) - set(ApiKey.Scope.values)):
        raise ValueError(f"unknown scope {', '.join(unknown)}; known: {', '.join(ApiKey.Scope.values)}")
    prefix, secret = "".join(secrets.choice(_LETTERS) for _ in range(8)), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        digest=_digest(secret),
        account=account,
        holder=holder,
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    return key, f"sck_{prefix}_{secret}"


def find(text: str) -> ApiKey | None:
    """The usable key that this text is; None for anything else."""
    matched = FORM.fullmatch(text)
    if not matched:
        return None
    prefix, secret = matched.groups()
    key = ApiKey.objects.usable().select_related("account").filter(prefix=prefix).first()
    if key is None or not hmac.compare_digest(key.digest, _digest(secret)):
        return None
    return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer sck_…`. A key that does not hold is refused, also where none is needed."""

    def authenticate(self, request: Any) -> tuple[AbstractBaseUser | AnonymousUser, ApiKey] | None:
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise exceptions.AuthenticationFailed("Send the key as: Authorization: Bearer sck_…")
        key = find(text.strip())
        if key is None:
            raise exceptions.AuthenticationFailed("This key is unknown, revoked or expired.")
        _note_use(key)
        return key.account or AnonymousUser(), key

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


def _note_use(key: ApiKey) -> None:
    """Once a minute is enough: reading must not turn into writing."""
    now = timezone.now()
    stale = now - datetime.timedelta(minutes=1)
    if key.last_used_at is None or key.last_used_at < stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=stale)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)


class Holds(permissions.BasePermission):
    """The request carries a key with the view's scope for its method (`scopes = {"POST": "propose"}`)."""

    def has_permission(self, request: Any, view: Any) -> bool:
        scope = view.scopes.get(request.method)
        if scope is None:
            return True
        if request.auth is None:
            raise exceptions.NotAuthenticated(f"This needs a key with the scope {scope!r}.")
        if scope not in request.auth.scopes:
            raise exceptions.PermissionDenied(
                f"This key has the scopes {', '.join(request.auth.scopes) or 'none'}; {scope!r} is needed."
            )
        return True


def lately() -> int:
    """How many addresses were written down since this time yesterday and have not confirmed."""
    since = timezone.now() - datetime.timedelta(1)
    return KeyHolder.objects.filter(asked_at__gt=since, confirmed_at=None).count()


def ask(email: str, language: str) -> None:
    """Write the mail that asks the address to confirm, unless it was asked lately or wants none."""
    now, email = timezone.now(), subscribing.address(email)
    if subscribing.is_unwanted(email):
        return
    with transaction.atomic():
        row, made = KeyHolder.objects.select_for_update().get_or_create(
            email=email, defaults={"language": language, "asked_at": now}
        )
        again = ASK_AGAIN_AFTER if row.confirmed_at else CONFIRM_WITHIN
        if not made and (row.asked_at > now - again or _asked_enough(email, now)):
            return
        row.asked_at, row.language = now, language
        row.save(update_fields=["asked_at", "language"])
        with override(language):
            mailing.write_letter(email, f"key:{now.isoformat(timespec='seconds')}", *_question(row))


def _asked_enough(email: str, now: datetime.datetime) -> bool:
    """Whether the address has had as many questions as anybody may cause in a day: they may all be a stranger's."""
    since = now - datetime.timedelta(days=1)
    return mailing.letters(email, "key:", since) >= subscribing.QUESTIONS_A_DAY


def _question(row: KeyHolder) -> tuple[str, str]:
    """Subject and text."""
    subject = _("Your key to the API of %(title)s") % {"title": words_of(current().title)}
    body = _(
        "Somebody, we hope you, asked for a key to read the API at the higher rate.\n\n"
        "Confirm here, within %(days)s days, and the key is shown to you, once:\n%(address)s\n\n"
        "To end the key and delete your address, now or at any later time:\n%(end)s\n\n"
        "If it was not you, do nothing: your address is deleted after these days, and until then no further mail "
        "will come.\n"
    )
    told = {"days": CONFIRM_WITHIN.days, "address": _address(row, "confirm"), "end": _address(row, "end")}
    return subject, body % told


def give(given: KeyHolder) -> str:
    """The text of a new key for an address that has confirmed; the key that it had before ends. Empty where the reader
    has ended it meanwhile."""
    with transaction.atomic():
        row = KeyHolder.objects.select_for_update().filter(pk=given.pk).first()
        if row is None:
            return ""
        ApiKey.objects.filter(holder=row).delete()
        row.confirmed_at = row.confirmed_at or timezone.now()
        row.save(update_fields=["confirmed_at"])
        return issue(NAME_BY_MAIL, None, [ApiKey.Scope.READ], holder=row)[1]


def end(row: KeyHolder) -> None:
    """Forget the address and its key. One that never confirmed is not asked again either."""
    with transaction.atomic():
        if row.confirmed_at is None:
            Unwanted.objects.get_or_create(digest=subscribing.digest(row.email))
        KeyHolder.objects.filter(pk=row.pk).delete()


def forget(now: datetime.datetime | None = None) -> int:
    """Delete who did not confirm in time, and whose key nobody used for long; how many."""
    now = now or timezone.now()
    late = KeyHolder.objects.filter(confirmed_at=None, asked_at__lt=now - CONFIRM_WITHIN)
    idle = KeyHolder.objects.filter(confirmed_at__lt=now - UNUSED)
    idle = idle.exclude(keys__last_used_at__gte=now - UNUSED).exclude(keys__created_at__gte=now - UNUSED)
    return sum(found.delete()[1].get("scorecard.KeyHolder", 0) for found in (late, idle))


def _address(row: KeyHolder, deed: str) -> str:
    token = signing.dumps([row.pk, deed], salt=SALT)
    return settings.SITE_URL.rstrip("/") + reverse(f"keys:{deed}", args=[token])


def end_address(row: KeyHolder) -> str:
    """Where the reader ends the key."""
    return _address(row, "end")


def holder_behind(token: str, deed: str) -> KeyHolder | None:
    """The reader that a token speaks for; None when it is not ours, for another deed, too old, or over."""
    longest = CONFIRM_WITHIN if deed == "confirm" else None
    try:
        key, meant = signing.loads(token, salt=SALT, max_age=longest)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return KeyHolder.objects.filter(pk=key).first() if meant == deed and isinstance(key, int) else None

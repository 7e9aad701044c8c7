"""Keys of programs: made, recognised, and what they allow.

A key reads `sck_<prefix>_<secret>`; the secret is 32 random bytes. Since it is random, one SHA-256 is enough:
there is nothing to guess that a slow hash would protect.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import secrets
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions

from scorecard.models import ApiKey

FORM = re.compile(r"sck_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def issue(
    name: str, account: Any, scopes: list[str], expires_at: datetime.datetime | None = None
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

    def authenticate(self, request: Any) -> tuple[AbstractBaseUser, ApiKey] | None:
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise exceptions.AuthenticationFailed("Send the key as: Authorization: Bearer sck_…")
        key = find(text.strip())
        if key is None:
            raise exceptions.AuthenticationFailed("This key is unknown, revoked or expired.")
        _note_use(key)
        return key.account, key

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

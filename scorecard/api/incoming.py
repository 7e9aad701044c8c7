"""What comes with a request to the API before any view sees it: the key of a program, what it allows, and the body.

Bodies are JSON, however it is nested; and at the one address that takes a file its lines, as they came.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from scorecard import keys
from scorecard.models import ApiKey


class KeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer sck_…`. A key that does not hold is refused, also where none is needed."""

    def authenticate(self, request: Any) -> tuple[AbstractBaseUser | AnonymousUser, ApiKey] | None:
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise exceptions.AuthenticationFailed("Send the key as: Authorization: Bearer sck_…")
        key = keys.find(text.strip())
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


class Json(JSONParser):
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


class Lines(BaseParser):
    """The bytes of a file in one of its formats."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> bytes:
        return bytes(stream.read())


class JsonLines(Lines):
    media_type = "application/jsonl"


class NdJson(Lines):
    """The other name of JSON Lines."""

    media_type = "application/x-ndjson"


class Csv(Lines):
    media_type = "text/csv"

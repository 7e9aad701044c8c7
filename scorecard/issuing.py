"""Keys of programs: made and recognised.

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

from scorecard.models import ApiKey, KeyHolder

FORM = re.compile(r"sck_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


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

"""So many requests a minute: for each address without a key, for each key with one.

Counted in fixed minutes by one atomic step of the cache, so that it costs the same at any rate. What is left
stands in the headers RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers).
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

WINDOW = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one caller may still do in the running minute."""

    name: str
    limit: int
    used: int
    seconds: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={WINDOW}',
            "RateLimit": f'"{self.name}";r={self.left};t={self.seconds}',
        }


class PerMinute(BaseThrottle):
    name = "anonymous"

    def allow_request(self, request: Any, view: Any) -> bool:
        key = request.auth
        name = "key" if key else self.name
        limit = settings.API_RATE_KEY if key else settings.API_RATE_ANONYMOUS
        who = key.prefix if key else self.get_ident(request)
        self.allowance = count(name, who, limit)
        # Views write it into the headers of every answer, refused ones too.
        request._request.allowance = self.allowance
        return self.allowance.used <= self.allowance.limit

    def wait(self) -> float:
        return self.allowance.seconds


def count(name: str, who: str, limit: int, window: int = WINDOW) -> Allowance:
    """Count one request of `who`."""
    now = time.time()
    number, passed = divmod(now, window)
    held = hashlib.sha256(who.encode("utf-8", "backslashreplace")).hexdigest()[:24]
    place = f"rate:{name}:{held}:{int(number)}"
    cache.add(place, 0, window + 5)
    try:
        used = cache.incr(place)
    except ValueError:  # it left the cache between the two steps
        cache.set(place, 1, window + 5)
        used = 1
    return Allowance(name, limit, used, max(1, int(window - passed)))

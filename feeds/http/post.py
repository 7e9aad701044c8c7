"""Calls that others asked for: one POST to an address of theirs, through the guard of all our calls.

The law: only addresses of the open internet, no redirect followed, nothing of the answer kept but its status,
and an end at the deadline whatever the other side does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings

from feeds.http import guard


class SendError(OSError):
    """The call did not come about, or no answer came in time; the message says why."""


def check(url: str) -> None:
    """`SendError` when the form of the address forbids calling it. Its host is judged again at each call."""
    try:
        guard.check_url(url, allow_private=settings.FETCH_ALLOW_PRIVATE)
    except guard.GuardError as refusal:
        raise SendError(str(refusal)) from None


def post(url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> int:
    """The status of the answer. `SendError` after `deadline` seconds or when no answer came."""
    check(url)
    try:
        return asyncio.run(_post(url, headers, body, deadline))
    except TimeoutError:
        raise SendError(f"no answer within {deadline:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if guard.refusal_in(error) or isinstance(error, aiohttp.ClientConnectorDNSError):
            raise SendError(guard.nowhere(urlsplit(url).hostname or "The address")) from None
        raise SendError(str(error)[:300] or type(error).__name__) from None


async def _post(url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> int:
    async with (
        asyncio.timeout(deadline),
        aiohttp.ClientSession(
            connector=guard.connector(allow_private=settings.FETCH_ALLOW_PRIVATE),
            headers={"User-Agent": f"us-china-ai-scorecard-webhooks (+{settings.FETCH_CONTACT})"},
            auto_decompress=False,
        ) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status

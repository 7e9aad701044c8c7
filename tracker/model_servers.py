"""The client of servers that speak OpenAI's protocol: a company's service or a server in the house.

The law: no redirect is followed, no proxy of the environment is asked, and reading stops where an answer grows too
large.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2
    import openai


class Unfit(RuntimeError):
    """An answer that is not read to its end; the message says why."""


def client(address: str, key: str, seconds: float, largest: int) -> openai.AsyncOpenAI:
    """OpenAI's own client for this address (…/v1); answers of more than `largest` bytes are `Unfit`."""
    # Here and not above: the package takes seconds to import, and most installations ask no model.
    import httpx2
    import openai

    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line a question is noise
    return openai.AsyncOpenAI(
        base_url=address,
        api_key=key or "none",
        default_headers={"Accept-Encoding": "identity"},
        timeout=seconds,
        http_client=httpx2.AsyncClient(
            transport=_bounded_transport(largest), follow_redirects=False, trust_env=False
        ),
    )


def without_key(key: str) -> dict[str, Any]:
    """Headers for a server that asks for no key: it is sent none."""
    import openai

    return {} if key else {"Authorization": openai.Omit()}


def own_words(error: openai.APIStatusError) -> str:
    """What the server says of a question that it refused."""
    body = error.body
    if isinstance(body, dict):
        inner: Any = body.get("error", body)
        told = (inner.get("message") or inner.get("detail") or inner) if isinstance(inner, dict) else inner
        return " ".join(str(told).split())
    return " ".join(error.response.text.split())


def _bounded_transport(largest: int) -> httpx2.AsyncBaseTransport:
    """The client's own transport, which stops reading where an answer grows too large."""
    import httpx2

    class Stream(httpx2.AsyncByteStream):
        def __init__(self, inner: httpx2.AsyncByteStream):
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._inner:
                size += len(part)
                if size > largest:
                    raise Unfit(f"The endpoint's answer is larger than {largest} bytes.")
                yield part

        async def aclose(self) -> None:
            await self._inner.aclose()

    class Transport(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await super().handle_async_request(request)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Unfit("The endpoint's answer is compressed, which was not asked for.")
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = Stream(response.stream)
            return response

    return Transport(verify=ssl.create_default_context())

"""Many documents at once: answers come as they arrive, so that a slow server delays nobody else's feed.

The law: never more than `AT_ONCE` documents in memory, fetched but unread ones included; a host is called by
one request at a time, `SPACING` seconds apart, unless it is our own machine.
"""

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import aiohttp

from feeds.http import fetch, guard
from feeds.http.fetch import Answer, Ask, FetchError

AT_ONCE = 16
SPACING = 1.0  # seconds

Key = TypeVar("Key")


@dataclass(slots=True)
class Host:
    """Whose turn it is at one host, and when the next call may start."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0


def wants_courtesy(host: str) -> bool:
    """Whether a host belongs to somebody else; our own machine and network need no spacing."""
    try:
        return guard.is_public(host)
    except ValueError:
        return host not in ("", "localhost")


class Gathering(Generic[Key]):
    """Fetches in a thread of its own and hands out (key, Answer or FetchError) in the order of arrival.

    `for key, result in Gathering(asks, …)`: `asks` maps a key to (host, Ask). Leaving the loop early stops
    what is under way.
    """

    def __init__(self, asks: dict[Key, tuple[str, Ask]], *, user_agent: str, allow_private: bool):
        self._asks = asks
        self._user_agent = user_agent
        self._allow_private = allow_private
        self._arrived: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[Any] | None = None
        self._hosts: dict[str, Host] = {}

    def __iter__(self) -> Iterator[tuple[Key, Answer | FetchError]]:
        if not self._asks:
            return
        thread = threading.Thread(target=self._run, name="gathering", daemon=True)
        thread.start()
        try:
            for _ in range(len(self._asks)):
                key, result = self._arrived.get()
                if key is _BROKEN:
                    raise result
                yield key, result
                del result
                self._call(lambda: self._room.release())
        finally:
            self._call(self._stop)
            thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except asyncio.CancelledError:
            return
        except BaseException as error:
            self._arrived.put((_BROKEN, error))

    async def _all(self) -> None:
        self._loop, self._work = asyncio.get_running_loop(), asyncio.current_task()
        self._room = asyncio.Semaphore(AT_ONCE)
        session = fetch.session(user_agent=self._user_agent, allow_private=self._allow_private, limit=AT_ONCE)
        async with session as client, asyncio.TaskGroup() as group:
            for key, (host, ask) in self._asks.items():
                group.create_task(self._one(client, key, host, ask))

    async def _one(self, client: aiohttp.ClientSession, key: Key, host: str, ask: Ask) -> None:
        async with self._turn_at(host):
            await self._room.acquire()  # released by the reader, once it is done with the answer
            result: Answer | FetchError
            try:
                result = await fetch.fetch(client, ask, allow_private=self._allow_private)
            except FetchError as error:
                result = error
        self._arrived.put((key, result))

    @asynccontextmanager
    async def _turn_at(self, host: str) -> AsyncIterator[None]:
        if not wants_courtesy(host):
            yield
            return
        place = self._hosts.setdefault(host, Host())
        async with place.turn:
            await asyncio.sleep(max(0.0, place.free_at - time.monotonic()))
            try:
                yield
            finally:
                place.free_at = time.monotonic() + SPACING

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _call(self, act: Callable[[], None]) -> None:
        """Run something in the loop's thread, if it still runs."""
        if self._loop is None:
            return  # it never began
        try:
            self._loop.call_soon_threadsafe(act)
        except RuntimeError:
            return  # it has ended by itself


_BROKEN = object()
